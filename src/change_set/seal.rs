//! Keyed digests, by which two secrets are told to be the same without being told.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::digest::is_hexadecimal;

/// How many bytes of a keyed digest are told: enough that no two secrets have the same.
const TOLD: usize = 16;

/// What is written for a secret that may be whichever.
const ANY: &str = "any";

/// A key under which secrets are sealed. It has to be the same where a change set is recorded and where it is replayed, and has to be
/// long and random: whoever has it can try passwords against a digest.
#[derive(Clone)]
pub struct Seal(Hmac<Sha256>);

/// What a change set holds of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sealed {
    /// A keyed digest: it is this secret.
    Digest(String),
    /// A person has decided that it may be whichever secret.
    Any,
}

/// A text that is not a sealed secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is told as the 32 small hexadecimal digits of its keyed digest, or as `any`")]
pub struct SealedError;

impl Seal {
    /// A seal with a key.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// The secret that is called `name`. Under two names it is sealed in two ways, so that nobody sees where it is used again.
    pub(super) fn of(&self, name: &str, secret: &[u8]) -> Sealed {
        let keyed = self.0.clone().chain_update(name).chain_update([0]);
        let digest = keyed.chain_update(secret).finalize().into_bytes();
        Sealed::Digest(hex::encode(&digest[..TOLD]))
    }

    /// By what it is seen that two seals have the same key.
    pub(super) fn mark(&self) -> Sealed {
        // No name is empty, so no secret is sealed like this.
        self.of("", b"")
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seal")
    }
}

impl TryFrom<String> for Sealed {
    type Error = SealedError;

    fn try_from(text: String) -> Result<Self, SealedError> {
        match text {
            text if text == ANY => Ok(Self::Any),
            text if is_hexadecimal(&text, 2 * TOLD) => Ok(Self::Digest(text)),
            _ => Err(SealedError),
        }
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        match sealed {
            Sealed::Digest(digest) => digest,
            Sealed::Any => ANY.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_digest_under_one_key_and_one_name() {
        let (one, two) = (Seal::new(b"one"), Seal::new(b"two"));
        assert_eq!(
            one.of("pg_password", b"hunter2"),
            one.of("pg_password", b"hunter2")
        );
        assert_ne!(
            one.of("pg_password", b"hunter2"),
            one.of("pg_password", b"hunter3")
        );
        assert_ne!(
            one.of("pg_password", b"hunter2"),
            one.of("pg_ro_password", b"hunter2")
        );
        assert_ne!(
            one.of("pg_password", b"hunter2"),
            two.of("pg_password", b"hunter2")
        );
        assert_ne!(one.mark(), two.mark());
        assert_eq!(Sealed::try_from("any".to_owned()), Ok(Sealed::Any));
        assert_eq!(Sealed::try_from("hunter2".to_owned()), Err(SealedError));
        assert_eq!(format!("{one:?}"), "Seal");
    }
}
