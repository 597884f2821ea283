//! How long a piece of work is predicted to take, and what the prediction rests on.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of work whose duration is predicted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// One look at a node, a server or a database.
    Look,
    /// Reading a whole database for its digest.
    Digest,
    /// One request to a proxy.
    Request,
    /// A `kong` command that only looks.
    Command,
    /// `kong start` until the node is ready.
    Start,
    /// `kong quit` until the process is gone.
    Stop,
    /// `kong reload`.
    Reload,
    /// Installing a package.
    Install,
    /// `kong migrations up`.
    MigrateUp,
    /// `kong migrations finish`.
    MigrateFinish,
    /// A backup.
    Backup,
    /// A proof of a backup that reads its files.
    Verify,
    /// Restoring a backup beside the live database.
    Restore,
    /// Changing a database for its copy.
    Swap,
    /// Dropping a copy.
    Drop,
    /// Setting a weight at a load balancer.
    Rotate,
    /// Taking a node out of rotation until nothing is in flight.
    Drain,
}

/// What a prediction rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A rate that ships with cutover.
    BuiltIn,
    /// An earlier run or a rehearsal in this environment.
    Measured,
    /// The playbook says how long.
    Told,
}

impl Basis {
    /// What a sum of two predictions rests on: one guess makes a guess of the whole.
    #[must_use]
    pub fn weaker(self, other: Self) -> Self {
        match (self, other) {
            (Self::BuiltIn, _) | (_, Self::BuiltIn) => Self::BuiltIn,
            (Self::Measured, _) | (_, Self::Measured) => Self::Measured,
            (Self::Told, Self::Told) => Self::Told,
        }
    }
}

/// How long one piece of a kind of work takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pace {
    /// Whatever the size, in milliseconds.
    pub fixed: u64,
    /// For each mebibyte, in microseconds.
    pub each_mebibyte: u64,
    /// What it rests on.
    pub basis: Basis,
}

/// A piece of time that a step took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The step; 0 before the first.
    pub step: u32,
    /// How long, in milliseconds.
    pub milliseconds: u64,
    /// What the prediction rests on.
    pub basis: Basis,
}

/// The paces of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations(BTreeMap<Work, Pace>);

/// Rates that were measured on two cores with PostgreSQL 15 on the same disk and the stand-in for Kong; real Kong starts and
/// migrates slower, for which the fixed parts of `Start`, `Command`, `MigrateUp` and `MigrateFinish` allow.
const BUILT_IN: [(Work, u64, u64); 17] = [
    (Work::Look, 10, 0),
    (Work::Digest, 20, 3_000),
    (Work::Request, 5, 0),
    (Work::Command, 300, 0),
    (Work::Start, 3_000, 0),
    (Work::Stop, 2_000, 0),
    (Work::Reload, 1_000, 0),
    (Work::Install, 5_000, 0),
    (Work::MigrateUp, 5_000, 20_000),
    (Work::MigrateFinish, 3_000, 10_000),
    (Work::Backup, 500, 13_000),
    (Work::Verify, 200, 3_000),
    (Work::Restore, 1_000, 30_000),
    (Work::Swap, 500, 0),
    (Work::Drop, 200, 0),
    (Work::Rotate, 20, 0),
    (Work::Drain, 1_000, 0),
];

impl Durations {
    /// What is known without any measurement here.
    #[must_use]
    pub fn built_in() -> Self {
        let pace = |(work, fixed, each_mebibyte)| {
            let pace = Pace {
                fixed,
                each_mebibyte,
                basis: Basis::BuiltIn,
            };
            (work, pace)
        };
        Self(BUILT_IN.into_iter().map(pace).collect())
    }

    /// Puts a measurement in the place of what was assumed.
    pub fn measured(&mut self, work: Work, fixed: u64, each_mebibyte: u64) {
        let pace = Pace {
            fixed,
            each_mebibyte,
            basis: Basis::Measured,
        };
        self.0.insert(work, pace);
    }

    /// How long `work` over `bytes` takes.
    #[must_use]
    pub fn predict(&self, work: Work, bytes: u64) -> (Duration, Basis) {
        let pace = self.0[&work];
        let micros = (u128::from(pace.each_mebibyte) * u128::from(bytes)) >> 20;
        let size = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        (Duration::from_millis(pace.fixed) + size, pace.basis)
    }
}
