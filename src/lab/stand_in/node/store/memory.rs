//! The entities of a node without a database: one configuration, replaced as a whole.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::schema::{Entity, Object, Schema};
use super::Page;

/// The workspace `default`, whose id is the same for every node without a database.
pub(super) const WORKSPACE: Uuid = Uuid::from_u128(0x0dc6_f45b_8f8d_40d2_a504_4735_44ee_190b);

/// The hash of no configuration.
pub(in super::super) const EMPTY_HASH: &str = "00000000000000000000000000000000";

/// A configuration: the entities as the Admin API shows them, by table and in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Held {
    pub(in super::super) hash: String,
    pub(in super::super) entities: BTreeMap<String, Vec<Object>>,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            hash: EMPTY_HASH.to_owned(),
            entities: BTreeMap::new(),
        }
    }
}

/// The configuration that is in effect.
#[derive(Debug, Default)]
pub(in super::super) struct Memory {
    held: RwLock<Arc<Held>>,
}

impl Memory {
    /// The configuration in effect.
    pub(in super::super) fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place.
    pub(in super::super) fn replace(&self, held: Held) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
    }

    pub(super) fn page(&self, entity: &Entity, page: &Page) -> Vec<Object> {
        let held = self.held();
        let list = held.entities.get(&entity.table).into_iter().flatten();
        let after = page.after.map(|id| id.to_string());
        let tags = |shown: &Object| -> Vec<String> {
            let tags = shown.get("tags").and_then(Value::as_array);
            let tags = tags.into_iter().flatten().filter_map(Value::as_str);
            tags.map(str::to_owned).collect()
        };
        list.filter(|shown| {
            after
                .as_deref()
                .is_none_or(|after| text(shown, "id").is_some_and(|id| id > after))
                && page.parent.as_ref().is_none_or(|(column, id)| {
                    let field = column.strip_suffix("_id").unwrap_or(column);
                    let reference = shown.get(field).and_then(|value| value["id"].as_str());
                    reference == Some(id.to_string().as_str())
                })
                && page
                    .all_tags
                    .as_ref()
                    .is_none_or(|all| all.iter().all(|tag| tags(shown).contains(tag)))
                && page
                    .any_tags
                    .as_ref()
                    .is_none_or(|any| any.iter().any(|tag| tags(shown).contains(tag)))
        })
        .take(usize::try_from(page.size).unwrap_or(usize::MAX))
        .cloned()
        .collect()
    }

    pub(super) fn find_by(&self, entity: &Entity, column: &str, value: &str) -> Option<Object> {
        let held = self.held();
        let mut list = held.entities.get(&entity.table).into_iter().flatten();
        list.find(|shown| text(shown, column) == Some(value))
            .cloned()
    }

    pub(super) fn tags(&self, schema: &Schema, wanted: Option<&str>) -> Vec<Object> {
        let held = self.held();
        let mut found = Vec::new();
        for entity in schema.entities() {
            for shown in held.entities.get(&entity.table).into_iter().flatten() {
                let tags = shown.get("tags").and_then(Value::as_array);
                for tag in tags.into_iter().flatten().filter_map(Value::as_str) {
                    if wanted.is_none_or(|wanted| wanted == tag) {
                        found.push(Object::from_iter([
                            ("entity_id".to_owned(), shown["id"].clone()),
                            ("entity_name".to_owned(), json!(entity.table)),
                            ("tag".to_owned(), json!(tag)),
                        ]));
                    }
                }
            }
        }
        found
    }
}

fn text<'a>(shown: &'a Object, field: &str) -> Option<&'a str> {
    shown.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kong::Version;

    #[test]
    fn a_page_holds_what_is_asked_for() {
        let schema = Schema::of(&Version::new(3, 9, 1));
        let route = |id: u128, service: u128, tag: &str| {
            let route = json!({"id": Uuid::from_u128(id), "service": {"id": Uuid::from_u128(service)}, "tags": [tag]});
            route.as_object().expect("an object").clone()
        };
        let memory = Memory::default();
        assert_eq!(memory.held().hash, EMPTY_HASH);
        memory.replace(Held {
            hash: "f".repeat(32),
            entities: BTreeMap::from([(
                "routes".to_owned(),
                vec![route(1, 7, "a"), route(2, 8, "b"), route(3, 7, "b")],
            )]),
        });
        let ids = |page: Page| {
            let found = memory.page(schema.known("routes"), &page);
            let id = |shown: &Object| shown["id"].as_str().and_then(|id| id.parse::<Uuid>().ok());
            found
                .iter()
                .filter_map(id)
                .map(|id| id.as_u128())
                .collect::<Vec<_>>()
        };
        let page = |size| Page {
            size,
            ..Page::default()
        };
        assert_eq!(ids(page(2)), [1, 2]);
        let after = Some(Uuid::from_u128(1));
        assert_eq!(ids(Page { after, ..page(9) }), [2, 3]);
        let parent = Some(("service_id".to_owned(), Uuid::from_u128(7)));
        assert_eq!(ids(Page { parent, ..page(9) }), [1, 3]);
        let any_tags = Some(vec!["b".to_owned()]);
        assert_eq!(
            ids(Page {
                any_tags,
                ..page(9)
            }),
            [2, 3]
        );
        assert_eq!(memory.tags(&schema, Some("b")).len(), 2);
    }
}
