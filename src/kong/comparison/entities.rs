//! The entities of one gateway, as they were read from its Admin API.

use std::collections::BTreeMap;

use serde_json::Value;

use super::path::Object;

/// What the Admin API shows as an entity's name, by the fields that may hold one. A credential's `key` is none: it is a secret.
const NAMES: [&str; 7] = [
    "name",
    "username",
    "custom_id",
    "prefix",
    "target",
    "group",
    "kid",
];

/// The entities of one gateway, by kind.
#[derive(Debug, Clone, Default)]
pub struct Entities {
    kinds: BTreeMap<String, Listing>,
}

/// What is known of a kind.
#[derive(Debug, Clone)]
pub(super) enum Listing {
    /// All of its entities.
    Read(Vec<Entity>),
    /// They were not read, and why.
    Unread(String),
}

/// One entity.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    /// The name of its workspace.
    pub(super) workspace: String,
    /// What the Admin API shows of it.
    pub(super) fields: Object,
}

impl Entities {
    /// Adds what a workspace has of a kind: `data` of every page of `/KIND`. A kind that is never added is one that the gateway has
    /// nothing of. What is no object in `data` is no entity, and left out.
    pub fn add(&mut self, kind: &str, workspace: &str, data: impl IntoIterator<Item = Value>) {
        let listing = self.kinds.entry(kind.to_owned());
        let listing = listing.or_insert_with(|| Listing::Read(Vec::new()));
        let Listing::Read(entities) = listing else {
            return;
        };
        for value in data {
            if let Value::Object(fields) = value {
                entities.push(Entity {
                    workspace: workspace.to_owned(),
                    fields,
                });
            }
        }
    }

    /// Says that a kind was not read, or not as a whole: it will not be compared.
    pub fn unread(&mut self, kind: &str, why: impl Into<String>) {
        let listing = Listing::Unread(why.into());
        self.kinds.insert(kind.to_owned(), listing);
    }

    /// The kinds of which anything is known.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// What is known of a kind.
    pub(super) fn of(&self, kind: &str) -> Option<&Listing> {
        self.kinds.get(kind)
    }
}

impl Entity {
    /// What people call it.
    pub(super) fn name(&self) -> Option<&str> {
        NAMES.iter().find_map(|field| self.text(field))
    }

    /// Its id; of something without one, its name.
    pub(super) fn id(&self) -> &str {
        self.text("id").or_else(|| self.name()).unwrap_or_default()
    }

    /// A text among its fields.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }
}
