//! A cluster that is ready, and each reason why one is not.

use super::{Seen, unready};
use crate::host::cassandra::Id;
use crate::host::cassandra::answers::Liveness;
use crate::host::cassandra::sample::cluster;

fn told(seen: &[Seen]) -> Vec<String> {
    let reasons = unready(seen);
    assert!(reasons.iter().all(|reason| !reason.remedy().is_empty()));
    reasons.iter().map(ToString::to_string).collect()
}

#[test]
fn a_quiet_cluster_is_ready() {
    assert_eq!(unready(&cluster(3)), []);
}

#[test]
fn each_reason_is_told() {
    let mut down = cluster(3);
    down[0].status[2].liveness = Liveness::Down;
    assert_eq!(told(&down), ["the node `10.0.0.3` is down"]);
    assert_eq!(
        told(&cluster(3)[..2]),
        ["the node `10.0.0.3` is in the ring and was not asked"]
    );
    assert_eq!(told(&[]), ["no node was asked"]);
    let mut cut_off = cluster(2);
    cut_off[0].status.pop();
    assert_eq!(
        told(&cut_off),
        ["the node `00000000-0000-0000-0000-000000000002` is not in the ring of every node"]
    );
    let mut busy = cluster(2);
    busy[1].streams.plans.push("Repair".to_owned());
    assert_eq!(
        told(&busy),
        ["the node `00000000-0000-0000-0000-000000000002` is busy with Repair"]
    );
    let mut mixed = cluster(2);
    mixed[1].release = "3.11.13".parse().expect("a version");
    assert_eq!(
        told(&mixed),
        ["the nodes run different versions: 3.11.13, 3.11.14"]
    );
    let mut apart = cluster(2);
    apart[1].cluster.schemas = [(Id::new(0xa2), vec![])].into();
    assert_eq!(told(&apart), ["the nodes have 2 schemas"]);
    apart[0].cluster.unreachable = vec!["10.0.0.2".to_owned()];
    assert_eq!(told(&apart), ["the schema is not known of `10.0.0.2`"]);
    let mut foreign = cluster(2);
    foreign[1].cluster.name = "Test".to_owned();
    let both =
        "the nodes are of different clusters: Kong (Murmur3Partitioner), Test (Murmur3Partitioner)";
    assert_eq!(told(&foreign), [both]);
}
