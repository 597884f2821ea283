//! Starting and stopping nodes, and holding their configuration still.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::super::arguments::{Options, cluster, nodes};
use super::super::{call, wrong_argument};
use crate::primitive::{Fence, Freeze, FreezeMode, Intent, Reload, Start, Stop, Thaw};

#[export_module]
pub(in crate::script::bindings) mod nodes_module {
    /// Stops nodes, four at once, letting requests in flight finish for thirty seconds. Drain them first.
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

    /// Starts nodes, four at once, and waits until each answers with the installed version and reaches its database.
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

    /// Holds the configuration still until `kong::thaw`, which the option `mode` (required) says how. `"observe"` watches and does not
    /// freeze: when somebody writes, the run is put down before the next act that stops traffic. `"deny"` makes the database refuse
    /// writes to configuration, whoever sends them; what traffic writes (tokens, sessions, counters) is not denied. `"admin_off"`
    /// closes the Admin API of every node, which then has to tell its state at a status listener (`status_listen`), and keeps it closed
    /// through every start and reload; who writes to the database directly is not hindered, and found out.
    ///
    /// # Needs
    /// `kong.freeze`
    /// # Effect
    /// With `deny`, triggers on the tables of the configuration, which `kong::migrate_up` and `kong::finish` suspend for themselves. With
    /// `admin_off`, a reload of each node with `KONG_ADMIN_LISTEN=off`; `kong::entities` counts in the database meanwhile. In
    /// every mode the configuration is looked at again before each act that stops traffic; after `up`, against how `up` left it.
    /// # Undo
    /// Writes are admitted again, and the Admin APIs opened, unless it was so before.
    /// # On resume
    /// Still held or watched, against the digest of the first time.
    /// # Errors
    /// `argument.value`: there is no such mode. `database.failed`: the role may not make triggers. `kong.admin.no_status`: a node
    /// has no status listener.
    /// # Example
    /// ```rhai
    /// kong::freeze(env::cluster("practice"), #{ mode: "deny" });
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
        let mode = match mode.as_deref() {
            Some("observe") => FreezeMode::Observe,
            Some("deny") => FreezeMode::Deny,
            Some("admin_off") => FreezeMode::AdminOff,
            _ => {
                return Err(wrong_argument(
                    "`mode` must be given and be `observe`, `deny` or `admin_off`",
                    "kong::freeze(cluster, #{ mode: \"observe\" })",
                ));
            }
        };
        let database = found.database_name()?;
        let nodes = match mode {
            FreezeMode::AdminOff => found.administered().to_vec(),
            FreezeMode::Observe | FreezeMode::Deny => Vec::new(),
        };
        call(
            &context,
            Intent::Freeze(Freeze {
                cluster: found.name,
                database,
                mode,
                nodes,
            }),
        )
    }

    /// Closes the database of a cluster that was left, for everybody: an old node that somebody starts finds nothing to serve. All nodes on it must
    /// be stopped. cutover itself cannot look at it either until it is opened again.
    ///
    /// # Needs
    /// `kong.fence`
    /// # Effect
    /// The database lets nobody in (`ALLOW_CONNECTIONS false`), and sessions on it are ended.
    /// # Undo
    /// It is opened again.
    /// # On resume
    /// Repeated.
    /// # Errors
    /// `kong.fence.running`: nodes run on it. `database.in_use`: a session cannot be ended.
    /// # Example
    /// ```rhai
    /// let blue = env::cluster("practice");
    /// traffic::drain(blue.nodes);
    /// kong::stop(blue.nodes);
    /// kong::fence(blue);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn fence(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = Fence {
            database: cluster(which)?.database_name()?,
            closed: true,
        };
        call(&context, Intent::Fence(intent))
    }

    /// Ends what `kong::freeze` began.
    ///
    /// # Needs
    /// `kong.thaw`
    /// # Effect
    /// Writes to configuration are admitted, Admin APIs that were closed are opened, and it is not watched any more.
    /// # Undo
    /// What was denied or closed is so again, until the freeze itself is undone.
    /// # On resume
    /// Repeated.
    /// # Errors
    /// None.
    /// # Example
    /// ```rhai
    /// kong::thaw(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn thaw(context: NativeCallContext, which: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        let found = cluster(which)?;
        let database = found.database_name()?;
        let nodes = found.administered().to_vec();
        call(
            &context,
            Intent::Thaw(Thaw {
                cluster: found.name,
                database,
                nodes,
                keeps_denial: false,
            }),
        )
    }
}
