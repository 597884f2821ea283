//! How far a host's clock is from ours. After `date(1)`; recorded from coreutils 9.1. The bound is that of a round trip: the host read its
//! clock at some moment between our question and its answer.

use std::time::Duration;

use serde::Serialize;

/// The question whose answer [`Skew::of`] reads. A `date` that knows no nanoseconds leaves the `%N` as it is or out.
pub const CLOCK: [&str; 2] = ["date", "+%s.%N"];

/// When a question went out and its answer came in, by our own clock since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    /// Before the question was sent.
    pub asked: Duration,
    /// After the answer was there.
    pub answered: Duration,
}

/// How far a clock is ahead of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Skew {
    /// By so many nanoseconds; negative where it is behind.
    pub ahead: i64,
    /// By no more than so much more or less.
    pub within: Duration,
}

/// An answer that tells no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// A text that is no time.
    #[error("`{text}` is not a time in seconds and nanoseconds")]
    Time {
        /// What was answered.
        text: String,
    },
    /// Our own clock was set meanwhile.
    #[error("our own clock went backwards while the host was asked for its time")]
    Backwards,
}

impl Skew {
    /// Reads the answer to [`CLOCK`].
    pub fn of(answer: &str, moments: Moments) -> Result<Self, ClockError> {
        let round_trip = moments.answered.checked_sub(moments.asked);
        let round_trip = round_trip.ok_or(ClockError::Backwards)?;
        let within = round_trip / 2;
        let error = || ClockError::Time {
            text: answer.trim().to_owned(),
        };
        let theirs = time(answer.trim()).ok_or_else(error)?;
        let ours = nanoseconds(moments.asked + within).ok_or_else(error)?;
        let ahead = nanoseconds(theirs).and_then(|theirs| theirs.checked_sub(ours));
        // Half a nanosecond may be lost.
        let within = within + Duration::from_nanos(1);
        let ahead = ahead.ok_or_else(error)?;
        Ok(Self { ahead, within })
    }
}

/// `1796010646.172927342`.
fn time(text: &str) -> Option<Duration> {
    let (seconds, nanoseconds) = text.split_once('.')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = is_number(seconds) && is_number(nanoseconds) && nanoseconds.len() == 9;
    let parts = is_time.then(|| Some((seconds.parse().ok()?, nanoseconds.parse().ok()?)));
    let (seconds, nanoseconds) = parts??;
    Some(Duration::new(seconds, nanoseconds))
}

fn nanoseconds(time: Duration) -> Option<i64> {
    i64::try_from(time.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(asked: u64, answered: u64) -> Moments {
        let moment = |millis| Duration::from_secs(1_796_010_646) + Duration::from_millis(millis);
        Moments {
            asked: moment(asked),
            answered: moment(answered),
        }
    }

    #[test]
    fn a_recorded_time_is_compared() {
        let skew = Skew::of("1796010646.172927342\n", moments(100, 120)).expect("a time");
        let within = Duration::from_millis(10) + Duration::from_nanos(1);
        assert_eq!(
            skew,
            Skew {
                ahead: 62_927_342,
                within
            }
        );
        let behind = Skew::of("1796010640.000000000", moments(0, 0)).expect("a time");
        assert_eq!(behind.ahead, -6_000_000_000);
    }

    #[test]
    fn other_answers_are_errors() {
        for text in [
            "",
            "1796010646",
            "1796010646.%N",
            "1796010646.",
            "-1.000000000",
            "1.00000000x",
            "99999999999999999999.000000000",
        ] {
            assert!(Skew::of(text, moments(0, 1)).is_err(), "{text}");
        }
        assert_eq!(
            Skew::of("1.000000000", moments(2, 1)),
            Err(ClockError::Backwards)
        );
    }
}
