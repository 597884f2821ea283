//! Rehearsals: a node of the new version on a copy of the database.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::super::arguments::{Options, data, node, text};
use super::super::environment::Node;
use super::super::{call, wrong_argument};
use super::lock_timeout;
use crate::gateway::{ScratchCopy, ScratchNode};
use crate::primitive::{Half, Intent, MigrateScratch, StartScratch, StopScratch};

/// The scratch node that a handle from `kong::scratch_node` is.
fn scratch(which: Dynamic) -> Result<ScratchNode, Box<EvalAltResult>> {
    let name = node(which)?;
    ScratchNode::named(&name).ok_or_else(|| {
        wrong_argument(
            format!("`{name}` is a node and not a scratch node"),
            "`kong::scratch_node(node, version, copy)` is one",
        )
    })
}

#[export_module]
pub(in crate::script::bindings) mod scratch_module {
    /// The `kong` of another version, with a copy that `database::clone` made as its database: on the host of a node, beside the installed
    /// one, or on that of the node that the environment names as `scratch` of the cluster. It can be asked and checked like any node; it is started, stopped and migrated by words of its own.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None; it is a name.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The same name.
    /// # Errors
    /// `argument.value`
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// let copy = database::clone(cluster.database, database::backup(cluster.database));
    /// let node = kong::scratch_node(cluster.nodes[0], "3.4.2", copy);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn scratch_node(
        which: Dynamic,
        version: &str,
        copy: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let scratch = ScratchNode {
            node: node(which)?,
            version: text("the version", version)?,
            copy: super::copy_of(&copy)?,
        };
        Ok(Dynamic::from(Node::called(scratch.name())))
    }

    /// Starts a scratch node on free ports of the loopback interface, and waits until it answers with its version and reaches its copy.
    /// Answers `milliseconds`.
    ///
    /// # Needs
    /// `kong.start_scratch`
    /// # Effect
    /// Kong runs on the copy, with a directory of its own. Clients do not know it.
    /// # Undo
    /// It is stopped, and its directory removed.
    /// # On resume
    /// Waited for, and started where it does not run.
    /// # Errors
    /// `kong.command`: Kong's own words; `kong.start.not_ready`; `kong.wrong_database`: its settings do not lead to the copy.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// let copy = database::clone(cluster.database, database::backup(cluster.database));
    /// let node = kong::scratch_node(cluster.nodes[0], "3.4.2", copy);
    /// kong::migrate_scratch(node, #{ half: "up" });
    /// kong::start_scratch(node);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn start_scratch(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let node = scratch(which)?;
        call(&context, Intent::StartScratch(StartScratch { node }))
    }

    /// Stops a scratch node and removes its directory.
    ///
    /// # Needs
    /// `kong.stop_scratch`
    /// # Effect
    /// Nothing is left of it but the copy.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Repeated.
    /// # Errors
    /// `kong.command`; `kong.stop.running`.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// let copy = database::clone(cluster.database, database::backup(cluster.database));
    /// kong::stop_scratch(kong::scratch_node(cluster.nodes[0], "3.4.2", copy));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn stop_scratch(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let node = scratch(which)?;
        call(&context, Intent::StopScratch(StopScratch { node }))
    }

    /// Runs `kong migrations up` or `finish` with the `kong` of a scratch node, on its copy. Options: `half` (required), `"up"` or
    /// `"finish"`; `lock_timeout`, as in `kong::migrate_up`. Answers the state of the migrations, `milliseconds`, and `changes`: how many
    /// `rows` are other than before and, `named`, what changed in each, without values of columns that may hold secrets.
    ///
    /// # Needs
    /// `kong.migrate_scratch`
    /// # Effect
    /// The copy is migrated. Kong's own database is not: before each run it is proven that the settings lead to the copy.
    /// # Undo
    /// None of its own: the undo of `database::clone` drops the copy.
    /// # On resume
    /// Run again, once the killed command is at its end by itself and no session of it is left.
    /// # Errors
    /// `kong.rehearsal.failed`: Kong's own words; `kong.wrong_database`: its settings do not lead to the copy.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// let copy = database::clone(cluster.database, database::backup(cluster.database));
    /// let node = kong::scratch_node(cluster.nodes[0], "3.4.2", copy);
    /// let up = kong::migrate_scratch(node, #{ half: "up" });
    /// run::note(`${up.milliseconds} ms, ${up.changes.rows} rows`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn migrate_scratch(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let node = scratch(which)?;
        let mut options = Options::new(options);
        let half = options
            .take("half")
            .and_then(|half| half.into_string().ok())
            .unwrap_or_default();
        let lock_timeout = lock_timeout(&mut options)?;
        options.done()?;
        let half = match half.as_str() {
            "up" => Half::Up,
            "finish" => Half::Finish,
            _ => {
                return Err(wrong_argument(
                    "`half` must be `up` or `finish`",
                    "kong::migrate_scratch(node, #{ half: \"up\" })",
                ));
            }
        };
        call(
            &context,
            Intent::MigrateScratch(MigrateScratch {
                node,
                half,
                lock_timeout,
            }),
        )
    }
}

/// The copy that `database::clone` answered, without what else is in its answer.
fn copy_of(answer: &Dynamic) -> Result<ScratchCopy, Box<EvalAltResult>> {
    let cloned: crate::primitive::Cloned = data("the copy", answer)?;
    Ok(cloned.copy)
}
