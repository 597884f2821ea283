//! Which nodes get requests.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::super::arguments::{Options, cluster, data, nodes};
use super::super::{call, wrong_argument};
use crate::gateway::{Probe, ProbeCheck};
use crate::primitive::{
    Admit, CheckListed, Drain, Intent, Split, TrafficStatus, Unwatch, Watch, Watched,
};

#[export_module]
pub(in crate::script::bindings) mod nodes_module {
    /// What the load balancer gives nodes: `weight` and `state`; of several nodes a map by node. Where it sends all clients to one side,
    /// also `side`, with `balancer`, the node's side `name` and the one that is `chosen`; a node of any other has the state `drain`.
    ///
    /// # Needs
    /// `traffic.status`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `traffic.none`, `traffic.unreachable`, `traffic.refused`.
    /// # Example
    /// ```rhai
    /// let rotation = traffic::status(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn status(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::TrafficStatus(TrafficStatus {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Makes sure that a cluster's load balancer sends requests to no server that the environment does not list: such a one would keep the old
    /// version, and serve a share of the clients with it. Those that may stay as they are stand under `others` of the load balancer. Of a cluster
    /// without one there is nothing to be sure of.
    ///
    /// # Needs
    /// `traffic.check_listed`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `traffic.unlisted`: the servers, as the load balancer calls them. `traffic.unreachable`, `traffic.refused`.
    /// # Example
    /// ```rhai
    /// traffic::check_listed(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check_listed(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cluster = cluster(which)?.name.clone();
        call(&context, Intent::CheckListed(CheckListed { cluster }))
    }

    /// Takes nodes out of rotation, and waits until nothing is in flight on them.
    ///
    /// # Needs
    /// `traffic.drain`
    /// # Effect
    /// The nodes get no new requests. When it is all of them, clients are refused: downtime begins.
    /// # Undo
    /// Each node gets exactly the weight and state found.
    /// # On resume
    /// Set again, which changes nothing, and waited for.
    /// # Errors
    /// `traffic.in_flight`: requests that do not end within two minutes. Those of `traffic::status`.
    /// # Example
    /// ```rhai
    /// traffic::drain(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn drain(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Drain(Drain {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Gives the nodes `to_nodes` so many `percent` of the requests, 0 to 100, and the nodes `from_nodes` the rest, each as much as the
    /// others of its side. The side that gets nothing is drained. Where the load balancer sends all clients to one side, `percent` is 0 or
    /// 100, and they move at once. `shift_in_steps` of `std/traffic` goes further.
    ///
    /// # Needs
    /// `traffic.split`
    /// # Effect
    /// Weights at the load balancer, node by node; a side that gets nothing is drained last. From here on a failure holds instead of undoing,
    /// since clients may have used the new version.
    /// # Undo
    /// Each node gets exactly the weight and state found.
    /// # On resume
    /// Set again, which changes nothing, and waited for.
    /// # Errors
    /// `traffic.split.coarse`: whole weights up to 256 do not come within one percent. `traffic.side.partial`, `traffic.side.mixed`: a load
    /// balancer with sides cannot do this. `argument.value`: a side is empty, a node is on both, or the percentage is none. Those of
    /// `traffic::drain`.
    /// # Example
    /// ```rhai
    /// let nodes = env::cluster("practice").nodes;
    /// traffic::split(nodes[0], nodes[1], 10);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn split(
        context: NativeCallContext,
        from_nodes: Dynamic,
        to_nodes: Dynamic,
        percent: i64,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let (from_nodes, to_nodes) = (nodes(from_nodes)?, nodes(to_nodes)?);
        let example = "traffic::split(blue.nodes, green.nodes, 10)";
        let percent = u8::try_from(percent)
            .ok()
            .filter(|percent| *percent <= 100)
            .ok_or_else(|| wrong_argument("a share is 0 to 100 percent", example))?;
        if from_nodes.is_empty() || to_nodes.is_empty() {
            return Err(wrong_argument("each side must have a node", example));
        }
        if let Some(both) = to_nodes.iter().find(|node| from_nodes.contains(node)) {
            let message = format!("`{both}` cannot be on both sides");
            return Err(wrong_argument(message, example));
        }
        call(
            &context,
            Intent::Split(Split {
                to_nodes,
                from_nodes,
                percent,
            }),
        )
    }

    /// Begins to ask what clients ask, 200 times a second and whatever the answers, at the `url` of the cluster's load balancer: each of
    /// `checks`, `#{ path: "/orders", status: 200 }`, in turn, over connections that are kept and over one each. It goes on beside the
    /// steps, also on the way back, until the run is put down, and again when it is taken up. `show` and the last line tell what was seen.
    /// Options: `rate`, 1 to 1000 a second; `timeout` (preset `"5s"`).
    ///
    /// # Needs
    /// `traffic.watch`
    /// # Effect
    /// Requests without keys or cookies.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// It begins again; for what time nobody looked is told.
    /// # Errors
    /// `traffic.watch.nowhere`: the environment gives the load balancer no `url`. `traffic.watch.twice`, `traffic.watch.failed`.
    /// `argument.value`: nothing is asked, or a rate is out of range.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// traffic::watch(cluster, [#{ path: "/", status: 404 }], #{ rate: 50 });
    /// clock::pause("100ms");
    /// run::note(`failed: ${traffic::watched(cluster).failed}`);
    /// traffic::unwatch(cluster);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn watch(
        context: NativeCallContext,
        which: Dynamic,
        checks: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let example = "traffic::watch(cluster, [#{ path: \"/orders\", status: 200 }], #{})";
        let cluster = cluster(which)?.name;
        let checks: Vec<ProbeCheck> = data("a list of checks", &checks)?;
        if checks.is_empty() {
            return Err(wrong_argument("nothing is asked", example));
        }
        if let Some(check) = checks.iter().find(|check| !check.path.starts_with('/')) {
            return Err(wrong_argument(
                format!("`{}` is not a path", check.path),
                example,
            ));
        }
        let mut options = Options::new(options);
        let rate = options.number("rate")?.unwrap_or(200);
        let timeout = options.duration("timeout", "5s")?;
        options.done()?;
        let rate = u32::try_from(rate)
            .ok()
            .filter(|rate| (1..=1_000).contains(rate));
        let rate =
            rate.ok_or_else(|| wrong_argument("a rate is 1 to 1000 requests a second", example))?;
        let probe = Probe {
            checks,
            rate,
            timeout,
        };
        call(&context, Intent::Watch(Watch { cluster, probe }))
    }

    /// What became of those requests since this was asked last: `sent`, `failed`, `failures` by how, `answered_by` as in
    /// `#{ "kong/3.4.2": 980 }`, `longest_outage`, `longest_silence` and `longest_stall` in milliseconds, `median` and `p99` in
    /// microseconds. Requests that still wait for an answer, and those sent after them, are in the next answer.
    ///
    /// # Needs
    /// `traffic.watched`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `traffic.watch.none`: the cluster is not watched. `traffic.watch.failed`: what watched it has died.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// traffic::watch(cluster, [#{ path: "/", status: 404 }], #{});
    /// if traffic::watched(cluster).failed > 0 { throw "clients notice something"; }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn watched(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cluster = cluster(which)?.name;
        call(&context, Intent::Watched(Watched { cluster }))
    }

    /// Ends watching a cluster.
    ///
    /// # Needs
    /// `traffic.unwatch`
    /// # Effect
    /// No more requests; the last answers are waited for.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// None.
    /// # Example
    /// ```rhai
    /// traffic::unwatch(env::cluster("practice"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn unwatch(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cluster = cluster(which)?.name;
        call(&context, Intent::Unwatch(Unwatch { cluster }))
    }

    /// Puts nodes into rotation with the weight that they have.
    ///
    /// # Needs
    /// `traffic.admit`
    /// # Effect
    /// The nodes get requests. From here on a failure holds instead of undoing, since clients may have used the new version.
    /// # Undo
    /// Each node gets exactly the weight and state found.
    /// # On resume
    /// Set again, which changes nothing.
    /// # Errors
    /// `traffic.side.elsewhere`: all clients are sent to another side. Those of `traffic::status`.
    /// # Example
    /// ```rhai
    /// traffic::admit(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn admit(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Admit(Admit {
                nodes: nodes(which)?,
                weight: None,
            }),
        )
    }

    /// Puts nodes into rotation. Options: `weight`, 1 to 256.
    ///
    /// # Needs
    /// `traffic.admit`
    /// # Effect
    /// The nodes get requests by the weight.
    /// # Undo
    /// Each node gets exactly the weight and state found.
    /// # On resume
    /// Set again, which changes nothing.
    /// # Errors
    /// `argument.value`: the weight is out of range. Those of `traffic::admit` without options.
    /// # Example
    /// ```rhai
    /// traffic::admit(env::cluster("practice").nodes, #{ weight: 5 });
    /// ```
    #[rhai_fn(name = "admit", return_raw, volatile)]
    pub fn admit_with(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut options = Options::new(options);
        let weight = options.number("weight")?;
        options.done()?;
        let in_range = |weight: i64| {
            u16::try_from(weight)
                .ok()
                .filter(|weight| (1..=256).contains(weight))
        };
        let out_of_range = || {
            wrong_argument(
                "a weight is 1 to 256",
                "traffic::admit(nodes, #{ weight: 100 })",
            )
        };
        let weight = weight
            .map(|weight| in_range(weight).ok_or_else(out_of_range))
            .transpose()?;
        call(
            &context,
            Intent::Admit(Admit {
                nodes: nodes(which)?,
                weight,
            }),
        )
    }
}
