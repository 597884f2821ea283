//! A database as a declarative file: out of one, and into another.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::super::arguments::{cluster, data};
use super::super::environment::Cluster;
use super::super::{call, wrong_argument};
use crate::gateway::ExportedDatabase;
use crate::primitive::{DbExport, DbImport, Intent};

/// The node whose `kong` is used: the first that reads the database.
fn first(cluster: &Cluster) -> Result<String, Box<EvalAltResult>> {
    cluster.administered().first().cloned().ok_or_else(|| {
        wrong_argument(
            format!("the cluster `{}` has no nodes", cluster.name),
            "name them in the environment file",
        )
    })
}

#[export_module]
pub(in crate::script::bindings) mod exports_module {
    /// Exports the database of a cluster (`kong config db_export`) with the first node's `kong`, into a file that is kept with the run and for nobody
    /// else to read. Answers `node`, `version`, `digest`, `bytes`, and `left_behind`: the tables with rows that are not in it, each with `table`,
    /// `rows` and `why`. It is the way from Cassandra to PostgreSQL: what was exported is imported there by `kong::db_import`.
    ///
    /// # Needs
    /// `kong.db_export`
    /// # Effect
    /// A file of the run. It holds credentials and private keys.
    /// # Undo
    /// None: it is kept, whatever becomes of the run.
    /// # On resume
    /// Not repeated where it was exported.
    /// # Errors
    /// `kong.command`: `kong` refused; the message has its words. `storage.unusable`.
    /// # Example
    /// ```rhai
    /// let exported = kong::db_export(env::cluster("practice"));
    /// for left in exported.left_behind { run::note(`${left.table}: ${left.why}`); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn db_export(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cluster = cluster(which)?;
        let intent = DbExport {
            node: first(&cluster)?,
            cluster: cluster.name,
        };
        call(&context, Intent::DbExport(intent))
    }

    /// Imports what `kong::db_export` answered into the database of a cluster (`kong config db_import`), with the first node's `kong`: into a
    /// database that is bootstrapped by the version that exported and holds no configuration. Answers how many rows of configuration it has then.
    ///
    /// # Needs
    /// `kong.db_import`
    /// # Effect
    /// The database holds what was exported. Nodes that run there take it for their configuration.
    /// # Undo
    /// None: to begin anew, the database is dropped and bootstrapped.
    /// # On resume
    /// Repeated: entities are put by their ids.
    /// # Errors
    /// `kong.db_import.refused`: another version, no bootstrap, or a database that holds configuration. `kong.wrong_database`,
    /// `kong.command`, `storage.changed`.
    /// # Example
    /// ```rhai
    /// let exported = kong::db_export(env::cluster("practice"));
    /// kong::db_import(env::cluster("green"), exported);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn db_import(
        context: NativeCallContext,
        which: Dynamic,
        exported: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cluster = cluster(which)?;
        let exported: ExportedDatabase = data("the export", &exported)?;
        let intent = DbImport {
            node: first(&cluster)?,
            database: cluster.database_name()?,
            cluster: cluster.name,
            exported,
        };
        call(&context, Intent::DbImport(intent))
    }
}
