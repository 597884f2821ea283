//! Recording a file as a whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Pair, Recording};
use crate::change_set::patch::{Sides, diff};
use crate::change_set::{Content, Digest, File, Held};

impl Recording<'_> {
    /// What a file held and what it is to hold; neither where that is the same.
    pub(super) fn content(&self, pair: &Pair<'_>) -> (Option<Held>, Option<Content>) {
        if let (Some(before), Some(after)) = (pair.before, pair.after)
            && before.bytes == after.bytes
        {
            return (None, None);
        }
        let is_secret = |file: Option<&File>| {
            file.is_some_and(|file| self.secrecy.is_secret_file(pair.location, file))
        };
        let is_secret_before = is_secret(pair.before);
        let sealed = |file: &File| self.seal.of(&pair.location.to_string(), &file.bytes);
        let held = pair.before.map(|file| {
            if is_secret_before {
                Held::Secret(sealed(file))
            } else {
                Held::Digest(Digest::of(&file.bytes))
            }
        });
        let content = pair.after.map(|file| {
            if is_secret(pair.after) {
                return Content::Secret {
                    secret: sealed(file),
                    reference: None,
                };
            }
            let before = pair.before.filter(|_| !is_secret_before);
            plain(before.and_then(File::text), file)
        });
        (held, content)
    }
}

/// The content of a file that is no secret: by what changes where there is a text before, since that is what a person has to look at.
fn plain(before: Option<&str>, file: &File) -> Content {
    let digest = Digest::of(&file.bytes);
    let Some(text) = file.text() else {
        let base64 = STANDARD.encode(&file.bytes);
        return Content::Binary { digest, base64 };
    };
    let sides = Sides {
        before: "before",
        after: "after",
    };
    match before.and_then(|before| diff(before, text, sides)) {
        Some(diff) => Content::Diff { digest, diff },
        None => Content::Text {
            digest,
            text: text.to_owned(),
        },
    }
}
