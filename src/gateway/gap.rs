//! What a copy of a database lacks of what its original has counted since: rate limits and statistics.
//!
//! The copy is made of one moment. From then on both sides count, and each lacks what the other counted. Counters commute, so what one
//! side counted itself can be added to the other, again and again, without either forgetting anything.

use std::collections::BTreeMap;
use std::iter::Sum;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ContentDigest, Failure, ScratchCopy, SyncRates, TableWrites};
use crate::kong::rate_limits::OutOfReach;

/// The database that was copied, and the copy, both as the environment calls them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    /// The database that was copied.
    pub from_database: String,
    /// The copy.
    pub to_database: String,
}

/// Whether a database that is to be made is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyFound {
    /// It is not.
    Absent,
    /// This run made it.
    Ours,
    /// Somebody else did.
    Foreign,
}

/// A copy that was made of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyFacts {
    /// Which moment.
    pub taken_at: Timestamp,
    /// What both databases held at that moment.
    pub content: ContentDigest,
    /// Its rows.
    pub rows: u64,
    /// The counters that it began with, by table, of windows that were open.
    pub counters: BTreeMap<String, u64>,
    /// What of grants and settings could not be copied, as the server said it.
    pub not_copied: Vec<String>,
}

/// A gap, and what of it can be closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapFacts {
    /// When it began: the moment of the copy.
    pub taken_at: Timestamp,
    /// The tables whose counters are carried.
    pub tables: Vec<String>,
    /// The Redis between which counters are carried, each as two names of the environment.
    pub redis: Vec<String>,
    /// The rate limits whose counters are not carried.
    pub out_of_reach: Vec<OutOfReach>,
    /// The tables of statistics that are not carried, and have a hole between the two sides.
    pub holes: Vec<String>,
}

/// So many counters, and what was counted in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Counters.
    pub counters: u64,
    /// What they count together.
    pub increments: u64,
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |sum, totals| Self {
            counters: sum.counters + totals.counters,
            increments: sum.increments + totals.increments,
        })
    }
}

/// What a round added to a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableTotals {
    /// The table.
    pub table: String,
    /// What was added.
    #[serde(flatten)]
    pub totals: Totals,
}

/// What clients had been given or lost on one side, and have or lost on the other since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Tokens, codes, sessions and certificates that were there on one side alone.
    pub given: u64,
    /// Those that one side did not have any more.
    pub taken: u64,
}

/// What a copy lacks now, of one table and period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    /// The table.
    pub table: String,
    /// The period, such as `day`, or a window's size, such as `60 s`.
    pub period: String,
    /// The counters that lack something, and how much.
    #[serde(flatten)]
    pub totals: Totals,
    /// The most that one of them lacks.
    pub largest: u64,
    /// How many of the counters have a limit.
    pub limited: u64,
    /// The requests over their limits that the copy would let pass, if every client used all that it is given.
    pub over_at_most: u64,
    /// The same, if clients went on as fast as they were since the copy was made.
    pub over_expected: u64,
}

/// What both sides counted since the copy was made, of one table and period; in Redis since the window began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The table.
    pub table: String,
    /// The period, such as `day`, or a window's size, such as `60 s`.
    pub period: String,
    /// The counters in which something was counted, of windows that are open.
    pub counters: u64,
    /// What the original counted.
    pub by_from: u64,
    /// What the copy counted.
    pub by_to: u64,
    /// What of the original's the copy has not yet.
    pub lacking: u64,
    /// Requests over a limit that passed since the copy was made, all of them together. Where a limit was exceeded before, more than that.
    pub over_admitted: u64,
    /// How many fewer it can be: Kong counts refused requests in Redis too. Journals of before Redis was looked at have none.
    #[serde(default)]
    pub uncertain: u64,
}

/// Copies that go live, and the counters between them and their originals. The first argument is what is changed, if anything is.
pub trait Gap {
    /// Whether a database that is to be made is there.
    async fn copy_found(&self, to: &str) -> Result<CopyFound, Failure>;
    /// When the database was made as a copy whose counters were kept, if it is one.
    async fn copy_taken_at(&self, database: &str) -> Result<Option<Timestamp>, Failure>;
    /// Copies the database `from` as it is at one moment, and keeps what its counters were. What this run made of it before is replaced.
    async fn make_copy(&self, to: &str, from: &str) -> Result<CopyFacts, Failure>;
    /// Drops a copy that this run made.
    async fn drop_made_copy(&self, to: &str) -> Result<(), Failure>;
    /// What the gap between two sides is.
    async fn gap(&self, sides: &Sides) -> Result<GapFacts, Failure>;
    /// How the plugins of a database push what they count in nodes' memory.
    async fn sync_rates(&self, database: &str) -> Result<SyncRates, Failure>;
    /// What the copy lacks of what the original counted.
    async fn lacking(&self, sides: &Sides) -> Result<Vec<Lacking>, Failure>;
    /// What both sides counted.
    async fn counted(&self, sides: &Sides) -> Result<Vec<Counted>, Failure>;
    /// How much in the counters of a database came from the other side.
    async fn carried_into(&self, database: &str) -> Result<Totals, Failure>;
    /// Brings the copy what the original gave its clients and took from them since, what was taken first; with `both`, also the other way.
    async fn catch_up(&self, original: &str, copy: &str, both: bool) -> Result<Given, Failure>;
    /// Adds to one of two sides what the other has counted and it has not got yet.
    async fn carry(&self, to: &str, sides: &Sides) -> Result<Vec<TableTotals>, Failure>;
    /// Takes away from the counters of both sides what came from the other. What came over another gap stays.
    async fn take_back(&self, original: &str, copy: &str) -> Result<(), Failure>;
    /// Makes `again` of what the original `from` is now, on the server of its copy, for [`Gap::bring_configuration`]. Answers what it holds.
    async fn copy_again(&self, from: &str, again: &ScratchCopy) -> Result<ContentDigest, Failure>;
    /// Brings a copy what was configured in its original between the moments of the copy and of `again`, which has been migrated like it.
    async fn bring_configuration(
        &self,
        copy: &str,
        again: &ScratchCopy,
    ) -> Result<Vec<TableWrites>, Failure>;
    /// Notes what configuration a copy holds now.
    async fn note_configuration(&self, copy: &str) -> Result<(), Failure>;
    /// What was configured in a copy since that was noted; nothing where it never was.
    async fn configured(&self, copy: &str) -> Result<Option<Vec<TableWrites>>, Failure>;
    /// Takes away what was kept for carrying, and leaves the counters as they are. What is kept for another gap stays.
    async fn close_gap(&self, original: &str, copy: &str) -> Result<(), Failure>;
}
