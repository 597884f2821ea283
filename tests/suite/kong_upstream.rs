//! Kong as the load balancer: weights of an upstream's targets, seen to be used by every Kong in front, and found again as they were.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::behind_a_balancer::{Clients, environment, record, refusal, run, set, told};
use crate::practice_cluster::{Ended, PracticeCluster, everything};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const UNDONE: i32 = 5;
const STUCK: i32 = 7;
const HELD: i32 = 8;

const WITH_KONG: [&str; 2] = ["--traffic", "kong-upstream"];

/// Base URL of the Admin API of a Kong in front, by its number from 0.
fn edge(cluster: &PracticeCluster, number: usize) -> String {
    let admin = &record(cluster)["front"]["edges"][number]["admin"];
    admin.as_str().expect("an address").to_owned()
}

/// What it is to get wrong, as JSON; nothing any more with `{}`.
fn break_edge(cluster: &PracticeCluster, number: usize, faults: &Value) {
    let prefix = &record(cluster)["front"]["edges"][number]["prefix"];
    let path = PathBuf::from(prefix.as_str().expect("a path")).join("stand-in-faults.json");
    std::fs::write(path, faults.to_string()).expect("written");
}

/// Ends the process of a Kong in front, which this test's cluster started.
fn kill_edge(cluster: &PracticeCluster, number: usize) {
    let prefix = &record(cluster)["front"]["edges"][number]["prefix"];
    let path = PathBuf::from(prefix.as_str().expect("a path")).join("pids/nginx.pid");
    let pid = std::fs::read_to_string(path).expect("it runs");
    let pid = Pid::from_raw(pid.trim().parse().expect("a number")).expect("a process");
    kill_process(pid, Signal::KILL).expect("killed");
}

/// The answer to a request over a connection of its own: its head and its body.
fn ask(base: &str, method: &str, path: &str, body: &str) -> (String, String) {
    let address = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("connected");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: clients\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("whole");
    (head.to_owned(), body.to_owned())
}

/// The target that a node is, as the first Kong in front lists it.
fn target(cluster: &PracticeCluster, node: &str) -> Value {
    let (_, body) = ask(&edge(cluster, 0), "GET", "/upstreams/kong/targets/all", "");
    let listed: Value = serde_json::from_str(&body).expect("JSON");
    let wanted = &record(cluster)["front"]["servers"][node];
    let listed = listed["data"].as_array().expect("a list").iter();
    let mut listed = listed.filter(|listed| listed["target"] == *wanted);
    listed.next().expect("listed").clone()
}

/// Changes it, as somebody does who knows nothing of us.
fn change(cluster: &PracticeCluster, node: &str, change: &Value) {
    let id = target(cluster, node)["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/upstreams/kong/targets/{id}");
    let (head, body) = ask(&edge(cluster, 0), "PATCH", &path, &change.to_string());
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
}

fn roll_back(cluster: &PracticeCluster, name: &str) -> Ended {
    cluster.cutover(&["rollback", name, "--confirm", "practice"])
}

/// How many of so many requests the second node gets.
fn share(cluster: &PracticeCluster, requests: u64) -> u64 {
    let record = record(cluster);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let admin = text(&record["nodes"][1]["admin"]);
    let counted = || {
        let (_, body) = ask(&admin, "GET", "/status", "");
        let told: Value = serde_json::from_str(&body).expect("JSON");
        told["server"]["total_requests"].as_u64().expect("a number")
    };
    let (url, path) = (text(&record["url"]), text(&record["unlimited_path"]));
    let before = counted();
    for _ in 0..requests {
        let (head, _) = ask(&url, "GET", &path, "");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
    // Without the one that asks now.
    counted() - before - 1
}

#[test]
fn an_upgrade_and_its_way_back() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    let old = cluster.world();
    let (one, two) = (target(&cluster, "kong-1"), target(&cluster, "kong-2"));
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    let upgraded = cluster.upgrade("there", &[]);
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    cluster.roll_back("there", &old);
    for (before, node) in [(one, "kong-1"), (two, "kong-2")] {
        assert_eq!(target(&cluster, node)["tags"], before["tags"]);
    }
}

#[test]
fn exactly_what_was_found_is_set_again() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    change(
        &cluster,
        "kong-1",
        &json!({"weight": 37, "tags": ["theirs"]}),
    );
    change(&cluster, "kong-2", &json!({"weight": 0, "tags": null}));
    let before = told(&cluster);
    assert_eq!(before, "kong-1 37 \"ready\", kong-2 0 \"drain\"");
    let held = run(
        &cluster,
        &cluster.environment(),
        "held",
        "traffic::admit(nodes[1], #{ weight: 200 });\n\
         traffic::drain(nodes[0]);\n\
         run::note(`${traffic::status(nodes)}`);\n\
         throw \"enough\";",
    );
    assert_eq!(held.code, Some(HELD), "{}", held.all);
    assert!(held.all.contains("\"weight\": 200"), "{}", held.all);
    assert_eq!(told(&cluster), "kong-1 37 \"drain\", kong-2 200 \"ready\"");
    assert_eq!(
        target(&cluster, "kong-1")["tags"],
        json!(["theirs", "cutover-weight-37"])
    );
    let undone = roll_back(&cluster, "held");
    assert_eq!(undone.code, Some(DONE), "{}", undone.all);
    assert_eq!(told(&cluster), before);
    let tags = ["kong-1", "kong-2"].map(|node| target(&cluster, node)["tags"].clone());
    assert_eq!(tags, [json!(["theirs"]), Value::Null]);
}

#[test]
fn a_killed_runner_leaves_what_its_successor_sets_again() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    change(&cluster, "kong-1", &json!({"weight": 41}));
    let playbook = cluster.write(
        "killed.rhai",
        "const PLAYBOOK = #{ api: 1, params: #{}, needs: [\"traffic.*\", \"clock.pause\"] };\n\
         let nodes = env::cluster(\"practice\").nodes;\n\
         traffic::drain(nodes[0]);\nclock::pause(\"1s\");\ntraffic::admit(nodes[0]);\n",
    );
    let mut child = cluster.start_run(&PathBuf::from(playbook), "killed");
    let deadline = Instant::now() + Duration::from_secs(30);
    while told(&cluster) != "kong-1 41 \"drain\", kong-2 100 \"ready\"" {
        assert!(Instant::now() < deadline, "{}", told(&cluster));
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    let resumed = cluster.cutover(&["resume", "killed"]);
    assert_eq!(resumed.code, Some(DONE), "{}", resumed.all);
    assert_eq!(told(&cluster), "kong-1 41 \"ready\", kong-2 100 \"ready\"");
}

#[test]
fn clients_are_shifted_as_it_was_asked_for() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    let clients = Clients::at(&cluster, 100.0);
    let body = "import \"std/traffic\" as clients;\n\
        clients::shift_in_steps(nodes[0], nodes[1], [1, 10, 50, 100], \"10ms\", |percent| {\n\
            run::approve(`${percent} percent`);\n\
        });";
    let mut paused = run(&cluster, &cluster.environment(), "shift", body);
    let asked = clients.stop();
    for percent in [1, 10, 50, 100] {
        assert_eq!(paused.code, Some(HELD), "{}", paused.all);
        assert_eq!(share(&cluster, 200), 2 * percent);
        let clients = Clients::at(&cluster, 100.0);
        let approved = cluster.cutover(&["approve", "shift"]);
        assert_eq!(approved.code, Some(DONE), "{}", approved.all);
        paused = cluster.cutover(&["resume", "shift"]);
        clients.stop();
    }
    assert_eq!(paused.code, Some(DONE), "{}", paused.all);
    assert_eq!(told(&cluster), "kong-1 1 \"drain\", kong-2 1 \"ready\"");
    let clients = Clients::of(&cluster);
    let back = roll_back(&cluster, "shift");
    clients.stop();
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    assert!(asked > 10, "{asked}");
}

#[test]
fn no_client_notices_a_switch() {
    let turns = if everything() { 50 } else { 3 };
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    let clients = Clients::of(&cluster);
    let body = format!(
        "for turn in 0..{turns} {{\n\
           traffic::split(nodes[1], nodes[0], 100);\n\
           traffic::split(nodes[0], nodes[1], 100);\n\
         }}\n\
         traffic::split(nodes[0], nodes[1], 50);"
    );
    let switched = run(&cluster, &cluster.environment(), "switches", &body);
    let sent = clients.stop();
    assert_eq!(switched.code, Some(DONE), "{}", switched.all);
    println!("{} switches: {sent} requests", 2 * turns);
    assert!(sent > 200, "{sent}");
}

#[test]
fn a_node_that_drains_is_waited_for() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    change(&cluster, "kong-2", &json!({"weight": 0}));
    std::thread::sleep(Duration::from_secs(1));
    let record = record(&cluster);
    let text = |key: &str| record[key].as_str().expect("a text").to_owned();
    let (url, path) = (text("url"), text("unlimited_path"));
    let slow = std::thread::spawn(move || {
        let asked = ask(&url, "GET", &format!("{path}?sleep_ms=4000"), "");
        (asked.0, Instant::now())
    });
    std::thread::sleep(Duration::from_millis(300));
    let body = "traffic::admit(nodes[1], #{ weight: 100 });\ntraffic::drain(nodes[0]);";
    let drained = run(&cluster, &cluster.environment(), "drained", body);
    let finished = Instant::now();
    assert_eq!(drained.code, Some(DONE), "{}", drained.all);
    let (answer, answered) = slow.join().expect("asked");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answered < finished, "{}", drained.all);
    // One that is gone tells nothing, and is not waited for.
    cluster.fault(&["node-dies", "kong-2"]);
    let playbook = cluster.write(
        "gone.rhai",
        "const PLAYBOOK = #{ api: 1, params: #{}, needs: [\"traffic.drain\"] };\n\
         traffic::drain(env::cluster(\"practice\").nodes[1]);\n",
    );
    let words = ["run", &playbook, "--run-id", "gone", "--output", "ndjson"];
    let gone = cluster.cutover(&words);
    assert_eq!(gone.code, Some(DONE), "{}", gone.all);
    let told = "`kong-2` does not tell what it still answers: not waited for";
    assert!(gone.all.contains(told), "{}", gone.all);
}

#[test]
fn one_of_two_that_does_not_follow_is_told_and_everything_is_set_back() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    break_edge(&cluster, 1, &json!({"balancer_stuck": true}));
    let drain = "traffic::drain(nodes[0]);";
    let undone = run(&cluster, &cluster.environment(), "stuck", drain);
    assert_eq!(undone.code, Some(UNDONE), "{}", undone.all);
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    let second = edge(&cluster, 1);
    insta::assert_snapshot!(refusal(&undone).replace(&second, "SECOND"), @"the Kong at `SECOND` has the new weight of `kong-1` and still uses 100, 6 s after it was set; everything was undone, and the one thing that was changed is as it was found");
    // The first is one, too: it takes what it is told, and does not apply it.
    let alone = |edge: &mut toml::Table| set(edge, "admin", vec![second.clone()]);
    let path = environment(&cluster, "alone.toml", alone);
    let undone = run(&cluster, &path, "alone", drain);
    assert_eq!(undone.code, Some(UNDONE), "{}", undone.all);
    // Once it follows again, so does the next run.
    break_edge(&cluster, 1, &json!({}));
    let drained = run(&cluster, &cluster.environment(), "mended", drain);
    assert_eq!(drained.code, Some(DONE), "{}", drained.all);
    // A way back gives the node its requests whether all answer or not, and says which does not.
    kill_edge(&cluster, 0);
    let back = roll_back(&cluster, "mended");
    assert_eq!(back.code, Some(STUCK), "{}", back.all);
    let nobody = format!("the Kong at `{}` does not answer", edge(&cluster, 0));
    assert!(back.all.contains(&nobody), "{}", back.all);
    let (_, listed) = ask(&second, "GET", "/upstreams/kong/targets", "");
    assert_eq!(listed.matches("\"weight\":100").count(), 2, "{listed}");
}

#[test]
fn what_cannot_be_set_is_told() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    let look = "traffic::status(nodes[0]);";
    let servers = record(&cluster)["front"]["servers"].clone();
    let refused = |name: &str, body: &str, change: &dyn Fn(&mut toml::Table)| {
        let path = environment(&cluster, &format!("{name}.toml"), change);
        let ended = run(&cluster, &path, name, body);
        let mut told = refusal(&ended);
        if ended.code == Some(HELD) {
            let back = roll_back(&cluster, name);
            assert_eq!(back.code, Some(DONE), "{}", back.all);
        }
        for (node, target) in servers.as_object().expect("targets") {
            told = told.replace(target.as_str().expect("a text"), &node.to_uppercase());
        }
        let url = record(&cluster)["url"].as_str().expect("a text").to_owned();
        told.replace(&edge(&cluster, 0), "FIRST")
            .replace(&url, "URL")
    };
    let mut all = vec![
        refused("upstream", look, &|edge| set(edge, "upstream", "other")),
        refused("server", look, &|edge| {
            let servers: toml::Table = "kong-1 = \"a:1\"\nkong-2 = \"b:2\"".parse().expect("TOML");
            set(edge, "servers", servers);
        }),
        refused("nobody", look, &|edge| {
            set(edge, "admin", vec!["http://127.0.0.1:1"]);
        }),
        refused("other", look, &|edge| {
            let nodes = record(&cluster)["url"].as_str().expect("a text").to_owned();
            set(edge, "admin", vec![nodes]);
        }),
    ];
    change(&cluster, "kong-1", &json!({"weight": 300}));
    all.push(refused("large", look, &|_| {}));
    change(&cluster, "kong-1", &json!({"weight": 0}));
    all.push(refused("unknown", "traffic::admit(nodes[0]);", &|_| {}));
    break_edge(&cluster, 0, &json!({"admin_status": 403}));
    all.push(refused("token", look, &|_| {}));
    insta::assert_snapshot!(all.join("\n"), @r"
    the Kong at `FIRST` has no upstream `other`
    the upstream `kong` has no target `a:1`
    the Kong at `http://127.0.0.1:1` does not answer: Connection refused (os error 111)
    the Kong at `URL` has no upstream `kong`
    the target `KONG-1` of `kong` has the weight 300, and weights here go up to 256
    nothing says which weight `kong-1` is to have: it was drained by somebody else
    the Kong at `FIRST` answers 403 to `/upstreams/kong/targets/all?size=1000`: An unexpected error occurred
    ");
}

#[test]
fn a_plan_asks_and_changes_nothing() {
    let cluster = PracticeCluster::up_with(&WITH_KONG);
    let logs = || -> String {
        let record = record(&cluster);
        let edges = record["front"]["edges"].as_array().expect("edges").iter();
        let logs = edges.map(|edge| {
            let prefix = PathBuf::from(edge["prefix"].as_str().expect("a path"));
            // The second one has none before it is asked.
            std::fs::read_to_string(prefix.join("logs/admin_access.log")).unwrap_or_default()
        });
        logs.collect()
    };
    let before = logs().lines().count();
    let words = [
        "plan",
        "in-place",
        "cluster=practice",
        "to=3.4.2",
        "checks=/nope=404",
    ];
    let planned = cluster.cutover(&words);
    assert_eq!(planned.code, Some(DONE), "{}", planned.all);
    let text = logs();
    assert!(text.lines().count() > before, "nobody was asked");
    let writes = text.matches("\"PATCH ").count();
    assert_eq!(writes, 0, "{text}");
}

#[test]
fn clients_move_to_a_second_side_and_back() {
    let cluster = PracticeCluster::up_with(&["--green", "3.4.2", "--traffic", "kong-upstream"]);
    let before = told(&cluster);
    let play = |playbook: &str, further: &[&str]| {
        let sides = ["blue=practice", "green=green", "checks=/catalogue=200"];
        let words = [
            "run",
            playbook,
            "--run-id",
            playbook,
            "--approve",
            "practice",
        ];
        let ended = cluster.cutover(&[&words[..], &sides, further].concat());
        assert_eq!(ended.code, Some(DONE), "{}", ended.all);
        assert!(
            ended.verdict.contains(" probes, 0 failed"),
            "{}",
            ended.verdict
        );
    };
    let clients = Clients::at(&cluster, 100.0);
    let steps = ["steps=1,10,50,100", "bake=0s", "interval=1s"];
    let pace = ["watch=1s", "settle=1s"];
    play("blue-green", &[&["to=3.4.2"], &steps[..], &pace].concat());
    assert_eq!(
        told(&cluster),
        "green-1 1 \"ready\", green-2 1 \"ready\", kong-1 1 \"drain\", kong-2 1 \"drain\""
    );
    play("switch-back", &pace);
    let sent = clients.stop();
    println!("over and back: {sent} requests, none failed");
    for run in ["switch-back", "blue-green"] {
        let back = roll_back(&cluster, run);
        assert_eq!(back.code, Some(DONE), "{}", back.all);
    }
    assert_eq!(told(&cluster), before);
    assert_eq!(
        before,
        "green-1 0 \"drain\", green-2 0 \"drain\", kong-1 100 \"ready\", kong-2 100 \"ready\""
    );
}
