//! What a node's configuration is made of, as it was found: a file, and variables of the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::{Document, Grammar, Place};
use crate::kong::Version;

/// What variables of Kong's settings begin with.
const PREFIX: &str = "KONG_";

/// What a node's configuration is made of. Kong takes a variable over the file, and the file over its defaults; what a command is
/// given with `-p` and the like is not part of it.
#[derive(Debug, Clone)]
pub struct Layers<'a> {
    /// The version of Kong that reads it.
    pub version: Version,
    /// The kong.conf, where there is one, parsed with the version's grammar, and where it lies.
    pub file: Option<(&'a Path, &'a Document)>,
    /// Variables of the environment; those that are none of Kong's are passed over. Of several with one name the one counts whose
    /// place is the last, and of those the last here.
    pub environment: Vec<Variable>,
}

/// A variable of the environment.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name: `KONG_PG_HOST`.
    pub name: String,
    /// What it is set to.
    pub value: String,
    /// Where that is said.
    pub place: Place,
}

impl Variable {
    /// The key it sets. Kong looks for `KONG_` and the key in capitals, so a name with small letters sets nothing.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        key_of_variable(&self.name)
    }

    /// Whether it looks like a setting of Kong's and is not read, for its small letters. From a namespace of directives it is worse:
    /// Kong then refuses to start.
    #[must_use]
    pub fn is_misspelt(&self) -> bool {
        let name = self.name.to_ascii_uppercase();
        name != self.name && key_of_variable(&name).is_some()
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key of a variable that Kong does not read may still be that of a secret.
        write!(out, "{} ({})", self.name, self.place)
    }
}

/// The key that a variable of the environment sets, if it is one of Kong's.
#[must_use]
pub fn key_of_variable(name: &str) -> Option<String> {
    let key = name.strip_prefix(PREFIX)?;
    let is_read = !key.is_empty() && !key.bytes().any(|byte| byte.is_ascii_lowercase());
    is_read.then(|| key.to_ascii_lowercase())
}

/// The variables that set keys, as Kong reads them; of each key those that are overridden come first.
pub(super) fn by_key(
    variables: &[Variable],
    grammar: Grammar,
) -> BTreeMap<String, Vec<(String, Place)>> {
    let mut keys: BTreeMap<String, Vec<(String, Place)>> = BTreeMap::new();
    for variable in variables {
        if let Some(key) = variable.key() {
            let value = grammar.variable(&variable.value);
            let found = keys.entry(key).or_default();
            found.push((value, variable.place.clone()));
        }
    }
    for found in keys.values_mut() {
        // Stable, so that of two lines of one file the later stays the later.
        found.sort_by_key(|(_, place)| rank(place));
    }
    keys
}

/// How late a place is. Lines and names do not count: files are given in the order in which systemd reads them.
fn rank(place: &Place) -> u8 {
    match place {
        Place::Unit { .. } => 0,
        Place::EnvironmentFile { .. } => 1,
        Place::Process => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Variable, key_of_variable};

    #[test]
    fn variables_of_kong_in_capitals_are_settings() {
        assert_eq!(key_of_variable("KONG_PG_HOST").as_deref(), Some("pg_host"));
        for name in ["KONG_", "PATH", "kong_pg_host", "KONG_pg_host"] {
            assert_eq!(key_of_variable(name), None, "{name}");
        }
        let variable = |name: &str| Variable {
            name: name.to_owned(),
            value: "secret".to_owned(),
            place: Place::Process,
        };
        assert!(variable("kong_pg_host").is_misspelt());
        assert!(!variable("KONG_PG_HOST").is_misspelt());
        assert!(!variable("path").is_misspelt());
        assert!(!format!("{:?}", variable("KONG_X")).contains("secret"));
    }
}
