//! The migrations of a database that this run made out of another one: nobody uses it yet.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::super::arguments::{Options, cluster, data, nodes};
use super::super::call;
use super::lock_timeout;
use crate::primitive::{CatchUp, CopiedMoment, Intent, MigrateClone};

#[export_module]
pub(in crate::script::bindings) mod copies_module {
    /// Runs `kong migrations up` and `finish` on the cluster's database, which this run made with `database::clone_to` and which no node uses
    /// yet, with the installed `kong` of its first node. Option: `lock_timeout` (preset `"2h"`). The answer has the state of the migrations,
    /// `milliseconds`, and `changes`: what both halves changed, row by row.
    ///
    /// # Needs
    /// `kong.migrate_clone`
    /// # Effect
    /// The copy is migrated to its end. The original is not touched.
    /// # Undo
    /// None of its own: the copy is dropped.
    /// # On resume
    /// A command that is still at work is waited for, as in `kong::migrate_up`, and both halves are run again, of which one that is done
    /// does nothing.
    /// # Errors
    /// `kong.migrate_clone.unmade`: this run did not make the database. `kong.migrate_clone.running`: a node of the cluster runs.
    /// `kong.migrate_clone.failed`: Kong's own words.
    /// # Example
    /// ```rhai
    /// let green = env::cluster("green");
    /// database::clone_to(env::database("main"), green.database);
    /// kong::migrate_clone(green, #{ lock_timeout: "10m" });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn migrate_clone(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which)?;
        let mut options = Options::new(options);
        let lock_timeout = lock_timeout(&mut options)?;
        options.done()?;
        call(
            &context,
            Intent::MigrateClone(MigrateClone {
                database: found.database_name()?,
                nodes: found.administered().to_vec(),
                cluster: found.name,
                lock_timeout,
            }),
        )
    }

    /// Brings the copy of `made` what was configured in its original since: `made` is what `database::clone_to` of this run answered, or this
    /// function before. A second copy is made of the original, migrated with the installed `kong` of the first node of `which`, compared with
    /// the first moment, and dropped; rows that differ are written into the copy: deletions first, ids and hashed credentials as they are,
    /// in the order of foreign keys, and compared one by one at the end. The answer can be given to `database::unchanged`, and has `tables`
    /// as `gap::configured` has them, and `milliseconds`. Option: `lock_timeout` (preset `"2h"`).
    ///
    /// # Needs
    /// `kong.catch_up`
    /// # Effect
    /// The copy holds the original's configuration of a later moment. Nodes that run on it must be started anew: they keep what they have
    /// cached.
    /// # Undo
    /// None of its own: the copy is dropped.
    /// # On resume
    /// Done again.
    /// # Errors
    /// `kong.catch_up.conflict`: a row was also written in the copy since `gap::note_configuration`, or went with one that was taken away.
    /// `kong.catch_up.unknown`: a table that the copy does not have, or whose rows nothing identifies. `kong.catch_up.serving`: a node gets
    /// requests. `kong.catch_up.unmade`: another run made the copy. `kong.catch_up.failed`: Kong's own words.
    /// # Example
    /// ```rhai
    /// let green = env::cluster("green");
    /// let made = database::clone_to(env::database("main"), green.database);
    /// kong::migrate_clone(green, #{});
    /// let latest = kong::catch_up(made, green, #{});
    /// database::unchanged(latest);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn catch_up(
        context: NativeCallContext,
        made: Dynamic,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let CopiedMoment { sides, .. } = data("the copy", &made)?;
        let mut options = Options::new(options);
        let lock_timeout = lock_timeout(&mut options)?;
        options.done()?;
        call(
            &context,
            Intent::CatchUp(CatchUp {
                sides,
                nodes: nodes(which)?,
                lock_timeout,
            }),
        )
    }
}
