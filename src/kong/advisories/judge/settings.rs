//! Settings of nodes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::super::evidence::{Known, Node, Origin, Setting};
use super::super::place::Place;
use super::super::probes::SettingProbe;
use super::super::test::Test;
use super::super::verdict::Verdict;
use super::Case;

/// Settings whose values are not shown: Kong's own sensitive ones, and those in which somebody may have written what is.
const SECRET: [&str; 3] = ["license_data", "proxy_server", "declarative_config_string"];

/// What others of them end with.
const SECRET_ENDS: [&str; 6] = [
    "password",
    "_secret",
    "_token",
    "_encrypt_key",
    "_session_conf",
    "_auth_conf",
];

pub(super) fn judge(case: Case<'_>, probe: &SettingProbe, test: &Test) -> Verdict {
    case.each_node(|name, node| {
        if probe.unset {
            unset(name, node, probe)
        } else if test.is_presence() {
            set(name, node, probe)
        } else {
            in_effect(name, node, probe, test)
        }
    })
}

impl SettingProbe {
    fn is_about(&self, key: &str) -> bool {
        self.conf_key.as_ref().is_some_and(|keys| keys.has(key))
            || self
                .conf_key_regex
                .as_ref()
                .is_some_and(|keys| keys.is_in(key))
    }
}

/// What stands in a node's file and environment.
fn standing<'a>(name: &str, node: &'a Node) -> Result<&'a [Setting], Verdict> {
    match &node.set {
        Known::Known(settings) => Ok(settings),
        Known::Unknown { unknown } => Err(Verdict::unknown(&format!(
            "what is set on `{name}`: {unknown}"
        ))),
    }
}

/// Settings that stand there.
fn set(name: &str, node: &Node, probe: &SettingProbe) -> Verdict {
    match standing(name, node) {
        Ok(settings) => {
            let settings = settings.iter().filter(|one| probe.is_about(&one.key));
            Verdict::found(settings.map(|one| place(name, one)).collect())
        }
        Err(unknown) => unknown,
    }
}

/// Keys that do not stand there.
fn unset(name: &str, node: &Node, probe: &SettingProbe) -> Verdict {
    let settings = match standing(name, node) {
        Ok(settings) => settings,
        Err(unknown) => return unknown,
    };
    let keys = probe.conf_key.as_ref().map_or(&[][..], |keys| &keys.0);
    let missing = keys
        .iter()
        .filter(|key| !settings.iter().any(|one| one.key == **key));
    let places = missing.map(|key| Place::Setting {
        node: name.to_owned(),
        key: key.clone(),
        value: None,
        origin: None,
    });
    Verdict::found(places.collect())
}

/// Settings whose value in effect is what is demanded: the one that runs, else the one that stands in the file, else the default.
fn in_effect(name: &str, node: &Node, probe: &SettingProbe, test: &Test) -> Verdict {
    let standing = standing(name, node);
    // A variable stands behind the file's lines, and counts before them.
    let at = |key: &str| {
        let settings = standing.as_ref().ok()?;
        settings.iter().rfind(|one| one.key == key)
    };
    let mut values: BTreeMap<&str, Cow<'_, str>> = BTreeMap::new();
    match (&node.running, &standing) {
        (Known::Unknown { .. }, Err(unknown)) => return unknown.clone(),
        // What runs may be too old to know a setting that stands there already.
        (_, Ok(settings)) => {
            let settings = settings.iter();
            values.extend(settings.map(|one| (one.key.as_str(), word(&one.value))));
        }
        _ => {}
    }
    if let Known::Known(running) = &node.running {
        let running = running.iter();
        values.extend(running.map(|(key, value)| (key.as_str(), text(value))));
    }
    let keys = probe.conf_key.as_ref().map_or(&[][..], |keys| &keys.0);
    let preset = probe.preset.as_deref();
    let missing = keys.iter().filter(|key| !values.contains_key(key.as_str()));
    let missing = missing.filter_map(|key| Some((key.as_str(), preset?)));
    let present = values.iter().filter(|(key, _)| probe.is_about(key));
    let each = present
        .map(|(key, value)| (*key, value.as_ref()))
        .chain(missing);
    let found = each.filter(|(_, value)| test.holds(&Value::from(*value)));
    let runs =
        |key: &str| matches!(&node.running, Known::Known(running) if running.contains_key(key));
    let places = found.map(|(key, value)| match at(key) {
        // As whoever goes there finds it.
        Some(one) if !runs(key) => place(name, one),
        standing => Place::Setting {
            node: name.to_owned(),
            key: key.to_owned(),
            value: Some(shown(key, value)),
            origin: standing.and_then(|one| one.origin.as_ref().map(told)),
        },
    });
    Verdict::found(places.collect())
}

/// A value that stands there, with one spelling of yes and no.
fn word(value: &str) -> Cow<'_, str> {
    match value {
        "true" => "on".into(),
        "false" => "off".into(),
        value => value.into(),
    }
}

/// A value as kong.conf writes it.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Bool(true) => "on".into(),
        Value::Bool(false) => "off".into(),
        Value::String(text) => text.into(),
        // Kong writes an empty list as an object.
        Value::Object(entries) if entries.is_empty() => "".into(),
        Value::Array(items) => {
            let items: Vec<Cow<'_, str>> = items.iter().map(text).collect();
            items.join(",").into()
        }
        other => other.to_string().into(),
    }
}

fn place(node: &str, setting: &Setting) -> Place {
    Place::Setting {
        node: node.to_owned(),
        key: setting.key.clone(),
        value: Some(shown(&setting.key, &setting.value)),
        origin: setting.origin.as_ref().map(told),
    }
}

/// A value that may be shown.
fn shown(key: &str, value: &str) -> String {
    if SECRET.contains(&key) || SECRET_ENDS.iter().any(|end| key.ends_with(end)) {
        "…".to_owned()
    } else {
        value.to_owned()
    }
}

fn told(origin: &Origin) -> String {
    match origin {
        Origin::File(path, line) => format!("{path}:{line}"),
        Origin::Variable(name) => name.clone(),
    }
}
