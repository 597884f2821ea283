//! `kong.db_export` and `kong.db_import`: a database as a declarative file, out of one and into another, which may be another system.

use serde::{Deserialize, Serialize};

use crate::gateway::{ExportedDatabase, Gateway};
use crate::kong::Version;
use crate::kong::migrations::Verdict;
use crate::primitive::{Effect, Failure, Intent, Primitive, Settled};

/// Exports a database into a file that is kept with the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbExport {
    /// The cluster, for messages.
    pub cluster: String,
    /// The node whose `kong` exports.
    pub node: String,
}

impl Primitive for DbExport {
    type Observed = ();
    type Outcome = ExportedDatabase;
    const VERB: &'static str = "kong.db_export";
    const EFFECT: Effect = Effect::Own;

    fn targets(&self) -> Vec<String> {
        vec![self.node.clone()]
    }

    async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<ExportedDatabase, Failure> {
        world.export_database(target).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        (): &(),
    ) -> Result<Settled<ExportedDatabase>, Failure> {
        // What is told of an export is written last.
        let exported = world.exported_database(target).await?;
        Ok(exported.map_or(Settled::NotDone, Settled::Done))
    }
}

/// Imports what was exported into a database that is bootstrapped and empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbImport {
    /// The cluster, for messages.
    pub cluster: String,
    /// The node whose `kong` imports.
    pub node: String,
    /// The cluster's database.
    pub database: String,
    /// What was exported.
    pub exported: ExportedDatabase,
}

/// What a database is before something is imported into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlace {
    /// The version of the `kong` that imports.
    pub version: Version,
    /// Whether all its migrations have run, and no others.
    pub bootstrapped: bool,
    /// Rows of configuration.
    pub rows: u64,
}

impl Primitive for DbImport {
    type Observed = ImportPlace;
    /// Rows of configuration afterwards.
    type Outcome = u64;
    const VERB: &'static str = "kong.db_import";
    const EFFECT: Effect = Effect::Change;

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<ImportPlace, Failure> {
        Ok(ImportPlace {
            version: world.installed_version(&self.node).await?,
            rows: world.exportable_rows(target).await?,
            bootstrapped: world.migration_state(&self.node).await?.verdict() == Verdict::UpToDate,
        })
    }

    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &ImportPlace,
    ) -> Result<(), Failure> {
        world.prove_database(&self.node).await?;
        let refused = |why: String, hint: &str| {
            let message = format!("nothing is imported into `{target}`: {why}");
            Err(Failure::new("kong.db_import.refused", message).hint(hint))
        };
        if observed.version != self.exported.version {
            return refused(
                format!(
                    "`{}` has Kong {} and the export is of {}",
                    self.node, observed.version, self.exported.version
                ),
                "install the version that exported, import, and upgrade afterwards",
            );
        }
        if !observed.bootstrapped {
            return refused(
                "its migrations are not those of that version".to_owned(),
                "`kong migrations bootstrap` makes the tables",
            );
        }
        if observed.rows > 0 {
            return refused(
                format!("it holds {} rows of configuration", observed.rows),
                "import into a database of its own: what is there would be mixed with what comes",
            );
        }
        Ok(())
    }

    fn undo(&self, _target: &str, _observed: &ImportPlace) -> Option<Intent> {
        None
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &ImportPlace,
    ) -> Result<u64, Failure> {
        world.import_database(&self.node, &self.exported).await?;
        world.exportable_rows(target).await
    }

    async fn settle(
        &self,
        _world: &impl Gateway,
        _target: &str,
        _: &ImportPlace,
    ) -> Result<Settled<u64>, Failure> {
        // Entities are put by their ids, so that one that is there is put again.
        Ok(Settled::Partly)
    }
}
