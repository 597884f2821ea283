//! Replaying settings into the text that a node has.

use super::{Replay, touched::Wanted};
use crate::change_set::reading::{Reading, Unreadable, Unwritable, value};
use crate::change_set::record::is_made_of_settings;
use crate::change_set::{
    Conflict, File, Kind, Presence, Sealed, Setting, SettingsChange, SettingsKind, Stated, Subject,
    Told, Touched, Why,
};

/// What a node's text says before anything is changed, as the version before reads it and as the version after will.
struct Says {
    before: Vec<(String, String)>,
    after: Vec<(String, String)>,
}

/// What is to be done about a setting.
enum Edit {
    Set(String),
    Unset,
}

impl Edit {
    fn value(&self) -> Option<&str> {
        match self {
            Self::Set(text) => Some(text),
            Self::Unset => None,
        }
    }

    fn is_so(&self, now: Option<&str>) -> bool {
        self.value() == now
    }
}

impl Replay<'_> {
    pub(super) fn settings(&mut self, change: &SettingsChange) {
        let file = &change.file;
        if !self.is_there(file) {
            return;
        }
        let found = self.found(&file.location);
        let [before, reading] = Reading::both(change.kind, self.set.kong, self.current);
        let Some((text, says)) = self.read(change, [before, reading], found) else {
            return;
        };
        let conflicts = self.conflicts.len();
        let mut edited = text.to_owned();
        for setting in &change.change {
            match self.setting(change, setting, &says) {
                Ok(None) => {}
                Ok(Some(wanted)) => match reading.set(&edited, &setting.name, wanted.value()) {
                    Ok(text) => edited = text,
                    Err(problem) => {
                        let subject = subject(file, &setting.name);
                        self.conflicts.push(Conflict::unwritable(subject, &problem));
                    }
                },
                Err(found) => self.conflicts.extend(found),
            }
        }
        if file.presence == Presence::Added && found.is_some() && edited != text {
            self.conflicts.truncate(conflicts);
            return self.conflict(file, Why::Present);
        }
        let bytes = (file.presence != Presence::Removed).then(|| edited.into_bytes());
        if bytes.is_none() && found.is_some() {
            self.check_rest(change, reading, text, &says);
        }
        let kind = match change.kind {
            SettingsKind::KongConf => Kind::KongConf,
            SettingsKind::EnvironmentFile => Kind::EnvironmentFile,
            SettingsKind::Unit => Kind::Unit,
        };
        self.write(file, Wanted { kind, bytes });
    }

    fn read<'f>(
        &mut self,
        change: &SettingsChange,
        [before, reading]: [Reading; 2],
        found: Option<&'f File>,
    ) -> Option<(&'f str, Says)> {
        let read = found
            .map_or(Some(""), File::text)
            .ok_or(Unreadable::NotText)
            .and_then(|text| {
                let says = Says {
                    before: before.settings(text)?,
                    after: reading.settings(text)?,
                };
                Ok((text, says))
            });
        match read {
            Ok(read) => Some(read),
            Err(problem) => {
                let location = change.file.location.clone();
                let conflict = Conflict::unreadable(Subject::File { location }, &problem);
                self.conflicts.push(conflict);
                None
            }
        }
    }

    /// What has to be done about a setting, if anything has to.
    fn setting(
        &self,
        change: &SettingsChange,
        setting: &Setting,
        says: &Says,
    ) -> Result<Option<Edit>, Vec<Conflict>> {
        let name = &setting.name;
        let found = value(&says.before, name);
        let now = value(&says.after, name);
        let wanted = self.wanted(setting, now);
        if wanted.as_ref().is_ok_and(|wanted| wanted.is_so(now)) {
            return Ok(None);
        }
        let mut conflicts = Vec::new();
        if !self.is_stated(name, found, setting.before.as_ref()) {
            conflicts.push(Conflict {
                subject: subject(&change.file, name),
                why: Why::Differs,
                base: self.told_stated(change.kind, name, setting.before.as_ref()),
                found: self.told(change.kind, name, found),
                wanted: self.told_stated(change.kind, name, setting.after.as_ref()),
            });
        }
        match wanted {
            Ok(wanted) if conflicts.is_empty() => return Ok(Some(wanted)),
            Ok(_) => {}
            Err(why) => conflicts.push(Conflict::plain(subject(&change.file, name), why)),
        }
        Err(conflicts)
    }

    /// What is wanted: of a secret what the reference came to, or what is there if that is the one of the recording.
    fn wanted(&self, setting: &Setting, now: Option<&str>) -> Result<Edit, Why> {
        let secret = match &setting.after {
            None => return Ok(Edit::Unset),
            Some(Stated::Plain(text)) => return Ok(Edit::Set(text.clone())),
            Some(Stated::Secret(secret)) => secret,
        };
        if secret.reference.is_none()
            && let Some(now) = now
            && self.is_stated(&setting.name, Some(now), setting.after.as_ref())
        {
            return Ok(Edit::Set(now.to_owned()));
        }
        let fetched = self.fetched(secret.reference.as_ref())?;
        let text = std::str::from_utf8(fetched.reveal()).map_err(|_| Why::Unwritable {
            problem: Unwritable::NotText.to_string(),
        })?;
        Ok(Edit::Set(text.to_owned()))
    }

    fn is_stated(&self, name: &str, found: Option<&str>, stated: Option<&Stated>) -> bool {
        match (found, stated) {
            (None, None) => true,
            (Some(found), Some(Stated::Plain(text))) => found == text,
            (Some(found), Some(Stated::Secret(secret))) => {
                secret.secret == Sealed::Any
                    || secret.secret == self.secrets.seal.of(name, found.as_bytes())
            }
            _ => false,
        }
    }

    /// A file that is to be taken away must not say more than it did in the recording.
    fn check_rest(&mut self, change: &SettingsChange, reading: Reading, text: &str, says: &Says) {
        for (name, found) in &says.before {
            if !change.change.iter().any(|setting| setting.name == *name) {
                self.conflicts.push(Conflict {
                    subject: subject(&change.file, name),
                    why: Why::Differs,
                    base: Told::Absent,
                    found: self.told(change.kind, name, Some(found)),
                    wanted: Told::Absent,
                });
            }
        }
        if change.kind == SettingsKind::Unit && !is_made_of_settings(reading, text) {
            self.conflict(&change.file, Why::Differs);
        }
    }

    fn told(&self, kind: SettingsKind, name: &str, text: Option<&str>) -> Told {
        match text {
            None => Told::Absent,
            Some(text) if self.secrecy.is_secret(kind, name, text) => Told::Secret,
            Some(text) => Told::Text(text.to_owned()),
        }
    }

    fn told_stated(&self, kind: SettingsKind, name: &str, stated: Option<&Stated>) -> Told {
        match stated {
            Some(Stated::Secret(_)) => Told::Secret,
            Some(Stated::Plain(text)) => self.told(kind, name, Some(text)),
            None => Told::Absent,
        }
    }
}

fn subject(file: &Touched, name: &str) -> Subject {
    Subject::Setting {
        location: file.location.clone(),
        name: name.to_owned(),
    }
}
