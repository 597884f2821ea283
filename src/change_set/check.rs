//! What must hold of a change set that was read, since people edit them: it holds no secret, and says nothing against itself.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::secrecy::{is_code, is_secret_by_name};
use super::suspicion::is_suspicious;
use super::{
    ChangeSet, Content, Digest, Flaw, Held, Location, Presence, Sealed, SealedSecret, Setting,
    SettingsChange, SettingsKind, Stated, Touched,
};

impl ChangeSet {
    /// Finds what is wrong with it.
    pub fn check(&self) -> Result<(), Flaw> {
        if self.format != Self::FORMAT {
            return Err(Flaw::Format {
                format: self.format,
            });
        }
        let mut seen = BTreeSet::new();
        for touched in self.touched() {
            let location = touched.location.clone();
            if !seen.insert(&touched.location) {
                return Err(Flaw::FileTwice { location });
            }
            if !touched.is_consistent() {
                return Err(Flaw::Presence { location });
            }
        }
        self.settings.iter().try_for_each(SettingsChange::check)?;
        for change in &self.template {
            let sides = (change.before.is_some(), change.after.is_some());
            change.file.check_sides(sides, false)?;
            let diffs = [&change.before, &change.after].into_iter().flatten();
            diffs
                .into_iter()
                .try_for_each(|side| check_text(&change.file.location, &side.diff))?;
        }
        for change in &self.content {
            let sides = (change.before.is_some(), change.after.is_some());
            change.file.check_sides(sides, true)?;
            if let Some(content) = &change.after {
                check_content(&change.file.location, content)?;
            }
        }
        if self.seal.is_none() && self.has_digests() {
            return Err(Flaw::Seal);
        }
        Ok(())
    }

    /// Whether it has a keyed digest.
    pub(super) fn has_digests(&self) -> bool {
        let settings = self.settings.iter().flat_map(|change| &change.change);
        let stated = settings
            .flat_map(|setting| [&setting.before, &setting.after])
            .flatten();
        let of_settings = stated.filter_map(|stated| match stated {
            Stated::Plain(_) => None,
            Stated::Secret(SealedSecret { secret, .. }) => Some(secret),
        });
        let of_files = self.content.iter().flat_map(|change| {
            let before = match &change.before {
                Some(Held::Secret(secret)) => Some(secret),
                _ => None,
            };
            let after = match &change.after {
                Some(Content::Secret { secret, .. }) => Some(secret),
                _ => None,
            };
            before.into_iter().chain(after)
        });
        of_settings
            .chain(of_files)
            .any(|secret| *secret != Sealed::Any)
    }
}

impl Touched {
    fn is_consistent(&self) -> bool {
        let sides = |change: Option<(bool, bool)>| match self.presence {
            Presence::Stays => change.is_none_or(|sides| sides == (true, true)),
            Presence::Added => change == Some((false, true)),
            Presence::Removed => change.is_none_or(|sides| sides == (true, false)),
        };
        let mode = self
            .mode
            .as_ref()
            .map(|mode| (mode.before.is_some(), mode.after.is_some()));
        let owner = self
            .owner
            .as_ref()
            .map(|owner| (owner.before.is_some(), owner.after.is_some()));
        sides(mode) && sides(owner)
    }

    fn check_sides(&self, sides: (bool, bool), may_be_same: bool) -> Result<(), Flaw> {
        let is_right = match self.presence {
            Presence::Stays => sides == (true, true) || (may_be_same && sides == (false, false)),
            Presence::Added => sides == (false, true),
            Presence::Removed => sides == (true, false),
        };
        let location = self.location.clone();
        is_right.then_some(()).ok_or(Flaw::Presence { location })
    }
}

impl SettingsChange {
    fn check(&self) -> Result<(), Flaw> {
        let location = &self.file.location;
        let mut seen = BTreeSet::new();
        for setting in &self.change {
            if !seen.insert(&setting.name) {
                return Err(Flaw::SettingTwice {
                    location: location.clone(),
                    name: setting.name.clone(),
                });
            }
            setting.check(self.kind, location)?;
        }
        Ok(())
    }
}

impl Setting {
    fn check(&self, kind: SettingsKind, location: &Location) -> Result<(), Flaw> {
        let (location, name) = (location.clone(), self.name.clone());
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(Flaw::Name { location, name });
        }
        if matches!(&self.before, Some(Stated::Secret(secret)) if secret.reference.is_some()) {
            return Err(Flaw::Reference { location, name });
        }
        let is_told = |stated: &Stated| match stated {
            Stated::Plain(text) => is_secret_by_name(kind, &name, text),
            Stated::Secret(_) => false,
        };
        if [&self.before, &self.after]
            .into_iter()
            .flatten()
            .any(is_told)
        {
            return Err(Flaw::SecretSetting { location, name });
        }
        Ok(())
    }
}

fn check_content(location: &Location, content: &Content) -> Result<(), Flaw> {
    let (bytes, digest) = match content {
        Content::Secret { .. } => return Ok(()),
        // What comes of it is seen when it is applied.
        Content::Diff { diff, .. } => return check_text(location, diff),
        Content::Text { digest, text } => {
            check_text(location, text)?;
            (Some(text.clone().into_bytes()), digest)
        }
        Content::Binary { digest, base64 } => (STANDARD.decode(base64).ok(), digest),
    };
    let fits = bytes.is_some_and(|bytes| Digest::of(&bytes) == *digest);
    let location = location.clone();
    fits.then_some(()).ok_or(Flaw::Content { location })
}

fn check_text(location: &Location, text: &str) -> Result<(), Flaw> {
    let location_of = location.clone();
    let is_suspicious = is_suspicious(text, is_code(location));
    (!is_suspicious).then_some(()).ok_or(Flaw::SecretText {
        location: location_of,
    })
}
