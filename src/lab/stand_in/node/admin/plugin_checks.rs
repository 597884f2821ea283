//! The checks on a plugin's configuration that span several fields or look into lists, in Kong's words.
//!
//! What a plugin can do and the stand-in does not do is refused here too, rather than kept and not done.

use regex::Regex;
use serde_json::{Value, json};

use super::super::Node;
use super::super::proxy::network;
use super::super::schema::{self, Object, Violations};
use super::refusal::Refusal;

/// The plugins that cannot be for one consumer: they find out who that is, or ask nobody.
const NO_CONSUMER: [&str; 4] = ["acl", "basic-auth", "cors", "key-auth"];

/// The methods that `cors` may allow.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT",
];

/// The configuration of the plugin `shown`, completed, if it is as the plugin wants it.
pub(super) fn checked(node: &Node, shown: &Object) -> Result<Value, Refusal> {
    let plugin = shown["name"].as_str().unwrap_or_default();
    if !node.has_plugin(plugin) {
        let problem = format!(
            "plugin '{plugin}' not enabled; add it to the 'plugins' configuration property"
        );
        return Err(Violations::of("name", json!(problem)).into());
    }
    if NO_CONSUMER.contains(&plugin) && !shown["consumer"].is_null() {
        return Err(Violations::of("consumer", json!("value must be null")).into());
    }
    let Some(fields) = node.schema.plugin(plugin) else {
        // Kong knows it, the stand-in does not run it: what is given is stored as it is.
        return Ok(shown["config"].clone());
    };
    let nested = |violations: Violations| Violations::of("config", json!(violations.0));
    let mut given = shown["config"].as_object().cloned().unwrap_or_default();
    // Versions that keep Redis in a record still take the names from before.
    let has_record = fields.iter().any(|field| field.name == "redis");
    if has_record && given.get("redis").is_none_or(Value::is_null) {
        given.insert("redis".to_owned(), schema::redis_record(fields, &given));
    }
    let config = schema::complete(fields, &given).map_err(nested)?;
    let mut config = Value::Object(config);
    match plugin {
        "rate-limiting" => {
            config = node.schema.read_config(plugin, &config);
            limits(&config)?;
        }
        "acl" | "ip-restriction" => lists(plugin, &config)?,
        "cors" => origins(&config)?,
        "request-transformer" | "response-transformer" => transformations(&config)?,
        _ => {}
    }
    Ok(config)
}

/// The checks on a rate limit.
fn limits(config: &Value) -> Result<(), Refusal> {
    let periods = ["second", "minute", "hour", "day", "month", "year"];
    let set: Vec<(&str, f64)> = periods
        .iter()
        .filter_map(|period| Some((*period, config[*period].as_f64()?)))
        .collect();
    if set.is_empty() {
        return Err(none_of(&periods));
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

/// Who is let in and who is not: one of the lists, and for groups not both.
fn lists(plugin: &str, config: &Value) -> Result<(), Refusal> {
    let lists = ["allow", "deny"];
    let given = lists.map(|list| !config[list].is_null());
    if given == [false, false] {
        return Err(none_of(&lists));
    }
    if plugin == "acl" && given == [true, true] {
        let problem = "only one of these fields must be non-empty: 'config.allow', 'config.deny'";
        return Err(Violations::of("@entity", json!([problem])).into());
    }
    if plugin == "ip-restriction" {
        for list in lists {
            each(config, list, |address| {
                let is_one = network(address).is_some();
                (!is_one).then(|| format!("invalid ip or cidr range: '{address}'"))
            })?;
        }
    }
    Ok(())
}

fn origins(config: &Value) -> Result<(), Refusal> {
    each(config, "origins", |origin| {
        let is_one = origin == "*" || Regex::new(origin).is_ok();
        (!is_one).then(|| format!("'{origin}' is not a valid regex"))
    })?;
    each(config, "methods", |method| {
        let is_one = METHODS.contains(&method);
        (!is_one).then(|| format!("expected one of: {}", METHODS.join(", ")))
    })
}

/// What the two transformers do to bodies, and templates, are not done.
fn transformations(config: &Value) -> Result<(), Refusal> {
    for (action, parts) in config.as_object().into_iter().flatten() {
        for (part, value) in parts.as_object().into_iter().flatten() {
            let changes_body = matches!(part.as_str(), "body" | "json");
            let is_empty = value.as_array().is_none_or(Vec::is_empty);
            if (changes_body && !is_empty) || value.to_string().contains("$(") {
                let problem = json!({ part: "the stand-in does not do this" });
                return Err(Violations::of("config", json!({ action: problem })).into());
            }
        }
    }
    Ok(())
}

/// Looks at every text of a list.
fn each(
    config: &Value,
    list: &str,
    problem: impl Fn(&str) -> Option<String>,
) -> Result<(), Refusal> {
    let texts = config[list].as_array().into_iter().flatten();
    let problems: Vec<Option<String>> = texts
        .map(|text| problem(text.as_str().unwrap_or_default()))
        .collect();
    if problems.iter().all(Option::is_none) {
        return Ok(());
    }
    Err(Violations::of("config", json!({ list: problems })).into())
}

fn none_of(fields: &[&str]) -> Refusal {
    let all: Vec<String> = fields
        .iter()
        .map(|field| format!("'config.{field}'"))
        .collect();
    let problem = format!(
        "at least one of these fields must be non-empty: {}",
        all.join(", ")
    );
    Violations::of("@entity", json!([problem])).into()
}
