//! The shipped upgrade with two sides on a practice cluster with real PostgreSQL and HAProxy: clients notice nothing, what is counted is
//! counted once, and every way back leads to where it says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cutover::lab::client::Load;
use rustix::process::{Pid, Signal, kill_process};

use crate::behind_a_balancer::{Clients, Sending, record};
use crate::in_place::UNEQUAL;
use crate::practice_cluster::{Ended, PracticeCluster, World, everything};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;

const SIDES: [&str; 3] = [
    "blue=practice",
    "green=green",
    "checks=/catalogue=200,/orders=401",
];

fn cluster() -> PracticeCluster {
    let cluster = PracticeCluster::up_with(&["--green", "3.4.2", "--traffic", "haproxy"]);
    // A window that lasts longer than a test, and a limit that nobody reaches.
    let plugin =
        "SELECT id FROM plugins WHERE name = 'rate-limiting' AND config->>'policy' = 'cluster'";
    let plugin = cluster.try_sql(plugin).expect("asked");
    let config = r#"{"config":{"minute":null,"year":1000000}}"#;
    cluster.admin("PATCH", &format!("/plugins/{plugin}"), config);
    cluster
}

/// Runs a shipped playbook about the two sides.
fn play(cluster: &PracticeCluster, playbook: &str, run: &str, further: &[&str]) -> Ended {
    let mut words = vec!["run", playbook, "--run-id", run, "--approve", "practice"];
    words.extend(SIDES.iter().take(if playbook == "dismiss" { 2 } else { 3 }));
    words.extend(further);
    cluster.cutover(&words)
}

fn upgrade(cluster: &PracticeCluster, run: &str) -> Ended {
    upgrade_with(cluster, run, &[])
}

fn upgrade_with(cluster: &PracticeCluster, run: &str, further: &[&str]) -> Ended {
    let quick = [
        "to=3.4.2",
        "steps=10,50,100",
        "watch=1s",
        "settle=1s",
        "bake=0s",
        "interval=1s",
    ];
    play(cluster, "blue-green", run, &[&quick, further].concat())
}

/// What a client's counter of the year is, in a database.
fn counted(cluster: &PracticeCluster, database: &str) -> u64 {
    let asked = cluster.try_sql_in(
        database,
        "SELECT coalesce(max(value), 0) FROM ratelimiting_metrics WHERE period = 'year'",
    );
    asked.expect("asked").parse().expect("a number")
}

/// A client whose requests are counted.
struct Counted(Sending);

impl Counted {
    fn of(cluster: &PracticeCluster) -> Self {
        let record = record(cluster);
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let (url, path) = (
            text(&record["url"]),
            text(&record["seeded"]["limited_path"]),
        );
        let key = text(&record["seeded"]["keys"][1]);
        Self(Sending::of(Load {
            url: format!("{url}{path}"),
            rate: 50.0,
            headers: BTreeMap::from([("apikey".to_owned(), key)]),
            timeout: Duration::from_secs(5),
        }))
    }

    /// How many requests passed; none failed.
    fn stop(self) -> u64 {
        let report = self.0.stop();
        assert_eq!(
            (report.failed(), report.sent),
            (0, report.statuses[&200]),
            "{report:?}"
        );
        report.sent
    }
}

/// Waits until every node counts by the year, and answers what is counted by then.
fn counting_begins(cluster: &PracticeCluster) -> u64 {
    for _ in 0..100 {
        let before = counted(cluster, "kong");
        let counting = Counted::of(cluster);
        std::thread::sleep(Duration::from_millis(200));
        let sent = counting.stop();
        std::thread::sleep(Duration::from_millis(100));
        if sent > 4 && counted(cluster, "kong") == before + sent {
            return before + sent;
        }
    }
    panic!("the nodes never count every request");
}

/// Waits until a counter has what Kong counts after it has answered.
fn settled(cluster: &PracticeCluster, database: &str, wanted: u64) {
    let question = format!(
        "SELECT coalesce(max(value), 0) = {wanted} FROM ratelimiting_metrics WHERE period = 'year'"
    );
    for _ in 0..200 {
        if cluster.try_sql_in(database, &question).as_deref() == Ok("t") {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(counted(cluster, database), wanted, "in {database}");
}

#[test]
fn clients_and_what_they_counted_move_over_and_back() {
    let cluster = cluster();
    let before = counting_begins(&cluster);
    let (clients, counting) = (Clients::of(&cluster), Counted::of(&cluster));
    let there = upgrade(&cluster, "there");
    assert_eq!(there.code, Some(DONE), "{}", there.all);
    let (asked, passed) = (clients.stop(), counting.stop());
    // Whatever side a request came to, the one that serves now has counted it once.
    settled(&cluster, "kong_green", before + passed);
    assert!(
        there.all.contains("since the copy: 0; still lacking: 0"),
        "{}",
        there.all
    );
    assert!(
        there.verdict.contains(" probes, 0 failed"),
        "{}",
        there.verdict
    );
    let shown = cluster.cutover(&["show", "there"]).all;
    let shifting = shown
        .lines()
        .find(|line| line.trim_start().starts_with("while shifting"));
    let answered = shifting.unwrap_or_else(|| panic!("{shown}"));
    assert!(
        answered.contains("kong/2.8.5 ") && answered.contains("kong/3.4.2 "),
        "{answered}"
    );
    println!("over: {asked} requests and {passed} counted ones, none failed");
    let served = |told: &str| {
        cluster
            .rotation()
            .into_iter()
            .filter(|(_, now)| now.contains(told))
            .count()
    };
    assert_eq!(
        (served("drain"), served("ready")),
        (2, 2),
        "{:?}",
        cluster.rotation()
    );

    // Somebody goes on configuring on the side that serves.
    let configure = "UPDATE services SET retries = 7 WHERE name = 'site' RETURNING '~ ' || id";
    let changed = cluster.try_sql_in("kong_green", configure).expect("done");
    let (clients, counting) = (Clients::of(&cluster), Counted::of(&cluster));
    let back = play(&cluster, "switch-back", "back", &["watch=1s", "settle=1s"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    let told = format!(
        "configured on green since it has clients, and not on practice: services: 0 added, 1 changed, 0 removed ({changed})"
    );
    assert!(back.all.contains(&told), "{told}\n{}", back.all);
    let (asked, again) = (clients.stop(), counting.stop());
    settled(&cluster, "kong", before + passed + again);
    println!("back: {asked} requests and {again} counted ones, none failed");

    let dismissed = play(&cluster, "dismiss", "dismissed", &["leaving=green"]);
    assert_eq!(dismissed.code, Some(DONE), "{}", dismissed.all);
    let ours = "SELECT count(*) FROM pg_class WHERE relname LIKE 'cutover%'";
    assert_eq!(cluster.try_sql(ours).as_deref(), Ok("0"));
}

#[test]
fn a_person_takes_all_of_it_back() {
    let cluster = cluster();
    let (content, rotation) = (cluster.content(), cluster.rotation());
    let done = upgrade_with(&cluster, "done", &["freeze=deny"]);
    assert_eq!(done.code, Some(DONE), "{}", done.all);
    let clients = Clients::of(&cluster);
    let undone = cluster.cutover(&["rollback", "done", "--confirm", "practice"]);
    assert_eq!(undone.code, Some(DONE), "{}", undone.all);
    clients.stop();
    // Nobody misses the second side.
    assert!(
        undone.verdict.starts_with("undone after"),
        "{}",
        undone.verdict
    );
    assert_eq!((cluster.content(), cluster.rotation()), (content, rotation));
    assert!(!cluster.databases().contains(&"kong_green".to_owned()));
    let left = std::fs::read_dir(cluster.storage().join("backups")).expect("there");
    assert_eq!(
        left.map(|entry| entry.expect("one").path())
            .collect::<Vec<PathBuf>>(),
        [] as [PathBuf; 0]
    );
}

/// What must be there again after a way back: blue's world, who gets requests, the databases, and what blue counted alone.
fn standing(cluster: &PracticeCluster) -> (World, BTreeMap<String, String>, Vec<String>, u64) {
    (
        cluster.world(),
        cluster.rotation(),
        cluster.databases(),
        counted(cluster, "kong"),
    )
}

/// Puts a token into the first side's database.
const TOKEN: &str = "INSERT INTO oauth2_tokens (id, service_id, ws_id, access_token) \
                     SELECT gen_random_uuid(), id, ws_id, 'revoked' FROM services LIMIT 1";

/// Takes it away, as whoever revokes it does.
const REVOKED: &str = "DELETE FROM oauth2_tokens WHERE access_token = 'revoked'";

/// How many such tokens a database has.
fn tokens(cluster: &PracticeCluster, database: &str) -> String {
    let count = "SELECT count(*) FROM oauth2_tokens WHERE access_token = 'revoked'";
    cluster.try_sql_in(database, count).expect("asked")
}

/// The runner is killed with SIGKILL after a record, at points that are spread over the upgrade, and the run is taken back; every other one
/// goes on to its end first. A token that is revoked meanwhile stays revoked, on both sides.
#[test]
fn an_upgrade_that_is_killed_anywhere_can_be_taken_back() {
    let cluster = cluster();
    counting_begins(&cluster);
    let found = standing(&cluster);
    let taken_back = |run: &str| {
        let back = cluster.cutover(&["rollback", run, "--confirm", "practice"]);
        assert_eq!(back.code, Some(DONE), "{run}: {}", back.all);
        assert_eq!(standing(&cluster), found, "{run}: {}", back.all);
        let ours = "SELECT count(*) FROM pg_class WHERE relname LIKE 'cutover%'";
        assert_eq!(cluster.try_sql(ours).as_deref(), Ok("0"), "{run}");
        let dumps = std::fs::read_dir(cluster.storage().join("backups"));
        assert_eq!(dumps.map_or(0, Iterator::count), 0, "{run}");
    };
    // Without the prober, whose records are as many as the machine is slow.
    let quick = ["watch=0s", "settle=0s", "probe=0"];
    let whole = upgrade_with(&cluster, "whole", &quick);
    assert_eq!(whole.code, Some(DONE), "{}", whole.all);
    let records = cluster.records("whole");
    let journal = cluster.journal_text("whole");
    let last_carried = journal.lines().collect::<Vec<_>>();
    let last_carried = last_carried
        .iter()
        .rposition(|line| line.contains("gap.carry"));
    let last_carried = last_carried.expect("it carries");
    taken_back("whole");
    let step = if everything() { 3 } else { records / 3 };
    let (mut swept, mut resumed) = (0, 0);
    for record in (step.max(4)..records).step_by(step) {
        let run = format!("killed-{record}");
        let crash = format!("after:{record}");
        cluster.try_sql(TOKEN).expect("put there");
        let killed = upgrade_with(&cluster, &run, &[&quick[..], &["--crash", &crash]].concat());
        // How often something is polled differs from run to run, so the last points may be none.
        let over = killed.code == Some(DONE) && record + UNEQUAL > records;
        assert!(killed.code.is_none() || over, "{run}: {}", killed.all);
        cluster.try_sql(REVOKED).expect("revoked");
        // What is revoked after the last round is none of the gap's.
        if swept % 2 == 1 && record < last_carried {
            let on = cluster.cutover(&["resume", &run, "--approve", "practice"]);
            assert_eq!(on.code, Some(DONE), "{run}: {}", on.all);
            assert_eq!(tokens(&cluster, "kong_green"), "0", "{run}: {}", on.all);
            resumed += 1;
        }
        taken_back(&run);
        assert_eq!(tokens(&cluster, "kong"), "0", "{run}");
        swept += 1;
    }
    println!(
        "taken back from {swept} of {records} records, {resumed} of them after their end: blue as it was every time"
    );
    assert!(swept > 1 && resumed > 0);
}

/// A load that somebody else wrote, where it is installed: it tells at its end what failed.
struct Witness(Option<std::process::Child>);

impl Witness {
    fn of(cluster: &PracticeCluster) -> Self {
        let record = record(cluster);
        let text = |key: &str| record[key].as_str().expect("a text").to_owned();
        let url = format!("{}{}", text("url"), text("unlimited_path"));
        let started = std::process::Command::new("wrk")
            .args(["-t1", "-c2", "-d3600s", &url])
            .stdout(std::process::Stdio::piped())
            .spawn();
        if started.is_err() {
            println!("skipped the witness: `wrk` is not installed");
        }
        Self(started.ok())
    }

    /// What it says of failures; nothing where none failed.
    fn stop(self) -> String {
        let Some(child) = self.0 else {
            return String::new();
        };
        let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        kill_process(process.expect("a process"), Signal::INT).expect("it runs");
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{told}");
        assert!(told.contains("requests in"), "{told}");
        let failures = ["Socket errors", "Non-2xx"];
        told.lines()
            .filter(|line| failures.iter().any(|word| line.contains(word)))
            .collect()
    }
}

#[test]
fn switches_there_and_back_under_load_fail_nobody() {
    let cluster = cluster();
    let upgraded = upgrade(&cluster, "upgraded");
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    let all = everything();
    let (pairs, rate) = if all { (100, 1_600.0) } else { (4, 500.0) };
    let playbook = cluster.write(
        "switches.rhai",
        &format!(
            "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"traffic.*\"] }};\n\
             let blue = env::cluster(\"practice\");\n\
             let green = env::cluster(\"green\");\n\
             traffic::watch(blue, [#{{ path: \"/catalogue\", status: 200 }}], #{{}});\n\
             for pair in 0..{pairs} {{\n\
                 traffic::split(green.nodes, blue.nodes, 100);\n\
                 traffic::split(blue.nodes, green.nodes, 100);\n\
             }}\n"
        ),
    );
    let witness = all.then(|| Witness::of(&cluster));
    let clients = Clients::at(&cluster, rate);
    let switched = cluster.cutover(&["run", &playbook, "--run-id", "switched"]);
    let (report, asked, failed) = clients.account();
    let seen = witness.map(Witness::stop).unwrap_or_default();
    assert_eq!(switched.code, Some(DONE), "{}", switched.all);
    assert_eq!(
        (report.failed(), failed, seen.as_str()),
        (0, 0, ""),
        "{report:?}"
    );
    assert!(
        switched.verdict.contains(" probes, 0 failed"),
        "{}",
        switched.verdict
    );
    println!(
        "{} switches, {} requests over kept connections and {asked} over new ones, none failed; {}",
        2 * pairs,
        report.sent,
        switched.verdict
    );
}
