//! What a client sends, made whole: shorthands, the parent, defaults, and the checks that span several fields.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Node;
use super::super::schema::{self, Entity, Object, Violations};
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
        let name = shown["name"].as_str().unwrap_or_default().to_owned();
        let config = check_config(node, &name, &shown["config"])?;
        shown.insert("config".to_owned(), config);
    }
    Ok(shown)
}

fn check_config(node: &Node, plugin: &str, given: &Value) -> Result<Value, Refusal> {
    if !node.has_plugin(plugin) {
        let problem = format!(
            "plugin '{plugin}' not enabled; add it to the 'plugins' configuration property"
        );
        return Err(Violations::of("name", json!(problem)).into());
    }
    let Some(fields) = node.schema.plugin(plugin) else {
        // Kong knows it, the stand-in does not run it: what is given is stored as it is.
        return Ok(given.clone());
    };
    let nested = |violations: Violations| Violations::of("config", json!(violations.0));
    let mut given = given.as_object().cloned().unwrap_or_default();
    // Versions that keep Redis in a record still take the names from before.
    let has_record = fields.iter().any(|field| field.name == "redis");
    if has_record && given.get("redis").is_none_or(Value::is_null) {
        given.insert("redis".to_owned(), schema::redis_record(fields, &given));
    }
    let config = schema::complete(fields, &given).map_err(nested)?;
    if plugin == "rate-limiting" {
        let config = node.schema.read_config(plugin, &json!(config));
        limits(&config)?;
        return Ok(config);
    }
    Ok(Value::Object(config))
}

/// The checks on a rate limit that span several fields.
fn limits(config: &Value) -> Result<(), Refusal> {
    let periods = ["second", "minute", "hour", "day", "month", "year"];
    let set: Vec<(&str, f64)> = periods
        .iter()
        .filter_map(|period| Some((*period, config[*period].as_f64()?)))
        .collect();
    if set.is_empty() {
        let all: Vec<String> = periods
            .iter()
            .map(|period| format!("'config.{period}'"))
            .collect();
        let problem = format!(
            "at least one of these fields must be non-empty: {}",
            all.join(", ")
        );
        return Err(Violations::of("@entity", json!([problem])).into());
    }
    for pair in set.windows(2) {
        if let [(shorter, low), (longer, high)] = pair
            && high < low
        {
            let problem = format!(
                "The limit for {longer}({high:.1}) cannot be lower than the limit for {shorter}({low:.1})"
            );
            return Err(Violations::of("config", json!({ "@entity": [problem] })).into());
        }
    }
    let missing = "required field missing";
    let (host, problem) = if config.get("redis").is_some() {
        (
            &config["redis"]["host"],
            json!({"redis": {"host": missing}}),
        )
    } else {
        (&config["redis_host"], json!({ "redis_host": missing }))
    };
    if config["policy"] == "redis" && host.is_null() {
        return Err(Violations::of("config", problem).into());
    }
    Ok(())
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
