//! What a change set says of a file's content.

use serde::{Deserialize, Serialize};

use super::{Digest, Reference, Sealed};

/// What a file holds before a change: only by what it is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    /// No secret.
    Digest(Digest),
    /// A secret.
    Secret(Sealed),
}

/// What a file is to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "lowercase", deny_unknown_fields)]
pub enum Content {
    /// This text.
    Text {
        /// Its digest.
        digest: Digest,
        /// The text.
        text: String,
    },
    /// What this makes of the text before.
    Diff {
        /// The digest of what comes of it.
        digest: Digest,
        /// A unified diff.
        diff: String,
    },
    /// These bytes.
    Binary {
        /// Their digest.
        digest: Digest,
        /// The bytes, in Base64.
        base64: String,
    },
    /// A secret.
    Secret {
        /// Which it was when it was recorded.
        secret: Sealed,
        /// Where it is to be had. Recorded it is missing: a person has to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<Reference>,
    },
}
