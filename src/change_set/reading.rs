//! Files of settings, read and edited in one way whatever they are: a kong.conf, an environment file, a unit file.

use super::unit::{self, UnitError};
use super::{Files, Releases, SettingsKind};
use crate::host::unit::{Comments, EnvironmentFile, EnvironmentFileError};
use crate::kong::conf::{Document, EditError, Grammar, Standing};

/// How a text of settings is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As a version of Kong reads it.
    KongConf {
        /// The version's grammar.
        grammar: Grammar,
        /// That of the version for which it was written.
        written: Grammar,
    },
    /// As systemd does.
    EnvironmentFile(Comments),
    /// As systemd does.
    Unit,
}

/// A file whose settings cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not UTF-8.
    #[error("it is not text in UTF-8")]
    NotText,
    /// Kong cannot read it.
    #[error("Kong breaks off reading it in line {line}")]
    KongConf {
        /// The line, from 1.
        line: usize,
    },
    /// systemd cannot read it.
    #[error(transparent)]
    EnvironmentFile(#[from] EnvironmentFileError),
    /// systemd cannot read it, or not everything in it is known here.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

/// A setting that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Into a kong.conf.
    #[error(transparent)]
    KongConf(#[from] EditError),
    /// Into an environment file.
    #[error(transparent)]
    EnvironmentFile(#[from] EnvironmentFileError),
    /// Into a unit file.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// It is a secret that is not text.
    #[error("the secret is not text in UTF-8")]
    NotText,
}

impl Reading {
    /// How the node of `files` reads a file with the version before, and how with the version after.
    pub(super) fn both(kind: SettingsKind, kong: Releases, files: &Files) -> [Self; 2] {
        let written = Grammar::of(kong.before);
        [kong.before, kong.after].map(|version| match kind {
            SettingsKind::KongConf => Self::KongConf {
                grammar: Grammar::of(version),
                written,
            },
            SettingsKind::EnvironmentFile => Self::EnvironmentFile(files.comments),
            SettingsKind::Unit => Self::Unit,
        })
    }

    /// The settings that count, in the order in which they stand; each once.
    pub(super) fn settings(self, text: &str) -> Result<Vec<(String, String)>, Unreadable> {
        match self {
            Self::KongConf { grammar, .. } => {
                let document = Document::parse(text, grammar);
                if let Some(line) = document.broken() {
                    return Err(Unreadable::KongConf { line });
                }
                let settings = document.settings().into_iter();
                let counting = settings
                    .filter(|setting| setting.standing == Standing::Counts && is_key(&setting.key));
                Ok(counting
                    .map(|setting| (setting.key, setting.value))
                    .collect())
            }
            Self::EnvironmentFile(comments) => {
                let mut settings: Vec<(String, String)> = Vec::new();
                for one in EnvironmentFile::of(text, comments)?.assignments() {
                    settings.retain(|(name, _)| *name != one.name);
                    settings.push((one.name, one.value.reveal().to_owned()));
                }
                Ok(settings)
            }
            Self::Unit => Ok(unit::variables(text)?),
        }
    }

    /// The text with a setting set to `value`, or without it. Everything else stays as it is.
    pub(super) fn set(
        self,
        text: &str,
        name: &str,
        value: Option<&str>,
    ) -> Result<String, Unwritable> {
        match self {
            Self::KongConf { grammar, written } => {
                let mut document = Document::parse(text, grammar);
                if document.get(name).map(|setting| setting.value).as_deref() == value {
                    return Ok(text.to_owned());
                }
                if written != grammar {
                    document = cleared(document, name, written);
                }
                match value {
                    Some(value) => document.set(name, value)?,
                    None => document.unset(name)?,
                };
                Ok(document.to_string())
            }
            Self::EnvironmentFile(comments) => {
                let mut file = EnvironmentFile::of(text, comments)?;
                match value {
                    Some(value) => file.set(name, value)?,
                    None => file.unset(name).map(drop)?,
                }
                Ok(file.text().to_owned())
            }
            Self::Unit => Ok(unit::set(text, name, value)?),
        }
    }
}

/// Whether it can be a key of Kong's; what else stands in front of a `=` it passes over.
fn is_key(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_inner)
}

/// The document with something short for a value. What only the version before took for part of the value would otherwise stay behind
/// as a comment, and may be half of a password.
fn cleared(document: Document, name: &str, written: Grammar) -> Document {
    let mut cleared = Document::parse(&document.to_string(), written);
    if cleared.get(name).is_none() || cleared.set(name, "x").is_err() {
        return document;
    }
    let cleared = Document::parse(&cleared.to_string(), document.grammar());
    let others = |document: &Document| -> Vec<(String, String)> {
        let settings = document.settings().into_iter();
        let others = settings.filter(|setting| setting.key != name);
        others.map(|setting| (setting.key, setting.value)).collect()
    };
    if others(&cleared) == others(&document) {
        cleared
    } else {
        document
    }
}

/// The value of a setting among others.
pub(super) fn value<'a>(settings: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut settings = settings.iter();
    settings
        .find(|(other, _)| other == name)
        .map(|(_, value)| value.as_str())
}
