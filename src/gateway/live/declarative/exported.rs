//! Databases as declarative files, by the node's own `kong config`: exported into a file of the run, and imported from it.
//!
//! A file holds credentials and private keys, so it is ours alone to read, and only its digest is told. What is told of it is written last:
//! an export without that is none.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::gateway::live::postgres::{PostgresError, Role, connect, qualified};
use crate::gateway::live::{Live, private_file};
use crate::gateway::{ExportedDatabase, Failure, Kong as _, LeftBehind};
use crate::host::cassandra::Id;
use crate::host::cassandra::answers::Table;
use crate::host::cassandra::export::{Era, Fate, fate};

/// How long an export or an import may take.
const LONG: Duration = Duration::from_hours(1);

/// What every database has as soon as it is bootstrapped.
const BOOTSTRAPPED: [&str; 2] = ["workspaces", "parameters"];

impl Live {
    /// Exports the database of a node's cluster.
    pub(super) async fn export(&self, node: &str) -> Result<ExportedDatabase, Failure> {
        if let Some(exported) = self.exported(node)? {
            return Ok(exported);
        }
        let (cluster, found) = self.node(node).await?;
        let version = self.installed_version(node).await?;
        let host = self.host(&found).await?;
        let conf = found.conf.display().to_string();
        // In a prefix of its own: in the node's, the command would go by what the running version left there.
        let text = self
            .in_private_prefix(&host, async |prefix| {
                let file = prefix.join("export.yml");
                let (directory, path) = (prefix.display().to_string(), file.display().to_string());
                let arguments = ["config", "db_export", &path, "-c", &conf, "-p", &directory];
                self.kong_within(node, &arguments, LONG).await?;
                let failed = |why: String| {
                    let message =
                        format!("`kong config db_export` on `{node}` left no file: {why}");
                    Failure::new("kong.command", message)
                };
                let bytes = host.fetch(&file).await;
                let bytes = bytes.map_err(|error| failed(error.to_string()))?;
                String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
            })
            .await?;
        let era = if version.is_at_least(3, 0) {
            Era::Three
        } else {
            Era::Two
        };
        let left_behind = match self.cassandra_of(&cluster)? {
            Some(old) => Box::pin(old.left_behind(era)).await?,
            None => self.left_in_postgres(node, era).await?,
        };
        let exported = ExportedDatabase {
            node: node.to_owned(),
            version,
            digest: hex::encode(Sha256::digest(&text)),
            bytes: text.len() as u64,
            left_behind,
        };
        let facts = serde_json::to_string(&exported).expect("plain data");
        private_file::write(&self.export_file(node, "yml"), &text)
            .and_then(|()| private_file::write(&self.export_file(node, "json"), facts))
            .map_err(|error| unusable(node, &error))?;
        Ok(exported)
    }

    /// What was exported by a node in this run, if anything was.
    pub(super) fn exported(&self, node: &str) -> Result<Option<ExportedDatabase>, Failure> {
        match std::fs::read(self.export_file(node, "json")) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| unusable(node, &error.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(node, &error)),
        }
    }

    /// Imports what was exported into the database of a node's cluster.
    pub(super) async fn import(
        &self,
        node: &str,
        exported: &ExportedDatabase,
    ) -> Result<(), Failure> {
        let from = &exported.node;
        let text =
            std::fs::read(self.export_file(from, "yml")).map_err(|error| unusable(from, &error))?;
        if hex::encode(Sha256::digest(&text)) != exported.digest {
            let message = format!("the export by `{from}` is not as it was written");
            return Err(Failure::new("storage.changed", message));
        }
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let conf = found.conf.display().to_string();
        self.in_private_prefix(&host, async |prefix| {
            let file = prefix.join("import.yml");
            host.write_private(&file, &text)
                .await
                .map_err(|error| unusable(from, &error))?;
            let (directory, path) = (prefix.display().to_string(), file.display().to_string());
            let arguments = ["config", "db_import", &path, "-c", &conf, "-p", &directory];
            self.kong_within(node, &arguments, LONG).await
        })
        .await
    }

    /// How many rows of what an export holds a database of PostgreSQL has beyond those of its bootstrap.
    pub(super) async fn count_exportable(&self, database: &str) -> Result<u64, Failure> {
        let counted = self.counted_tables(database).await?;
        let is_exported = |name: &str| {
            fate(&table(name), Era::Two) == Fate::Exported && !BOOTSTRAPPED.contains(&name)
        };
        let exported = counted.iter().filter(|(name, _)| is_exported(name));
        Ok(exported.map(|(_, rows)| rows).sum())
    }

    async fn left_in_postgres(&self, node: &str, era: Era) -> Result<Vec<LeftBehind>, Failure> {
        let (cluster, _) = self.node(node).await?;
        let (name, _) = self.database_of(&cluster)?;
        let counted = self.counted_tables(&name).await?.into_iter();
        let left = counted.filter(|(name, rows)| *rows > 0 && fate(&table(name), era).loses_rows());
        Ok(left
            .map(|(name, rows)| LeftBehind {
                why: fate(&table(&name), era).meaning().to_owned(),
                table: name,
                rows: Some(rows),
            })
            .collect())
    }

    /// The tables of a database with their rows, in order.
    async fn counted_tables(&self, database: &str) -> Result<Vec<(String, u64)>, Failure> {
        let target = &*self.database(database)?;
        let failed = || PostgresError::query("count the rows of tables");
        let session = connect(target, Role::Owner, None).await?;
        let statement = "SELECT tablename::text FROM pg_tables WHERE schemaname = $1 ORDER BY 1";
        let tables = session
            .query(statement, &[&target.schema])
            .await
            .map_err(failed())?;
        let mut counted = Vec::new();
        for row in tables {
            let name: String = row.get(0);
            let count = format!("SELECT count(*) FROM {}", qualified(&target.schema, &name));
            let count = session.query_one(&count, &[]).await.map_err(failed())?;
            counted.push((name, count.get::<_, i64>(0).unsigned_abs()));
        }
        session.close().await;
        Ok(counted)
    }

    fn export_file(&self, node: &str, ending: &str) -> PathBuf {
        self.output
            .join("exported")
            .join(format!("{node}.{ending}"))
    }
}

/// A table by its name alone, for what becomes of it.
fn table(name: &str) -> Table {
    Table {
        // One that Cassandra could not name is none of Kong's.
        name: name
            .parse()
            .unwrap_or_else(|_| "unknown".parse().expect("a name")),
        id: Id::new(0),
        is_counter: false,
    }
}

fn unusable(node: &str, error: &std::io::Error) -> Failure {
    let message = format!("cannot keep the export by `{node}` in the storage: {error}");
    Failure::new("storage.unusable", message)
}
