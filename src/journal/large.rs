//! Values that are too large for a line: files of their own beside the journal, named by their digest. The record holds digest, size
//! and the beginning, so the chain of hashes covers them.
//!
//! Invariant: a file is durable before the record that names it, and never written again after.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::store::{failed, make_private, sync_directory};
use super::{Digest, Event, JournalError};

/// Bytes of JSON that a record still holds itself.
const LIMIT: usize = 64 * 1024;

/// Characters of the beginning that the record keeps for people.
const BEGINNING: usize = 200;

/// The key that marks a value as being elsewhere. A value that looks like one is put aside whatever its size.
const MARK: &str = "stored_value";

/// What a record holds instead of the value.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    sha256: Digest,
    bytes: usize,
    beginning: String,
}

/// The event as it is to be written, where that is another: its large value is then in a file in `directory`.
pub(super) fn put_aside(directory: &Path, event: &Event) -> Result<Option<Event>, JournalError> {
    let mut written = event.clone();
    let Some(value) = value_of(&mut written) else {
        return Ok(None);
    };
    let text = serde_json::to_string(value).expect("values are plain data");
    if text.len() <= LIMIT && value.get(MARK).is_none() {
        return Ok(None);
    }
    let stored = Stored {
        sha256: Digest::of(&text),
        bytes: text.len(),
        beginning: text.chars().take(BEGINNING).collect(),
    };
    keep(directory, &stored.sha256, &text)?;
    *value = json!({ MARK: stored });
    Ok(Some(written))
}

/// Puts the value back that a record names.
pub(super) fn bring_back(directory: &Path, event: &mut Event) -> Result<(), JournalError> {
    let Some(value) = value_of(event) else {
        return Ok(());
    };
    let Some(stored) = value.get(MARK) else {
        return Ok(());
    };
    let altered = |path: &Path| JournalError::ValueAltered {
        path: path.to_owned(),
    };
    let stored = Stored::deserialize(stored).map_err(|_| altered(directory))?;
    let path = directory.join(name(&stored.sha256));
    let text = std::fs::read(&path).map_err(|source| failed("read", &path, source))?;
    if Digest::of(&text) != stored.sha256 {
        return Err(altered(&path));
    }
    *value = serde_json::from_slice(&text).map_err(|_| altered(&path))?;
    Ok(())
}

/// What of an event can be large: what the world answered.
fn value_of(event: &mut Event) -> Option<&mut Value> {
    match event {
        Event::Read { outcome, .. } => outcome.as_mut().ok(),
        Event::TargetFinished { outcome, .. }
        | Event::Finished { outcome, .. }
        | Event::UndoFinished { outcome, .. } => Some(outcome),
        _ => None,
    }
}

fn keep(directory: &Path, digest: &Digest, text: &str) -> Result<(), JournalError> {
    make_private(directory)?;
    let path = directory.join(name(digest));
    if std::fs::read(&path).is_ok_and(|kept| Digest::of(kept) == *digest) {
        return Ok(());
    }
    // Under another name until it is whole: a crash in between leaves no half of what a record could name.
    let unfinished = path.with_extension("unfinished");
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)
    };
    write().map_err(|source| failed("write", &path, source))?;
    sync_directory(directory)
}

fn name(digest: &Digest) -> String {
    format!("{digest}.json")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::journal::{Durability, FileJournal, Journal as _, StepNo};

    fn finished(outcome: Value) -> Event {
        Event::Finished {
            step: StepNo(1),
            outcome,
        }
    }

    #[test]
    fn a_large_value_is_beside_the_journal_and_comes_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("journal.ndjson");
        let large = finished(json!({ "text": "x".repeat(LIMIT) }));
        let forged = finished(json!({ MARK: "nothing" }));
        let small = finished(json!(1));
        let mut journal = FileJournal::create(&path).expect("created");
        for event in [&large, &forged, &small, &large] {
            let record = journal
                .append(Timestamp::UNIX_EPOCH, event.clone(), Durability::Synced)
                .expect("appended");
            assert_eq!(record.event, *event);
        }
        let length = std::fs::metadata(&path).expect("there").len();
        assert!(length < 4096, "{length}");
        let read = FileJournal::read(&path).expect("intact");
        let events: Vec<Event> = read
            .records
            .into_iter()
            .map(|record| record.event)
            .collect();
        assert_eq!(events, [large.clone(), forged, small, large]);
        assert_eq!(FileJournal::open(&path).expect("intact").records.len(), 4);

        let values = std::fs::read_dir(directory.path().join("values")).expect("listed");
        let files: Vec<_> = values.map(|entry| entry.expect("listed").path()).collect();
        assert_eq!(files.len(), 2, "{files:?}");
        std::fs::write(&files[0], "{}").expect("altered");
        assert!(matches!(
            FileJournal::read(&path),
            Err(JournalError::ValueAltered { .. })
        ));
        std::fs::remove_file(&files[0]).expect("removed");
        assert!(matches!(
            FileJournal::open(&path),
            Err(JournalError::Io { action: "read", .. })
        ));
    }
}
