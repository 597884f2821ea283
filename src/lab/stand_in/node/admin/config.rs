//! `/config`: the declarative configuration of a node without a database, told and taken.

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use serde_json::{Map, Value, json};

use super::super::Node;
use super::super::declarative::{self, DeclarativeError};
use super::super::schema::Object;
use super::super::store::{Memory, Source};
use super::Told;
use super::form;
use super::refusal::Refusal;

/// Answers `GET /config`.
pub(super) fn told(node: &Node) -> Told {
    let held = memory(node)?.held();
    let text = declarative::text(&node.version, &node.schema, &held);
    Ok((StatusCode::OK, Some(json!({ "config": text }))))
}

/// Answers `POST /config`: the body is a configuration, holds one in its field `config`, or is one taken apart already.
pub(super) async fn take(node: &Node, head: &Parts, body: &[u8]) -> Told {
    let memory = memory(node)?;
    let query: Vec<(String, String)> = form::pairs(head.uri.query().unwrap_or_default()).collect();
    let (file, hash) = match given(head, body)? {
        Given::Text(text) => {
            let hash = declarative::digest(text.as_bytes());
            let is_asked = query.contains(&("check_hash".to_owned(), "1".to_owned()));
            // Whether it is one at all is looked at only where it is another.
            if is_asked && hash == memory.held().hash {
                return Ok((StatusCode::NOT_MODIFIED, None));
            }
            let file = declarative::unserialise(&text, None).map_err(|error| invalid(&error))?;
            (file, Some(hash))
        }
        Given::Object(file) => (file, None),
    };
    let held = declarative::parse(node, file, hash).map_err(|error| invalid(&error))?;
    let entities: Map<String, Value> = held
        .entities
        .iter()
        .map(|(table, list)| {
            let by_id = list.iter().map(|shown| {
                let id = shown["id"].as_str().unwrap_or_default();
                (id.to_owned(), Value::Object(shown.clone()))
            });
            (table.clone(), Value::Object(by_id.collect()))
        })
        .collect();
    node.take_up(held).await;
    Ok((StatusCode::CREATED, Some(Value::Object(entities))))
}

/// What a client sent.
enum Given {
    Text(String),
    Object(Object),
}

fn given(head: &Parts, body: &[u8]) -> Result<Given, Refusal> {
    let kind = head.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(body).into_owned();
    let is = |kinds: &[&str]| kinds.iter().any(|one| kind.starts_with(one));
    let mut fields = Object::new();
    if is(&["application/json", "application/x-www-form-urlencoded"]) {
        fields = form::object(kind, body)
            .ok_or_else(|| Refusal::message(StatusCode::BAD_REQUEST, "Cannot parse JSON body"))?;
    } else if is(&["multipart/form-data"]) {
        fields = form::multipart(kind, &text);
    } else if !is(&["application/yaml", "text/yaml"]) && !kind.is_empty() {
        return Err(Refusal {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            body: json!({ "message": "Unsupported media type" }),
        });
    }
    for name in ["check_hash", "flatten_errors"] {
        fields.remove(name);
    }
    match fields.get("config") {
        _ if fields.contains_key("_format_version") => Ok(Given::Object(fields)),
        Some(Value::String(config)) => Ok(Given::Text(config.clone())),
        _ if !text.is_empty() => Ok(Given::Text(text)),
        _ => Err(Refusal::message(
            StatusCode::BAD_REQUEST,
            "expected a declarative configuration",
        )),
    }
}

fn memory(node: &Node) -> Result<&Memory, Refusal> {
    match &node.source {
        Source::Memory(memory) => Ok(memory),
        Source::Database(_) => Err(Refusal::message(
            StatusCode::BAD_REQUEST,
            "this endpoint is only available when Kong is configured to not use a database",
        )),
    }
}

fn invalid(error: &DeclarativeError) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        body: error.body(),
    }
}
