//! The one place where a run writes: append, fold, tell whoever watches.

use std::cell::RefCell;
use std::rc::Rc;

use jiff::Timestamp;

use super::Fault;
use crate::journal::{Durability, Event, Journal, Record, RunState};

/// Sees every record as it is written, with the state after it.
pub type Watcher = Box<dyn FnMut(&Record, &RunState)>;

/// A journal, the state that follows from it, and its watcher. Clones share them.
#[derive(Clone)]
pub struct Recorder {
    inner: Rc<RefCell<Inner>>,
}

struct Inner {
    journal: Box<dyn Journal>,
    state: RunState,
    watcher: Watcher,
}

impl Recorder {
    /// Goes on with `journal`, whose records so far fold to `state`.
    #[must_use]
    pub fn new(journal: Box<dyn Journal>, state: RunState, watcher: Watcher) -> Self {
        Self {
            inner: Rc::new(RefCell::new(Inner {
                journal,
                state,
                watcher,
            })),
        }
    }

    /// Appends `event`. When this returns an error, what the event says must not be believed or done.
    pub fn record(&self, at: Timestamp, event: Event, durability: Durability) -> Result<(), Fault> {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            journal,
            state,
            watcher,
        } = &mut *inner;
        let record = journal.append(at, event, durability)?;
        state
            .apply(&record)
            .unwrap_or_else(|illegal| panic!("the gate wrote what cannot be: {illegal}"));
        watcher(&record, state);
        Ok(())
    }

    /// Appends and syncs `event`.
    pub fn sync(&self, at: Timestamp, event: Event) -> Result<(), Fault> {
        self.record(at, event, Durability::Synced)
    }

    /// Looks at the state.
    pub fn state<T>(&self, look: impl FnOnce(&RunState) -> T) -> T {
        look(&self.inner.borrow().state)
    }
}
