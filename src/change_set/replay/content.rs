//! Replaying a file as a whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Replay, touched::Wanted};
use crate::change_set::patch::applied;
use crate::change_set::{
    Conflict, Content, ContentChange, Digest, File, Held, Kind, Presence, Sealed, Subject, Told,
    Why,
};

impl Replay<'_> {
    pub(super) fn content(&mut self, change: &ContentChange) {
        let file = &change.file;
        if !self.is_there(file) {
            return;
        }
        let found = self.found(&file.location);
        let is_same =
            change.before.is_none() && change.after.is_none() && file.presence == Presence::Stays;
        let bytes = if is_same || self.is_wanted(change, found) {
            found.map(|found| found.bytes.clone())
        } else if self.is_base(change, found) {
            match change
                .after
                .as_ref()
                .map(|after| self.content_of(after, found))
                .transpose()
            {
                Ok(bytes) => bytes,
                Err(why) => return self.conflict(file, why),
            }
        } else {
            return self.differs(change, found);
        };
        let kind = match (&change.after, found) {
            (Some(Content::Secret { .. }), _) => Kind::Secret,
            (_, Some(found)) => found.kind.clone(),
            _ => Kind::Other,
        };
        self.write(file, Wanted { kind, bytes });
    }

    /// Whether a file holds what it is to hold.
    fn is_wanted(&self, change: &ContentChange, found: Option<&File>) -> bool {
        let (after, found) = match (&change.after, found) {
            (Some(after), Some(found)) => (after, found),
            (after, found) => return after.is_none() && found.is_none(),
        };
        match after {
            Content::Text { digest, .. }
            | Content::Diff { digest, .. }
            | Content::Binary { digest, .. } => *digest == Digest::of(&found.bytes),
            Content::Secret { secret, reference } => match self.fetched(reference.as_ref()) {
                Ok(fetched) => fetched.reveal() == found.bytes,
                Err(Why::NoReference) => self.is_sealed(change, secret, found),
                Err(_) => false,
            },
        }
    }

    fn is_base(&self, change: &ContentChange, found: Option<&File>) -> bool {
        match (&change.before, found) {
            (Some(Held::Digest(digest)), Some(found)) => *digest == Digest::of(&found.bytes),
            (Some(Held::Secret(secret)), Some(found)) => self.is_sealed(change, secret, found),
            (before, found) => before.is_none() && found.is_none(),
        }
    }

    fn is_sealed(&self, change: &ContentChange, secret: &Sealed, found: &File) -> bool {
        let name = change.file.location.to_string();
        *secret == Sealed::Any || *secret == self.secrets.seal.of(&name, &found.bytes)
    }

    fn content_of(&self, content: &Content, found: Option<&File>) -> Result<Vec<u8>, Why> {
        let (made, digest) = match content {
            Content::Text { digest, text } => (Some(text.clone().into_bytes()), digest),
            Content::Binary { digest, base64 } => (STANDARD.decode(base64).ok(), digest),
            Content::Diff { digest, diff } => {
                let before = found.and_then(File::text);
                let made = before.and_then(|before| applied(before, diff));
                (made.map(String::into_bytes), digest)
            }
            Content::Secret { reference, .. } => {
                return Ok(self.fetched(reference.as_ref())?.reveal().to_vec());
            }
        };
        made.filter(|made| Digest::of(made) == *digest)
            .ok_or(Why::Damaged)
    }

    fn differs(&mut self, change: &ContentChange, found: Option<&File>) {
        let location = change.file.location.clone();
        let told_found = match found {
            None => Told::Absent,
            Some(found) if self.secrecy.is_secret_file(&location, found) => Told::Secret,
            Some(found) => digest(&Digest::of(&found.bytes)),
        };
        let is_added = change.file.presence == Presence::Added;
        self.conflicts.push(Conflict {
            subject: Subject::File { location },
            why: if is_added { Why::Present } else { Why::Differs },
            base: match &change.before {
                None => Told::Absent,
                Some(Held::Digest(held)) => digest(held),
                Some(Held::Secret(_)) => Told::Secret,
            },
            found: told_found,
            wanted: match &change.after {
                None => Told::Absent,
                Some(Content::Secret { .. }) => Told::Secret,
                Some(
                    Content::Text { digest: wanted, .. }
                    | Content::Diff { digest: wanted, .. }
                    | Content::Binary { digest: wanted, .. },
                ) => digest(wanted),
            },
        });
    }
}

fn digest(digest: &Digest) -> Told {
    Told::Text(digest.short().to_owned())
}
