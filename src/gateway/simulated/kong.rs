//! Kong's nodes and commands in the model: what they refuse, and what they let happen without a word.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Happened, Simulated, Work};
use crate::gateway::simulated::content::Content;
use crate::gateway::{
    AdminAccess, AdminStatus, Failure, Kong, MigrationRun, Stopped, StrangeNode, VerifyTier,
};
use crate::kong::Version;
use crate::kong::migrations::MigrationState;
use crate::kong::schema::{Fit, Schema, SchemaError};

impl Kong for Simulated {
    async fn installed_version(&self, node: &str) -> Result<Version, Failure> {
        self.work(Work::Command, 0);
        self.node(node, |node| node.installed)
    }

    async fn is_running(&self, node: &str) -> Result<bool, Failure> {
        self.work(Work::Command, 0);
        self.node(node, |node| node.running.is_some())
    }

    async fn start_node(&self, node: &str) -> Result<(), Failure> {
        self.work(Work::Start, 0);
        let (installed, running) = self.node(node, |node| (node.installed, node.running))?;
        if let Some(running) = running {
            if running == installed {
                return Ok(());
            }
            let message = format!(
                "`{node}` was started and is not ready: it runs {running} and {installed} is installed"
            );
            return Err(Failure::new("kong.start.not_ready", message)
                .hint("look into its error log, `logs/error.log` under its prefix"));
        }
        if self.node(node, |node| node.declared.is_some())? {
            return self.start_declared(node, installed);
        }
        let fit = self.schema_of(node, |schema| schema.fit(&installed))?;
        // An older version on a finished newer schema starts without a word, as Kong does.
        if fit == Fit::RefusesToStart {
            let message = format!(
                "kong start on `{node}`: New migrations available; run 'kong migrations up' to proceed (exit code 1)"
            );
            return Err(Failure::new("kong.command", message));
        }
        self.now_runs(node, installed)
    }

    async fn stop_node(&self, node: &str, _patience: Duration) -> Result<Stopped, Failure> {
        if self.node(node, |node| node.running.is_none())? {
            self.work(Work::Command, 0);
            return Ok(Stopped::WasNotRunning);
        }
        self.work(Work::Stop, 0);
        self.change_node(node, |node| node.running = None)?;
        self.happen(Happened::Stopped {
            node: node.to_owned(),
        });
        Ok(Stopped::Gracefully)
    }

    async fn reload_node(&self, node: &str) -> Result<(), Failure> {
        self.work(Work::Reload, 0);
        if self.node(node, |node| node.running.is_some())? {
            return Ok(());
        }
        Err(Failure::new(
            "kong.command",
            format!("kong reload on `{node}`: Kong is not running (exit code 1)"),
        ))
    }

    async fn admin_access(&self, node: &str) -> Result<AdminAccess, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |node| node.admin)
    }

    async fn close_admin(&self, node: &str) -> Result<(), Failure> {
        let access = self.node(node, |node| node.admin)?;
        if access
            == (AdminAccess::Open {
                told_elsewhere: false,
            })
        {
            return Err(AdminAccess::nothing_tells(node));
        }
        if self.node(node, |node| node.running.is_some())? {
            self.work(Work::Reload, 0);
        }
        self.change_node(node, |node| node.admin = AdminAccess::Closed)
    }

    async fn open_admin(&self, node: &str) -> Result<(), Failure> {
        let (access, running) = self.node(node, |node| (node.admin, node.running.is_some()))?;
        if access != AdminAccess::Closed {
            return Ok(());
        }
        if running {
            self.work(Work::Reload, 0);
        }
        self.change_node(node, |node| node.admin = AdminAccess::default())
    }

    async fn file_digests(&self, node: &str) -> Result<BTreeMap<String, String>, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |node| node.files.clone())
    }

    async fn check_configuration(&self, node: &str) -> Result<(), Failure> {
        self.work(Work::Command, 0);
        let refused = self.node(node, |node| {
            node.refuses_configuration.get(&node.installed).cloned()
        })?;
        refused.map_or(Ok(()), |words| {
            Err(Failure::new(
                "kong.command",
                format!("kong check on `{node}`: {words} (exit code 1)"),
            ))
        })
    }

    async fn clock_ahead(&self, node: &str) -> Result<i64, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |_| 0)
    }

    async fn admin_status(&self, node: &str) -> Result<AdminStatus, Failure> {
        self.work(Work::Look, 0);
        let (running, stand_in) = self.node(node, |node| (node.running, node.stand_in))?;
        let version = running.ok_or_else(|| not_answering(node))?;
        let database = self.node(node, |node| node.database.clone())?;
        let reachable = |name: String| self.database(&name, |_| ()).is_ok();
        Ok(AdminStatus {
            version,
            database_reachable: database.is_none_or(reachable),
            configuration_hash: self.configuration_hash(node)?,
            stand_in,
        })
    }

    async fn entities(&self, node: &str) -> Result<BTreeMap<String, u64>, Failure> {
        self.work(Work::Look, 0);
        if self.node(node, |node| node.running.is_none())? {
            return Err(not_answering(node));
        }
        if let Some(declared) = self.node(node, |node| node.declared.clone())? {
            return self.declared_entities(node, declared);
        }
        let database = self.database_of(node)?;
        self.database(&database, |database| database.entities.clone())
    }

    async fn prove_database(&self, node: &str) -> Result<(), Failure> {
        self.work(Work::Command, 0);
        let (uses, named) = self.node(node, |node| {
            (node.database.clone(), node.cluster_database.clone())
        })?;
        if uses == named {
            return Ok(());
        }
        let message = format!(
            "the node `{node}` does not use the database `{}`: its settings lead to {}",
            named.unwrap_or_default(),
            uses.map_or_else(|| "another one".to_owned(), |uses| format!("`{uses}`"))
        );
        Err(Failure::new("kong.wrong_database", message).hint(
            "compare `pg_*` in its kong.conf and its KONG_PG_* variables with `[databases]` of the environment file",
        ))
    }

    async fn nodes_on(&self, database: &str) -> Result<Vec<String>, Failure> {
        Ok(self.look(|state| {
            let nodes = state.world.nodes.iter();
            let there = nodes.filter(|(_, node)| {
                node.declared.is_none() && node.cluster_database.as_deref() == Some(database)
            });
            there.map(|(name, _)| name.clone()).collect()
        }))
    }

    async fn strange_nodes(&self, node: &str) -> Result<Vec<StrangeNode>, Failure> {
        self.work(Work::Command, 0);
        self.node(node, |node| node.strange.clone())
    }

    async fn migration_state(&self, node: &str) -> Result<MigrationState, Failure> {
        self.work(Work::Command, 0);
        let installed = self.node(node, |node| node.installed)?;
        self.schema_of(node, |schema| schema.seen_by(&installed))
    }

    async fn migrations_up(
        &self,
        node: &str,
        _lock_timeout: Duration,
    ) -> Result<MigrationRun, Failure> {
        self.migrate(node, Half::Up)
    }

    async fn migrations_finish(
        &self,
        node: &str,
        _lock_timeout: Duration,
    ) -> Result<MigrationRun, Failure> {
        self.migrate(node, Half::Finish)
    }
}

/// The two halves of Kong's migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Up,
    Finish,
}

impl Simulated {
    pub(super) fn now_runs(&self, node: &str, version: Version) -> Result<(), Failure> {
        self.change_node(node, |node| node.running = Some(version))?;
        self.happen(Happened::Started {
            node: node.to_owned(),
            version,
        });
        Ok(())
    }

    fn migrate(&self, node: &str, half: Half) -> Result<MigrationRun, Failure> {
        let database = self.database_of(node)?;
        self.want_postgres(&database)?;
        let (bytes, locked) = self.database(&database, |database| {
            (database.bytes, database.migration_lock)
        })?;
        let (work, name) = match half {
            Half::Up => (Work::MigrateUp, "up"),
            Half::Finish => (Work::MigrateFinish, "finish"),
        };
        self.work(work, bytes);
        if locked {
            // Kong says so, does nothing, and exits 0.
            return Ok(MigrationRun {
                aborted: true,
                error: None,
            });
        }
        let installed = self.node(node, |node| node.installed)?;
        let before = self.database(&database, Content::of)?;
        let broken =
            half == Half::Up && self.change(|state| std::mem::take(&mut state.up_breaks_off));
        if broken {
            self.change_database(&database, |database| database.schema.begin_up(&installed))?;
            self.happen(Happened::MigratedUp {
                proven_backup: self.is_proven(&database, Some(&before)),
                schema: self.database(&database, |database| database.schema.clone())?,
                database,
                whole: false,
            });
            return Ok(MigrationRun {
                aborted: false,
                error: Some("`kong migrations up` ended with signal 9".to_owned()),
            });
        }
        let done = self.change_database(&database, |database| match half {
            Half::Up => database.schema.up(&installed),
            Half::Finish => database.schema.finish(&installed),
        })?;
        if let Err(error) = done {
            let words = match (half, error) {
                (Half::Finish, SchemaError::Empty) | (Half::Up, _) => error.to_string(),
                (Half::Finish, SchemaError::Pending) => {
                    format!("`kong migrations {name}` ended with exit code 1")
                }
            };
            return Ok(MigrationRun {
                aborted: false,
                error: Some(words),
            });
        }
        let changed = self.database(&database, |now| now.schema != before.schema)?;
        if changed {
            let schema = self.database(&database, |database| database.schema.clone())?;
            self.happen(match half {
                Half::Up => Happened::MigratedUp {
                    proven_backup: self.is_proven(&database, Some(&before)),
                    database,
                    schema,
                    whole: true,
                },
                Half::Finish => Happened::Finished {
                    proven_backup: self.is_proven(&database, None),
                    database,
                    schema,
                },
            });
        }
        Ok(MigrationRun {
            aborted: false,
            error: None,
        })
    }

    /// Whether a backup of `database` was proven by restoring it; with `content`, one that holds exactly that.
    fn is_proven(&self, database: &str, content: Option<&Content>) -> bool {
        self.look(|state| {
            // Of a copy that was proven when it was made, the original is there.
            state.gaps.contains_key(database)
                || state.backups.values().any(|backup| {
                    backup.database == database
                        && backup.proven == Some(VerifyTier::Restore)
                        && content.is_none_or(|content| backup.content == *content)
                })
        })
    }

    /// The database that a node really uses.
    pub(super) fn database_of(&self, node: &str) -> Result<String, Failure> {
        self.node(node, |node| node.database.clone())?
            .ok_or_else(|| {
                Failure::new(
                    "kong.command",
                    format!("`{node}` uses a database that is not in this world"),
                )
            })
    }

    fn schema_of<T>(&self, node: &str, look: impl FnOnce(&Schema) -> T) -> Result<T, Failure> {
        let database = self.database_of(node)?;
        self.database(&database, |database| look(&database.schema))
    }
}

pub(super) fn not_answering(node: &str) -> Failure {
    Failure::new(
        "kong.admin.unreachable",
        format!("the Admin API of `{node}` does not answer: Connection refused (os error 111)"),
    )
}
