//! Credentials and their consumers, cached until somebody invalidates them; those that nobody has are cached too.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::schema::Object;
use super::super::store::{Store, StoreError};

/// What a consumer is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A key.
    Key,
    /// A user's name.
    Username,
    /// Its own id or name: the consumer that stands for everybody who is nobody.
    Anonymous,
}

/// Who a credential belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credential {
    /// Its id; `None` for the anonymous consumer, who has none.
    pub(super) id: Option<String>,
    /// What the upstream is told of it.
    pub(super) identifier: String,
    /// The stored hash of a password; empty for what has none.
    pub(super) password: String,
    pub(super) consumer: String,
    pub(super) username: String,
    pub(super) custom_id: String,
}

/// The cache.
#[derive(Debug, Default)]
pub(in super::super) struct Credentials {
    cached: Mutex<HashMap<(Kind, String), Option<Credential>>>,
}

impl Credentials {
    /// Whose credential `name` is; the database is asked only the first time.
    pub(super) async fn find(
        &self,
        store: Store<'_>,
        kind: Kind,
        name: &str,
    ) -> Result<Option<Credential>, StoreError> {
        let key = (kind, name.to_owned());
        if let Some(cached) = self.lock().get(&key) {
            return Ok(cached.clone());
        }
        let credential = read(store, kind, name).await?;
        self.lock().insert(key, credential.clone());
        Ok(credential)
    }

    /// Forgets a credential of a table.
    pub(in super::super) fn forget(&self, table: &str, name: &str) {
        let kind = match table {
            "keyauth_credentials" => Kind::Key,
            _ => Kind::Username,
        };
        self.lock().remove(&(kind, name.to_owned()));
    }

    /// Forgets all credentials of a consumer, named by id or username, and that there is no such consumer.
    pub(in super::super) fn forget_consumer(&self, consumer: &str) {
        let mut cached = self.lock();
        cached.remove(&(Kind::Anonymous, consumer.to_owned()));
        cached.retain(|_, credential| {
            credential.as_ref().is_none_or(|credential| {
                credential.consumer != consumer && credential.username != consumer
            })
        });
    }

    /// Forgets everything.
    pub(in super::super) fn forget_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Kind, String), Option<Credential>>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(store: Store<'_>, kind: Kind, name: &str) -> Result<Option<Credential>, StoreError> {
    let text = |shown: &Object, field: &str| shown[field].as_str().unwrap_or_default().to_owned();
    let consumers = store.schema.known("consumers");
    let (collection, column) = match kind {
        Kind::Key => ("key-auths", "key"),
        Kind::Username => ("basic-auths", "username"),
        Kind::Anonymous => {
            let found = store.find(consumers, name).await?;
            return Ok(found.map(|found| Credential {
                id: None,
                identifier: String::new(),
                password: String::new(),
                consumer: text(&found, "id"),
                username: text(&found, "username"),
                custom_id: text(&found, "custom_id"),
            }));
        }
    };
    let entity = store.schema.known(collection);
    let Some(found) = store.find_by(entity, column, name).await? else {
        return Ok(None);
    };
    let consumer = found["consumer"]["id"].as_str().unwrap_or_default();
    let consumer = store.find(consumers, consumer).await?;
    Ok(consumer.map(|consumer| Credential {
        id: Some(text(&found, "id")),
        identifier: match kind {
            Kind::Username => text(&found, "username"),
            _ => text(&found, "id"),
        },
        password: match kind {
            Kind::Username => text(&found, "password"),
            _ => String::new(),
        },
        consumer: text(&consumer, "id"),
        username: text(&consumer, "username"),
        custom_id: text(&consumer, "custom_id"),
    }))
}
