//! Makes tools answer in the language that is recognised here. After `env(1)` and `locale(7)`.

/// `vector`, run so that its answer is not translated, whatever the host's or the user's settings.
#[must_use]
pub fn in_english(vector: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    // `LANGUAGE` would come before `LC_ALL`, but not where that is `C`.
    let mut all = vec!["env".to_owned(), "LC_ALL=C".to_owned()];
    all.extend(vector.into_iter().map(Into::into));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_stays_as_it_is_behind_the_setting() {
        let vector = in_english(crate::host::facts::LOGINS);
        assert_eq!(vector, ["env", "LC_ALL=C", "who", "-u"]);
    }
}
