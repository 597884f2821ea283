//! Looking at nodes and entities.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::super::arguments::{data, node, nodes};
use super::super::call;
use crate::primitive::{
    CheckConfiguration, CheckHosts, ClockAhead, Compare, CompareConfiguration, Entities, Health,
    Intent, ProveDatabase, Status, Version,
};

#[export_module]
pub(in crate::script::bindings) mod looks_module {
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

    /// What the Admin API says, of a data plane its Status API: `version`, `database_reachable` (`true` where it has none), `stand_in`, and of a
    /// node without a database `configuration_hash`, 32 times 0 where it has no configuration; of several nodes a map by node.
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

    /// How many milliseconds a node's clock is ahead of that of the host on which cutover runs, by the dates on the answers of its Admin API; below
    /// 0 where it is behind. Right to some hundredths of a second. Of a node that does not run it is its host's. Of several nodes a map by node.
    ///
    /// # Needs
    /// `kong.clock_ahead`
    /// # Effect
    /// None. It takes up to a second for each node.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `kong.clock.unknown`: its answers have no date. `kong.admin.unreachable`.
    /// # Example
    /// ```rhai
    /// run::note(`${kong::clock_ahead(env::cluster("practice").nodes)}`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn clock_ahead(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::ClockAhead(ClockAhead {
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

    /// Makes sure that the hosts of nodes let them be stopped, changed and started again: units are not masked, do not migrate by themselves, do
    /// not come back after a stop, and start Kong with the nginx template that `nginx_conf` of the node names; and what the environment file
    /// lists under `sudo` is allowed there without a password.
    ///
    /// # Needs
    /// `kong.check_hosts`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `kong.host_unfit`: everything that is in the way, with what to do. `service.unit`: there is no such unit, or it cannot be read.
    /// # Example
    /// ```rhai
    /// kong::check_hosts(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check_hosts(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::CheckHosts(CheckHosts {
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

    /// Compares what a new node is configured with against an old one, entity by entity and field by field, by the schemas of the new
    /// version: what its migrations rewrite, rename and fill in is expected; whatever nothing explains is a difference. Secrets are
    /// compared and not told. Answers `compared` (how many of each kind) and `expected` (how many fields differ because the versions do).
    ///
    /// # Needs
    /// `kong.compare_configuration`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `kong.compare.different`, with the places; `kong.compare.inconclusive`: a kind cannot be read; those of the Admin API.
    /// # Example
    /// ```rhai
    /// let nodes = env::cluster("practice").nodes;
    /// kong::compare_configuration(nodes[0], nodes[1]);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn compare_configuration(
        context: NativeCallContext,
        blue: Dynamic,
        green: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let nodes = [node(blue)?, node(green)?];
        call(
            &context,
            Intent::CompareConfiguration(CompareConfiguration { nodes }),
        )
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
}
