//! Maintenance windows: `any`, or `sun 02:00-04:00 Europe/Berlin`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// When downtime is allowed. Written and compared as the text that the operator gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Window {
    /// At any time.
    Any,
    /// From `start` to `end` on some days, in a time zone. An `end` before `start` is on the next day.
    Weekly {
        /// The days on which the window opens.
        days: Vec<Weekday>,
        /// When it opens.
        start: Time,
        /// When it closes.
        end: Time,
        /// The time zone's IANA name.
        zone: String,
    },
}

/// Why a text is not a window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a window; write `any`, or days, times and time zone as in `sun 02:00-04:00 Europe/Berlin`"
)]
pub struct WindowError(String);

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        if text == "any" {
            return Ok(Self::Any);
        }
        let parse = || {
            let [days, times, zone] = text
                .split_whitespace()
                .collect::<Vec<_>>()
                .try_into()
                .ok()?;
            let day = |name: &str| {
                DAYS.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, day)| *day)
            };
            let (start, end) = times.split_once('-')?;
            let time = |text: &str| Time::strptime("%H:%M", text).ok();
            TimeZone::get(zone).ok()?;
            Some(Self::Weekly {
                days: days.split(',').map(day).collect::<Option<Vec<_>>>()?,
                start: time(start)?,
                end: time(end)?,
                zone: zone.to_owned(),
            })
        };
        parse().ok_or_else(|| WindowError(text.to_owned()))
    }
}

impl TryFrom<String> for Window {
    type Error = WindowError;

    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("any"),
            Self::Weekly {
                days,
                start,
                end,
                zone,
            } => {
                let name = |day: &Weekday| {
                    DAYS.iter()
                        .find(|(_, known)| known == day)
                        .map_or("?", |(name, _)| name)
                };
                let days: Vec<&str> = days.iter().map(name).collect();
                let time = |time: &Time| format!("{:02}:{:02}", time.hour(), time.minute());
                write!(
                    formatter,
                    "{} {}-{} {zone}",
                    days.join(","),
                    time(start),
                    time(end)
                )
            }
        }
    }
}

impl Window {
    /// How long until the window is open with at least `needed` of it ahead; zero when that is now, and `None` if no opening in the
    /// coming week is long enough.
    #[must_use]
    pub fn fits_in(&self, now: Timestamp, needed: Duration) -> Option<Duration> {
        if *self == Self::Any {
            return Some(Duration::ZERO);
        }
        self.openings(now)
            .map(|(opens, closes)| (opens.max(now), closes))
            .find(|(from, closes)| from < closes && between(*from, *closes) >= needed)
            .map(|(from, _)| between(now, from))
    }

    /// The longest opening around `now`: of the past day and the coming week.
    #[must_use]
    pub fn longest(&self, now: Timestamp) -> Duration {
        if *self == Self::Any {
            return Duration::MAX;
        }
        self.openings(now)
            .map(|(opens, closes)| between(opens, closes))
            .max()
            .unwrap_or_default()
    }

    /// How long the window stays open; `None` while it is closed, and for ever in `any`.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Option<Duration> {
        if *self == Self::Any {
            return Some(Duration::MAX);
        }
        let open = self
            .openings(now)
            .find(|(opens, closes)| *opens <= now && now < *closes)?;
        Duration::try_from(open.1.duration_since(now)).ok()
    }

    /// Openings and closings around `now`, in order; none for `any`.
    fn openings(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let (days, start, end, zone) = match self {
            Self::Any => (
                Vec::new(),
                Time::midnight(),
                Time::midnight(),
                TimeZone::UTC,
            ),
            Self::Weekly {
                days,
                start,
                end,
                zone,
            } => (
                days.clone(),
                *start,
                *end,
                TimeZone::get(zone).unwrap_or(TimeZone::UTC),
            ),
        };
        let today = now.to_zoned(zone.clone()).date();
        (-1..=7).filter_map(move |offset| {
            let date = today.checked_add(offset.days()).ok()?;
            let last = if end <= start {
                date.checked_add(1.day()).ok()?
            } else {
                date
            };
            let at = |date: jiff::civil::Date, time| {
                Some(
                    date.to_datetime(time)
                        .to_zoned(zone.clone())
                        .ok()?
                        .timestamp(),
                )
            };
            days.contains(&date.weekday())
                .then(|| Some((at(date, start)?, at(last, end)?)))?
        })
    }
}

/// How long it is from one moment to a later one; nothing if it is not later.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        text.parse().expect("a window")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_window_is_written_as_it_was_read() {
        for text in [
            "any",
            "sun 02:00-04:00 Europe/Berlin",
            "mon,tue 23:30-01:15 UTC",
        ] {
            assert_eq!(window(text).to_string(), text);
        }
        for text in [
            "",
            "sunday 2-4",
            "sun 02:00-04:00",
            "sun 02:00-04:00 Europe/Nowhere",
            "xyz 02:00-04:00 UTC",
        ] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_window_opens_and_closes_in_its_zone() {
        // 2026-11-22 is a Sunday; Berlin is one hour ahead of UTC.
        let window = window("sun 02:00-04:00 Europe/Berlin");
        assert_eq!(
            window.fits_in(at("2026-11-22T00:30:00Z"), Duration::ZERO),
            Some(Duration::from_mins(30))
        );
        assert_eq!(window.remaining(at("2026-11-22T00:30:00Z")), None);
        assert_eq!(
            window.fits_in(at("2026-11-22T01:00:00Z"), Duration::ZERO),
            Some(Duration::ZERO)
        );
        assert_eq!(
            window.remaining(at("2026-11-22T02:00:00Z")),
            Some(Duration::from_hours(1))
        );
        assert_eq!(
            window.fits_in(at("2026-11-22T03:00:00Z"), Duration::ZERO),
            Some(Duration::from_hours(7 * 24 - 2))
        );
    }

    #[test]
    fn a_window_may_cross_midnight() {
        let window = window("sat 23:00-01:00 UTC");
        assert_eq!(
            window.remaining(at("2026-11-22T00:30:00Z")),
            Some(Duration::from_mins(30))
        );
    }

    #[test]
    fn any_is_always_open() {
        assert_eq!(
            Window::Any.fits_in(Timestamp::UNIX_EPOCH, Duration::MAX),
            Some(Duration::ZERO)
        );
        assert_eq!(
            Window::Any.remaining(Timestamp::UNIX_EPOCH),
            Some(Duration::MAX)
        );
    }

    #[test]
    fn work_waits_for_an_opening_that_holds_all_of_it() {
        let window = window("sat,sun 02:00-04:00 UTC");
        // Saturday, half an hour before it closes.
        let late = at("2026-11-21T03:30:00Z");
        let fits = |minutes| window.fits_in(late, Duration::from_mins(minutes));
        assert_eq!(fits(30), Some(Duration::ZERO));
        assert_eq!(fits(31), Some(Duration::from_mins(22 * 60 + 30)));
        assert_eq!(fits(120), fits(31));
        assert_eq!(fits(121), None);
        assert_eq!(window.longest(late), Duration::from_hours(2));
    }

    proptest::proptest! {
        /// Where the answer leads, the window is open and holds the work; and no work fits earlier than less work.
        #[test]
        fn where_the_work_fits_there_is_room_for_it(
            start in 0_i8..24, end in 0_i8..24, day in 0_usize..7, second in 0_i64..1_209_600, minutes in 0_u64..1_500,
        ) {
            let window = Window::Weekly {
                days: vec![DAYS[day].1],
                start: Time::constant(start, 0, 0, 0),
                end: Time::constant(end, 0, 0, 0),
                zone: "Europe/Berlin".to_owned(),
            };
            let now = at("2026-10-20T00:00:00Z") + Duration::from_secs(second.unsigned_abs());
            let needed = Duration::from_mins(minutes);
            match window.fits_in(now, needed) {
                Some(wait) => {
                    let left = window.remaining(now + wait);
                    proptest::prop_assert!(left.is_some_and(|left| left >= needed), "{left:?} of {needed:?}");
                    proptest::prop_assert!(window.fits_in(now, needed / 2).is_some_and(|less| less <= wait));
                }
                None => proptest::prop_assert!(window.remaining(now).is_none_or(|left| left < needed)),
            }
        }
    }
}
