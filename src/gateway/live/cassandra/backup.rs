//! A backup of all nodes: nobody writes, the nodes are ready, snapshots of one tag are there on all of them, and the files of all are copied.
//!
//! Invariant: a manifest is written last, when the copies are proven and the snapshots are gone from the nodes. So a backup that has one
//! is whole, and of one that was cut off the next attempt finds what is left by its tag.

use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;

use super::held::Held;
use super::kept::{Kept, facts};
use super::present::Present;
use super::snapshot::Kind;
use super::{Cluster, failed};
use crate::gateway::live::databases::space;
use crate::gateway::{BackupFacts, Failure};
use crate::host::cassandra::answers::{Schema, Table};
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::{Name, Tag};

/// A moment that is copied.
struct Moment {
    tag: Tag,
    taken_at: Timestamp,
    schema: Schema,
    tables: Vec<Table>,
    before: Held,
}

impl<'a> Cluster<'a> {
    /// Takes a backup into the directory `path`, which is not there yet, as this attempt of the step.
    pub(in crate::gateway::live) async fn back_up(
        &self,
        path: &Path,
        attempt: u32,
    ) -> Result<BackupFacts, Failure> {
        let begun = Instant::now();
        self.refuse_restoring()?;
        let present = self.ready().await?;
        let tables = self.tables(present.release()).await?;
        if tables.is_empty() {
            let what = format!("the keyspace `{}`", self.keyspace);
            return Err(failed(self.name, &what, "it has no tables"));
        }
        self.want_room(path).await?;
        self.clear_earlier(&present).await?;
        self.progress("reading the configuration, to see whether anybody writes meanwhile");
        let moment = Moment {
            tag: self.tag(Kind::Backup, attempt)?,
            schema: self.schema().await?,
            before: self.held(&tables).await?,
            tables,
            taken_at: Timestamp::now(),
        };
        self.progress(&format!(
            "making the snapshot `{}` on all nodes",
            moment.tag
        ));
        self.take(&present, &moment.tables, &moment.tag).await?;
        let copied = self.copy_moment(&present, &moment, path).await;
        let cleared = self.clear(&present, &moment.tag).await;
        if copied.is_err() {
            // What was copied so far is no backup, and holds secrets.
            let _ = std::fs::remove_dir_all(path);
        }
        let kept = copied?;
        if let Err(failure) = cleared {
            // What was copied is whole all the same.
            self.progress(&failure.message);
        }
        kept.write(path).map_err(|error| self.unkept(&error))?;
        let counters: Vec<&str> = kept.cassandra.counters().map(Name::as_str).collect();
        if !counters.is_empty() {
            self.progress(&format!(
                "counters of `{}` are kept as they were on each node: a restore brings them back near to what they were",
                counters.join("`, `")
            ));
        }
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        facts(path, milliseconds)
    }

    /// A backup in `path`, which is whole.
    pub(in crate::gateway::live) fn found(path: &Path) -> Result<BackupFacts, Failure> {
        facts(path, 0)
    }

    async fn copy_moment(
        &self,
        present: &Present<'a>,
        moment: &Moment,
        path: &Path,
    ) -> Result<Kept, Failure> {
        // A node that went meanwhile, or a schema that changed, and the snapshots are not of one cluster.
        self.ready().await?;
        let after = self.held(&moment.tables).await?;
        if after.content != moment.before.content {
            let message = format!(
                "the configuration of the Cassandra `{}` was changed while the snapshots were made, which are not of one moment",
                self.name
            );
            return Err(Failure::new("database.cassandra.written", message).hint(
                "keep writers away and take the backup again: `kong::freeze` with `mode: \"admin_off\"`, or stop Kong",
            ));
        }
        let mut rows = moment.before.rows.clone();
        // What traffic wrote meanwhile proves nothing later.
        rows.retain(|table, count| after.rows.get(table) == Some(count));
        self.progress("copying the snapshots off their nodes");
        let nodes = self.copy(present, &moment.tag, path).await?;
        let cluster = &present.seen[0].cluster;
        let manifest = Manifest {
            format: Manifest::FORMAT,
            cluster: cluster.name.clone(),
            partitioner: cluster.partitioner.clone(),
            release: present.release().clone(),
            keyspace: self.keyspace.clone(),
            tag: moment.tag.clone(),
            schema: moment.schema.clone(),
            tables: moment.tables.iter().cloned().collect(),
            rows,
            nodes,
        };
        self.prove(path, &manifest, true)?;
        Ok(Kept {
            taken_at: moment.taken_at,
            content: moment.before.content.clone(),
            cassandra: manifest,
        })
    }

    async fn want_room(&self, path: &Path) -> Result<(), Failure> {
        let (bytes, free) = (self.bytes().await?, space::free_bytes_to_come(path)?);
        if free >= bytes {
            return Ok(());
        }
        let message = format!("the backup wants up to {bytes} bytes, and {free} are free");
        Err(Failure::new("database.space", message)
            .hint("free some space, or name another storage in the environment file"))
    }

    /// Tells how far it is.
    pub(super) fn progress(&self, text: &str) {
        self.live.report.progress(text);
    }
}
