//! How a password of `basic-auth` is stored: as the SHA-1 of itself and its consumer's id, in hexadecimal digits, as Kong does.

use sha1_smol::Sha1;

/// What is stored of a consumer's password.
pub(super) fn hash(consumer: &str, password: &str) -> String {
    let mut digest = Sha1::new();
    digest.update(password.as_bytes());
    digest.update(consumer.as_bytes());
    digest.digest().to_string()
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn a_password_is_salted_with_the_consumer() {
        assert_eq!(hash("c", "ab"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_ne!(hash("d", "ab"), hash("c", "ab"));
    }
}
