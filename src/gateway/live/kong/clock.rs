//! A node's clock, by the dates on its answers.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::super::Live;
use crate::gateway::Failure;

/// A second goes by in one; a node that was busy may skip some.
const PATIENCE: Duration = Duration::from_secs(10);

/// A date on an answer, with the moments between which it was written, by our clock.
struct Dated {
    sent: Timestamp,
    date: Timestamp,
    received: Timestamp,
}

impl Live {
    /// How many milliseconds the clock of `node` is ahead of ours.
    ///
    /// A date has whole seconds. So the node is asked until its date goes on: its second began between the answer before and that one,
    /// some hundredths of a second apart.
    pub(super) async fn ahead_by_dates(&self, node: &str) -> Result<i64, Failure> {
        let begun = Instant::now();
        let mut before = self.dated(node).await?;
        while begun.elapsed() < PATIENCE {
            self.pause_shortly().await;
            let now = self.dated(node).await?;
            if now.date > before.date {
                let (earliest, latest) =
                    (before.sent.as_millisecond(), now.received.as_millisecond());
                return Ok(now.date.as_millisecond() - i64::midpoint(earliest, latest));
            }
            before = now;
        }
        let message = format!("the dates on the answers of `{node}` stand still");
        Err(Failure::new("kong.clock.unknown", message))
    }

    async fn dated(&self, node: &str) -> Result<Dated, Failure> {
        let sent = Timestamp::now();
        let answer = self.admin_answer(node, "/status").await?;
        let received = Timestamp::now();
        let date = answer.headers().get("date");
        let date = date.and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        let date = date.ok_or_else(|| {
            let message = format!("the Admin API of `{node}` answers without a date");
            Failure::new("kong.clock.unknown", message)
                .hint("does a proxy in front of it take the header `Date` away?")
        })?;
        Ok(Dated {
            sent,
            date,
            received,
        })
    }
}
