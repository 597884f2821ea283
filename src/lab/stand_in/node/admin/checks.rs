//! What a client sends, made whole: shorthands, the parent, defaults, and the checks that span several fields.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Node;
use super::super::schema::{self, Entity, Object, Violations};
use super::plugin_checks;
use super::refusal::Refusal;

/// `given` with the parent, the shorthands resolved and the defaults filled in, if it is as the fields want it.
pub(super) fn checked(
    node: &Node,
    entity: &Entity,
    parent: Option<(&str, Uuid)>,
    mut given: Object,
) -> Result<Object, Refusal> {
    if let Some((field, id)) = parent {
        given.insert(field.to_owned(), json!({ "id": id }));
    }
    given.retain(|name, _| {
        !entity
            .fields
            .iter()
            .any(|field| field.name == *name && field.is_automatic())
    });
    whole(node, entity, given)
}

/// The same of what somebody else wrote down, who may say when it was changed.
pub(in super::super) fn whole(
    node: &Node,
    entity: &Entity,
    mut given: Object,
) -> Result<Object, Refusal> {
    match entity.name.as_str() {
        "services" => split_url(&mut given),
        "key-auths" => {
            given
                .entry("key")
                .or_insert_with(|| json!(Uuid::new_v4().simple().to_string()));
        }
        _ => {}
    }
    let mut shown = schema::complete(&entity.fields, &given)?;
    let is_set = |field: &str| shown.get(field).is_some_and(|value| !value.is_null());
    let lacking: Option<&[&str]> = match entity.name.as_str() {
        "routes" => Some(&["methods", "hosts", "headers", "paths", "snis"]),
        "consumers" => Some(&["custom_id", "username"]),
        _ => None,
    };
    if let Some(fields) = lacking
        && !fields.iter().any(|field| is_set(field))
    {
        let problem = format!(
            "at least one of these fields must be non-empty: '{}'",
            fields.join("', '")
        );
        return Err(Violations::of("@entity", json!([problem])).into());
    }
    if entity.name == "plugins" {
        let config = plugin_checks::checked(node, &shown)?;
        shown.insert("config".to_owned(), config);
    }
    Ok(shown)
}

/// `url` is a shorthand for protocol, host, port and path.
fn split_url(given: &mut Object) {
    let Some(Value::String(url)) = given.remove("url") else {
        return;
    };
    let Ok(uri) = url.parse::<hyper::Uri>() else {
        return;
    };
    let scheme = uri.scheme_str().unwrap_or("http").to_owned();
    let port = uri
        .port_u16()
        .unwrap_or(if scheme == "https" { 443 } else { 80 });
    given.insert("port".to_owned(), json!(port));
    given.insert("protocol".to_owned(), json!(scheme));
    given.insert("host".to_owned(), json!(uri.host()));
    if uri.path() != "/" || url.ends_with('/') {
        given.insert("path".to_owned(), json!(uri.path()));
    }
}
