//! What Kong goes by, key by key, and where it comes from.
//!
//! Source: `load` of `conf_loader`, 2.8.5 to 3.9.3. What Kong makes of values after that is left out: absolute paths, the accounts of
//! the machine, secrets out of vaults, directives that plugins and Wasm bring along.

use std::collections::BTreeMap;

use serde::Serialize;

use super::layers::by_key;
use super::namespaces::{DIRECTIVES, takes};
use super::rules::rules;
use super::suites::settings_of_suite;
use super::{Defaults, Grammar, Layers, Origin, Standing, UnknownVersion, Value};
use crate::kong::Version;

/// What a version of Kong goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// The version.
    pub version: Version,
    /// The release whose defaults are filled in; another one than `version` where that was never read.
    pub defaults: Version,
    /// What it goes by for every key that it has.
    pub keys: BTreeMap<String, Effective>,
    /// What is set for keys that the open-source version does not have, and so does not see. Enterprise has more.
    pub unknown: BTreeMap<String, Effective>,
    /// Names of variables that Kong does not read for their small letters.
    pub misspelt: Vec<String>,
}

/// What Kong goes by for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// The key that gave it, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// What it hides, the nearest first; the default, where there is one, is the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Hidden>,
}

/// A value that another one hides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Configuration {
    /// What a key is set to, if Kong sees it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.keys.get(key)?.value.reveal()
    }
}

/// What Kong goes by.
///
/// # Errors
/// The version is older than every one whose defaults are known.
pub fn effective(layers: &Layers<'_>) -> Result<Configuration, UnknownVersion> {
    let defaults = Defaults::of(layers.version)?;
    let mut set = Set::of(layers);
    let mut keys = set.take(|key| defaults.has(key) || takes(layers.version, key));
    for rule in rules(layers.version) {
        if rule.unless.is_some_and(|key| keys.contains_key(key)) {
            continue;
        }
        for to in rule.to {
            let change = |value: &str, origin: &Origin| rule.change.of(value, origin);
            give(&mut keys, rule.from, to, change);
        }
    }
    for (from, directives) in &DIRECTIVES {
        for directive in directives {
            give(&mut keys, from, directive, |value, _| {
                Some(value.to_owned())
            });
        }
    }
    fill_in(&mut keys, &defaults);
    override_by_suite(&mut keys, layers.version);
    let misspelt = layers.environment.iter();
    Ok(Configuration {
        version: layers.version,
        defaults: defaults.source,
        keys,
        unknown: set.0,
        misspelt: misspelt
            .filter(|variable| variable.is_misspelt())
            .map(|variable| variable.name.clone())
            .collect(),
    })
}

/// What is set by anyone.
struct Set(BTreeMap<String, Effective>);

impl Set {
    fn of(layers: &Layers<'_>) -> Self {
        let mut set = Self(BTreeMap::new());
        if let Some((path, document)) = layers.file {
            for setting in document.settings() {
                if matches!(setting.standing, Standing::InSection { .. }) {
                    continue;
                }
                let origin = Origin::File {
                    path: path.to_owned(),
                    line: setting.line,
                };
                set.put(&setting.key, &setting.value, origin);
            }
            set.directives();
        }
        for (key, found) in by_key(&layers.environment, Grammar::of(layers.version)) {
            for (value, place) in found {
                set.put(&key, &value, Origin::Environment { place });
            }
        }
        set
    }

    fn put(&mut self, key: &str, value: &str, origin: Origin) {
        put(&mut self.0, key, Value::new(key, value), origin, None);
    }

    /// Of a file, a setting that is a directive as well counts for the directive even where the file names that itself; and since
    /// the directive is set then, a variable for the setting no longer reaches it.
    fn directives(&mut self) {
        for (from, directives) in &DIRECTIVES {
            let Some(given) = self.0.get(*from).cloned() else {
                continue;
            };
            for directive in directives {
                let (value, origin) = (given.value.clone(), given.origin.clone());
                put(&mut self.0, directive, value, origin, Some(from));
            }
        }
    }

    fn take(&mut self, is_known: impl Fn(&str) -> bool) -> BTreeMap<String, Effective> {
        let (known, unknown) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|(key, _)| is_known(key));
        self.0 = unknown;
        known
    }
}

/// Sets a key, over what it was set to.
fn put(
    keys: &mut BTreeMap<String, Effective>,
    key: &str,
    value: Value,
    origin: Origin,
    through: Option<&str>,
) {
    let mut hidden = Vec::new();
    if let Some(below) = keys.remove(key) {
        hidden.push(Hidden {
            value: below.value,
            origin: below.origin,
        });
        hidden.extend(below.hidden);
    }
    let effective = Effective {
        value,
        origin,
        through: through.map(str::to_owned),
        hidden,
    };
    keys.insert(key.to_owned(), effective);
}

/// Gives a key that is not set what another one is set to.
fn give(
    keys: &mut BTreeMap<String, Effective>,
    from: &str,
    to: &str,
    change: impl Fn(&str, &Origin) -> Option<String>,
) {
    if keys.contains_key(to) {
        return;
    }
    let Some(given) = keys.get(from) else {
        return;
    };
    let origin = given.origin.clone();
    if let Some(value) = change(given.value.reveal().unwrap_or_default(), &origin) {
        put(keys, to, Value::new(to, &value), origin, Some(from));
    }
}

fn fill_in(keys: &mut BTreeMap<String, Effective>, defaults: &Defaults) {
    for key in defaults.keys() {
        // The default of a setting is that of its directives, too.
        let through = DIRECTIVES
            .iter()
            .find(|(_, directives)| directives.contains(&key))
            .map(|(from, _)| *from);
        let value = defaults.get(through.unwrap_or(key));
        let value = Value::new(key, value.unwrap_or_default());
        let origin = Origin::Default;
        match keys.get_mut(key) {
            Some(_) if value == Value::none() => {}
            Some(effective) => effective.hidden.push(Hidden { value, origin }),
            None => put(keys, key, value, origin, through),
        }
    }
    // Where a version's table lacks a directive, the setting gives it all the same.
    for (from, directives) in &DIRECTIVES {
        for directive in directives {
            let value = defaults.get(from).unwrap_or_default();
            if !keys.contains_key(*directive) && defaults.has(from) {
                let value = Value::new(directive, value);
                put(keys, directive, value, Origin::Default, Some(from));
            }
        }
    }
}

fn override_by_suite(keys: &mut BTreeMap<String, Effective>, version: Version) {
    const SUITE: &str = "ssl_cipher_suite";
    let Some(suite) = keys.get(SUITE) else {
        return;
    };
    let origin = suite.origin.clone();
    let name = suite.value.reveal().unwrap_or_default().to_owned();
    for (key, value) in settings_of_suite(&name, version) {
        put(
            keys,
            key,
            Value::new(key, value),
            origin.clone(),
            Some(SUITE),
        );
    }
}
