//! Checks of load balancers.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Cluster, Facts, Node, Standing};
use super::words::named;
use crate::gateway::Rotation;

pub(super) const CHECKS: [Check; 3] = [
    Check {
        code: "doctor.balancer_unusable",
        about: "the load balancer cannot be asked about a node",
        why: "without it nobody is drained before a stop, nor admitted after a start: clients get errors, or a side that nobody proved",
        remedy: "start it, or correct `[traffic]` of the environment file: `sockets`, `control`, `admin`, and `servers` for `{node}`",
        judge: Judge::Node(usable),
    },
    Check {
        code: "doctor.balancer_unlisted",
        about: "the load balancer sends requests to servers that the environment does not list",
        why: "they keep the old version when every listed node has the new one, and serve a share of the clients with it",
        remedy: "list them under `[[clusters.{cluster}.nodes]]`, take them out of the load balancer, or name those that may stay as they are \
                 under `others` of it",
        judge: Judge::Cluster(unlisted),
    },
    Check {
        code: "doctor.node_drained",
        about: "a node that runs gets no requests, while others of its cluster do",
        why: "somebody drained it for a reason, or an earlier run left it so; an upgrade one by one then leans on fewer nodes than there are",
        remedy: "find out why `{node}` was drained, and admit it again at the load balancer",
        judge: Judge::Node(drained),
    },
];

fn usable(_: &Facts, node: &Node) -> Judged {
    Ok(match node.standing.get()? {
        Standing::Alone => Outcome::Fine("it stands behind none".to_owned()),
        Standing::Unusable(why) => Outcome::Wrong(why.clone()),
        Standing::Gets(Rotation { weight, .. }) => {
            Outcome::Fine(format!("it answers; the node's weight is {weight}"))
        }
    })
}

fn unlisted(_: &Facts, cluster: &Cluster) -> Judged {
    Ok(match cluster.unlisted_servers.get()? {
        None => Outcome::Fine("it stands behind none".to_owned()),
        Some(servers) if servers.is_empty() => {
            Outcome::Fine("every server of it is a listed node".to_owned())
        }
        Some(servers) => Outcome::Wrong(named(servers)),
    })
}

fn drained(facts: &Facts, node: &Node) -> Judged {
    let serves = |node: &Node| match node.standing.get()? {
        Standing::Gets(rotation) => Ok(rotation.serves()),
        Standing::Alone => Ok(true),
        Standing::Unusable(why) => Err(why.clone()),
    };
    if serves(node)? {
        return Ok(Outcome::Fine("it gets requests".to_owned()));
    }
    if !*node.runs.get()? {
        return Ok(Outcome::Fine("it does not run".to_owned()));
    }
    let own = facts
        .cluster_of(node)
        .map_or(&[][..], |cluster| &cluster.nodes);
    let serving: Vec<&str> = own
        .iter()
        .filter(|other| serves(other) == Ok(true))
        .map(|other| other.words.subject())
        .collect();
    Ok(if serving.is_empty() {
        Outcome::Fine("its whole cluster gets none".to_owned())
    } else {
        Outcome::Warning(format!("requests go to {}", named(serving)))
    })
}
