//! Replaying a template: what was made of the release's, made again of the same release's.

use super::{Replay, touched::Wanted};
use crate::change_set::patch::applied;
use crate::change_set::{
    Conflict, Customisation, Digest, Kind, Subject, TemplateChange, Told, Why,
};

impl Replay<'_> {
    pub(super) fn template(&mut self, change: &TemplateChange) {
        let file = &change.file;
        if !self.is_there(file) {
            return;
        }
        let found = self.found(&file.location);
        let digest = found.map(|found| Digest::of(&found.bytes));
        let [base, wanted] =
            [&change.before, &change.after].map(|side| side.as_ref().map(|one| one.digest.clone()));
        let bytes = if digest == wanted {
            found.map(|found| found.bytes.clone())
        } else if digest == base {
            match change
                .after
                .as_ref()
                .map(|after| self.made(&change.template, after))
                .transpose()
            {
                Ok(bytes) => bytes,
                Err(why) => return self.conflict(file, why),
            }
        } else {
            let is_secret =
                found.is_some_and(|found| self.secrecy.is_secret_file(&file.location, found));
            self.conflicts.push(Conflict {
                subject: Subject::File {
                    location: file.location.clone(),
                },
                why: Why::Differs,
                base: told(base.as_ref()),
                found: if is_secret {
                    Told::Secret
                } else {
                    told(digest.as_ref())
                },
                wanted: told(wanted.as_ref()),
            });
            return;
        };
        let kind = Kind::Template {
            name: change.template.clone(),
        };
        self.write(file, Wanted { kind, bytes });
    }

    fn made(&self, name: &str, after: &Customisation) -> Result<Vec<u8>, Why> {
        let version = self.set.kong.after;
        let mut releases = self
            .current
            .releases
            .iter()
            .filter(|release| release.name == name);
        let release = releases.find(|release| Digest::of(release.text.as_bytes()) == after.release);
        let release = release.ok_or_else(|| Why::NoRelease {
            template: name.to_owned(),
            version,
        })?;
        let made = applied(&release.text, &after.diff).map(String::into_bytes);
        made.filter(|made| Digest::of(made) == after.digest)
            .ok_or(Why::Damaged)
    }
}

fn told(digest: Option<&Digest>) -> Told {
    super::told(digest.map(Digest::short))
}
