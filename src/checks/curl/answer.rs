//! What is done about the answer: redirects that are followed, answers that are failures, and further tries.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::seconds;
use super::draft::Draft;
use super::error::Refusal;
use super::options::{Followed, flag, valued};
use super::shell::Word;

/// What is done about the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether redirects are followed.
    pub follow: bool,
    /// How many of them at most; any number if none.
    pub most_redirects: Option<u32>,
    /// Whether a status of 400 or more is a failure.
    pub fail: bool,
    /// What is tried again.
    pub retry: Retry,
}

/// What is tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How often, beyond the first try.
    pub times: u32,
    /// How long to wait between tries; if none a second, doubled each time.
    pub delay: Option<Duration>,
    /// No further try begins after this time.
    pub within: Option<Duration>,
    /// After which failures.
    pub after: RetryAfter,
}

/// After which failures a request is tried again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Timeouts, and the statuses 408, 429, 500, 502, 503 and 504.
    #[default]
    Transient,
    /// Also connections that are refused.
    Refused,
    /// All failures.
    All,
}

/// curl follows so many redirects.
const MOST_REDIRECTS: u32 = 50;

impl Default for Answer {
    fn default() -> Self {
        Self {
            follow: false,
            most_redirects: Some(MOST_REDIRECTS),
            fail: false,
            retry: Retry::default(),
        }
    }
}

pub(super) const OPTIONS: &[Followed] = &[
    flag("fail").or('f').switches(fail),
    flag("fail-with-body").switches(fail),
    flag("location")
        .or('L')
        .switches(|draft, on| draft.command.answer.follow = on),
    valued("max-redirs").takes(|draft, word| {
        let any = word.value.as_text() == Some("-1");
        draft.command.answer.most_redirects = if any { None } else { Some(number(word)?) };
        Ok(())
    }),
    valued("retry").takes(|draft, word| {
        draft.command.answer.retry.times = number(word)?;
        Ok(())
    }),
    flag("retry-all-errors").switches(|draft, on| retry_after(draft, on, RetryAfter::All)),
    flag("retry-connrefused").switches(|draft, on| retry_after(draft, on, RetryAfter::Refused)),
    valued("retry-delay").takes(|draft, word| {
        draft.command.answer.retry.delay = Some(seconds(word)?);
        Ok(())
    }),
    valued("retry-max-time").takes(|draft, word| {
        draft.command.answer.retry.within = Some(seconds(word)?);
        Ok(())
    }),
];

fn fail(draft: &mut Draft, on: bool) {
    draft.command.answer.fail = on;
}

fn retry_after(draft: &mut Draft, on: bool, also: RetryAfter) {
    let after = &mut draft.command.answer.retry.after;
    if on {
        *after = also.max(*after);
    } else if *after == also {
        *after = RetryAfter::Transient;
    }
}

fn number(word: &Word) -> Result<u32, Refusal> {
    let number = word.value.as_text().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Refusal::new("is no number", "write one, without a variable"))
}
