//! What stops a script for good, and why no `catch` can get around it.
//!
//! Rhai's own termination can be swallowed where a native calls back into the script (`map`, `sort`). So the reason is kept in the
//! link: while it stands, every operation and every primitive refuses, and it is looked at again when the script has ended.

use crate::run::Raised;

/// Why the script does not go on.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stop {
    /// It raised something that it did not catch.
    Raised(Box<Raised>),
    /// What was recorded has been replayed, and no more was asked for.
    Replayed,
    /// A budget is used up.
    Budget(String),
    /// The supervisor turned to the way back in the middle of a step.
    Abandoned,
    /// The supervisor is gone.
    Gone,
}
