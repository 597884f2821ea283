//! A journal in memory, for what plays a run without doing it.

use jiff::Timestamp;

use super::{Digest, Durability, Event, Journal, JournalError, Record, chain};

/// Records in memory, chained as in a file.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    /// The records so far.
    pub records: Vec<Record>,
}

impl Journal for MemoryJournal {
    fn append(
        &mut self,
        at: Timestamp,
        event: Event,
        _durability: Durability,
    ) -> Result<Record, JournalError> {
        let prev = self
            .records
            .last()
            .map_or(Digest::ZERO, |record| record.digest);
        let (record, _line) = chain::seal(self.records.len() as u64 + 1, prev, at, event);
        self.records.push(record.clone());
        Ok(record)
    }
}
