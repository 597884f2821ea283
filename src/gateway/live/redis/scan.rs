//! Going through keys in pages, while others write.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use jiff::Timestamp;

use super::error::RedisError;
use super::store::Store;
use crate::kong::redis_counters::{Named, Names, is_hash};

/// How many counters one script is about. Redis answers nobody else meanwhile: some milliseconds.
pub(super) const PAGE: usize = 500;

/// One counter.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    pub(super) key: String,
    /// The field of the hash; nothing where the key is the counter.
    pub(super) field: Option<String>,
    pub(super) named: Named,
}

impl Counter {
    /// The field as scripts are told it.
    pub(super) fn marked(&self) -> String {
        mark(self.field.as_deref())
    }

    /// Who is counted.
    pub(super) fn identifier(&self) -> &str {
        let named = self.named.identifier.as_deref();
        self.field.as_deref().or(named).unwrap_or_default()
    }
}

/// A field as scripts are told it: `h` and its name, or `s` where the key itself is the counter.
pub(super) fn mark(field: Option<&str>) -> String {
    field.map_or_else(|| "s".to_owned(), |field| format!("h{field}"))
}

/// Which counters were met, as hashes: a million of them fit. Redis may tell one twice.
#[derive(Default)]
pub(super) struct Met {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Met {
    /// Whether this is the first time.
    pub(super) fn is_first(&mut self, key: &str, field: Option<&str>) -> bool {
        self.hashes.insert(self.hasher.hash_one((key, field)))
    }
}

/// Going through the keys that match a pattern. Redis may tell one twice, and tells each that is there all the time.
pub(super) struct Keys<'a> {
    store: &'a Store,
    pattern: &'a str,
    cursor: u64,
    is_done: bool,
}

impl<'a> Keys<'a> {
    pub(super) fn matching(store: &'a Store, pattern: &'a str) -> Self {
        Self {
            store,
            pattern,
            cursor: 0,
            is_done: false,
        }
    }

    /// Some more; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<String>>, RedisError> {
        if self.is_done {
            return Ok(None);
        }
        let mut command = redis::cmd("SCAN");
        command.arg(self.cursor).arg("MATCH").arg(self.pattern);
        command.arg("COUNT").arg(2 * PAGE);
        let (cursor, keys): (u64, Vec<Vec<u8>>) =
            self.store.ask(&command, "go through the keys").await?;
        self.cursor = cursor;
        self.is_done = cursor == 0;
        // No key of Kong's is anything but text, or was made of it.
        let keys = keys
            .into_iter()
            .filter_map(|key| String::from_utf8(key).ok());
        Ok(Some(keys.collect()))
    }
}

/// The fields of a hash, in pages.
pub(super) struct Fields<'a> {
    store: &'a Store,
    key: String,
    cursor: u64,
    is_done: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn of(store: &'a Store, key: String) -> Self {
        Self {
            store,
            key,
            cursor: 0,
            is_done: false,
        }
    }

    /// Some more; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<String>>, RedisError> {
        if self.is_done {
            return Ok(None);
        }
        let mut command = redis::cmd("HSCAN");
        command.arg(&self.key).arg(self.cursor);
        command.arg("COUNT").arg(PAGE);
        // Fields and their values, in turn.
        let (cursor, found): (u64, Vec<Vec<u8>>) =
            self.store.ask(&command, "go through a hash").await?;
        self.cursor = cursor;
        self.is_done = cursor == 0;
        let fields = found.into_iter().step_by(2);
        let fields = fields.filter_map(|field| String::from_utf8(field).ok());
        Ok(Some(fields.collect()))
    }
}

/// The counters of `names` whose windows are open, in pages of at most [`PAGE`], each counter once.
pub(super) struct Counters<'a> {
    store: &'a Store,
    names: &'a Names,
    patterns: Vec<&'static str>,
    keys: Option<Keys<'a>>,
    /// Hashes that were found and not gone through yet.
    hashes: Vec<(String, Named)>,
    /// The one that is gone through.
    fields: Option<(Fields<'a>, Named)>,
    /// Counters that were found and not given yet.
    found: Vec<Counter>,
    given: Met,
}

impl<'a> Counters<'a> {
    pub(super) fn of(store: &'a Store, names: &'a Names) -> Self {
        Self {
            store,
            names,
            patterns: names.patterns(),
            keys: None,
            hashes: Vec::new(),
            fields: None,
            found: Vec::new(),
            given: Met::default(),
        }
    }

    /// Some more; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Counter>>, RedisError> {
        while self.found.len() < PAGE {
            if !(self.look_into_hash().await? || self.look_at_keys().await?) {
                break;
            }
        }
        if self.found.is_empty() {
            return Ok(None);
        }
        let rest = self.found.split_off(self.found.len().min(PAGE));
        Ok(Some(std::mem::replace(&mut self.found, rest)))
    }

    /// Goes on with a hash; whether there was one.
    async fn look_into_hash(&mut self) -> Result<bool, RedisError> {
        if self.fields.is_none() {
            let next = self.hashes.pop();
            self.fields = next.map(|(key, named)| (Fields::of(self.store, key), named));
        }
        let Some((fields, named)) = &mut self.fields else {
            return Ok(false);
        };
        let (key, named) = (fields.key.clone(), named.clone());
        match fields.next().await? {
            Some(fields) => {
                for field in fields {
                    self.find(key.clone(), Some(field), named.clone());
                }
            }
            None => self.fields = None,
        }
        Ok(true)
    }

    /// Goes on with the keys; whether there are any left.
    async fn look_at_keys(&mut self) -> Result<bool, RedisError> {
        if self.keys.is_none() {
            let Some(pattern) = self.patterns.pop() else {
                return Ok(false);
            };
            self.keys = Some(Keys::matching(self.store, pattern));
        }
        let keys = match &mut self.keys {
            Some(keys) => keys.next().await?,
            None => None,
        };
        let Some(keys) = keys else {
            self.keys = None;
            return Ok(true);
        };
        let now = Timestamp::now();
        for key in keys {
            let named = self.names.read(&key);
            match named.filter(|named| named.matters_until > now) {
                Some(named) if is_hash(&key) => self.hashes.push((key, named)),
                Some(named) => self.find(key, None, named),
                None => {}
            }
        }
        Ok(true)
    }

    fn find(&mut self, key: String, field: Option<String>, named: Named) {
        if self.given.is_first(&key, field.as_deref()) {
            self.found.push(Counter { key, field, named });
        }
    }
}
