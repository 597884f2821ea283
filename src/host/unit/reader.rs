//! Single properties of an answer of `systemctl show`, read into their types. After recorded answers of version 252.

use super::command::{Command, Directive};
use super::escape::Escapes;
use super::record::Record;
use super::show::{EnvironmentFileReference, OpenFiles, UnitError};
use super::span::Span;
use super::variable::Variable;
use super::words::words;

/// What stands behind an environment file's path.
const IGNORES: &str = " (ignore_errors=";

/// Reads the properties of one answer.
pub(super) struct Reader<'a> {
    pub(super) record: Record<'a>,
}

impl Reader<'_> {
    /// A text that is always there.
    pub(super) fn text(&self, property: &'static str) -> Result<&str, UnitError> {
        let text = self.record.one(property);
        text.ok_or(UnitError::Missing { property })
    }

    /// A text that may be missing.
    pub(super) fn optional(&self, property: &str) -> Option<String> {
        self.record.one(property).map(str::to_owned)
    }

    /// A number that is always there.
    pub(super) fn number(&self, property: &'static str) -> Result<u32, UnitError> {
        let number = self.text(property)?.parse();
        number.map_err(|_| UnitError::Malformed { property })
    }

    /// How often it was started again; before version 235 nobody counted.
    pub(super) fn restarts(&self) -> Result<u32, UnitError> {
        match self.record.one("NRestarts") {
            Some(_) => self.number("NRestarts"),
            None => Ok(0),
        }
    }

    /// A length of time.
    pub(super) fn span(&self, property: &'static str) -> Result<Span, UnitError> {
        let span = self.text(property)?.parse();
        span.map_err(|_| UnitError::Malformed { property })
    }

    /// The limits of open files. Version 219 prints only one, which sets both.
    pub(super) fn open_files(&self) -> Result<OpenFiles, UnitError> {
        let (soft, hard) = ("LimitNOFILESoft", "LimitNOFILE");
        let has_soft = self.record.one(soft).is_some();
        Ok(OpenFiles {
            soft: self.limit(if has_soft { soft } else { hard })?,
            hard: self.limit(hard)?,
        })
    }

    /// A limit, where `infinity` is none. Old versions print that as the largest number.
    fn limit(&self, property: &'static str) -> Result<Option<u64>, UnitError> {
        let limit = match self.text(property)? {
            "infinity" => return Ok(None),
            number => number
                .parse()
                .map_err(|_| UnitError::Malformed { property })?,
        };
        Ok(Some(limit).filter(|limit| *limit != u64::MAX))
    }

    /// A list of words.
    pub(super) fn list(&self, property: &'static str) -> Result<Vec<String>, UnitError> {
        let line = self.record.one(property).unwrap_or_default();
        match words(line, Escapes::Shown) {
            (words, None) => Ok(words),
            (_, Some(_)) => Err(UnitError::Malformed { property }),
        }
    }

    /// The commands of all directives.
    pub(super) fn commands(&self) -> Result<Vec<(Directive, Command)>, UnitError> {
        let mut commands = Vec::new();
        for directive in Directive::ALL {
            let property = directive.as_str();
            for block in self.record.all(property) {
                let command = Command::of(block).ok_or(UnitError::Malformed { property })?;
                commands.push((directive, command));
            }
        }
        Ok(commands)
    }

    /// What `Environment=` sets.
    pub(super) fn environment(&self) -> Result<Vec<Variable>, UnitError> {
        let property = "Environment";
        let words = self.list(property)?;
        let variables = words.iter().map(|word| Variable::of(word));
        let variables: Option<_> = variables.collect();
        variables.ok_or(UnitError::Malformed { property })
    }

    /// Where more of it is read from.
    pub(super) fn environment_files(&self) -> Result<Vec<EnvironmentFileReference>, UnitError> {
        let property = "EnvironmentFiles";
        let lines = self.record.all(property);
        let files: Option<_> = lines.map(reference).collect();
        files.ok_or(UnitError::Malformed { property })
    }
}

/// `/etc/kong/kong.env (ignore_errors=yes)`. A path may have spaces and is not quoted.
fn reference(line: &str) -> Option<EnvironmentFileReference> {
    let (path, ignores) = line.strip_suffix(')')?.rsplit_once(IGNORES)?;
    Some(EnvironmentFileReference {
        path: path.to_owned(),
        may_be_missing: ignores == "yes",
    })
}
