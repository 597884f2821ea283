//! What whoever opens something of an environment means to do with it. Not of the file: the file says what there is.

/// What is meant to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Whatever a run needs.
    #[default]
    Run,
    /// Looking alone.
    Look,
}
