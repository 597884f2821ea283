//! Bringing a backup back: Kong is stopped and every node is up, what is there is kept as a snapshot, and then the stages of the plan, each
//! begun only when the one before took effect.
//!
//! Invariant: from the first table that is emptied to the rows that are counted at the end, a mark is in the storage. A restore that was cut
//! off begins again with the emptying, which makes every point the same; it takes no second snapshot, which would keep a part.

use std::collections::BTreeMap;
use std::path::Path;

use super::Cluster;
use super::kept::Kept;
use super::present::Present;
use super::restoring::Restoring;
use super::snapshot::Kind;
use crate::gateway::{BackupFacts, Failure, Kong as _};
use crate::host::cassandra::answers::{Repaired, Table, passed_over, repaired};
use crate::host::cassandra::backup::{Manifest, Verdict, verdict};
use crate::host::cassandra::plan::{Purpose, Stage};
use crate::host::cassandra::restore::{
    Effect, Loading, Obstacle, Refill, Way, create, load, refill, truncated, way,
};
use crate::host::cassandra::{Id, Name};

impl<'a> Cluster<'a> {
    /// Brings back the backup in `path`.
    pub(in crate::gateway::live) async fn restore(
        &self,
        path: &Path,
        backup: &BackupFacts,
    ) -> Result<(), Failure> {
        let kept = Kept::of(path, backup)?;
        let manifest = &kept.cassandra;
        self.prove(path, manifest, true)?;
        self.refuse_running().await?;
        let present = self.ready().await?;
        let way = self.way(manifest, &present)?;
        let restoring = self.keep_before(&present, backup).await?;
        let tables = self.make_missing(manifest, &present).await?;
        match way {
            None => self.load(path, manifest, &present).await?,
            Some(pairs) => {
                self.refill(path, manifest, &present, &pairs, &tables)
                    .await?;
            }
        }
        // Rows are read where they are found; a node that went meanwhile has not taken its own.
        self.ready().await?;
        self.prove_rows(manifest).await?;
        self.end_restoring()?;
        self.tell_losses(manifest, &restoring).await
    }

    /// Kong keeps entities in memory and writes what it likes: none of its nodes may run.
    async fn refuse_running(&self) -> Result<(), Failure> {
        for node in self.live.nodes_on(self.name).await? {
            if self.live.is_running(&node).await? {
                let message = format!(
                    "the node `{node}` runs, and uses the Cassandra `{}`",
                    self.name
                );
                return Err(Failure::new("database.in_use", message)
                    .hint("stop every node of its clusters first: `kong::stop`"));
            }
        }
        Ok(())
    }

    /// The nodes that have the tokens of those of the backup; none where rows have to be sent to where they belong now.
    fn way(
        &self,
        manifest: &Manifest,
        present: &Present<'a>,
    ) -> Result<Option<BTreeMap<Id, Id>>, Failure> {
        let obstacles = match way(manifest, &present.seen) {
            Way::Refill(pairs) => return Ok(Some(pairs)),
            Way::Load => return Ok(None),
            Way::None(obstacles) => obstacles,
        };
        let told: Vec<String> = obstacles
            .iter()
            .map(|obstacle| match obstacle {
                Obstacle::Partitioner(other) => {
                    format!(
                        "its partitioner is `{other}` and not `{}`",
                        manifest.partitioner
                    )
                }
                Obstacle::Version { files, release } => {
                    let files: Vec<&str> = files.iter().map(String::as_str).collect();
                    format!(
                        "its version {release} does not read files of `{}`",
                        files.join("`, `")
                    )
                }
                Obstacle::NoNode => "no node was asked".to_owned(),
            })
            .collect();
        let message = format!(
            "the backup cannot be brought back into the Cassandra `{}`: {}",
            self.name,
            told.join("; ")
        );
        Err(Failure::new("database.cassandra.restore", message).hint(
            "restore it into a cluster of the version and partitioner that it was taken from",
        ))
    }

    /// Keeps what is there as a snapshot, and says in the storage that a restore has begun.
    async fn keep_before(
        &self,
        present: &Present<'a>,
        backup: &BackupFacts,
    ) -> Result<Restoring, Failure> {
        let mut restoring = match self.restoring()? {
            Some(found) => found,
            None => Restoring {
                backup: String::new(),
                before: self.snapshot_before(present).await?,
            },
        };
        restoring.backup.clone_from(&backup.name);
        self.begin_restoring(&restoring)?;
        Ok(restoring)
    }

    async fn snapshot_before(
        &self,
        present: &Present<'a>,
    ) -> Result<Option<crate::host::cassandra::Tag>, Failure> {
        let tables = self.tables(present.release()).await?;
        if tables.is_empty() {
            return Ok(None);
        }
        let tag = self.tag(Kind::Before, 1)?;
        if verdict(&self.has(present, &tables, &tag).await) != Verdict::All {
            self.clear(present, &tag).await?;
            self.progress(&format!("keeping what is there as the snapshot `{tag}`"));
            self.take(present, &tables, &tag).await?;
        }
        Ok(Some(tag))
    }

    /// Makes the tables of the backup that are not there; all tables, then.
    async fn make_missing(
        &self,
        manifest: &Manifest,
        present: &Present<'a>,
    ) -> Result<Vec<Table>, Failure> {
        let tables = self.tables(present.release()).await?;
        let (id, first) = present.by;
        let stage = create(&manifest.schema, &tables, id, &Self::cqlsh(first));
        if stage.steps.is_empty() {
            return Ok(tables);
        }
        self.progress("making the tables that are gone");
        self.all_of(present, &stage).await?;
        // Nodes that disagree about a table would take its files for nothing.
        self.ready().await?;
        self.tables(present.release()).await
    }

    async fn refill(
        &self,
        path: &Path,
        manifest: &Manifest,
        present: &Present<'a>,
        pairs: &BTreeMap<Id, Id>,
        tables: &[Table],
    ) -> Result<(), Failure> {
        let (by, first) = present.by;
        let stages = refill(&Refill {
            manifest,
            pairs,
            nodes: &present.places(),
            tables,
            cqlsh: &Self::cqlsh(first),
            by,
        });
        let stages = stages.map_err(|error| self.unrestored(&error.to_string()))?;
        let [empty, look, put, refresh, repair] = &stages;
        self.empty(manifest, present, empty).await?;
        self.look(path, manifest, present, look, put).await?;
        self.progress("putting the files of the backup where they belong");
        self.put(path, manifest, present, put).await?;
        self.progress("letting the nodes take them, one after the other");
        self.all_of(present, refresh).await?;
        self.repair(present, repair).await
    }

    async fn load(
        &self,
        path: &Path,
        manifest: &Manifest,
        present: &Present<'a>,
    ) -> Result<(), Failure> {
        let (by, first) = present.by;
        let host = self.host(first).await?;
        let directory = self.live.temporary_on(&host).await.join("cassandra");
        let unusable = |error: std::io::Error| self.unreadable(first, error);
        host.remove(&directory).await.map_err(unusable)?;
        let stages = load(&Loading {
            manifest,
            nodes: &present.places(),
            by,
            directory: &directory.display().to_string(),
            cqlsh: &Self::cqlsh(first),
        });
        let [empty, put, load, repair] = &stages;
        self.empty(manifest, present, empty).await?;
        self.progress("sending rows to where they belong now");
        self.stage_all(path, manifest, &host, put).await?;
        let sent = self.carry_out(present, load).await;
        let removed = host.remove(&directory).await.map_err(unusable);
        if let Some(failure) = self.trouble(present, &sent) {
            return Err(failure);
        }
        removed?;
        self.live.tidy(&host).await;
        for printed in sent.iter().filter_map(super::carry_out::Done::printed) {
            if let Some(line) = passed_over(&printed).first() {
                return Err(self.unrestored(&format!("`sstableloader` passed files over: {line}")));
            }
        }
        self.repair(present, repair).await
    }

    async fn empty(
        &self,
        manifest: &Manifest,
        present: &Present<'a>,
        stage: &Stage,
    ) -> Result<(), Failure> {
        debug_assert_eq!(stage.purpose, Purpose::Truncate);
        self.progress("emptying the tables of the backup");
        let done = self.carry_out(present, stage).await;
        let tables: Vec<&Name> = manifest.tables.iter().map(|table| &table.name).collect();
        let now = self.counted(tables.iter().copied()).await?;
        // One that timed out may have emptied its table all the same.
        match truncated(tables, &now) {
            Effect::All => Ok(()),
            Effect::None => Err(self.untaken(present, &done, "no table is empty")),
            Effect::Part(open) => {
                let open: Vec<&str> = open.iter().map(Name::as_str).collect();
                let why = format!("not empty: `{}`", open.join("`, `"));
                Err(self.untaken(present, &done, &why))
            }
        }
    }

    async fn repair(&self, present: &Present<'a>, stage: &Stage) -> Result<(), Failure> {
        self.progress("making replicas equal");
        let done = self.carry_out(present, stage).await;
        if let Some(failure) = self.trouble(present, &done) {
            return Err(failure);
        }
        for one in &done {
            let printed = one.printed().unwrap_or_default();
            if repaired(&printed) == Repaired::Unknown {
                let node = present.nodes.get(&one.node).map_or("", |node| &node.name);
                self.progress(&format!(
                    "the repair on `{node}` does not say that it is complete: run `nodetool repair --full {}` there again",
                    self.keyspace
                ));
            }
        }
        Ok(())
    }

    /// All of a stage, or the first failure of it.
    async fn all_of(&self, present: &Present<'a>, stage: &Stage) -> Result<(), Failure> {
        let done = self.carry_out(present, stage).await;
        self.trouble(present, &done).map_or(Ok(()), Err)
    }

    fn untaken(
        &self,
        present: &Present<'a>,
        done: &[super::carry_out::Done],
        why: &str,
    ) -> Failure {
        let trouble = self.trouble(present, done);
        let trouble = trouble.map_or_else(String::new, |failure| format!("; {}", failure.message));
        self.unrestored(&format!("{why}{trouble}"))
    }

    pub(super) fn unrestored(&self, why: &str) -> Failure {
        let message = format!(
            "the Cassandra `{}` does not hold the backup: {why}",
            self.name
        );
        Failure::new("database.cassandra.restore", message)
            .hint("mend what hinders it, then `cutover retry` or restore again: it begins with empty tables")
    }
}
