//! The rate limits' counters: in this process (`local`) or as rows of `ratelimiting_metrics` (`cluster`), written as Kong does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use uuid::Uuid;

use super::super::database::{Database, DatabaseError};

/// A period for which limits can be set: its name and its length in seconds, as Kong counts months and years.
pub(super) const PERIODS: [(&str, i64); 6] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3_600),
    ("day", 86_400),
    ("month", 2_592_000),
    ("year", 31_536_000),
];

/// One counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Counter {
    pub(super) identifier: String,
    pub(super) period: &'static str,
    /// The beginning of the window.
    pub(super) date: Timestamp,
    /// How long the window's row lives, in seconds.
    pub(super) lifetime: i64,
    /// The plugin's service, zeros where it has none.
    pub(super) service: Uuid,
    /// The plugin's route, zeros where it has none.
    pub(super) route: Uuid,
}

/// The counters of this process.
#[derive(Debug, Default)]
pub(in super::super) struct LocalCounters {
    counts: Mutex<HashMap<Counter, i64>>,
}

impl LocalCounters {
    pub(super) fn read(&self, counter: &Counter) -> i64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(counter).copied().unwrap_or(0)
    }

    pub(super) fn increment(&self, counter: Counter) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        // Windows that are over would otherwise stay for as long as the process runs.
        let now = Timestamp::now().as_second();
        counts.retain(|counter, _| counter.date.as_second() + counter.lifetime > now);
        *counts.entry(counter).or_default() += 1;
    }
}

/// Reads a row; one whose time to live is over counts as 0, as for Kong.
pub(super) async fn read_row(database: &Database, counter: &Counter) -> Result<i64, DatabaseError> {
    let session = database.session().await?;
    let row = session
        .query_opt(
            "SELECT value FROM ratelimiting_metrics WHERE identifier = $1 AND period = $2 AND period_date = $3 \
             AND service_id = $4 AND route_id = $5 AND (ttl IS NULL OR ttl > CURRENT_TIMESTAMP)",
            &[&counter.identifier, &counter.period, &counter.date, &counter.service, &counter.route],
        )
        .await?;
    Ok(row
        .and_then(|row| row.get::<_, Option<i32>>(0))
        .map_or(0, i64::from))
}

/// Adds one to a row; the time to live is set by the first increment only.
pub(super) async fn increment_row(
    database: &Database,
    counter: &Counter,
) -> Result<(), DatabaseError> {
    let session = database.session().await?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a lifetime is at most the seconds of a year"
    )]
    let lifetime = counter.lifetime as f64;
    session
        .execute(
            "INSERT INTO ratelimiting_metrics (identifier, period, period_date, service_id, route_id, value, ttl) \
             VALUES ($1, $2, $3, $4, $5, 1, CURRENT_TIMESTAMP + make_interval(secs => $6)) \
             ON CONFLICT (identifier, period, period_date, service_id, route_id) \
             DO UPDATE SET value = ratelimiting_metrics.value + EXCLUDED.value",
            &[
                &counter.identifier,
                &counter.period,
                &counter.date,
                &counter.service,
                &counter.route,
                &lifetime,
            ],
        )
        .await?;
    Ok(())
}

/// The beginning of the window of `period` that `now` is in, by the calendar of UTC.
pub(super) fn window(period: &str, now: Timestamp) -> Timestamp {
    let zoned: Zoned = now.to_zoned(TimeZone::UTC);
    let (date, time) = (zoned.date(), zoned.time());
    let first = |month: i8| Date::new(date.year(), month, 1).map_or(date, |first| first);
    let at = |date: Date, hour, minute, second| {
        DateTime::from_parts(date, jiff::civil::time(hour, minute, second, 0))
    };
    let beginning = match period {
        "second" => at(date, time.hour(), time.minute(), time.second()),
        "minute" => at(date, time.hour(), time.minute(), 0),
        "hour" => at(date, time.hour(), 0, 0),
        "day" => at(date, 0, 0, 0),
        "month" => at(first(date.month()), 0, 0, 0),
        _ => at(first(1), 0, 0, 0),
    };
    beginning
        .to_zoned(TimeZone::UTC)
        .map_or(now, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_the_calendar() {
        let now: Timestamp = "2026-11-22T21:43:07.5Z".parse().expect("a time");
        let begins = |period| window(period, now).to_string();
        assert_eq!(begins("second"), "2026-11-22T21:43:07Z");
        assert_eq!(begins("minute"), "2026-11-22T21:43:00Z");
        assert_eq!(begins("hour"), "2026-11-22T21:00:00Z");
        assert_eq!(begins("day"), "2026-11-22T00:00:00Z");
        assert_eq!(begins("month"), "2026-11-01T00:00:00Z");
        assert_eq!(begins("year"), "2026-01-01T00:00:00Z");
    }
}
