//! The lists of the two transformers: `name:value`, or a name alone.

use serde_json::Value;

/// The names and values of a list of a configuration, such as `add.headers`.
pub(super) fn pairs<'a>(
    config: &'a Value,
    action: &str,
    part: &str,
) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
    let list = config[action][part].as_array().into_iter().flatten();
    list.filter_map(|entry| {
        let (name, value) = match entry.as_str()?.split_once(':') {
            Some((name, value)) => (name, value.trim_start_matches(':')),
            None => (entry.as_str()?, ""),
        };
        Some((name, (!value.is_empty()).then_some(value)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::pairs;

    #[test]
    fn a_value_may_have_colons() {
        let config = json!({"add": {"headers": ["x-a:1", "x-b", "x-c:", "x-d:a:b"]}});
        let pairs: Vec<_> = pairs(&config, "add", "headers").collect();
        let wanted = [
            ("x-a", Some("1")),
            ("x-b", None),
            ("x-c", None),
            ("x-d", Some("a:b")),
        ];
        assert_eq!(pairs, wanted);
    }
}
