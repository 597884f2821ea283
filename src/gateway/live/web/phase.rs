//! How far a request is, so that one that takes too long says what it was waiting for.

use std::cell::Cell;

use url::Url;

use crate::gateway::Failure;

/// What is being waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// The name's addresses.
    #[default]
    Resolving,
    /// The connection.
    Connecting,
    /// The encryption.
    Encrypting,
    /// The first line and the headers.
    Waiting,
    /// The body.
    Reading,
}

impl Phase {
    fn words(self) -> &'static str {
        match self {
            Self::Resolving => "resolving the name",
            Self::Connecting => "connecting",
            Self::Encrypting => "agreeing on encryption (TLS)",
            Self::Waiting => "waiting for the answer",
            Self::Reading => "reading the body",
        }
    }
}

/// How far a request is.
#[derive(Debug, Default)]
pub(super) struct Progress(Cell<Phase>);

impl Progress {
    pub(super) fn reach(&self, phase: Phase) {
        self.0.set(phase);
    }

    /// The time ran out.
    pub(super) fn timed_out(&self, url: &Url, milliseconds: u64) -> Failure {
        let phase = self.0.get().words();
        let message =
            format!("no whole answer from `{url}` within {milliseconds} ms: still {phase}");
        Failure::new("http.timeout", message)
    }
}
