//! What must come of asking a server, and whether what came is that.

/// What must come of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// An answer.
    Answer {
        status: u16,
        /// The whole body, as the client hands it on.
        body: &'static [u8],
        /// Headers that must be among those of the answer, in this order where a name repeats. Names are in lower case.
        headers: &'static [(&'static str, &'static [u8])],
    },
    /// A failure: its code, and a word that its message must hold, upper and lower case being the same. Where it is chance what the
    /// system or hyper says, several words are separated by `|`, and one will do.
    Failure(&'static str, &'static str),
}

impl Outcome {
    /// Whether such a failure is meant.
    pub(crate) fn is_failure(&self, code: &str, message: &str) -> bool {
        let Self::Failure(wanted_code, words) = *self else {
            return false;
        };
        let message = message.to_lowercase();
        let mut words = words.split('|').map(str::to_lowercase);
        code == wanted_code && words.any(|word| message.contains(&word))
    }
}
