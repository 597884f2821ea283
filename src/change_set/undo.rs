//! The way back from a replay: every file to the byte, the mode and the owner that it had.

use super::{Conflict, File, Files, Plan, Subject, Told, Why, Write};

/// What to write so that the files are again what they were before `plan`. A file that already is stays as it is; one that somebody
/// has changed since is a conflict, and then nothing is planned.
pub fn undo(plan: &Plan, current: &Files) -> Result<Plan, Vec<Conflict>> {
    let mut back = Plan::default();
    let mut conflicts = Vec::new();
    for write in &plan.writes {
        let found = current.files.get(&write.location);
        if is_same(found, write.before.as_ref()) {
            continue;
        }
        if is_same(found, write.after.as_ref()) {
            back.writes.push(Write {
                location: write.location.clone(),
                before: found.cloned(),
                after: write.before.clone(),
            });
        } else {
            conflicts.push(Conflict {
                subject: Subject::File {
                    location: write.location.clone(),
                },
                why: Why::ChangedSince,
                base: told(write.after.as_ref()),
                found: told(found),
                wanted: told(write.before.as_ref()),
            });
        }
    }
    if conflicts.is_empty() {
        Ok(back)
    } else {
        Err(conflicts)
    }
}

fn is_same(one: Option<&File>, other: Option<&File>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (None, None) => true,
        _ => false,
    }
}

/// Which bytes they are is not told, since a digest of those may be as good as a secret in them.
fn told(file: Option<&File>) -> Told {
    match file {
        None => Told::Absent,
        Some(file) => Told::Text(format!(
            "{} bytes, {} {}",
            file.bytes.len(),
            file.mode,
            file.owner
        )),
    }
}
