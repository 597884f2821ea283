//! The real world: one file per real system.

mod practice;
mod processes;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::Clock;

/// The real world of one environment.
#[derive(Debug)]
pub struct Live {
    /// Where practice files are written.
    practice: PathBuf,
}

impl Live {
    /// The world in which practice files are written to `practice`.
    #[must_use]
    pub fn new(practice: PathBuf) -> Self {
        Self { practice }
    }
}

impl Clock for Live {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
