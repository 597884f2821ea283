//! What a replay, or its undo, has to write.

use std::collections::BTreeMap;

use super::{File, Files, Location};

/// What to write, file by file, in the order of locations. Nothing of it is written yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The files.
    pub writes: Vec<Write>,
}

/// A file to write. `before` is the exact way back, so whoever writes has to keep it first: its bytes may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub location: Location,
    /// What is there now; `None` where nothing is.
    pub before: Option<File>,
    /// What is to be there: all of its bytes, its mode and its owner. `None` is to be taken away.
    pub after: Option<File>,
}

impl Plan {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The files as they are once the plan is carried out, for whoever plays it.
    #[must_use]
    pub fn applied_to(&self, files: &Files) -> Files {
        let mut after = files.clone();
        put(&mut after.files, &self.writes);
        after
    }
}

fn put(files: &mut BTreeMap<Location, File>, writes: &[Write]) {
    for write in writes {
        match &write.after {
            Some(file) => drop(files.insert(write.location.clone(), file.clone())),
            None => drop(files.remove(&write.location)),
        }
    }
}
