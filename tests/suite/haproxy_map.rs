//! HAProxy with a map as the load balancer: everybody is moved at once, what was found is set again, and no client notices.

use crate::behind_a_balancer::{Clients, environment, refusal, set};
use crate::haproxy::{Second, reload, socket};
use crate::practice_cluster::{Ended, PracticeCluster, cutover_in, everything, haproxy};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const REFUSED: i32 = 4;
const STUCK: i32 = 7;
const HELD: i32 = 8;

const WITH_MAP: [&str; 2] = ["--traffic", "haproxy-map"];

/// A practice cluster whose second side runs, with a copy of the database.
fn two_sides() -> PracticeCluster {
    let cluster = PracticeCluster::up_with(&[&WITH_MAP[..], &["--green", "2.8.5"]].concat());
    let body = "database::clone_to(blue.database, green.database);\nkong::start(green.nodes);";
    let copied = run(&cluster, &cluster.environment(), "copy", body);
    assert_eq!(copied.code, Some(DONE), "{}", copied.all);
    cluster
}

fn run(cluster: &PracticeCluster, environment: &std::path::Path, name: &str, body: &str) -> Ended {
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"*\"] }};\n\
         let blue = env::cluster(\"practice\"); let green = env::cluster(\"green\");\n{body}\n"
    );
    let playbook = cluster.write(&format!("{name}.rhai"), &text);
    cutover_in(environment, &["run", &playbook, "--run-id", name])
}

/// The map's file, and what HAProxy has, with the states of the servers that its own interface tells.
fn told(cluster: &PracticeCluster) -> (String, String) {
    let file = map(cluster);
    let running = haproxy(&socket(cluster), &format!("show map {file}"));
    let running = running.split_whitespace().skip(1).collect::<Vec<_>>();
    let mut told = running.join(" ");
    for backend in ["kong", "kong-green"] {
        let states = haproxy(&socket(cluster), &format!("show servers state {backend}"));
        for line in states.lines().skip(2).filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split(' ').collect();
            let drains = if cells[6] == "0" { "" } else { " drains" };
            told = format!("{told}, {} {}{drains}", cells[3], cells[7]);
        }
    }
    (std::fs::read_to_string(file).expect("read"), told)
}

fn map(cluster: &PracticeCluster) -> String {
    let path = cluster.path().join("haproxy/side.map");
    path.display().to_string()
}

#[test]
fn everybody_is_moved_at_once_and_no_client_notices() {
    // Each turn is two switches: there and back.
    let turns = if everything() { 100 } else { 5 };
    let cluster = two_sides();
    let (socket, environment) = (socket(&cluster), cluster.environment());
    haproxy(&socket, "set server kong/kong-1 weight 37");
    haproxy(&socket, "set server kong-green/green-1 state drain");
    let found = told(&cluster);
    assert_eq!(
        found.1,
        "side kong, kong-1 37, kong-2 100, green-1 100 drains, green-2 100"
    );
    let clients = Clients::of(&cluster);
    let body = format!(
        "for turn in 0..{turns} {{\n\
           traffic::split(blue.nodes, green.nodes, 100);\n clock::pause(\"20ms\");\n\
           traffic::split(blue.nodes, green.nodes, 0);\n clock::pause(\"20ms\");\n\
         }}\n\
         traffic::split(blue.nodes, green.nodes, 100);\n\
         run::note(`${{traffic::status(blue.nodes[0])}}`);"
    );
    let switched = run(&cluster, &environment, "switches", &body);
    assert_eq!(switched.code, Some(DONE), "{}", switched.all);
    let side =
        "\"side\": #{\"balancer\": \"edge\", \"chosen\": \"kong-green\", \"name\": \"kong\"}";
    assert!(switched.all.contains(side), "{}", switched.all);
    // What was set outlives a reload; a node that was drained on its side was made ready before clients came.
    let set = told(&cluster);
    assert_eq!(
        set.1,
        "side kong-green, kong-1 37, kong-2 100, green-1 100, green-2 100"
    );
    reload(&cluster);
    assert_eq!(told(&cluster), set);
    let back = cluster.cutover(&["rollback", "switches", "--confirm", "practice"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    let sent = clients.stop();
    println!("{} switches by the map: {sent} requests", 2 * turns + 2);
    assert!(sent > 200, "{sent}");
    assert_eq!(told(&cluster), found);
}

#[test]
fn an_upgrade_and_its_way_back() {
    let cluster = PracticeCluster::up_with(&[&WITH_MAP[..], &["--green", "3.4.2"]].concat());
    let found = told(&cluster);
    let upgrade = |run: &str, steps: &str| {
        let words = [
            "run",
            "blue-green",
            "--run-id",
            run,
            "--approve",
            "practice",
            "blue=practice",
            "green=green",
            "to=3.4.2",
            "checks=/catalogue=200,/orders=401",
            "watch=1s",
            "settle=1s",
            "bake=0s",
            "interval=1s",
            steps,
        ];
        cluster.cutover(&words)
    };
    let refused = upgrade("steps", "steps=10,100");
    assert_eq!(refused.code, Some(REFUSED), "{}", refused.all);
    let coarse = "edge sends all clients to one side, and cannot give 10 % of them to another";
    assert!(refused.all.contains(coarse), "{}", refused.all);
    let clients = Clients::at(&cluster, 100.0);
    let upgraded = upgrade("there", "steps=100");
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    assert!(told(&cluster).1.starts_with("side kong-green, "));
    let back = cluster.cutover(&["rollback", "there", "--confirm", "practice"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    clients.stop();
    assert_eq!(told(&cluster), found);
}

#[test]
fn what_cannot_be_is_told_and_nothing_is_moved() {
    let cluster = two_sides();
    let real = socket(&cluster).display().to_string();
    let found = told(&cluster);
    let file = map(&cluster);
    let refused = |name: &str, body: &str, change: &dyn Fn(&mut toml::Table)| {
        let path = environment(&cluster, &format!("{name}.toml"), change);
        let ended = run(&cluster, &path, name, body);
        let told = refusal(&ended);
        if ended.code == Some(HELD) {
            let back = ["rollback", name, "--confirm", "practice"];
            let back = cutover_in(&path, &back);
            assert_eq!(back.code, Some(DONE), "{}", back.all);
        }
        told.replace(&real, "SOCKET")
            .replace(&cluster.directory(), "DIRECTORY")
    };
    let there = "traffic::split(blue.nodes, green.nodes, 100);";
    let look = "traffic::status(blue.nodes[0]);";
    let same = |_: &mut toml::Table| {};
    let mut all = vec![
        refused("part", &there.replace("100", "50"), &same),
        refused("admit", "traffic::admit(green.nodes[0]);", &same),
        refused(
            "one",
            "traffic::split(blue.nodes[0], blue.nodes[1], 100);",
            &same,
        ),
    ];
    let named = |edge: &mut toml::Table, key: &str, value: &str| {
        edge["map"]
            .as_table_mut()
            .expect("a table")
            .insert(key.to_owned(), value.into());
    };
    all.push(refused("key", look, &|edge| named(edge, "key", "none")));
    all.push(refused("map", look, &|edge| {
        named(edge, "file", "/none.map");
    }));
    haproxy(
        &socket(&cluster),
        &format!("set map {file} side kong-green"),
    );
    all.push(refused("file", there, &same));
    haproxy(&socket(&cluster), &format!("set map {file} side elsewhere"));
    all.push(refused("elsewhere", there, &same));
    haproxy(&socket(&cluster), &format!("set map {file} side kong"));
    assert_eq!(told(&cluster), found);
    let other = Second::in_front_of(&cluster, |_, answer| {
        answer.replace(" side kong", " side kong-green")
    });
    let both = |edge: &mut toml::Table, second: &Second| {
        set(
            edge,
            "sockets",
            vec![real.clone(), second.path.display().to_string()],
        );
        edge.remove("state_file");
    };
    all.push(refused("split", look, &|edge| both(edge, &other)));
    let deaf = Second::in_front_of(&cluster, |command, answer| {
        if command.starts_with("set") {
            "\n".to_owned()
        } else {
            answer
        }
    });
    all.push(refused("deaf", there, &|edge| {
        set(edge, "sockets", vec![deaf.path.display().to_string()]);
        edge.remove("state_file");
    }));
    assert_eq!(told(&cluster), found);
    let second = regex::Regex::new("/[^`]*second.sock").expect("a pattern");
    let all = all.join("\n");
    insta::assert_snapshot!(second.replace_all(&all, "SECOND"), @r"
    `edge` sends all clients to one side, and cannot give 50 % of them to another
    `edge` sends all clients to another side than `kong-green`, where `green-1` stands
    `kong-2` and `kong-1` do not stand on two sides of one load balancer
    HAProxy's map `DIRECTORY/haproxy/side.map` has nothing for `none`
    HAProxy refuses `show map /none.map`: Unknown map identifier. Please use #<id> or <file>.
    HAProxy sends clients to `kong-green`, and its file `DIRECTORY/haproxy/side.map` says `kong` for `side`: a reload would move them
    HAProxy sends clients to `elsewhere`, which is the backend of none of the clusters behind `edge`
    two load balancers differ about `kong-1`: weight 100, on the side of the clients at `SOCKET`, weight 100, with clients on another side at `SECOND`
    HAProxy did not take `kong-green` for `side` into its map
    ");
}

#[test]
fn a_way_back_moves_clients_also_where_it_cannot_keep_that() {
    let cluster = two_sides();
    // HAProxy's own name of the file leads to a directory that can be taken away.
    let there = "traffic::split(blue.nodes, green.nodes, 100);";
    let moved = run(&cluster, &cluster.environment(), "moved", there);
    assert_eq!(moved.code, Some(DONE), "{}", moved.all);
    std::fs::rename(map(&cluster), cluster.path().join("away")).expect("renamed");
    let back = cluster.cutover(&["rollback", "moved", "--confirm", "practice"]);
    assert_eq!(back.code, Some(STUCK), "{}", back.all);
    assert!(
        back.all.contains("side.map`: entity not found"),
        "{}",
        back.all
    );
    let running = haproxy(&socket(&cluster), &format!("show map {}", map(&cluster)));
    assert!(running.contains(" side kong\n"), "{running}");
    std::fs::rename(cluster.path().join("away"), map(&cluster)).expect("renamed");
    let back = cluster.cutover(&["rollback", "moved", "--confirm", "practice"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert!(told(&cluster).0.contains("side kong\n"));
}
