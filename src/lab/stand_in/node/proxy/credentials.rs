//! Keys and their consumers, cached until somebody invalidates them; keys that nobody has are cached too.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::store::{Store, StoreError};

/// Who a key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credential {
    pub(super) id: String,
    pub(super) consumer: String,
    pub(super) username: String,
    pub(super) custom_id: String,
}

/// The cache.
#[derive(Debug, Default)]
pub(in super::super) struct Credentials {
    cached: Mutex<HashMap<String, Option<Credential>>>,
}

impl Credentials {
    /// Whose key `key` is; the database is asked only the first time.
    pub(super) async fn find(
        &self,
        store: Store<'_>,
        key: &str,
    ) -> Result<Option<Credential>, StoreError> {
        if let Some(cached) = self.lock().get(key) {
            return Ok(cached.clone());
        }
        let entity = store.schema.known("key-auths");
        let found = store.find_by(entity, "key", key).await?;
        let credential = match found {
            None => None,
            Some(found) => {
                let consumer = found["consumer"]["id"].as_str().unwrap_or_default();
                let consumers = store.schema.known("consumers");
                store.find(consumers, consumer).await?.map(|consumer| {
                    let text = |name: &str| consumer[name].as_str().unwrap_or_default().to_owned();
                    Credential {
                        id: found["id"].as_str().unwrap_or_default().to_owned(),
                        consumer: text("id"),
                        username: text("username"),
                        custom_id: text("custom_id"),
                    }
                })
            }
        };
        self.lock().insert(key.to_owned(), credential.clone());
        Ok(credential)
    }

    /// Forgets a key.
    pub(in super::super) fn forget(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Forgets all keys of a consumer, named by id or username.
    pub(in super::super) fn forget_consumer(&self, consumer: &str) {
        self.lock().retain(|_, credential| {
            credential.as_ref().is_none_or(|credential| {
                credential.consumer != consumer && credential.username != consumer
            })
        });
    }

    /// Forgets everything.
    pub(in super::super) fn forget_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<Credential>>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
