//! A request as the routers look at it: with its path written as theirs are.

use super::asked::Asked;
use super::normal::normalised;

/// A request that is being routed.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// What was asked for.
    pub(super) asked: &'a Asked,
    /// The path, normalised.
    pub(super) path: Vec<u8>,
}

impl<'a> View<'a> {
    pub(super) fn of(asked: &'a Asked) -> Self {
        Self {
            asked,
            path: normalised(asked.path.as_bytes()),
        }
    }

    /// The name of the handshake; Kong compares with none as with an empty one.
    pub(super) fn sni(&self) -> &'a str {
        self.asked.sni.as_deref().unwrap_or_default()
    }
}
