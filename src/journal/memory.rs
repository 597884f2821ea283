//! A journal in memory, for what plays a run without doing it.

use std::cell::RefCell;
use std::rc::Rc;

use jiff::Timestamp;

use super::{Digest, Durability, Event, Journal, JournalError, Record, VERSION};

/// Records in memory. Clones share them, as runners of one run share its file. Nothing seals them: nobody else can reach them, and a
/// plan proves nothing about the past.
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal {
    records: Rc<RefCell<Vec<Record>>>,
}

impl MemoryJournal {
    /// How many records there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.records.borrow().len()
    }

    /// The records so far.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.records.borrow().clone()
    }
}

impl Journal for MemoryJournal {
    fn append(
        &mut self,
        at: Timestamp,
        event: Event,
        _durability: Durability,
    ) -> Result<Record, JournalError> {
        let mut records = self.records.borrow_mut();
        let record = Record {
            v: VERSION,
            seq: records.len() as u64 + 1,
            at,
            prev: Digest::ZERO,
            event,
            digest: Digest::ZERO,
        };
        records.push(record.clone());
        Ok(record)
    }
}
