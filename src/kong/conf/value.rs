//! What a key is set to, and how that is told: secrets never.

use std::fmt;

use serde::{Serialize, Serializer};

use super::secret::holds_secret;

/// What is told of a secret.
const HIDDEN: &str = "******";

/// What a key is set to, if to anything. Printed and serialised it tells of a secret only that there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    text: Option<String>,
    is_secret: bool,
}

impl Value {
    /// The value of a key; empty text is none, as it is to Kong.
    #[must_use]
    pub fn new(key: &str, text: &str) -> Self {
        Self {
            text: (!text.is_empty()).then(|| text.to_owned()),
            is_secret: holds_secret(key, text),
        }
    }

    /// No value.
    #[must_use]
    pub fn none() -> Self {
        Self {
            text: None,
            is_secret: false,
        }
    }

    /// The text, also of a secret: whoever asks answers for where it goes.
    #[must_use]
    pub fn reveal(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The text as it may be told; `None` where there is no value.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        let text = self.text.as_deref()?;
        Some(if self.is_secret { HIDDEN } else { text })
    }

    /// Whether it is kept from being told.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().fmt(out)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.shown().unwrap_or_default())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown().serialize(serializer)
    }
}
