//! Limits that nodes count in their memory and push to Redis by `sync_rate`: what is pushed, what a node that stops takes with it, and
//! an upgrade that waits long enough, or does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::counting_in_redis::{Asker, World, ask, eventually, status};
use crate::practice_cluster::Ended;

const DONE: Option<i32> = Some(0);
const REFUSED: Option<i32> = Some(4);

/// A `sync_rate` at which no test sees a push, in seconds.
const NEVER: &str = "3600";

/// How often each client asks in a row: more often than there are nodes on a side, each of which counts its first request in Redis itself.
const IN_A_ROW: i64 = 3;

/// Sets limits, and waits for both nodes to have them.
fn limit(world: &World, sync_rate: &str, further: &str) {
    let limit = "1000001";
    world.configure(&format!(
        r#"{{"hour":null,"year":{limit},"fault_tolerant":false,"sync_rate":{sync_rate}{further}}}"#
    ));
    let key = world.api_key(4);
    for node in 0..2 {
        let base = world.proxy(node);
        eventually("the node has the limit", || {
            let answer = ask(&base, Asker { key: &key, who: 0 });
            status(&answer) == 200 && answer.contains(limit)
        });
    }
}

fn play(world: &World, name: &str, body: &str) {
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"kong.*\"] }};\n\
         let nodes = env::cluster(\"practice\").nodes;\n{body}\n"
    );
    let playbook = world.cluster.write(&format!("{name}.rhai"), &text);
    let played =
        world
            .cluster
            .cutover(&["run", &playbook, "--run-id", name, "--approve", "practice"]);
    assert_eq!(played.code, DONE, "{}", played.all);
}

/// What a node of `version` does; before 3.6 it counts each request twice with which it first asks Redis.
fn one_node(version: &str, is_counted_twice: bool) {
    let mut world = World::up_with(&["--version", version, "--redis"]);
    let client = world.proxy(0);
    limit(&world, NEVER, "");
    for _ in 0..5 {
        assert_eq!(world.ask(&client, 1), (200, true));
        assert_eq!(world.count(1), 1, "the others wait in the node");
    }
    // New workers know nothing of what the ones before had counted.
    play(&world, "reload", "kong::reload(nodes[0]);");
    eventually("other workers ask Redis", || {
        assert_eq!(world.ask(&client, 1), (200, true));
        world.count(1) == 2
    });
    limit(&world, "0.2", "");
    assert_eq!(world.ask(&client, 1), (200, true));
    // The timer that runs is the one from before.
    play(&world, "quit", "kong::stop(nodes[0]);");
    assert_eq!(world.count(1), 2, "the others are lost");

    play(&world, "again", "kong::start(nodes[0]);");
    let each = if is_counted_twice { 2 } else { 1 };
    for request in 1..=3 {
        assert_eq!(world.ask(&client, 2), (200, true));
        world.counted(2, request * each);
    }
    play(&world, "end", "kong::stop(nodes[0]);");
    assert_eq!(world.count(2), 3 * each, "{version}");
}

#[test]
fn kong_3_4_pushes_what_waits_and_loses_it_when_it_stops() {
    one_node("3.4.2", true);
}

#[test]
fn kong_3_9_pushes_what_waits_and_loses_it_when_it_stops() {
    one_node("3.9.1", false);
}

/// Clients of the load balancer, one after the other, each counted by itself.
struct Clients {
    is_over: Arc<AtomicBool>,
    asking: JoinHandle<usize>,
}

impl Clients {
    fn of(world: &World) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (front, key, over) = (world.front(), world.api_key(0), Arc::clone(&is_over));
        let asking = std::thread::spawn(move || {
            let mut clients = 0;
            while !over.load(Ordering::Relaxed) {
                clients += 1;
                for _ in 0..IN_A_ROW {
                    let asker = Asker {
                        key: &key,
                        who: clients,
                    };
                    assert_eq!(status(&ask(&front, asker)), 200);
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            clients
        });
        Self { is_over, asking }
    }

    /// The keys of their counters.
    fn stop(self, world: &World) -> Vec<String> {
        self.is_over.store(true, Ordering::Relaxed);
        let clients = self.asking.join().expect("all were answered");
        let key = world.key_of("'WHO'");
        (1..=clients)
            .map(|client| key.replace("WHO", &client.to_string()))
            .collect()
    }
}

/// `blue-green` as it ships, without the lines that begin with these words.
fn without(world: &World, name: &str, words: &[&str]) -> String {
    let mut text = include_str!("../../playbooks/blue-green.rhai").to_owned();
    // The recordings have no versions that are one step apart and both push.
    for word in [&["    preflight::require_other_side("], words].concat() {
        let (before, after) = text.split_once(word).expect("it has the line");
        let (_, after) = after.split_once('\n').expect("a line");
        text = format!("{before}{after}");
    }
    world.cluster.write(&format!("{name}.rhai"), &text)
}

/// Runs a playbook about the two sides.
fn play_both(world: &World, playbook: &str, run: &str, further: &[&str]) -> Ended {
    let mut words = vec!["run", playbook, "--run-id", run, "--approve", "practice"];
    words.extend(["blue=practice", "green=green"]);
    words.extend(further);
    world.cluster.cutover(&words)
}

/// Gives clients to the second side.
fn upgrade(world: &World, playbook: &str, run: &str, settle: &str) -> Ended {
    let words = [
        "checks=/catalogue=200,/orders=401",
        "to=3.9.1",
        "steps=50,100",
        "watch=1s",
        "bake=0s",
        "interval=1s",
        "probe=0",
        settle,
    ];
    play_both(world, playbook, run, &words)
}

/// The same, and then stops the first side at once. Answers the keys of the clients' counters.
fn upgrade_and_dismiss(world: &World, playbook: &str, settle: &str) -> Vec<String> {
    let clients = Clients::of(world);
    let there = upgrade(world, playbook, "there", settle);
    assert_eq!(there.code, DONE, "{}", there.all);
    let dismissed = play_both(world, "dismiss", "dismissed", &["leaving=practice"]);
    assert_eq!(dismissed.code, DONE, "{}", dismissed.all);
    clients.stop(world)
}

/// Two sides whose clients are counted by a header, each counter pushed every `sync_rate` seconds.
fn two_sides(sync_rate: &str) -> World {
    let world = World::up_with(&[
        "--version",
        "3.4.2",
        "--green",
        "3.9.1",
        "--traffic",
        "haproxy",
        "--redis",
    ]);
    limit(
        &world,
        sync_rate,
        r#","limit_by":"header","header_name":"X-Who""#,
    );
    world
}

#[test]
fn an_upgrade_that_settles_for_two_intervals_loses_nothing() {
    let mut world = two_sides("1");
    let playbook = without(&world, "patient", &[]);
    let refused = upgrade(&world, &playbook, "short", "settle=1999ms");
    assert_eq!(refused.code, REFUSED, "{}", refused.all);
    let told = "what nodes count for 1 plugin waits in their memory for up to 1s (`sync_rate`), and `settle` is 1999ms";
    assert!(refused.all.contains(told), "{}", refused.all);
    assert!(refused.all.contains("give settle=2s"), "{}", refused.all);

    let keys = upgrade_and_dismiss(&world, &playbook, "settle=2s");
    assert!(keys.len() > 20, "{}", keys.len());
    for key in keys {
        // 3.4 counts some requests twice.
        eventually("all that was let through is counted", || {
            world.count_in(&key) >= IN_A_ROW
        });
    }
}

#[test]
fn an_upgrade_that_does_not_loses_what_waits() {
    let mut world = two_sides(NEVER);
    let playbook = without(&world, "hasty", &["    gap::settles("]);
    let keys = upgrade_and_dismiss(&world, &playbook, "settle=0s");
    let first = world.count_in(&keys[0]);
    assert!((1..IN_A_ROW).contains(&first), "{first} of {IN_A_ROW}");
}
