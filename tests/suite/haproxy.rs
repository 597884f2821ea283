//! HAProxy as the load balancer: what was found is set again, what was set outlives its reload, and no client notices a switch.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::behind_a_balancer::{Clients, environment, refusal, run, set, told};
use crate::practice_cluster::{PracticeCluster, cutover_in, everything, haproxy};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const UNDONE: i32 = 5;
const STUCK: i32 = 7;
const HELD: i32 = 8;

const WITH_HAPROXY: [&str; 2] = ["--traffic", "haproxy"];

pub(crate) fn socket(cluster: &PracticeCluster) -> PathBuf {
    let environment = std::fs::read_to_string(cluster.environment()).expect("read");
    let environment: toml::Table = environment.parse().expect("TOML");
    let socket = environment["traffic"]["edge"]["sockets"][0].as_str();
    PathBuf::from(socket.expect("a socket"))
}

#[test]
fn an_upgrade_and_its_way_back() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let old = cluster.world();
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    let status = cluster.status();
    assert_eq!(status.matches("ready 100").count(), 2, "{status}");
    let upgraded = cluster.upgrade("there", &[]);
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    cluster.roll_back("there", &old);
}

#[test]
fn exactly_what_was_found_is_set_again() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let socket = socket(&cluster);
    haproxy(&socket, "set server kong/kong-1 weight 37");
    haproxy(&socket, "set server kong/kong-2 state drain");
    haproxy(&socket, "set server kong/kong-2 weight 0");
    let before = told(&cluster);
    let held = run(
        &cluster,
        &cluster.environment(),
        "held",
        "traffic::admit(nodes[1], #{ weight: 200 });\n\
         run::note(`${traffic::status(nodes)}`);\n\
         traffic::drain(nodes[0]);\n\
         throw \"enough\";",
    );
    assert_eq!(held.code, Some(HELD), "{}", held.all);
    assert!(held.all.contains("\"weight\": 200"), "{}", held.all);
    assert_eq!(told(&cluster), "kong-1 37 \"drain\", kong-2 200 \"ready\"");
    let undone = cluster.cutover(&["rollback", "held", "--confirm", "practice"]);
    assert_eq!(undone.code, Some(DONE), "{}", undone.all);
    assert_eq!(told(&cluster), before);
    assert_eq!(before, "kong-1 37 \"ready\", kong-2 0 \"drain\"");
}

#[test]
fn what_was_set_outlives_a_reload() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let done = run(
        &cluster,
        &cluster.environment(),
        "set",
        "traffic::admit(nodes[0], #{ weight: 12 });\ntraffic::drain(nodes[1]);",
    );
    assert_eq!(done.code, Some(DONE), "{}", done.all);
    let set = "kong-1 12 \"ready\", kong-2 100 \"drain\"";
    assert_eq!(told(&cluster), set);
    reload(&cluster);
    assert_eq!(told(&cluster), set);
}

/// Whoever keeps what was set over a reload wants the reload itself to be unnoticed: connections that wait for their next request are told with an answer.
#[test]
fn no_client_notices_a_reload() {
    let reloads = if everything() { 200 } else { 10 };
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let clients = Clients::of(&cluster);
    for _ in 0..reloads {
        reload(&cluster);
    }
    let sent = clients.stop();
    println!("{reloads} reloads: {sent} requests");
    assert!(sent > 200, "{sent}");
}

#[test]
fn a_server_that_is_disabled_in_the_configuration_is_used_once_somebody_enabled_it() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let configuration = cluster.path().join("haproxy/haproxy.cfg");
    let text = std::fs::read_to_string(&configuration).expect("read");
    let disabled = text.replace("check inter", "disabled check inter");
    std::fs::write(&configuration, disabled).expect("written");
    reload(&cluster);
    let look = "run::note(`${traffic::status(nodes[0])}`);";
    let found = run(&cluster, &cluster.environment(), "found", look);
    assert!(
        refusal(&found).contains("is in maintenance"),
        "{}",
        found.all
    );
    haproxy(&socket(&cluster), "set server kong/kong-1 state ready");
    let enabled = run(&cluster, &cluster.environment(), "enabled", look);
    assert!(
        enabled.all.contains("\"state\": \"ready\""),
        "{}",
        enabled.all
    );
}

/// Tells HAProxy's master to start a new worker, and waits for it. A master that has just started one loses the signal, so it is told until it heard.
pub(crate) fn reload(cluster: &PracticeCluster) {
    let worker = || {
        let information = haproxy(&socket(cluster), "show info");
        let pid = information.lines().find(|line| line.starts_with("Pid:"));
        pid.map(str::to_owned)
    };
    let heard = || {
        let log = std::fs::read_to_string(cluster.path().join("haproxy/log")).expect("the log");
        log.matches("Reloading HAProxy").count()
    };
    let before = (worker().expect("a worker"), heard());
    let ledger = std::fs::read(cluster.path().join("processes.json")).expect("the ledger");
    let ledger: serde_json::Value = serde_json::from_slice(&ledger).expect("JSON");
    let pid = ledger["processes"]["haproxy"]["pid"]
        .as_i64()
        .expect("it runs");
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("small"));
    let pid = pid.expect("a process");
    let deadline = Instant::now() + Duration::from_secs(20);
    while worker().is_none_or(|pid| pid == before.0) {
        assert!(Instant::now() < deadline, "no new worker");
        if heard() == before.1 {
            rustix::process::kill_process(pid, rustix::process::Signal::USR2).expect("signalled");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_cannot_be_set_is_told() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let real = socket(&cluster).display().to_string();
    let look = "traffic::status(nodes[0]);";
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
    let second = regex::Regex::new("/[^`]*second.sock").expect("a pattern");
    let mut all = Vec::new();
    all.push(refused("backend", look, &|edge| {
        set(edge, "backend", "other");
    }));
    all.push(refused("server", look, &|edge| {
        let servers: toml::Table = "kong-1 = \"elsewhere\"".parse().expect("TOML");
        set(edge, "servers", servers);
    }));
    all.push(refused("nobody", look, &|edge| {
        set(
            edge,
            "sockets",
            vec![cluster.path().join("none.sock").display().to_string()],
        );
    }));
    all.push(refused("file", "traffic::drain(nodes[0]);", &|edge| {
        set(edge, "state_file", "/nowhere/states");
    }));
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    let other = Second::in_front_of(&cluster, |_, answer| {
        answer.replace(" 100 100 ", " 50 100 ")
    });
    all.push(refused("split", look, &|edge| {
        set(
            edge,
            "sockets",
            vec![real.clone(), other.path.display().to_string()],
        );
        edge.remove("state_file");
    }));
    let deaf = Second::in_front_of(&cluster, |command, answer| {
        if command.starts_with("set") {
            "\n".to_owned()
        } else {
            answer
        }
    });
    all.push(refused(
        "deaf",
        "traffic::admit(nodes[0], #{ weight: 1 });",
        &|edge| {
            set(edge, "sockets", vec![deaf.path.display().to_string()]);
            edge.remove("state_file");
        },
    ));
    let guarded = Second::in_front_of(&cluster, |command, answer| {
        if command.starts_with("set") {
            "Permission denied\n".to_owned()
        } else {
            answer
        }
    });
    all.push(refused("guarded", "traffic::drain(nodes[0]);", &|edge| {
        set(edge, "sockets", vec![guarded.path.display().to_string()]);
        edge.remove("state_file");
    }));
    haproxy(&socket(&cluster), "set server kong/kong-1 state maint");
    all.push(refused("maintenance", look, &|_| {}));
    let all = all.join("\n");
    insta::assert_snapshot!(second.replace_all(&all, "SECOND"), @r"
    HAProxy refuses `show servers state other`: Can't find backend.
    the backend `kong` has no server `elsewhere`
    HAProxy does not answer at `DIRECTORY/none.sock`: No such file or directory (os error 2)
    cannot write `/nowhere/states`: entity not found; everything was undone, and the one thing that was changed is as it was found
    two load balancers differ about `kong-1`: weight 100 at `SOCKET`, weight 50 at `SECOND`
    the load balancer did not keep what was set for `kong-1`
    HAProxy refuses `set server kong/kong-1 weight 100`: Permission denied; everything was undone, and the one thing that was changed is as it was found
    `kong-1` is in maintenance at its load balancer, where somebody or its configuration put it
    ");
}

#[test]
fn a_way_back_gives_requests_also_where_it_cannot_keep_that() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let states = cluster.path().join("states");
    std::fs::create_dir(&states).expect("made");
    let path = environment(&cluster, "kept.toml", |edge| {
        set(
            edge,
            "state_file",
            states.join("kept").display().to_string(),
        );
    });
    let drained = run(&cluster, &path, "kept", "traffic::drain(nodes[0]);");
    assert_eq!(drained.code, Some(DONE), "{}", drained.all);
    std::fs::remove_dir_all(&states).expect("removed");
    let back = cutover_in(&path, &["rollback", "kept", "--confirm", "practice"]);
    assert_eq!(back.code, Some(STUCK), "{}", back.all);
    assert!(
        back.all.contains("a reload of HAProxy would"),
        "{}",
        back.all
    );
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
}

#[test]
fn one_of_two_that_was_set_alone_is_set_back() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let real = socket(&cluster).display().to_string();
    // It obeys nothing, and stays as it was when the first one drains.
    let second = Second::in_front_of(&cluster, |command, answer| {
        if command.starts_with("set") {
            "Permission denied\n".to_owned()
        } else {
            answer.replace(" 2 8 100 100 ", " 2 0 100 100 ")
        }
    });
    let path = environment(&cluster, "two.toml", |edge| {
        set(
            edge,
            "sockets",
            vec![real, second.path.display().to_string()],
        );
        edge.remove("state_file");
    });
    let undone = run(&cluster, &path, "two", "traffic::drain(nodes[0]);");
    assert_eq!(undone.code, Some(UNDONE), "{}", undone.all);
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
}

/// A second HAProxy that is the first one with its answers changed.
pub(crate) struct Second {
    pub(crate) path: PathBuf,
    _directory: tempfile::TempDir,
}

impl Second {
    pub(crate) fn in_front_of(
        cluster: &PracticeCluster,
        change: impl Fn(&str, String) -> String + Send + 'static,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("second.sock");
        let (listener, first) = (UnixListener::bind(&path).expect("bound"), socket(cluster));
        std::thread::spawn(move || {
            // Ends with the test's process; whoever comes later finds no file.
            for stream in listener.incoming() {
                let mut stream = stream.expect("accepted");
                let mut command = String::new();
                let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
                if reader.read_line(&mut command).is_err() {
                    continue;
                }
                let command = command.trim();
                // What it is deaf to does not reach the first one either.
                let probe = change(command, String::new());
                let answer = if probe.is_empty() {
                    change(command, haproxy(&first, command))
                } else {
                    probe
                };
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self {
            path,
            _directory: directory,
        }
    }
}

#[test]
fn no_client_notices_a_switch() {
    // Each turn is two switches: to one node alone, and to the other.
    let turns = if everything() { 150 } else { 15 };
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let clients = Clients::of(&cluster);
    let body = format!(
        "for turn in 0..{turns} {{\n\
           for pair in [[nodes[0], nodes[1]], [nodes[1], nodes[0]]] {{\n\
             traffic::admit(pair[0]);\n traffic::drain(pair[1]);\n clock::pause(\"20ms\");\n\
           }}\n\
         }}\n\
         traffic::admit(nodes);"
    );
    let switched = run(&cluster, &cluster.environment(), "switches", &body);
    let sent = clients.stop();
    assert_eq!(switched.code, Some(DONE), "{}", switched.all);
    println!("{} switches: {sent} requests", 2 * turns);
    assert!(sent > 200, "{sent}");
}

#[test]
fn clients_are_shifted_as_it_was_asked_for() {
    let cluster = PracticeCluster::up_with(&WITH_HAPROXY);
    let clients = Clients::of(&cluster);
    let body = "import \"std/traffic\" as clients;\n\
        clients::shift_in_steps(nodes[0], nodes[1], [10, 50], \"10ms\", |percent| {\n\
            run::approve(`${percent} percent`);\n\
        });";
    let mut shares = Vec::new();
    let mut paused = run(&cluster, &cluster.environment(), "shift", body);
    for _ in 0..2 {
        assert_eq!(paused.code, Some(HELD), "{}", paused.all);
        shares.push(share(&cluster, "kong-2"));
        let approved = cluster.cutover(&["approve", "shift"]);
        assert_eq!(approved.code, Some(DONE), "{}", approved.all);
        paused = cluster.cutover(&["resume", "shift"]);
    }
    assert_eq!(paused.code, Some(DONE), "{}", paused.all);
    let back = cluster.cutover(&["rollback", "shift", "--confirm", "practice"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    clients.stop();
    // Round robin is exact: the rest is where counting began and ended.
    for (share, asked) in shares.into_iter().zip([10.0, 50.0]) {
        assert!(
            (share - asked).abs() < 3.0,
            "{share} % instead of {asked} %"
        );
    }
}

/// How many of some hundred requests a server gets now, in percent, as HAProxy counts them.
fn share(cluster: &PracticeCluster, server: &str) -> f64 {
    let socket = socket(cluster);
    let chosen = || -> BTreeMap<String, f64> {
        let answer = haproxy(&socket, "show stat -1 4 -1");
        let mut lines = answer.trim_start_matches("# ").lines();
        let names: Vec<&str> = lines.next().expect("names").split(',').collect();
        let at = |name: &str| {
            names
                .iter()
                .position(|other| *other == name)
                .expect("a column")
        };
        let (name, count) = (at("svname"), at("stot"));
        let servers = lines.filter(|line| line.starts_with("kong,"));
        let cells = servers.map(|line| line.split(',').collect::<Vec<_>>());
        cells
            .map(|cells| {
                (
                    cells[name].to_owned(),
                    cells[count].parse().expect("a number"),
                )
            })
            .collect()
    };
    let before = chosen();
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let now = chosen();
        let more = |name: &str| now[name] - before[name];
        let all: f64 = now.keys().map(|name| more(name)).sum();
        if all >= 300.0 {
            return 100.0 * more(server) / all;
        }
        assert!(Instant::now() < deadline, "{all} requests in a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
}
