//! Between a table's row and an entity of the Admin API: references, times and the columns no client sees.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::schema::{Entity, Kind, Object, Schema};

/// The entity in a row, as `version`'s Admin API shows it.
pub(super) fn entity(schema: &Schema, entity: &Entity, row: &Object) -> Object {
    let mut shown = Object::new();
    shown.insert("id".to_owned(), row["id"].clone());
    // Targets are the one entity whose birth is told in milliseconds.
    let created = match entity.table.as_str() {
        "targets" => Kind::Instant,
        _ => Kind::Timestamp,
    };
    shown.insert("created_at".to_owned(), moment(created, &row["created_at"]));
    for field in &entity.fields {
        let column = |name: &str| row.get(name).cloned().unwrap_or_default();
        let value = match field.kind {
            Kind::Reference => match column(&format!("{}_id", field.name)) {
                Value::Null => Value::Null,
                id => json!({ "id": id }),
            },
            Kind::Timestamp | Kind::Instant => moment(field.kind, &column(&field.name)),
            Kind::Lifetime => remaining(&column(&field.name)),
            Kind::Record if field.name == "config" => {
                schema.read_config(row["name"].as_str().unwrap_or_default(), &column("config"))
            }
            _ => match column(&field.name) {
                Value::Null => field.default.clone(),
                value => super::schema::filled(&field.default, value),
            },
        };
        shown.insert(field.name.clone(), value);
    }
    shown
}

/// The row of a checked entity, in the workspace.
pub(super) fn row(schema: &Schema, entity: &Entity, shown: &Object, workspace: Uuid) -> Object {
    let mut row = Object::new();
    let now = Timestamp::now();
    row.insert("id".to_owned(), shown["id"].clone());
    row.insert("ws_id".to_owned(), json!(workspace));
    let created = shown.get("created_at").and_then(Value::as_f64);
    row.insert(
        "created_at".to_owned(),
        json!(stored_moment(entity, created, now)),
    );
    for field in &entity.fields {
        let value = shown.get(&field.name).cloned().unwrap_or_default();
        match field.kind {
            Kind::Reference => {
                row.insert(format!("{}_id", field.name), value["id"].clone());
            }
            Kind::Timestamp | Kind::Instant => {
                row.insert(field.name.clone(), json!(stored_moment(entity, None, now)));
            }
            Kind::Lifetime => {
                let end = value.as_i64().and_then(|seconds| {
                    now.checked_add(jiff::SignedDuration::from_secs(seconds))
                        .ok()
                });
                row.insert(field.name.clone(), json!(end.map(|end| end.to_string())));
            }
            Kind::Record if field.name == "config" => {
                let plugin = shown["name"].as_str().unwrap_or_default();
                row.insert(field.name.clone(), schema.stored_config(plugin, &value));
            }
            _ => {
                row.insert(field.name.clone(), value);
            }
        }
    }
    if let Some(key) = cache_key(entity, &row, workspace) {
        row.insert("cache_key".to_owned(), json!(key));
    }
    row
}

/// The key under which Kong caches an entity and announces its change; only some tables have a column for it.
fn cache_key(entity: &Entity, row: &Object, workspace: Uuid) -> Option<String> {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    match entity.table.as_str() {
        "plugins" => Some(format!(
            "plugins:{}:{}:{}:{}::{workspace}",
            text("name"),
            text("route_id"),
            text("service_id"),
            text("consumer_id"),
        )),
        // The column came with 3.x, as did `updated_at`.
        "targets" if row.contains_key("updated_at") => Some(format!(
            "targets:{}:{}::::{workspace}",
            text("upstream_id"),
            text("target"),
        )),
        "acls" => Some(format!(
            "acls:{}:{}::::{workspace}",
            text("consumer_id"),
            text("group"),
        )),
        _ => None,
    }
}

/// Seconds since the epoch of a row's timestamp; with milliseconds for an instant.
fn moment(kind: Kind, stored: &Value) -> Value {
    let Some(moment) = stored
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok())
    else {
        return Value::Null;
    };
    match kind {
        Kind::Instant if moment.as_millisecond() % 1000 != 0 => {
            // Milliseconds since the epoch fit a double exactly for the next quarter of a million years.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            let milliseconds = moment.as_millisecond() as f64;
            json!(milliseconds / 1000.0)
        }
        _ => json!(moment.as_second()),
    }
}

fn remaining(stored: &Value) -> Value {
    let end = stored
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok());
    end.map_or(Value::Null, |end| {
        json!((end.as_second() - Timestamp::now().as_second()).max(0))
    })
}

/// `given` seconds since the epoch or now, as precise as the entity's times are.
fn stored_moment(entity: &Entity, given: Option<f64>, now: Timestamp) -> String {
    let given = given.and_then(|seconds| {
        let span = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        Timestamp::from_duration(span).ok()
    });
    // What was given is as precise already, save for what a double made of it.
    let mode = match given {
        Some(_) => jiff::RoundMode::HalfExpand,
        None => jiff::RoundMode::Trunc,
    };
    let moment = given.unwrap_or(now);
    let unit = match entity.table.as_str() {
        "targets" => jiff::Unit::Millisecond,
        _ => jiff::Unit::Second,
    };
    let rounding = jiff::TimestampRound::new().smallest(unit).mode(mode);
    moment.round(rounding).unwrap_or(moment).to_string()
}
