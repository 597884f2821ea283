//! The entities in Kong's tables: pages, single ones, writes, and the events that tell other nodes of a write.
//!
//! It speaks SQL and nothing else.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::super::database::{Database, DatabaseError};
use super::super::rows;
use super::super::schema::{Entity, Object, Schema};
use super::{Page, StoreError};

/// The tables, as one node reads and writes them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) database: &'a Database,
    pub(super) schema: &'a Schema,
    pub(super) node_id: Uuid,
}

impl Tables<'_> {
    /// One page in the order of the ids, which is Kong's.
    pub(super) async fn page(
        &self,
        entity: &Entity,
        page: &Page,
    ) -> Result<Vec<Object>, StoreError> {
        let (column, parent) = match &page.parent {
            Some((column, id)) => (column.as_str(), Some(*id)),
            None => ("id", None),
        };
        let alive = alive(entity);
        let sql = format!(
            "SELECT to_jsonb(t) FROM {} t WHERE ($1::uuid IS NULL OR id > $1) AND ($2::uuid IS NULL OR {column} = $2) \
             AND ($3::text[] IS NULL OR tags @> $3) AND ($4::text[] IS NULL OR tags && $4) AND {alive} ORDER BY id LIMIT $5",
            entity.table
        );
        let rows = self
            .rows(
                &sql,
                &[
                    &page.after,
                    &parent,
                    &page.all_tags,
                    &page.any_tags,
                    &page.size,
                ],
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| rows::entity(self.schema, entity, row))
            .collect())
    }

    /// The entity with this value in this column.
    pub(super) async fn find_by(
        &self,
        entity: &Entity,
        column: &str,
        value: &str,
    ) -> Result<Option<Object>, StoreError> {
        let sql = format!(
            "SELECT to_jsonb(t) FROM {} t WHERE {column}::text = $1 AND {} LIMIT 1",
            entity.table,
            alive(entity)
        );
        let rows = self.rows(&sql, &[&value]).await?;
        Ok(rows
            .first()
            .map(|row| rows::entity(self.schema, entity, row)))
    }

    /// Writes a new entity, checked before; answers it as stored.
    pub(super) async fn insert(
        &self,
        entity: &Entity,
        shown: &Object,
    ) -> Result<Object, StoreError> {
        let row = rows::row(self.schema, entity, shown, self.workspace().await?);
        let columns = columns(&row);
        let table = &entity.table;
        let sql = format!(
            "INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1) \
             RETURNING to_jsonb(t)"
        );
        self.write(entity, &sql, &row).await
    }

    /// Replaces an entity, checked before; answers it as stored.
    pub(super) async fn update(
        &self,
        entity: &Entity,
        shown: &Object,
    ) -> Result<Object, StoreError> {
        let row = rows::row(self.schema, entity, shown, self.workspace().await?);
        let columns = columns(&row);
        let table = &entity.table;
        let sql = format!(
            "UPDATE {table} AS t SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1)) \
             WHERE t.id = ($1::jsonb ->> 'id')::uuid RETURNING to_jsonb(t)"
        );
        self.write(entity, &sql, &row).await
    }

    /// Deletes an entity.
    pub(super) async fn delete(&self, entity: &Entity, shown: &Object) -> Result<(), StoreError> {
        let sql = format!(
            "DELETE FROM {} WHERE id::text = $1 RETURNING 'null'::jsonb",
            entity.table
        );
        let id = shown["id"].as_str().unwrap_or_default();
        self.rows(&sql, &[&id]).await?;
        self.rows(
            "DELETE FROM tags WHERE entity_id::text = $1 RETURNING 'null'::jsonb",
            &[&id],
        )
        .await?;
        Ok(())
    }

    /// Every tag as `{entity_id, entity_name, tag}`; only those called `tag` where one is given.
    pub(super) async fn tags(&self, tag: Option<&str>) -> Result<Vec<Object>, StoreError> {
        let sql = "SELECT jsonb_build_object('entity_id', entity_id, 'entity_name', entity_name, 'tag', tag) \
                   FROM tags, unnest(tags) tag WHERE $1::text IS NULL OR tag = $1 ORDER BY entity_id, tag";
        self.rows(sql, &[&tag]).await
    }

    /// Tells the other nodes that what they cached under `key` is stale.
    pub(super) async fn announce(&self, channel: &str, key: &str) -> Result<(), StoreError> {
        let session = self.database.session().await?;
        session
            .execute(
                "INSERT INTO cluster_events (id, node_id, at, expire_at, channel, data) \
                 VALUES ($1, $2, CURRENT_TIMESTAMP(3), CURRENT_TIMESTAMP(3) + INTERVAL '1 hour', $3, $4)",
                &[&Uuid::new_v4(), &self.node_id, &channel, &key],
            )
            .await
            .map_err(DatabaseError::from)?;
        Ok(())
    }

    /// What other nodes announced after `since`, as channel and key, with the time of the last one.
    pub(super) async fn announced(
        &self,
        since: Timestamp,
    ) -> Result<(Vec<(String, String)>, Timestamp), StoreError> {
        let session = self.database.session().await?;
        let rows = session
            .query(
                "SELECT channel, data, at FROM cluster_events WHERE at > $1 AND node_id <> $2 ORDER BY at",
                &[&since, &self.node_id],
            )
            .await
            .map_err(DatabaseError::from)?;
        let last = rows.last().map_or(since, |row| row.get("at"));
        let events = rows
            .iter()
            .map(|row| {
                let text = |column| row.get::<_, Option<String>>(column).unwrap_or_default();
                (text("channel"), text("data"))
            })
            .collect();
        Ok((events, last))
    }

    /// The id of the workspace `default`, which the open source puts everything in.
    pub(super) async fn workspace(&self) -> Result<Uuid, StoreError> {
        let session = self.database.session().await?;
        let row = session
            .query_one("SELECT id FROM workspaces WHERE name = 'default'", &[])
            .await
            .map_err(DatabaseError::from)?;
        Ok(row.get(0))
    }

    async fn write(&self, entity: &Entity, sql: &str, row: &Object) -> Result<Object, StoreError> {
        let rows = self.rows(sql, &[&Json(row)]).await?;
        let stored = rows.first().cloned().unwrap_or_default();
        // Real databases have triggers for this; restored ones may have lost them, and doing it twice does no harm.
        self.rows(
            "INSERT INTO tags (entity_id, entity_name, tags) \
             SELECT ($1::jsonb ->> 'id')::uuid, $2, ARRAY(SELECT jsonb_array_elements_text($1::jsonb -> 'tags')) \
             WHERE jsonb_typeof($1::jsonb -> 'tags') = 'array' \
             ON CONFLICT (entity_id) DO UPDATE SET tags = EXCLUDED.tags RETURNING 'null'::jsonb",
            &[&Json(&stored), &entity.table],
        )
        .await?;
        Ok(rows::entity(self.schema, entity, &stored))
    }

    async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Object>, StoreError> {
        let session = self.database.session().await?;
        let rows = session.query(sql, parameters).await.map_err(classified)?;
        Ok(rows
            .iter()
            .map(|row| match row.get::<_, Value>(0) {
                Value::Object(row) => row,
                _ => Object::new(),
            })
            .collect())
    }
}

fn columns(row: &Object) -> String {
    row.keys()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A condition that leaves out rows past their time to live.
fn alive(entity: &Entity) -> &'static str {
    if entity.fields.iter().any(|field| field.name == "ttl") {
        "(ttl IS NULL OR ttl > CURRENT_TIMESTAMP)"
    } else {
        "TRUE"
    }
}

/// What the database refused, in Kong's terms; the constraints' names tell.
fn classified(error: tokio_postgres::Error) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        return DatabaseError::from(error).into();
    };
    let constraint = refusal.constraint().unwrap_or_default();
    let table = refusal.table().unwrap_or_default().to_owned();
    let field = |suffix: &str| {
        let name = constraint
            .strip_prefix(&format!("{table}_"))
            .unwrap_or(constraint);
        let name = name.strip_prefix("ws_id_").unwrap_or(name);
        name.strip_suffix(suffix).unwrap_or(name).to_owned()
    };
    if *refusal.code() == SqlState::UNIQUE_VIOLATION {
        if constraint.ends_with("_pkey") {
            return StoreError::Primary;
        }
        let field = field(if constraint.ends_with("_unique") {
            "_unique"
        } else {
            "_key"
        });
        return StoreError::Unique { field };
    }
    if *refusal.code() == SqlState::FOREIGN_KEY_VIOLATION {
        let still = refusal
            .detail()
            .is_some_and(|detail| detail.contains("still referenced"));
        return if still {
            StoreError::Referenced { by: table }
        } else {
            StoreError::Foreign {
                field: field("_id_fkey"),
            }
        };
    }
    DatabaseError::from(error).into()
}
