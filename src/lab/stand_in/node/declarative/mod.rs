//! Declarative configurations: from the text of a file to entities as the Admin API shows them, and back.
//!
//! Entities may stand in each other and name each other by name or id. What is wrong is told by the place in the file, in Kong's
//! words. Lists of entities that the stand-in does nothing with are kept as they are.

mod error;
mod export;
mod flatten;
mod ids;
mod references;

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::Node;
use super::schema::Object;
use super::store::{EMPTY_HASH, Held};
use crate::kong::Version;
use crate::kong::routes::StoredPath;

pub(super) use error::DeclarativeError;
pub(super) use export::{entities, text};

/// The formats from before 3.0, whose paths are of another kind.
const OLDER_FORMATS: [&str; 2] = ["1.1", "2.1"];

/// Lists that a file may have and the stand-in only keeps.
const KEPT: [&str; 15] = [
    "ca_certificates",
    "consumer_groups",
    "filter_chains",
    "hmacauth_credentials",
    "jwt_secrets",
    "key_sets",
    "keys",
    "oauth2_authorization_codes",
    "oauth2_credentials",
    "oauth2_tokens",
    "parameters",
    "sessions",
    "sm_vaults",
    "vaults",
    "workspaces",
];

/// Keys that every entity and every file may have, for people.
const REMARKS: [&str; 2] = ["_comment", "_ignore"];

/// The MD5 of a text, in hexadecimal digits: what tells one configuration from another.
pub(super) fn digest(text: &[u8]) -> String {
    hex::encode(Md5::digest(text))
}

/// The object in a text; JSON or YAML, by the file's name where there is one.
pub(super) fn unserialise(text: &str, file: Option<&str>) -> Result<Object, DeclarativeError> {
    let ends = |endings: &[&str]| {
        file.is_none_or(|file| endings.iter().any(|ending| file.ends_with(ending)))
    };
    let (is_json, is_yaml) = (ends(&["json"]), ends(&["yml", "yaml"]));
    if !is_json && !is_yaml {
        return Err(DeclarativeError::Unreadable(format!(
            "unknown file type: {}. (Accepted types: json, yaml)",
            file.unwrap_or_default()
        )));
    }
    let mut reason = "expected an object".to_owned();
    if is_json {
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => return Ok(object),
            Ok(_) => {}
            Err(error) => reason = error.to_string(),
        }
    }
    if is_yaml {
        match serde_saphyr::from_str(text) {
            Ok(Value::Object(object)) => return Ok(object),
            Ok(_) => "expected an object".clone_into(&mut reason),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(DeclarativeError::Unreadable(format!(
        "failed parsing declarative configuration: {reason}"
    )))
}

/// The configuration in `file`, as `node` would run it, under the hash that is given or one of its own.
pub(super) fn parse(
    node: &Node,
    mut file: Object,
    hash: Option<String>,
) -> Result<Held, DeclarativeError> {
    check_format(&node.version, &file)?;
    if node.version.is_at_least(3, 0) {
        mark_expressions(&mut file);
    }
    let transforms = file.get("_transform") != Some(&Value::Bool(false));
    let hash = hash.unwrap_or_else(|| digest(json!(file).to_string().as_bytes()));
    file.retain(|key, _| !key.starts_with('_'));
    let mut items = flatten::flatten(node, file)?;
    references::resolve(node, &mut items)?;
    let mut entities: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    for mut item in items {
        if transforms {
            item.seal();
        }
        // The workspace is the only one that there is, and in every configuration.
        if item.table != "workspaces" {
            entities.entry(item.table).or_default().push(item.shown);
        }
    }
    for list in entities.values_mut() {
        list.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
    }
    // Before 3.x a configuration without entities had a hash as any other.
    let is_none = entities.is_empty() && node.version.is_at_least(3, 0);
    Ok(Held {
        hash: if is_none { EMPTY_HASH.to_owned() } else { hash },
        entities,
    })
}

fn check_format(version: &Version, file: &Object) -> Result<(), DeclarativeError> {
    let known: &[&str] = if version.is_at_least(3, 0) {
        &["1.1", "2.1", "3.0"]
    } else {
        &["1.1", "2.1"]
    };
    let problem = match file.get("_format_version") {
        None | Some(Value::Null) => "required field missing".to_owned(),
        Some(Value::String(format)) if known.contains(&format.as_str()) => return Ok(()),
        Some(Value::String(_)) => format!("expected one of: {}", known.join(", ")),
        Some(_) => "expected a string".to_owned(),
    };
    Err(DeclarativeError::Invalid(
        json!({ "_format_version": problem }),
    ))
}

/// Makes of the paths in an older file what 3.0 makes of those in a database: of routes on their own and of those in services.
fn mark_expressions(file: &mut Object) {
    let format = file.get("_format_version").and_then(Value::as_str);
    if !format.is_some_and(|format| OLDER_FORMATS.contains(&format)) {
        return;
    }
    let marked = |path: &mut Value| {
        let new = path.as_str().and_then(|path| {
            let migrated = StoredPath::of(path).migrated()?;
            Some(json!(migrated))
        });
        if let Some(new) = new {
            *path = new;
        }
    };
    let routes = |of: Option<&mut Value>| {
        for route in of.and_then(Value::as_array_mut).into_iter().flatten() {
            let paths = route.get_mut("paths").and_then(Value::as_array_mut);
            paths.into_iter().flatten().for_each(marked);
        }
    };
    routes(file.get_mut("routes"));
    let services = file.get_mut("services").and_then(Value::as_array_mut);
    for service in services.into_iter().flatten() {
        routes(service.get_mut("routes"));
    }
    file.insert("_format_version".to_owned(), json!("3.0"));
}

#[cfg(test)]
mod tests;
