//! The mode, the owner and the presence of a file that is replayed.

use super::{Replay, told};
use crate::change_set::{Changed, Conflict, File, Kind, Presence, Subject, Touched, Why, Write};

/// A file as it is to be, but for its mode and owner.
pub(super) struct Wanted {
    /// What it is.
    pub(super) kind: Kind,
    /// What it holds; `None` where it is to be taken away.
    pub(super) bytes: Option<Vec<u8>>,
}

impl Replay<'_> {
    /// Whether the file is there where it has to be; says so if not.
    pub(super) fn is_there(&mut self, file: &Touched) -> bool {
        let found = self.found(&file.location);
        let is_missing = file.presence == Presence::Stays && found.is_none();
        if is_missing {
            self.conflict(file, Why::Missing);
        }
        !is_missing
    }

    pub(super) fn conflict(&mut self, file: &Touched, why: Why) {
        let location = file.location.clone();
        self.conflicts
            .push(Conflict::plain(Subject::File { location }, why));
    }

    /// Plans to write a file, if it is not already so.
    pub(super) fn write(&mut self, file: &Touched, wanted: Wanted) {
        let location = &file.location;
        let found = self.found(location);
        let mode = self.attribute(file.mode.as_ref(), found.map(|found| found.mode), || {
            Subject::Mode {
                location: location.clone(),
            }
        });
        let owner = self.attribute(
            file.owner.as_ref(),
            found.map(|found| found.owner.clone()),
            || Subject::Owner {
                location: location.clone(),
            },
        );
        let after = match (wanted.bytes, mode, owner) {
            (None, ..) => None,
            (Some(bytes), Some(mode), Some(owner)) => Some(File {
                kind: wanted.kind,
                bytes,
                mode,
                owner,
            }),
            // It is to be added and nobody says how; a change set that was read says so.
            (Some(_), ..) => return self.conflict(file, Why::Damaged),
        };
        let is_so = match (found, &after) {
            (Some(found), Some(after)) => found.is_same(after),
            (None, None) => true,
            _ => false,
        };
        if !is_so {
            self.plan.writes.push(Write {
                location: location.clone(),
                before: found.cloned(),
                after,
            });
        }
    }

    /// What a mode or an owner is to be: what was found where it is not to change. Of a file that is taken away, what it was.
    fn attribute<T: Clone + PartialEq + ToString>(
        &mut self,
        change: Option<&Changed<T>>,
        found: Option<T>,
        subject: impl FnOnce() -> Subject,
    ) -> Option<T> {
        let Some(Changed { before, after }) = change else {
            return found;
        };
        // A file that was taken away already is as it is to be.
        if found != *before && found != *after {
            self.conflicts.push(Conflict {
                subject: subject(),
                why: Why::Differs,
                base: told(before.clone()),
                found: told(found.clone()),
                wanted: told(after.clone()),
            });
            return found;
        }
        after.clone().or(found)
    }
}
