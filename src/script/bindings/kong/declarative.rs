//! Configuration that nodes have from no database: data planes, and DB-less nodes.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::super::arguments::{Options, cluster, nodes, text};
use super::super::environment::Cluster;
use super::super::{call, wrong_argument};
use crate::primitive::{
    AwaitSync, DataPlanes, Intent, KeepDeclarative, ParseDeclarative, SendDeclarative,
};

/// The control plane that is asked: the first one.
fn control_plane(cluster: &Cluster) -> Result<String, Box<EvalAltResult>> {
    let first = cluster.control_planes().first().cloned();
    first.ok_or_else(|| {
        wrong_argument(
            format!("the cluster `{}` has no control planes", cluster.name),
            "write `topology = \"hybrid\"` and the roles of its nodes in the environment file",
        )
    })
}

#[export_module]
pub(in crate::script::bindings) mod declarative_module {
    /// The data planes that the first control plane of a hybrid cluster lists: `known` (by node `id`, `hostname`, `ip`, `version`,
    /// `sync_status`, `configuration_hash` and `seen_seconds_ago`), `missing` (nodes of the environment that it does not list) and `strange`
    /// (others that it heard of within the last minute). Data planes are told apart by the ids that they keep since Kong 3.1: older ones are
    /// among `missing` and `strange`.
    ///
    /// # Needs
    /// `kong.data_planes`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `kong.data_planes.none`: it is no control plane. `kong.admin.unreachable`, `kong.admin.status`.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// if cluster.topology == "hybrid" {
    ///     let seen = kong::data_planes(cluster);
    ///     if !seen.strange.is_empty() { throw `data planes that nobody listed: ${seen.strange}`; }
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn data_planes(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cluster = cluster(which)?;
        let intent = DataPlanes {
            node: control_plane(&cluster)?,
            nodes: cluster.data_planes().to_vec(),
        };
        call(&context, Intent::DataPlanes(intent))
    }

    /// Waits until `planes`, data planes of a hybrid `cluster`, have what its first control plane hands out: that lists each of them with
    /// the version that it runs, `sync_status` `normal` and the hash that the data plane itself says, which is the same for all of them and
    /// not that of an empty configuration. There must be services and routes to hand out. Answers `configuration_hash` and `entities`.
    ///
    /// Options: `within`, `"90s"` if not given: a data plane tells of itself every 30 seconds.
    ///
    /// # Needs
    /// `kong.await_sync`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `kong.sync.empty`: nothing would be handed out. `kong.sync.late`: not all of it holds in time; the message says what does not.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// if cluster.topology == "hybrid" {
    ///     kong::await_sync(cluster, cluster.data_planes, #{ within: "2m" });
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn await_sync(
        context: NativeCallContext,
        which: Dynamic,
        planes: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cluster = cluster(which)?;
        let mut options = Options::new(options);
        let within = options.duration("within", "90s")?;
        options.done()?;
        let intent = AwaitSync {
            node: control_plane(&cluster)?,
            nodes: nodes(planes)?,
            within,
        };
        call(&context, Intent::AwaitSync(intent))
    }

    /// Lets the `kong` of `version` read the declarative files of DB-less nodes (`kong config parse`), which need not be the installed one
    /// where versions stand side by side.
    ///
    /// # Needs
    /// `kong.parse_declarative`
    /// # Effect
    /// None: it is read with a prefix of its own.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `kong.declarative.refused`: that version cannot read it; the message has Kong's words. `kong.declarative.none`: the node has no
    /// `declarative` in the environment file. `packages.trial`: that version cannot be tried.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// if cluster.topology == "dbless" { kong::parse_declarative(cluster.nodes, "3.9.1"); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn parse_declarative(
        context: NativeCallContext,
        which: Dynamic,
        version: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = ParseDeclarative {
            nodes: nodes(which)?,
            version: text("the version", version)?,
        };
        call(&context, Intent::ParseDeclarative(intent))
    }

    /// Keeps the configuration that DB-less nodes were sent (`GET /config`), with the run and for nobody else to read: another minor version
    /// of Kong throws it away. Answers `digest` and `bytes`. What was kept first in a run stays.
    ///
    /// Keep it when the node is out of rotation and before it is stopped: on the way back it is sent again when the node runs, and before it
    /// gets clients.
    ///
    /// # Needs
    /// `kong.keep_declarative`
    /// # Effect
    /// None on the node.
    /// # Undo
    /// The node is sent what was kept.
    /// # On resume
    /// Not repeated where it was kept.
    /// # Errors
    /// `kong.declarative.none`: the node has no configuration. `kong.admin.unreachable`, `storage.unusable`.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// if cluster.topology == "dbless" { kong::keep_declarative(cluster.nodes); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn keep_declarative(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = KeepDeclarative {
            nodes: nodes(which)?,
        };
        call(&context, Intent::KeepDeclarative(intent))
    }

    /// Sends DB-less nodes what `kong::keep_declarative` kept of them (`POST /config`). Answers the hash of what they have then.
    ///
    /// # Needs
    /// `kong.send_declarative`
    /// # Effect
    /// The nodes have that configuration, and nothing else.
    /// # Undo
    /// None of its own: the undo of `kong::keep_declarative` sends it again.
    /// # On resume
    /// Repeated: it changes nothing where it is there.
    /// # Errors
    /// `kong.declarative.refused`: the node does not take it. `kong.declarative.none`: nothing was kept of it.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// if cluster.topology == "dbless" {
    ///     kong::keep_declarative(cluster.nodes);
    ///     kong::send_declarative(cluster.nodes);
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn send_declarative(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = SendDeclarative {
            nodes: nodes(which)?,
            where_kept: false,
        };
        call(&context, Intent::SendDeclarative(intent))
    }
}
