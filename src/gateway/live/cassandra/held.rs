//! What a Cassandra holds, as far as it can be compared: digests over the rows of configuration, and how many rows tables have.
//!
//! What traffic writes changes while one looks, and rows of it end by themselves, so it is counted and not compared.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Cluster, failed};
use crate::gateway::live::postgres::Class;
use crate::gateway::{ContentDigest, Failure};
use crate::host::cassandra::Name;
use crate::host::cassandra::answers::{self, CqlshCause, CqlshFailure, Table};

/// How many tables are read at once: each has a `cqlsh` of its own.
const AT_ONCE: usize = 4;

/// Where migrations keep their books.
const META: &str = "schema_meta";

/// What a Cassandra holds.
pub(super) struct Held {
    pub(super) content: ContentDigest,
    /// The rows of each table that could be counted.
    pub(super) rows: BTreeMap<Name, u64>,
}

/// Whether a table holds configuration, which stays as it is while nobody configures.
pub(super) fn is_configuration(table: &Table) -> bool {
    !table.is_counter && Class::of("kong", "kong", table.name.as_str()) == Class::Configuration
}

impl Cluster<'_> {
    /// What it holds in these tables.
    pub(super) async fn held(&self, tables: &[Table]) -> Result<Held, Failure> {
        let (mut rows, mut whole, mut schema) = (BTreeMap::new(), Sha256::new(), Sha256::new());
        for some in tables.chunks(AT_ONCE) {
            let reading = some.iter().map(|table| self.table(table));
            for (table, (count, digest)) in some.iter().zip(try_join_all(reading).await?) {
                rows.extend(count.map(|count| (table.name.clone(), count)));
                // An empty table is as good as none: a later version of Kong may have made it.
                let Some(digest) = digest else { continue };
                let line = format!("{} {digest}\n", table.name);
                if table.name.as_str() == META {
                    schema.update(&line);
                }
                whole.update(&line);
            }
        }
        let content = ContentDigest {
            configuration: hex::encode(whole.finalize()),
            schema: hex::encode(schema.finalize()),
        };
        Ok(Held { content, rows })
    }

    /// Its digests alone, of the whole.
    pub(in crate::gateway::live) async fn content_now(&self) -> Result<ContentDigest, Failure> {
        self.refuse_restoring()?;
        self.content().await
    }

    async fn content(&self) -> Result<ContentDigest, Failure> {
        let tables = self.tables(&self.release().await?).await?;
        let configuration: Vec<Table> = tables.into_iter().filter(is_configuration).collect();
        if configuration.is_empty() {
            let what = format!("the keyspace `{}`", self.keyspace);
            return Err(failed(self.name, &what, "it has no tables of Kong's"));
        }
        Ok(self.held(&configuration).await?.content)
    }

    /// How many rows these tables have; one that cannot be counted is left out.
    pub(super) async fn counted<'t>(
        &self,
        tables: impl IntoIterator<Item = &'t Name>,
    ) -> Result<BTreeMap<Name, u64>, Failure> {
        let tables: Vec<&Name> = tables.into_iter().collect();
        let mut counts = BTreeMap::new();
        for some in tables.chunks(AT_ONCE) {
            let counting = some.iter().map(|table| self.count(table));
            let counted = try_join_all(counting).await?;
            let named = some.iter().zip(counted);
            counts.extend(named.filter_map(|(name, count)| Some(((*name).clone(), count?))));
        }
        Ok(counts)
    }

    async fn table(&self, table: &Table) -> Result<(Option<u64>, Option<String>), Failure> {
        if !is_configuration(table) {
            return Ok((self.count(&table.name).await?, None));
        }
        let first = self.first()?;
        let question = Self::cqlsh(first).rows(&self.keyspace, &table.name);
        let told = self.ask(first, &question).await?;
        let mut rows: Vec<Map<String, Value>> =
            answers::rows(&told).map_err(|error| self.unreadable(first, error))?;
        for row in &mut rows {
            // What is not set is shown as nothing, also in columns that have come since.
            row.retain(|_, value| !value.is_null());
        }
        // They come in the order of their tokens, which another ring may have in another one.
        let count = rows.len() as u64;
        let lines = rows.into_iter().map(|row| Value::Object(row).to_string());
        let mut lines: Vec<String> = lines.collect();
        lines.sort_unstable();
        let digest = hex::encode(Sha256::digest(lines.join("\n")));
        Ok((Some(count), (count > 0).then_some(digest)))
    }

    async fn count(&self, table: &Name) -> Result<Option<u64>, Failure> {
        let first = self.first()?;
        let question = Self::cqlsh(first).count(&self.keyspace, table);
        // A large table takes longer to count than a statement may take.
        let told = match self.attempt(first, &question).await? {
            Ok(told) => told,
            Err(said) if CqlshFailure::of(&said).cause == CqlshCause::TimedOut => return Ok(None),
            Err(said) => return Err(self.refused(first, "cqlsh", &said)),
        };
        let counted = answers::counted(&told);
        counted
            .map(Some)
            .map_err(|error| self.unreadable(first, error))
    }
}
