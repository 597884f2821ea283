//! The plugin `acl`: which groups of consumers are let in, and the cache of who is in which.
//!
//! Groups that another plugin has authenticated (`always_use_authenticated_groups`) do not exist here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::super::answers;
use super::super::store::{Page, Store, StoreError};
use super::Exchange;
use super::plugins::Plugin;
use crate::lab::http::Answer;

/// The groups of consumers, cached until somebody invalidates them.
#[derive(Debug, Default)]
pub(in super::super) struct Groups {
    cached: Mutex<HashMap<String, Vec<String>>>,
}

impl Groups {
    /// The groups of a consumer; the database is asked only the first time.
    async fn of(&self, store: Store<'_>, consumer: &str) -> Result<Vec<String>, StoreError> {
        if let Some(cached) = self.lock().get(consumer) {
            return Ok(cached.clone());
        }
        let parent = consumer.parse().unwrap_or(Uuid::nil());
        let page = Page {
            size: i64::from(i32::MAX),
            parent: Some(("consumer_id".to_owned(), parent)),
            ..Page::default()
        };
        let found = store.page(store.schema.known("acls"), &page).await?;
        let groups = found.iter().filter_map(|found| found["group"].as_str());
        let groups: Vec<String> = groups.map(str::to_owned).collect();
        self.lock().insert(consumer.to_owned(), groups.clone());
        Ok(groups)
    }

    /// Forgets the groups of a consumer.
    pub(in super::super) fn forget(&self, consumer: &str) {
        self.lock().remove(consumer);
    }

    /// Forgets everything.
    pub(in super::super) fn forget_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    /// Refuses a consumer who is in a group that is denied, or in none that is allowed.
    pub(super) async fn authorise(&mut self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        let Some(credential) = &self.credential else {
            return Some(self.error(401, "Unauthorized"));
        };
        let found = self.node.groups.of(self.node.store(), &credential.consumer);
        let Ok(groups) = found.await else {
            return Some(self.error(500, answers::UNEXPECTED));
        };
        let named = |list: &str| {
            let list = config[list].as_array().into_iter().flatten();
            let mut list = list.filter_map(|group| group.as_str()).peekable();
            let is_empty = list.peek().is_none();
            let is_in = list.any(|group| groups.iter().any(|one| one == group));
            (is_empty, is_in)
        };
        let is_let_in = match (named("deny"), named("allow")) {
            ((false, is_denied), _) => !is_denied,
            ((true, _), (_, is_allowed)) => is_allowed,
        };
        if !is_let_in {
            let is_nobody = groups.is_empty() && credential.id.is_none();
            return Some(if is_nobody {
                self.error(401, "Unauthorized")
            } else {
                self.error(403, "You cannot consume this service")
            });
        }
        if config["hide_groups_header"] != true {
            let value = answers::value(&groups.join(", "));
            self.head.headers.insert("x-consumer-groups", value);
        }
        None
    }
}
