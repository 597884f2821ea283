//! `rolling` and `hybrid`, node by node: in which order they go and come back, how many nodes have clients meanwhile, and what becomes of nodes
//! that fail.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::behind_a_balancer::Clients;
use crate::practice_cluster::PracticeCluster;
use crate::topologies::{dbless, hybrid};

const REFUSED: i32 = 4;
const UNDONE: i32 = 5;
const WAITING: i32 = 8;

/// The nodes of which two must have clients at every moment.
const FLOOR: usize = 2;

/// What a journal tells of each rotation and each stop, in its order.
struct Followed {
    /// The fewest nodes that had clients, of those whose rotation is told.
    fewest: usize,
    /// The nodes that were stopped on the way there, and on the way back those that got their old version.
    stopped: Vec<String>,
    taken_back: Vec<String>,
}

fn follow(journal: &[Value], nodes: &[&str]) -> Followed {
    let mut serving: BTreeMap<String, bool> = nodes
        .iter()
        .map(|node| ((*node).to_owned(), true))
        .collect();
    let mut followed = Followed {
        fewest: nodes.len(),
        stopped: Vec::new(),
        taken_back: Vec::new(),
    };
    let mut begun: BTreeMap<u64, Value> = BTreeMap::new();
    for event in journal {
        let step = event["step"].as_u64().unwrap_or_default();
        let word = event["event"].as_str().unwrap_or_default();
        let intent = match word {
            "started" | "undo_started" => {
                begun.insert(step, event["intent"].clone());
                &event["intent"]
            }
            "finished" | "undo_finished" => begun.get(&step).unwrap_or(&Value::Null),
            _ => continue,
        };
        let is_begun = word.ends_with("started");
        let names = intent["nodes"].as_array().into_iter().flatten();
        let names: Vec<String> = names.filter_map(Value::as_str).map(str::to_owned).collect();
        // Out of rotation from the beginning of a step on, in rotation from its end.
        let is_out = intent["verb"] == "traffic.drain" || intent["rotation"]["state"] == "drain";
        let is_in = intent["verb"] == "traffic.admit" || intent["rotation"]["state"] == "ready";
        for name in names {
            if is_begun && is_out {
                serving.insert(name.clone(), false);
            }
            if !is_begun && is_in {
                serving.insert(name.clone(), true);
            }
            match (word, intent["verb"].as_str()) {
                ("started", Some("kong.stop")) => followed.stopped.push(name),
                ("undo_started", Some("packages.install")) => followed.taken_back.push(name),
                _ => {}
            }
        }
        let now = serving.values().filter(|serves| **serves).count();
        followed.fewest = followed.fewest.min(now);
    }
    followed
}

/// Upgrades, and takes it home while clients ask. Answers what the journal tells.
fn there_and_back(cluster: &PracticeCluster, nodes: &[&str]) -> Followed {
    let old = cluster.world();
    let clients = Clients::at(cluster, 200.0);
    let run = cluster.upgrade("whole", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    println!("{} requests on the way there, none failed", clients.stop());
    let clients = Clients::at(cluster, 200.0);
    cluster.roll_back("whole", &old);
    println!("{} requests on the way back, none failed", clients.stop());
    follow(&cluster.journal("whole"), nodes)
}

#[test]
fn a_dbless_cluster_comes_back_in_reverse_order_and_fails_nobody() {
    let nodes = ["kong-1", "kong-2", "kong-3"];
    let followed = there_and_back(&dbless(), &nodes);
    assert_eq!(followed.stopped, nodes);
    assert_eq!(followed.taken_back, ["kong-3", "kong-2", "kong-1"]);
    assert_eq!(followed.fewest, FLOOR);
}

#[test]
fn a_hybrid_cluster_comes_back_with_its_data_planes_first_and_fails_nobody() {
    let planes = ["dp-1", "dp-2", "dp-3"];
    let followed = there_and_back(&hybrid(), &planes);
    assert_eq!(followed.stopped, ["cp-1", "cp-2", "dp-1", "dp-2", "dp-3"]);
    assert_eq!(
        followed.taken_back,
        ["dp-3", "dp-2", "dp-1", "cp-2", "cp-1"]
    );
    assert_eq!(followed.fewest, FLOOR);
}

/// A node whose new version does not start.
fn spoil(cluster: &PracticeCluster, node: usize) {
    let line = "[ \"$1\" != start ] || { echo 'Error: spoiled' >&2; exit 1; }";
    cluster.wrap_kong_of(node, "3.4.2", line);
}

#[test]
fn one_node_that_fails_is_left_out_of_rotation_where_two_may() {
    let cluster = dbless();
    let old = cluster.world();
    spoil(&cluster, 0);
    let clients = Clients::at(&cluster, 200.0);
    let run = cluster.upgrade("left", &["floor=1", "halt_at=2"]);
    println!("{} requests, none failed", clients.stop());
    assert_eq!(run.code, Some(WAITING), "{}", run.all);
    let told = "upgraded 2 of 3 nodes; out of rotation: kong-1 (";
    assert!(run.all.contains(told), "{}", run.all);
    cluster.roll_back("left", &old);
}

#[test]
fn the_second_node_that_fails_ends_it_and_all_of_it_comes_back() {
    let cluster = dbless();
    let old = cluster.world();
    for node in [0, 1] {
        spoil(&cluster, node);
    }
    let clients = Clients::at(&cluster, 200.0);
    let run = cluster.upgrade("halted", &["floor=1", "halt_at=2"]);
    println!("{} requests, none failed", clients.stop());
    assert_eq!(run.code, Some(UNDONE), "{}", run.all);
    assert_eq!(cluster.world(), old);
    let followed = follow(&cluster.journal("halted"), &["kong-1", "kong-2", "kong-3"]);
    assert_eq!(followed.stopped, ["kong-1", "kong-2"]);
    assert_eq!(followed.taken_back, ["kong-2", "kong-1"]);
    assert_eq!(followed.fewest, 1);
}

/// A data plane that nobody lists would be forgotten, with the old version and whatever it still has.
#[test]
fn a_data_plane_that_is_not_listed_is_found_before_anything_is_touched() {
    let cluster = hybrid();
    let old = cluster.world();
    let text = std::fs::read_to_string(cluster.environment()).expect("there");
    let mut nodes: Vec<&str> = text.split("\n[[clusters.practice.nodes]]\n").collect();
    let strange = nodes.iter().position(|node| node.contains("\"dp-3\""));
    let strange = nodes.remove(strange.expect("it is listed"));
    // What stands behind the last node is not its own.
    let rest = strange.find("\n[databases").map_or("", |at| &strange[at..]);
    let without = nodes.join("\n[[clusters.practice.nodes]]\n") + rest;
    let refused = |name: &str, text: &str| {
        std::fs::write(cluster.environment(), text).expect("written");
        let run = cluster.upgrade(name, &["floor=1"]);
        assert_eq!(run.code, Some(REFUSED), "{}", run.all);
        run
    };
    let run = refused("behind-the-balancer", &without);
    assert!(run.all.contains("[traffic.unlisted]"), "{}", run.all);
    // Somebody says that it may stay behind the load balancer; the control planes know it all the same.
    let may_stay = without.replace("[traffic.edge]\n", "[traffic.edge]\nothers = [\"dp-3\"]\n");
    let run = refused("strange", &may_stay);
    assert!(
        run.all
            .contains("data planes that are no nodes of practice: "),
        "{}",
        run.all
    );
    std::fs::write(cluster.environment(), text).expect("written");
    assert_eq!(cluster.world(), old);
}

/// Data planes that took an empty configuration would answer 404 to everything.
#[test]
fn a_control_plane_that_has_nothing_to_hand_out_is_told() {
    let cluster = hybrid();
    cluster.ask("DELETE FROM routes");
    let playbook = cluster.write(
        "sync.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"kong.await_sync\"] };\n\
         let cluster = env::cluster(\"practice\");\n\
         kong::await_sync(cluster, cluster.data_planes, #{});\n",
    );
    let run = cluster.cutover(&["run", &playbook, "--run-id", "empty"]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    let told = "`cp-1` has no services or no routes to hand out: with them its data planes would answer 404 to everything [kong.sync.empty]";
    assert!(run.all.contains(told), "{}", run.all);
}
