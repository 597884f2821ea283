//! The migrations of a cluster's database.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::super::arguments::{Options, cluster, data, node, nodes};
use super::super::{call, wrong_argument};
use crate::primitive::{
    BackupFacts, CheckLeftovers, Finish, Intent, MigrateBeside, MigrateUp, Migrations, Restore,
};

/// How long Kong's lock on migrations lasts unless the playbook says otherwise. It is not renewed while a migration runs.
const LOCK_TIMEOUT: &str = "2h";

/// The least that it may last, in seconds: a busy server takes its time over the smallest migration.
const LEAST_LOCK_TIMEOUT: u64 = 120;

/// How long nodes must have served before the point of no return, unless the playbook says otherwise.
const BAKE: &str = "30m";

/// How far apart two looks at the sessions are: Kong asks its database for changes every five seconds.
const UPDATE_INTERVAL: &str = "5s";

/// How many looks at the sessions there are.
const SAMPLES: i64 = 3;

/// The option `lock_timeout`, in whole seconds as Kong's command line wants it.
pub(super) fn lock_timeout(options: &mut Options) -> Result<u64, Box<EvalAltResult>> {
    let seconds = options
        .duration("lock_timeout", LOCK_TIMEOUT)?
        .div_ceil(1_000);
    if seconds < LEAST_LOCK_TIMEOUT {
        return Err(wrong_argument(
            format!(
                "`lock_timeout` is {seconds} s, and Kong's lock is to last {LEAST_LOCK_TIMEOUT} s at least"
            ),
            "three times what the migration took in a rehearsal",
        ));
    }
    Ok(seconds)
}

/// The option `backup`, which there is no going on without.
fn backup(options: &mut Options, example: &str) -> Result<BackupFacts, Box<EvalAltResult>> {
    let missing = || {
        wrong_argument(
            "the option `backup` is missing: it is the way back",
            example,
        )
    };
    data("`backup`", &options.take("backup").ok_or_else(missing)?)
}

/// The option `copy`; nothing where it is `()`.
fn copy(options: &mut Options) -> Result<Option<String>, Box<EvalAltResult>> {
    let copy = options.take("copy").filter(|copy| !copy.is_unit());
    copy.map(|copy| data("`copy`", &copy)).transpose()
}

#[export_module]
pub(in crate::script::bindings) mod migrations_module {
    /// The state of the migrations as the installed `kong` sees it: `executed`, `pending` and `new` by subsystem.
    ///
    /// # Needs
    /// `kong.migrations`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `kong.migrations.list`
    /// # Example
    /// ```rhai
    /// let state = kong::migrations(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn migrations(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Migrations(Migrations { node: node(which)? }),
        )
    }

    /// Makes sure that no earlier upgrade left something behind: pending migrations, Kong's lock, a long transaction, a node of Kong that
    /// works on the database and is not listed. Option: `to`, the version that an upgrade is about to go to; what an earlier upgrade to the same version left pending is then no obstacle,
    /// since `kong::migrate_up` goes on with it.
    ///
    /// # Needs
    /// `kong.check_leftovers`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `kong.leftovers.migrations`, `kong.leftovers.pending`, `kong.leftovers.lock`, `kong.leftovers.transaction`,
    /// `kong.leftovers.unlisted`.
    /// # Example
    /// ```rhai
    /// kong::check_leftovers(env::cluster("practice"), #{ to: "3.4.2" });
    /// ```
    #[rhai_fn(name = "check_leftovers", return_raw, volatile)]
    pub fn check_leftovers_before(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which.clone())?;
        let (name, database) = (found.name.clone(), found.database_name()?);
        let all = nodes(which.clone())?;
        let mut options = Options::new(options);
        let to = options.take("to").map(|to| data("`to`", &to)).transpose()?;
        options.done()?;
        call(
            &context,
            Intent::CheckLeftovers(CheckLeftovers {
                cluster: name,
                node: node(which)?,
                nodes: all,
                database,
                to,
            }),
        )
    }

    /// Makes sure that no earlier upgrade left something behind, before no upgrade in particular.
    ///
    /// # Needs
    /// `kong.check_leftovers`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// The same, and `kong.leftovers.pending` whatever version left it.
    /// # Example
    /// ```rhai
    /// kong::check_leftovers(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check_leftovers(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        check_leftovers_before(context, which, Map::new())
    }

    /// Runs `kong migrations up` with the first node's `kong`. Options: `backup` (required), what `database::backup` answered; `copy`,
    /// the standby that `database::verify` kept; `lock_timeout`, how long Kong's own lock lasts (preset `"2h"`, 120 s at least): it is not
    /// renewed, so name three times what the migration took in a rehearsal.
    /// Answers the state of the migrations, and under `baseline` the name of what was kept to tell later writes from.
    ///
    /// # Needs
    /// `kong.migrate_up`, and `database.restore` for its undo
    /// # Effect
    /// The database has the schema of the installed version; migrations with a second half are pending.
    /// # Undo
    /// The database is swapped for the standby copy, or for the restored backup. `cutover rollback --way repackage` leaves it instead,
    /// before `kong::finish` and where the old version is known to serve on it.
    /// # On resume
    /// A command that is still at work is waited for, as long as the lock lasts; on the way back it is ended. Once no session of it is left,
    /// `kong migrations list` tells whether it is done; if not, it is run again.
    /// # Errors
    /// `kong.migrate_up.stale_backup`: the database is not what the backup holds. `kong.migrate_up.locked`. `kong.migrate_up.half`: a
    /// killed `up` cannot be gone on with. `kong.migrate_up.failed`.
    /// `kong.wrong_database`.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// let backup = database::backup(cluster.database);
    /// kong::migrate_up(cluster, #{ backup: backup });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn migrate_up(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which.clone())?;
        let mut options = Options::new(options);
        let backup = backup(
            &mut options,
            "kong::migrate_up(cluster, #{ backup: backup })",
        )?;
        let copy = copy(&mut options)?;
        let lock_timeout = lock_timeout(&mut options)?;
        options.done()?;
        let up = MigrateUp {
            database: found.database_name()?,
            cluster: found.name,
            node: node(which)?,
            backup,
            copy,
            lock_timeout,
        };
        call(&context, Intent::MigrateUp(up))
    }

    /// Runs `kong migrations up` with the first node's `kong` of `which`, while the nodes of `serving` go on serving on the same database. Options:
    /// `backup` (required), what `database::backup` answered: it is for `kong::finish`, since this step's own way back brings nothing
    /// back; `lock_timeout`, as in `kong::migrate_up`. Only for pairs of versions of which it is known that the older one serves on what `up`
    /// of the newer one makes: patches, 2.8.2+ to 3.0–3.4, 3.4 to 3.5–3.9. The answer is that of `kong::migrate_up`.
    ///
    /// # Needs
    /// `kong.migrate_beside`
    /// # Effect
    /// The database has the schema of the new version; migrations with a second half are pending.
    /// # Undo
    /// Nothing is brought back: what `up` made stays, for the side that serves on it, and the end of the run says so. Refused once the
    /// migrations were finished and nothing brought the backup back.
    /// # On resume
    /// That of `kong::migrate_up`.
    /// # Errors
    /// `kong.migrate_beside.unknown`: it is not known whether the older version serves then. `kong.migrate_beside.mixed`: the nodes that
    /// serve have different versions. Those of `kong::migrate_up`.
    /// # Example
    /// ```rhai
    /// let blue = env::cluster("blue");
    /// let backup = database::backup(blue.database);
    /// kong::migrate_beside(env::cluster("green"), blue, #{ backup: backup });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn migrate_beside(
        context: NativeCallContext,
        which: Dynamic,
        serving: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let (found, other) = (cluster(which.clone())?, cluster(serving.clone())?);
        let database = found.database_name()?;
        if other.database_name()? != database {
            return Err(wrong_argument(
                format!(
                    "`{}` and `{}` have different databases",
                    found.name, other.name
                ),
                "two sides with a database each are for `database::clone_to` and `kong::migrate_clone`",
            ));
        }
        let mut options = Options::new(options);
        let backup = backup(
            &mut options,
            "kong::migrate_beside(green, blue, #{ backup: backup })",
        )?;
        let lock_timeout = lock_timeout(&mut options)?;
        options.done()?;
        let up = MigrateBeside {
            cluster: found.name,
            node: node(which)?,
            database,
            from_nodes: nodes(serving)?,
            backup,
            lock_timeout,
        };
        call(&context, Intent::MigrateBeside(up))
    }

    /// Runs `kong migrations finish` with the first node's `kong`: the point of no return for the old version. Options: `bake`, how long
    /// each node must have been in rotation (preset `"30m"`); `samples` and `interval`, how often and how far apart the sessions on the
    /// database are looked at (presets 3 and `"5s"`, Kong's own `db_update_frequency`); `lock_timeout`, as in `kong::migrate_up`;
    /// `backup` and `copy`, as there, where it was `kong::migrate_beside` that migrated: they are what the way back brings back.
    ///
    /// Refuses unless the run's journal and the world prove all of this: every node runs the installed version; since it was last
    /// started each was polled while drained, admitted, polled again, and has been in rotation for `bake`; the configuration was
    /// compared after `up`; the installed `kong` and the schema's revision are those of `up`; no node that the environment does not
    /// list works on the database, by process and by session, nor one of another cluster that has it. What cannot be seen, as behind a pooler, a person is asked about.
    ///
    /// # Needs
    /// `kong.finish`
    /// # Effect
    /// No migration is pending; an old node on this database loses what was removed.
    /// # Undo
    /// None of its own: covered by the undo of `kong::migrate_up`. With `backup`, the database is swapped for the copy, or for the restored
    /// backup, unless nothing was finished.
    /// # On resume
    /// A command that is still at work is waited for, as in `kong::migrate_up`. Once no session of it is left, it is run again unless
    /// nothing is pending.
    /// # Errors
    /// `kong.finish.unproven`: what is missing, by name. `kong.finish.old_node`, `kong.finish.other_binary`,
    /// `kong.finish.other_revision`, `kong.finish.failed`, `kong.wrong_database`, `argument.value`.
    /// # Example
    /// ```rhai
    /// kong::finish(env::cluster("practice"), #{ bake: "30m" });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn finish(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which.clone())?;
        let mut options = Options::new(options);
        let lock_timeout = lock_timeout(&mut options)?;
        let bake = options.duration("bake", BAKE)?;
        let interval = options.duration("interval", UPDATE_INTERVAL)?;
        let samples = options.number("samples")?.unwrap_or(SAMPLES);
        let way_back = options.take("backup");
        let copy = copy(&mut options)?;
        options.done()?;
        let samples = u32::try_from(samples).ok().filter(|samples| *samples > 0);
        let samples = samples.ok_or_else(|| wrong_argument("`samples` is 1 or more", "3"))?;
        let database = found.database_name()?;
        let way_back = way_back
            .map(|backup| {
                Ok::<_, Box<EvalAltResult>>(Box::new(Restore {
                    database: database.clone(),
                    backup: data("`backup`", &backup)?,
                    copy,
                    finished_by: Some(node(which.clone())?),
                }))
            })
            .transpose()?;
        call(
            &context,
            Intent::Finish(Finish {
                way_back,
                nodes: found.administered().to_vec(),
                data_planes: found.data_planes().to_vec(),
                cluster: found.name,
                database,
                lock_timeout,
                bake,
                samples,
                interval,
            }),
        )
    }
}
