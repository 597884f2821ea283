//! Recording a template of nginx's configuration: what was made of each release's.

use super::{Pair, Recording};
use crate::change_set::patch::{Sides, diff};
use crate::change_set::{Customisation, Digest, File, Files, Kind, TemplateChange, Touched};

impl Recording<'_> {
    /// The change of a template. `None` where it is none, where it holds a secret, or where a release's own is not at hand.
    pub(super) fn template(&self, pair: &Pair<'_>, file: &Touched) -> Option<TemplateChange> {
        let Kind::Template { name } = pair.kind()? else {
            return None;
        };
        let bytes = |file: Option<&File>| file.map(|file| file.bytes.clone());
        if bytes(pair.before) == bytes(pair.after) {
            return None;
        }
        let side = |file: Option<&File>, files: &Files| match file {
            None => Some(None),
            Some(file) if self.secrecy.is_secret_file(pair.location, file) => None,
            Some(file) => customisation(name, file, files).map(Some),
        };
        Some(TemplateChange {
            template: name.clone(),
            file: file.clone(),
            before: side(pair.before, self.before)?,
            after: side(pair.after, self.after)?,
        })
    }
}

fn customisation(name: &str, file: &File, files: &Files) -> Option<Customisation> {
    let release = files.release(name, files.version)?;
    let sides = Sides {
        before: &format!("{name} of {}", release.version),
        after: "the template",
    };
    Some(Customisation {
        release: Digest::of(release.text.as_bytes()),
        digest: Digest::of(&file.bytes),
        diff: diff(&release.text, file.text()?, sides)?,
    })
}
