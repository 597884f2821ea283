//! Lines of JSON: an access log of one's own fields, or what Kong's logging plugins write.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::asked::{Asked, Scheme};
use super::access_log::request_line;
use super::presumed::{Presumed, Said, add_header};

/// Names of the fields, the first that is there counts. `uri` of nginx is decoded already, so that it comes last.
const METHOD: [&str; 2] = ["method", "request_method"];
const TARGET: [&str; 4] = ["request_uri", "url", "path", "uri"];
const HOST: [&str; 2] = ["host", "http_host"];
const SNI: [&str; 2] = ["sni", "ssl_server_name"];

/// The request of a line. Kong's plugins put it under `request`, nginx puts the first line there.
pub(super) fn read(line: &str, presumed: &Presumed) -> Option<Asked> {
    let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    let said = match fields.get("request") {
        Some(Value::Object(request)) => of_plugin(request)?,
        Some(Value::String(line)) if !TARGET.iter().any(|name| fields.contains_key(*name)) => {
            of_fields(&fields, request_line(line)?)
        }
        _ => {
            let said = Said {
                method: text(&fields, &METHOD)?,
                target: text(&fields, &TARGET)?,
                ..Said::default()
            };
            of_fields(&fields, said)
        }
    };
    said.asked(presumed)
}

/// The request that `http-log`, `file-log` and others write: `uri` is what was sent, `url` tells scheme and port.
fn of_plugin(request: &Map<String, Value>) -> Option<Said> {
    let url = text(request, &["url"]);
    let scheme = url.as_deref().and_then(|url| url.split_once("://"));
    let said = Said {
        method: text(request, &METHOD)?,
        scheme: scheme.and_then(|(scheme, _)| scheme_of(scheme)),
        target: text(request, &["uri"]).or(url.clone())?,
        ..Said::default()
    };
    Some(of_fields(request, said))
}

fn of_fields(fields: &Map<String, Value>, said: Said) -> Said {
    let scheme = text(fields, &["scheme"]);
    Said {
        scheme: scheme.and_then(|scheme| scheme_of(&scheme)).or(said.scheme),
        host: text(fields, &HOST),
        sni: text(fields, &SNI),
        headers: headers(fields),
        ..said
    }
}

/// Headers, each with one value or with several.
fn headers(fields: &Map<String, Value>) -> BTreeMap<String, Vec<String>> {
    let mut headers = BTreeMap::new();
    let written = fields.get("headers").and_then(Value::as_object);
    for (name, value) in written.into_iter().flatten() {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            match value {
                Value::String(value) => add_header(&mut headers, name, value),
                Value::Null => {}
                value => add_header(&mut headers, name, &value.to_string()),
            }
        }
    }
    headers
}

fn scheme_of(name: &str) -> Option<Scheme> {
    match name {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    }
}

fn text(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let values = names.iter().filter_map(|name| fields.get(*name)?.as_str());
    let mut written = values.filter(|text| !text.is_empty() && *text != "-");
    written.next().map(str::to_owned)
}
