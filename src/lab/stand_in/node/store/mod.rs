//! The entities, wherever a node has them: in Kong's tables or, without a database, in memory.
//!
//! What a row means is in `rows`, what an answer looks like is the Admin API's affair.

mod memory;
mod tables;

use jiff::Timestamp;
use uuid::Uuid;

use super::database::{Database, DatabaseError};
use super::schema::{Entity, Object, Schema};

pub(super) use memory::{EMPTY_HASH, Held, Memory};
use tables::Tables;

/// Which entities a page holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Only those after this id.
    pub(super) after: Option<Uuid>,
    /// At most this many.
    pub(super) size: i64,
    /// Only those whose column holds this id.
    pub(super) parent: Option<(String, Uuid)>,
    /// Only those with all of these tags.
    pub(super) all_tags: Option<Vec<String>>,
    /// Only those with one of these tags.
    pub(super) any_tags: Option<Vec<String>>,
}

/// Why a read or write did not happen.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// No answer from the database, or one nobody foresaw.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Another entity has the value already.
    #[error("another entity has the same `{field}`")]
    Unique {
        /// The field.
        field: String,
    },
    /// Another entity has the id already.
    #[error("another entity has the same id")]
    Primary,
    /// A reference points nowhere.
    #[error("`{field}` refers to nothing")]
    Foreign {
        /// The field.
        field: String,
    },
    /// Others still refer to it.
    #[error("`{by}` refer to it")]
    Referenced {
        /// Their table.
        by: String,
    },
    /// Without a database nothing is written through the Admin API.
    #[error("cannot {operation} '{table}' entities when not using a database")]
    Unsupported {
        /// What was wanted.
        operation: &'static str,
        /// The table that there would be.
        table: String,
    },
}

/// Where a node has its entities.
#[derive(Debug)]
pub(super) enum Source {
    /// PostgreSQL.
    Database(Box<Database>),
    /// Itself.
    Memory(Memory),
}

/// The store of one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store<'a> {
    pub(super) source: &'a Source,
    pub(super) schema: &'a Schema,
    pub(super) node_id: Uuid,
}

impl<'a> Store<'a> {
    /// One page in the order of the ids, which is Kong's.
    pub(super) async fn page(
        &self,
        entity: &Entity,
        page: &Page,
    ) -> Result<Vec<Object>, StoreError> {
        match self.source {
            Source::Database(database) => self.tables(database).page(entity, page).await,
            Source::Memory(memory) => Ok(memory.page(entity, page)),
        }
    }

    /// All entities of a kind.
    pub(super) async fn all(&self, entity: &Entity) -> Result<Vec<Object>, StoreError> {
        let page = Page {
            size: i64::from(i32::MAX),
            ..Page::default()
        };
        self.page(entity, &page).await
    }

    /// The entity with this id or, where the text is no id, this key.
    pub(super) async fn find(
        &self,
        entity: &Entity,
        name: &str,
    ) -> Result<Option<Object>, StoreError> {
        let has_key = entity.fields.iter().any(|field| field.name == entity.key);
        let column = if name.parse::<Uuid>().is_ok() || !has_key {
            "id"
        } else {
            &entity.key
        };
        self.find_by(entity, column, name).await
    }

    /// The entity with this value in this column.
    pub(super) async fn find_by(
        &self,
        entity: &Entity,
        column: &str,
        value: &str,
    ) -> Result<Option<Object>, StoreError> {
        match self.source {
            Source::Database(database) => {
                let tables = self.tables(database);
                tables.find_by(entity, column, value).await
            }
            Source::Memory(memory) => Ok(memory.find_by(entity, column, value)),
        }
    }

    /// Writes a new entity, checked before; answers it as stored.
    pub(super) async fn insert(
        &self,
        entity: &Entity,
        shown: &Object,
    ) -> Result<Object, StoreError> {
        let tables = self.writable(entity, "create")?;
        tables.insert(entity, shown).await
    }

    /// Replaces an entity, checked before; answers it as stored.
    pub(super) async fn update(
        &self,
        entity: &Entity,
        shown: &Object,
    ) -> Result<Object, StoreError> {
        let tables = self.writable(entity, "update")?;
        tables.update(entity, shown).await
    }

    /// Deletes an entity.
    pub(super) async fn delete(&self, entity: &Entity, shown: &Object) -> Result<(), StoreError> {
        let tables = self.writable(entity, "remove")?;
        tables.delete(entity, shown).await
    }

    /// Every tag as `{entity_id, entity_name, tag}`; only those called `tag` where one is given.
    pub(super) async fn tags(&self, tag: Option<&str>) -> Result<Vec<Object>, StoreError> {
        match self.source {
            Source::Database(database) => self.tables(database).tags(tag).await,
            Source::Memory(memory) => Ok(memory.tags(self.schema, tag)),
        }
    }

    /// Tells the other nodes that what they cached under `key` is stale. A node without a database has none to tell.
    pub(super) async fn announce(&self, channel: &str, key: &str) -> Result<(), StoreError> {
        match self.source {
            Source::Database(database) => self.tables(database).announce(channel, key).await,
            Source::Memory(_) => Ok(()),
        }
    }

    /// What other nodes announced after `since`, as channel and key, with the time of the last one.
    pub(super) async fn announced(
        &self,
        since: Timestamp,
    ) -> Result<(Vec<(String, String)>, Timestamp), StoreError> {
        match self.source {
            Source::Database(database) => self.tables(database).announced(since).await,
            Source::Memory(_) => Ok((Vec::new(), since)),
        }
    }

    /// The id of the workspace `default`, which the open source puts everything in.
    pub(super) async fn workspace(&self) -> Result<Uuid, StoreError> {
        match self.source {
            Source::Database(database) => self.tables(database).workspace().await,
            Source::Memory(_) => Ok(memory::WORKSPACE),
        }
    }

    fn tables(self, database: &'a Database) -> Tables<'a> {
        Tables {
            database,
            schema: self.schema,
            node_id: self.node_id,
        }
    }

    fn writable(self, entity: &Entity, operation: &'static str) -> Result<Tables<'a>, StoreError> {
        match self.source {
            Source::Database(database) => Ok(self.tables(database)),
            Source::Memory(_) => Err(StoreError::Unsupported {
                operation,
                table: entity.table.clone(),
            }),
        }
    }
}
