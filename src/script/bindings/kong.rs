//! `kong`: nodes, their configuration and the migrations of their database.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::arguments::{Options, cluster, data, node, nodes};
use super::{call, wrong_argument};
use crate::primitive::{
    CheckConfiguration, CheckLeftovers, Compare, Entities, Finish, Freeze, FreezeMode, Health,
    Intent, MigrateUp, Migrations, ProveDatabase, Reload, Start, Status, Stop, Thaw, Version,
};

/// How long Kong's lock on migrations lasts unless the playbook says otherwise. It is not renewed while a migration runs.
const LOCK_TIMEOUT: &str = "2h";

#[export_module]
pub(super) mod kong {
    /// The version of the installed `kong` command: of one node as a text, of several as a map by node.
    ///
    /// # Needs
    /// `kong.version`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `kong.version`: the command tells no version.
    /// # Example
    /// ```rhai
    /// run::note(`${kong::version(env::cluster("practice").nodes)}`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn version(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Version(Version {
                nodes: nodes(which)?,
            }),
        )
    }

    /// What the Admin API says: `version`, `database_reachable`, `stand_in`; of several nodes a map by node.
    ///
    /// # Needs
    /// `kong.status`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `kong.admin.unreachable`, `kong.admin.unauthorized`, `kong.admin.shape`, `kong.admin.status`.
    /// # Example
    /// ```rhai
    /// let status = kong::status(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn status(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Status(Status {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Whether Kong runs, by its own `kong health`; of several nodes a map by node.
    ///
    /// # Needs
    /// `kong.health`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `process.failed`: the command cannot be run.
    /// # Example
    /// ```rhai
    /// let running = kong::health(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn health(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Health(Health {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Lets the installed `kong` judge each node's configuration.
    ///
    /// # Needs
    /// `kong.check`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `kong.command`: Kong's own words about what is wrong.
    /// # Example
    /// ```rhai
    /// kong::check(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::CheckConfiguration(CheckConfiguration {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Proves that each node's own settings lead to the database that the environment names, by a lock that is taken on one side and
    /// seen on the other.
    ///
    /// # Needs
    /// `kong.prove_database`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated; `kong::migrate_up` and `kong::finish` prove it again.
    /// # Errors
    /// `kong.wrong_database`
    /// # Example
    /// ```rhai
    /// kong::prove_database(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn prove_database(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::ProveDatabase(ProveDatabase {
                nodes: nodes(which)?,
            }),
        )
    }

    /// How many entities of each kind the Admin API of the cluster's first node lists, as a map.
    ///
    /// # Needs
    /// `kong.entities`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// Those of `kong::status`.
    /// # Example
    /// ```rhai
    /// let before = kong::entities(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn entities(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(&context, Intent::Entities(Entities { node: node(which)? }))
    }

    /// Compares the number of entities now with what `kong::entities` answered before.
    ///
    /// # Needs
    /// `kong.compare`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `kong.compare.different`, with both counts.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// let before = kong::entities(cluster);
    /// kong::compare(cluster, before);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn compare(
        context: NativeCallContext,
        which: Dynamic,
        before: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Compare(Compare {
                node: node(which)?,
                before: data("the earlier count", &before)?,
            }),
        )
    }

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

    /// Makes sure that no earlier upgrade left something behind: pending migrations, Kong's lock, a long transaction.
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
    /// `kong.leftovers.migrations`, `kong.leftovers.lock`, `kong.leftovers.transaction`.
    /// # Example
    /// ```rhai
    /// kong::check_leftovers(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check_leftovers(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which.clone())?;
        let (name, database) = (found.name.clone(), found.database_name()?);
        call(
            &context,
            Intent::CheckLeftovers(CheckLeftovers {
                cluster: name,
                node: node(which)?,
                database,
            }),
        )
    }

    /// Stops nodes one after the other, letting requests in flight finish for thirty seconds. Drain them first.
    ///
    /// # Needs
    /// `kong.stop`
    /// # Effect
    /// Kong does not run on the nodes.
    /// # Undo
    /// Each node that ran is started, and waited for until it is ready.
    /// # On resume
    /// A node that still runs is stopped, one that does not is done.
    /// # Errors
    /// `kong.command`; `kong.stop.running`: something started it again.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// traffic::drain(cluster.nodes);
    /// kong::stop(cluster.nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn stop(context: NativeCallContext, which: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Stop(Stop {
                nodes: nodes(which)?,
                patience: 30,
            }),
        )
    }

    /// Starts nodes one after the other, and waits until each answers with the installed version and reaches its database.
    ///
    /// # Needs
    /// `kong.start`
    /// # Effect
    /// Kong runs on the nodes. Rotation is not touched.
    /// # Undo
    /// Each node that did not run is stopped.
    /// # On resume
    /// Waited for, and started where it does not run.
    /// # Errors
    /// `kong.command`: Kong's own words; `kong.start.not_ready`.
    /// # Example
    /// ```rhai
    /// kong::start(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn start(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Start(Start {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Makes nodes read their configuration again. Cached credentials stay: only a restart drops them.
    ///
    /// # Needs
    /// `kong.reload`
    /// # Effect
    /// The nodes use their configuration files as they are now.
    /// # Undo
    /// Nothing of its own.
    /// # On resume
    /// Repeated.
    /// # Errors
    /// `kong.command`
    /// # Example
    /// ```rhai
    /// kong::reload(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn reload(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Reload(Reload {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Holds the configuration still until `kong::thaw`. The mode `"observe"` watches and does not freeze: when somebody writes, the
    /// run is put down before the next act that stops traffic.
    ///
    /// # Needs
    /// `kong.freeze`
    /// # Effect
    /// None; the configuration is looked at again before each act that stops traffic.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Still watched, against the digest of the first time.
    /// # Errors
    /// `argument.value`: there is no such mode.
    /// # Example
    /// ```rhai
    /// kong::freeze(env::cluster("practice"), #{ mode: "observe" });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn freeze(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which)?;
        let mut options = Options::new(options);
        let mode = options
            .take("mode")
            .and_then(|mode| mode.into_string().ok());
        options.done()?;
        if mode.as_deref() != Some("observe") {
            return Err(wrong_argument(
                "`mode` must be given and be `observe`",
                "kong::freeze(cluster, #{ mode: \"observe\" })",
            ));
        }
        let database = found.database_name()?;
        call(
            &context,
            Intent::Freeze(Freeze {
                cluster: found.name,
                database,
                mode: FreezeMode::Observe,
            }),
        )
    }

    /// Ends what `kong::freeze` began.
    ///
    /// # Needs
    /// `kong.thaw`
    /// # Effect
    /// The configuration is not watched any more.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// None.
    /// # Example
    /// ```rhai
    /// kong::thaw(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn thaw(context: NativeCallContext, which: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Thaw(Thaw {
                cluster: cluster(which)?.name,
            }),
        )
    }

    /// Runs `kong migrations up` with the first node's `kong`. Options: `backup` (required), what `database::backup` answered; `copy`,
    /// the standby that `database::verify` kept; `lock_timeout` (preset `"2h"`).
    ///
    /// # Needs
    /// `kong.migrate_up`, and `database.restore` for its undo
    /// # Effect
    /// The database has the schema of the installed version; migrations with a second half are pending.
    /// # Undo
    /// The database is swapped for the standby copy, or for the restored backup.
    /// # On resume
    /// Once no session of the killed command is left, `kong migrations list` tells whether it is done; if not, it is run again.
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
        let backup = options.take("backup").ok_or_else(|| {
            wrong_argument(
                "the option `backup` is missing: it is the way back",
                "kong::migrate_up(cluster, #{ backup: backup })",
            )
        })?;
        let copy = options
            .take("copy")
            .filter(|copy| !copy.is_unit())
            .map(|copy| data("`copy`", &copy))
            .transpose()?;
        let lock_timeout = options.duration("lock_timeout", LOCK_TIMEOUT)? / 1_000;
        options.done()?;
        let (database, backup) = (found.database_name()?, data("`backup`", &backup)?);
        let up = MigrateUp {
            cluster: found.name,
            node: node(which)?,
            database,
            backup,
            copy,
            lock_timeout,
        };
        call(&context, Intent::MigrateUp(up))
    }

    /// Runs `kong migrations finish` with the first node's `kong`: the point of no return for the old version.
    ///
    /// Refuses unless every node runs the installed version, the nodes' settings lead to this database, and the installed `kong` is the
    /// one that did `up`.
    ///
    /// # Needs
    /// `kong.finish`
    /// # Effect
    /// No migration is pending; an old node on this database loses what was removed.
    /// # Undo
    /// None of its own: covered by the undo of `kong::migrate_up`.
    /// # On resume
    /// Once no session of the killed command is left, it is run again unless nothing is pending.
    /// # Errors
    /// `kong.finish.old_node`, `kong.finish.other_binary`, `kong.finish.failed`, `kong.wrong_database`.
    /// # Example
    /// ```rhai
    /// kong::finish(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn finish(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which.clone())?;
        let (database, lock_timeout) = (found.database_name()?, 7_200);
        call(
            &context,
            Intent::Finish(Finish {
                cluster: found.name,
                nodes: nodes(which)?,
                database,
                lock_timeout,
            }),
        )
    }
}
