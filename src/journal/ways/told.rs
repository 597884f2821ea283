//! The ways back as a person reads them.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::{Loses, Takes, Way, WayBack, WaysBack};

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Repackage => "repackage",
            Self::Swap => "swap",
            Self::Restore => "restore",
        })
    }
}

impl WaysBack {
    /// All three: available or why not, how long, what would be lost. `at` is the moment of telling.
    #[must_use]
    pub fn told(&self, at: Timestamp) -> String {
        let when = if self.migrated {
            "ways back"
        } else {
            "ways back once it is migrated"
        };
        let what = |way| match way {
            Way::Repackage => "the old package on the migrated database".to_owned(),
            Way::Swap => "the kept copy of the backup".to_owned(),
            Way::Restore => format!(
                "the backup, restored: {} rows, {} bytes",
                self.backup.rows, self.backup.bytes
            ),
        };
        let told = |back: &WayBack| back.told(&what(back.way), at);
        let ways: Vec<String> = self.ways.iter().map(told).collect();
        format!(
            "{when} for the database `{}`:\n{}",
            self.database,
            ways.join("\n")
        )
    }
}

impl WayBack {
    fn told(&self, what: &str, at: Timestamp) -> String {
        let name = self.way.to_string();
        match &self.undos {
            Err(why) => format!("  {name:10}not available: {why}"),
            Ok(_) => format!(
                "  {name:10}{what}\n            takes {}\n            {}",
                self.takes,
                self.loses.told(at)
            ),
        }
    }
}

impl Loses {
    fn told(&self, at: Timestamp) -> String {
        match self {
            Self::Nothing(stays) => format!(
                "loses nothing, so the old version must be able to read what was written; {stays}"
            ),
            Self::Since(taken) => {
                let age = Duration::try_from(at.duration_since(*taken)).unwrap_or_default();
                format!(
                    "loses what was written since the backup of {} ({} ago)",
                    taken.strftime("%H:%M:%S UTC"),
                    about(age)
                )
            }
        }
    }
}

impl fmt::Display for Takes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.measured.is_empty() {
            let parts: Vec<String> = self
                .measured
                .iter()
                .map(|(part, took)| format!("{part} {}", about(*took)))
                .collect();
            write!(
                formatter,
                "about {}, as measured in this run ({})",
                about(self.known()),
                parts.join(", ")
            )?;
        }
        let unmeasured = self.unmeasured.join(", ");
        match (self.measured.is_empty(), self.unmeasured.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(
                formatter,
                "a time that this run has not measured yet: {unmeasured}"
            ),
            (false, false) => write!(formatter, "; not measured: {unmeasured}"),
        }
    }
}

/// A duration as somebody needs it who decides: rounded up, to tenths where it is short.
fn about(duration: Duration) -> String {
    let seconds = duration.as_millis().div_ceil(1_000);
    match seconds {
        0..10 => {
            let tenths = duration.as_millis().div_ceil(100).max(1);
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}
