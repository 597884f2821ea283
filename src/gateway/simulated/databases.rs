//! Databases, backups and copies in the model.

use std::time::Duration;

use super::content::{Content, Copy, sum};
use super::state::{Kept, missing};
use super::{Happened, Simulated, Work};
use crate::gateway::{
    BackupFacts, BaselineFacts, ContentDigest, DatabaseFacts, Databases, Failure, KongSessions,
    ScratchCopy, ScratchPlace, Since, VerifyTier, WriteDenial, Writes,
};
use crate::kong::changes::VisibleRows;
use crate::kong::migrations::Names;
use crate::kong::rows::Row;

impl Databases for Simulated {
    async fn database_facts(&self, database: &str) -> Result<DatabaseFacts, Failure> {
        self.work(Work::Look, 0);
        self.database(database, |database| DatabaseFacts {
            server_version: database.server_version.clone(),
            bytes: database.bytes,
            free_bytes: database.free_bytes,
            sessions: database.sessions,
            swap_obstacles: database.swap_obstacles.clone(),
        })
    }

    async fn content_digest(&self, database: &str) -> Result<ContentDigest, Failure> {
        let (digest, bytes) = self.database(database, |database| {
            (Content::of(database).digest(), database.bytes)
        })?;
        self.work(Work::Digest, bytes);
        Ok(digest)
    }

    async fn back_up(&self, database: &str) -> Result<BackupFacts, Failure> {
        let (content, bytes, free) = self.database(database, |database| {
            (Content::of(database), database.bytes, database.free_bytes)
        })?;
        if free < bytes {
            let message = format!("the backup wants up to {bytes} bytes, and {free} are free");
            return Err(Failure::new("database.space", message)
                .hint("free some space, or name another storage in the environment file"));
        }
        let begun = self.look(|state| state.now);
        self.work(Work::Backup, bytes);
        let facts = self.change(|state| {
            let attempt = 1 + state
                .backups
                .values()
                .filter(|kept| kept.database == database && kept.step == state.step)
                .count();
            let name = format!("{database}-planned-{}-{attempt}", state.step);
            let took = state.now.duration_since(begun).as_millis();
            let facts = BackupFacts {
                manifest: sum(name.as_bytes()),
                name: name.clone(),
                taken_at: begun,
                content: content.digest(),
                rows: content.entities.values().sum(),
                bytes,
                milliseconds: u64::try_from(took).unwrap_or_default(),
            };
            let kept = Kept {
                database: database.to_owned(),
                step: state.step,
                facts: facts.clone(),
                content,
                proven: None,
            };
            state.backups.insert(name, kept);
            if let Some(database) = state.world.databases.get_mut(database) {
                database.free_bytes -= bytes;
            }
            facts
        });
        self.happen(Happened::BackedUp {
            database: database.to_owned(),
        });
        Ok(facts)
    }

    async fn find_backup(&self, database: &str) -> Result<Option<BackupFacts>, Failure> {
        self.work(Work::Look, 0);
        Ok(self.look(|state| {
            state
                .backups
                .values()
                .find(|kept| kept.database == database && kept.step == state.step)
                .map(|kept| kept.facts.clone())
        }))
    }

    async fn verify_backup(
        &self,
        database: &str,
        backup: &BackupFacts,
        tier: VerifyTier,
        keep: Option<&str>,
    ) -> Result<(), Failure> {
        if tier == VerifyTier::Restore {
            self.want_postgres(database)?;
        }
        let content = self.content_of(backup)?;
        let work = match tier {
            VerifyTier::Checksum | VerifyTier::Decode => Work::Verify,
            VerifyTier::Restore => Work::Restore,
        };
        self.work(work, backup.bytes);
        self.change(|state| {
            if let Some(kept) = state.backups.get_mut(&backup.name) {
                kept.proven = kept.proven.max(Some(tier));
            }
            if let Some(copy) = keep.filter(|_| tier == VerifyTier::Restore) {
                let database = database.to_owned();
                state
                    .copies
                    .insert(copy.to_owned(), Copy { database, content });
            }
        });
        if tier == VerifyTier::Restore {
            self.happen(Happened::Copied {
                database: database.to_owned(),
            });
        }
        Ok(())
    }

    async fn scratch_place(&self, database: &str) -> Result<ScratchPlace, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        let (scratch, free) =
            self.database(database, |found| (found.scratch.clone(), found.free_bytes))?;
        let name = scratch.ok_or_else(|| {
            let message = format!("nobody says where a rehearsal of `{database}` may run");
            Failure::new("database.scratch.unknown", message)
        })?;
        Ok(ScratchPlace {
            same_server: name == database,
            free_bytes: (name == database).then_some(free),
            database: name,
        })
    }

    async fn clone_backup(
        &self,
        database: &str,
        backup: &BackupFacts,
        copy: &ScratchCopy,
    ) -> Result<(), Failure> {
        self.want_postgres(database)?;
        let content = self.content_of(backup)?;
        self.work(Work::Restore, backup.bytes);
        self.change(|state| {
            if let Some(kept) = state.backups.get_mut(&backup.name) {
                kept.proven = Some(VerifyTier::Restore);
            }
            let database = database.to_owned();
            state
                .copies
                .insert(copy.copy.clone(), Copy { database, content });
        });
        self.happen(Happened::Copied {
            database: copy.database.clone(),
        });
        Ok(())
    }

    async fn visible_rows(&self, database: &str) -> Result<VisibleRows, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        // The model counts rows and knows none of them.
        self.database(database, |_| VisibleRows::new())
    }

    async fn rows(&self, database: &str, _table: &str) -> Result<Vec<Row>, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |_| Vec::new())
    }

    async fn has_copy(&self, _database: &str, copy: &str) -> Result<bool, Failure> {
        self.work(Work::Look, 0);
        Ok(self.look(|state| state.copies.contains_key(copy)))
    }

    async fn drop_copy(&self, database: &str, copy: &str) -> Result<(), Failure> {
        self.want_postgres(database)?;
        self.work(Work::Drop, 0);
        self.change(|state| state.copies.remove(copy));
        Ok(())
    }

    async fn restore_database(
        &self,
        database: &str,
        backup: &BackupFacts,
        copy: Option<&str>,
        retired: &str,
    ) -> Result<(), Failure> {
        let content = self.content_of(backup)?;
        self.want_stopped(database)?;
        let obstacles = self.database(database, |database| database.swap_obstacles.clone())?;
        if !obstacles.is_empty() {
            let message = format!("`{database}` cannot be swapped: {}", obstacles.join("; "));
            return Err(Failure::new("database.in_use", message));
        }
        let ready = copy.filter(|copy| {
            self.look(|state| {
                state
                    .copies
                    .get(*copy)
                    .is_some_and(|copy| copy.content == content)
            })
        });
        if ready.is_none() {
            self.work(Work::Restore, backup.bytes);
        }
        self.work(Work::Swap, 0);
        let lost = self.change_database(database, |database| {
            // A newer backup that is restored after an older one loses nothing.
            let lost = database.writes.saturating_sub(content.writes);
            let live = Content::of(database);
            content.put_into(database);
            (live, lost)
        })?;
        let (live, lost_writes) = lost;
        self.change(|state| {
            if let Some(copy) = ready {
                state.copies.remove(copy);
            }
            let database = database.to_owned();
            let content = live;
            state
                .copies
                .insert(retired.to_owned(), Copy { database, content });
        });
        self.happen(Happened::Restored {
            database: database.to_owned(),
            lost_writes,
            schema: self.database(database, |database| database.schema.clone())?,
        });
        Ok(())
    }

    async fn take_baseline(&self, database: &str) -> Result<BaselineFacts, Failure> {
        self.want_postgres(database)?;
        let (content, bytes) =
            self.database(database, |database| (Content::of(database), database.bytes))?;
        self.work(Work::Digest, bytes);
        Ok(self.change(|state| {
            let name = format!("{database}-planned-{}", state.step);
            let facts = BaselineFacts {
                digest: content.digest().configuration,
                name: name.clone(),
                taken_at: state.now,
            };
            state.baselines.insert(name, content);
            facts
        }))
    }

    async fn writes_since(&self, database: &str, since: &Since) -> Result<Writes, Failure> {
        self.want_postgres(database)?;
        let before = match since {
            Since::Backup(backup) => self.content_of(backup)?,
            Since::Baseline(baseline) => self
                .look(|state| state.baselines.get(&baseline.name).cloned())
                .ok_or_else(|| missing("baseline", &baseline.name))?,
        };
        let (now, bytes) =
            self.database(database, |database| (Content::of(database), database.bytes))?;
        self.work(Work::Digest, bytes);
        Ok(Writes {
            configuration: now.written_since(&before),
            traffic: Vec::new(),
        })
    }

    async fn pending_migrations(&self, database: &str) -> Result<Names, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |database| database.schema.pending.clone())
    }

    async fn await_no_migration_session(&self, database: &str) -> Result<u64, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |_| 0)
    }

    async fn migration_lock(&self, database: &str) -> Result<bool, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |database| database.migration_lock)
    }

    async fn clear_migration_lock(&self, database: &str) -> Result<(), Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.change_database(database, |database| database.migration_lock = false)
    }

    async fn kong_sessions(&self, database: &str) -> Result<KongSessions, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |database| database.kong_sessions.clone())
    }

    async fn write_denial(&self, database: &str) -> Result<WriteDenial, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |database| database.write_denial)
    }

    async fn is_fenced(&self, database: &str) -> Result<bool, Failure> {
        self.work(Work::Look, 0);
        let found = self.look(|state| {
            state
                .world
                .databases
                .get(database)
                .map(|found| found.fenced)
        });
        found.ok_or_else(|| missing("database", database))
    }

    async fn set_fence(&self, database: &str, closed: bool) -> Result<(), Failure> {
        self.work(Work::Look, 0);
        let found = self.change(|state| {
            let found = state.world.databases.get_mut(database);
            found.map(|found| found.fenced = closed)
        });
        found.ok_or_else(|| missing("database", database))
    }

    async fn set_write_denial(&self, database: &str, denial: WriteDenial) -> Result<(), Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.change_database(database, |database| database.write_denial = denial)
    }

    async fn long_transactions(
        &self,
        database: &str,
        _age: Duration,
    ) -> Result<Vec<String>, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |database| database.long_transactions.clone())
    }
}

impl Simulated {
    /// What a backup holds, which must be one of this world's.
    fn content_of(&self, backup: &BackupFacts) -> Result<Content, Failure> {
        self.look(|state| {
            state
                .backups
                .get(&backup.name)
                .filter(|kept| kept.facts.manifest == backup.manifest)
                .map(|kept| kept.content.clone())
        })
        .ok_or_else(|| {
            Failure::new(
                "database.backup.manifest",
                format!("there is no backup `{}` in this world", backup.name),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::gateway::simulated::{Database, Durations, World};
    use crate::kong::Version;
    use crate::kong::schema::Schema;

    fn world() -> Simulated {
        let database: Database = serde_json::from_value(serde_json::json!({
            "server_version": "15", "bytes": 1, "free_bytes": 100,
            "schema": Schema::of(&Version::new(2, 8, 5)), "entities": {},
        }))
        .expect("a database");
        let world = World {
            format: 1,
            environment: "one".to_owned(),
            observed_at: jiff::Timestamp::UNIX_EPOCH,
            nodes: BTreeMap::new(),
            databases: BTreeMap::from([("main".to_owned(), database)]),
            unlisted: BTreeMap::new(),
            practice_files: BTreeMap::new(),
        };
        Simulated::new(world, Durations::built_in())
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().expect("nothing is waited for")
    }

    #[test]
    fn a_newer_backup_after_an_older_one_loses_nothing() {
        let world = world();
        let older = now(world.back_up("main")).expect("taken");
        world.interfere(|world| {
            for database in world.databases.values_mut() {
                database.writes += 1;
            }
        });
        let newer = now(world.back_up("main")).expect("taken");
        now(world.restore_database("main", &older, None, "first")).expect("restored");
        now(world.restore_database("main", &newer, None, "second")).expect("restored");
        let lost: Vec<u64> = world
            .happened()
            .into_iter()
            .filter_map(|happening| match happening.what {
                Happened::Restored { lost_writes, .. } => Some(lost_writes),
                _ => None,
            })
            .collect();
        assert_eq!(lost, [1, 0]);
    }
}
