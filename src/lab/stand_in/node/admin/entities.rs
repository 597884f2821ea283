//! The collections: pages, single entities and writes, plain (`/routes`) and nested (`/services/x/routes`).

use std::sync::Arc;

use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Node;
use super::super::events::{self, Change};
use super::super::password;
use super::super::schema::{Entity, Object};
use super::super::store::{Page, Source};
use super::Told;
use super::checks::checked;
use super::form;
use super::refusal::Refusal;

/// Kong's page size, and the biggest one that may be asked for.
const PAGE: (i64, i64) = (100, 1000);

/// The collections under an entity: parent, path, collection, field that refers to the parent. Groups are named by their ids only.
const NESTED: [(&str, &str, &str, &str); 9] = [
    ("services", "routes", "routes", "service"),
    ("services", "plugins", "plugins", "service"),
    ("routes", "plugins", "plugins", "route"),
    ("consumers", "plugins", "plugins", "consumer"),
    ("consumers", "key-auth", "key-auths", "consumer"),
    ("consumers", "basic-auth", "basic-auths", "consumer"),
    ("consumers", "acls", "acls", "consumer"),
    ("upstreams", "targets", "targets", "upstream"),
    ("certificates", "snis", "snis", "certificate"),
];

/// A collection, whole or under one entity.
struct Collection<'a> {
    entity: &'a Entity,
    parent: Option<(&'a str, Uuid)>,
    /// Its path, for the address of the next page.
    path: String,
}

/// Answers what the path asks of a collection or an entity.
pub(super) async fn told(node: &Arc<Node>, head: &Parts, segments: &[&str], body: &[u8]) -> Told {
    let (collection, name) = match segments {
        [collection] => (whole(node, collection)?, None),
        [collection, name] => (whole(node, collection)?, Some(*name)),
        [parent, name, child] => (nested(node, parent, name, child).await?, None),
        [parent, name, child, grandchild] => {
            (nested(node, parent, name, child).await?, Some(*grandchild))
        }
        _ => return Err(Refusal::not_found()),
    };
    let given = || {
        let kind = head.headers.get(hyper::header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        form::object(kind, body)
            .ok_or_else(|| Refusal::message(StatusCode::BAD_REQUEST, "Cannot parse JSON body"))
    };
    match (&head.method, name) {
        (&Method::GET, None) => page(node, &collection, head.uri.query().unwrap_or_default()).await,
        (&Method::POST, None) => {
            create(node, &collection, sealed(&collection, None, given()?)).await
        }
        (&Method::GET, Some(name)) => {
            let found = find(node, &collection, name)
                .await?
                .ok_or_else(Refusal::not_found)?;
            Ok((StatusCode::OK, Some(Value::Object(found))))
        }
        (&Method::PUT, Some(name)) => {
            put(node, &collection, name, sealed(&collection, None, given()?)).await
        }
        (&Method::PATCH, Some(name)) => {
            let found = find(node, &collection, name)
                .await?
                .ok_or_else(Refusal::not_found)?;
            writable(node, &collection, "update", name)?;
            let given = sealed(&collection, Some(&found), given()?);
            replace(node, &collection, merged(found, given)).await
        }
        (&Method::DELETE, Some(name)) => {
            if let Some(found) = find(node, &collection, name).await? {
                writable(node, &collection, "remove", name)?;
                let entity = collection.entity;
                let deleted = node.store().delete(entity, &found).await;
                deleted.map_err(|error| Refusal::of_store(error, &found, &entity.table))?;
                events::changed(node, node.store(), entity, &found, Change::Altered).await?;
            }
            Ok((StatusCode::NO_CONTENT, None))
        }
        _ => Err(Refusal::method()),
    }
}

/// `GET /upstreams/UPSTREAM/targets/all`. Kong 2.1 and older had written a row for each change; here both lists are the same.
pub(super) async fn all_targets(node: &Node, upstream: &str, query: &str) -> Told {
    let mut targets = nested(node, "upstreams", upstream, "targets").await?;
    targets.path.push_str("/all");
    page(node, &targets, query).await
}

/// `GET /tags` and `/tags/TAG`.
pub(super) async fn tags(node: &Node, tag: Option<&str>) -> Told {
    let tags = node.store().tags(tag).await?;
    Ok((StatusCode::OK, Some(json!({"data": tags, "next": null}))))
}

fn whole<'a>(node: &'a Node, name: &str) -> Result<Collection<'a>, Refusal> {
    let entity = node.schema.entity(name).ok_or_else(Refusal::not_found)?;
    // Targets exist only under their upstream.
    if name == "targets" {
        return Err(Refusal::not_found());
    }
    Ok(Collection {
        entity,
        parent: None,
        path: format!("/{name}"),
    })
}

async fn nested<'a>(
    node: &'a Node,
    parent: &str,
    name: &str,
    child: &str,
) -> Result<Collection<'a>, Refusal> {
    let (_, _, collection, field) = NESTED
        .iter()
        .find(|(outer, path, _, _)| *outer == parent && *path == child)
        .ok_or_else(Refusal::not_found)?;
    let found = node.store().find(node.schema.known(parent), name).await?;
    let id = found
        .as_ref()
        .and_then(|found| found["id"].as_str()?.parse().ok());
    Ok(Collection {
        entity: node.schema.known(collection),
        parent: Some((field, id.ok_or_else(Refusal::not_found)?)),
        path: format!("/{parent}/{name}/{child}"),
    })
}

async fn page(node: &Node, collection: &Collection<'_>, query: &str) -> Told {
    let mut page = Page {
        size: PAGE.0,
        ..Page::default()
    };
    let mut kept = String::new();
    for (key, value) in form::pairs(query) {
        match key.as_str() {
            "size" => {
                page.size = value
                    .parse()
                    .ok()
                    .filter(|size| (1..=PAGE.1).contains(size))
                    .ok_or_else(|| {
                        let message = "size must be an integer between 1 and 1000";
                        Refusal::named(StatusCode::BAD_REQUEST, "invalid size", 9, message)
                    })?;
                kept = format!("{kept}&size={value}");
            }
            "offset" => {
                let id = value.parse().map_err(|_| {
                    let message = format!("'{value}' is not a valid offset: bad base64 encoding");
                    Refusal::named(StatusCode::BAD_REQUEST, "invalid offset", 7, &message)
                })?;
                page.after = Some(id);
            }
            "tags" => {
                kept = format!("{kept}&tags={value}");
                if value.contains('/') {
                    page.any_tags = Some(value.split('/').map(str::to_owned).collect());
                } else {
                    page.all_tags = Some(value.split(',').map(str::to_owned).collect());
                }
            }
            _ => {}
        }
    }
    if let Some((field, id)) = collection.parent {
        page.parent = Some((format!("{field}_id"), id));
        // A nested collection's next page forgets what was asked for but the offset, as Kong's does.
        kept.clear();
    }
    let size = page.size;
    page.size += 1;
    let mut data = node.store().page(collection.entity, &page).await?;
    let more = i64::try_from(data.len()).is_ok_and(|found| found > size);
    let mut told = json!({ "next": null });
    if more {
        data.pop();
        let last = data
            .last()
            .and_then(|last| last["id"].as_str())
            .unwrap_or_default();
        told["offset"] = json!(last);
        told["next"] = json!(format!("{}?offset={last}{kept}", collection.path));
    }
    told["data"] = json!(data);
    Ok((StatusCode::OK, Some(told)))
}

async fn find(
    node: &Node,
    collection: &Collection<'_>,
    name: &str,
) -> Result<Option<Object>, Refusal> {
    let found = node.store().find(collection.entity, name).await?;
    Ok(found.filter(|found| {
        collection
            .parent
            .is_none_or(|(field, id)| found[field]["id"].as_str() == Some(id.to_string().as_str()))
    }))
}

async fn create(node: &Node, collection: &Collection<'_>, given: Object) -> Told {
    let mut shown = checked(node, collection.entity, collection.parent, given)?;
    shown
        .entry("id")
        .or_insert_with(|| json!(Uuid::new_v4().to_string()));
    let entity = collection.entity;
    let stored = node.store().insert(entity, &shown).await;
    let stored = stored.map_err(|error| Refusal::of_store(error, &shown, &entity.table))?;
    events::changed(node, node.store(), entity, &stored, Change::Created).await?;
    Ok((StatusCode::CREATED, Some(Value::Object(stored))))
}

/// Refuses to write where there is no database, naming the field by which the entity was named.
fn writable(
    node: &Node,
    collection: &Collection<'_>,
    operation: &str,
    name: &str,
) -> Result<(), Refusal> {
    if matches!(node.source, Source::Database(_)) {
        return Ok(());
    }
    let by = match name.parse::<Uuid>() {
        Ok(_) => String::new(),
        Err(_) => format!(" by '{}'", collection.entity.key),
    };
    let message = format!(
        "cannot {operation} '{}' entities{by} when not using a database",
        collection.entity.table
    );
    Err(Refusal::named(
        StatusCode::METHOD_NOT_ALLOWED,
        "operation unsupported",
        12,
        &message,
    ))
}

/// Replaces the entity of that id or name, or makes it: everything that is not given becomes the default.
async fn put(node: &Node, collection: &Collection<'_>, name: &str, mut given: Object) -> Told {
    let found = find(node, collection, name).await?;
    let key = collection.entity.key.as_str();
    let is_id = name.parse::<Uuid>().is_ok();
    let Some(found) = found else {
        let field = if is_id { "id" } else { key };
        given.insert(field.to_owned(), json!(name));
        writable(node, collection, "create or update", name)?;
        let (_, stored) = create(node, collection, given).await?;
        return Ok((StatusCode::OK, stored));
    };
    writable(node, collection, "create or update", name)?;
    for field in ["id", "created_at"] {
        given.insert(field.to_owned(), found[field].clone());
    }
    if !is_id {
        given.insert(key.to_owned(), json!(name));
    }
    replace(node, collection, given).await
}

async fn replace(node: &Node, collection: &Collection<'_>, given: Object) -> Told {
    let shown = checked(node, collection.entity, collection.parent, given)?;
    let entity = collection.entity;
    let before = node
        .store()
        .find(entity, shown["id"].as_str().unwrap_or_default())
        .await?;
    let stored = node.store().update(entity, &shown).await;
    let stored = stored.map_err(|error| Refusal::of_store(error, &shown, &entity.table))?;
    events::changed(node, node.store(), entity, &stored, Change::Altered).await?;
    // What was cached under the former key, such as a changed credential's, is stale as well.
    if let Some(before) = before {
        events::changed(node, node.store(), entity, &before, Change::Altered).await?;
    }
    Ok((StatusCode::OK, Some(Value::Object(stored))))
}

/// `given` with the hash of a password in the place of the password, which nobody keeps.
fn sealed(collection: &Collection<'_>, found: Option<&Object>, mut given: Object) -> Object {
    if collection.entity.name != "basic-auths" {
        return given;
    }
    let of = |shown: &Object| {
        let consumer = shown.get("consumer")?["id"].as_str()?;
        Some(consumer.to_owned())
    };
    let parent = collection.parent.map(|(_, consumer)| consumer.to_string());
    let consumer = parent.or_else(|| of(&given)).or_else(|| found.and_then(of));
    if let Some(Value::String(password)) = given.get_mut("password") {
        *password = password::hash(&consumer.unwrap_or_default(), password);
    }
    given
}

/// What is given replaces what was found; records are merged.
fn merged(mut found: Object, given: Object) -> Object {
    for (name, value) in given {
        match (found.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(value)) => {
                let before = std::mem::take(before);
                found.insert(name, Value::Object(merged(before, value)));
            }
            (_, value) => {
                found.insert(name, value);
            }
        }
    }
    found
}
