//! What is a secret among files: what its name, its file or its text says to be one, and the same text wherever else it occurs.

use std::collections::BTreeSet;

use super::reading::Reading;
use super::suspicion::{is_key, is_name_of_secret, is_suspicious, passwords};
use super::{File, Files, Kind, Location, Secrets, SettingsKind, Stated};
use super::{Seal, SealedSecret};
use crate::host::unit::Comments;
use crate::kong::conf::{Grammar, Value, key_of_variable};

/// A shorter one is not looked for: it would be found in half of all words, and keeps nobody out.
const SHORTEST: usize = 6;

/// A line of a secret file that is as long is looked for by itself.
const LONG: usize = 20;

/// The secrets that are known.
#[derive(Default)]
pub(super) struct Secrecy {
    known: BTreeSet<String>,
}

impl Secrecy {
    /// The secrets in files.
    pub(super) fn of<'a>(all: impl IntoIterator<Item = &'a Files>) -> Self {
        let mut secrecy = Self::default();
        for (location, file) in all.into_iter().flat_map(|files| &files.files) {
            secrecy.learn(location, file);
        }
        secrecy
    }

    /// Knows also what references came to.
    pub(super) fn with(mut self, secrets: &Secrets) -> Self {
        for secret in secrets.values.values() {
            self.remember(&String::from_utf8_lossy(secret.reveal()));
        }
        self
    }

    /// Whether the value of a setting is a secret.
    pub(super) fn is_secret(&self, kind: SettingsKind, name: &str, value: &str) -> bool {
        is_secret_by_name(kind, name, value) || self.occurs_in(value)
    }

    /// What may be said of the value of a setting.
    pub(super) fn stated(
        &self,
        kind: SettingsKind,
        name: &str,
        value: &str,
        seal: &Seal,
    ) -> Stated {
        if !self.is_secret(kind, name, value) {
            return Stated::Plain(value.to_owned());
        }
        Stated::Secret(SealedSecret {
            secret: seal.of(name, value.as_bytes()),
            reference: None,
        })
    }

    /// Whether a file as a whole has to be kept secret.
    pub(super) fn is_secret_file(&self, location: &Location, file: &File) -> bool {
        // Of these, comments may hold a password that was in force yesterday.
        let is_of_settings = matches!(file.kind, Kind::KongConf | Kind::EnvironmentFile);
        if is_of_settings || file.kind == Kind::Secret || is_key(&location.extension()) {
            return true;
        }
        let text = String::from_utf8_lossy(&file.bytes);
        is_suspicious(&text, is_code(location)) || self.occurs_in(&text)
    }

    fn occurs_in(&self, text: &str) -> bool {
        self.known
            .iter()
            .any(|secret| text.contains(secret.as_str()))
    }

    fn learn(&mut self, location: &Location, file: &File) {
        let text = String::from_utf8_lossy(&file.bytes);
        let (kind, readings) = match &file.kind {
            Kind::KongConf => {
                let reading = |grammar| Reading::KongConf {
                    grammar,
                    written: grammar,
                };
                let grammars = [Grammar::Until31, Grammar::From32];
                (SettingsKind::KongConf, grammars.map(reading).to_vec())
            }
            Kind::EnvironmentFile => (
                SettingsKind::EnvironmentFile,
                [Comments::RunOn, Comments::EndAtLine]
                    .map(Reading::EnvironmentFile)
                    .to_vec(),
            ),
            Kind::Unit => (SettingsKind::Unit, vec![Reading::Unit]),
            Kind::Template { .. } | Kind::Other if !is_key(&location.extension()) => return,
            _ => return self.learn_whole(&text),
        };
        for (name, value) in readings
            .into_iter()
            .filter_map(|reading| reading.settings(&text).ok())
            .flatten()
        {
            if is_secret_by_name(kind, &name, &value) {
                self.remember(&value);
            }
        }
    }

    /// Of a file that is a secret its lines are as well, but for those that say what it is.
    fn learn_whole(&mut self, text: &str) {
        self.remember(text.trim());
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| line.len() >= LONG && !line.starts_with("-----")) {
            self.remember(line);
        }
    }

    /// Remembers a secret as it is, as kong.conf has it written, and what of an address in it is the password.
    fn remember(&mut self, secret: &str) {
        let passwords = passwords(secret).map(str::to_owned);
        let written = [secret.to_owned(), secret.replace('#', "\\#")];
        for written in written.into_iter().chain(passwords) {
            if written.chars().count() >= SHORTEST {
                self.known.insert(written);
            }
        }
    }
}

/// Whether a value is a secret by what it is the value of, or by itself.
pub(super) fn is_secret_by_name(kind: SettingsKind, name: &str, value: &str) -> bool {
    if kind == SettingsKind::KongConf {
        return Value::new(name, value).is_secret();
    }
    match key_of_variable(name) {
        Some(key) => Value::new(&key, value).is_secret(),
        // A reference into a vault means something to Kong alone, so here it is looked at as any text.
        None => !value.is_empty() && (is_name_of_secret(name) || Value::new("", value).is_secret()),
    }
}

/// Whether a file is written in a language in which values stand between quotes.
pub(super) fn is_code(location: &Location) -> bool {
    matches!(location.extension().as_str(), "lua" | "py" | "js" | "go")
}
