//! The shipped upgrade with two sides on a practice cluster with real PostgreSQL and HAProxy: clients notice nothing, what is counted is
//! counted once, and every way back leads to where it says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cutover::lab::client::{Load, LoadReport};

use crate::behind_a_balancer::Clients;
use crate::practice_cluster::{Ended, PracticeCluster};

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
struct Counted {
    stop: tokio::sync::oneshot::Sender<()>,
    sending: std::thread::JoinHandle<LoadReport>,
}

impl Counted {
    fn of(cluster: &PracticeCluster) -> Self {
        let record = std::fs::read(cluster.path().join("practice.json")).expect("read");
        let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let (url, path) = (
            text(&record["url"]),
            text(&record["seeded"]["limited_path"]),
        );
        let key = text(&record["seeded"]["keys"][1]);
        let load = Load {
            url: format!("{url}{path}"),
            rate: 50.0,
            headers: BTreeMap::from([("apikey".to_owned(), key)]),
            timeout: Duration::from_secs(5),
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let sending = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let running = load.start().expect("a load");
                stopped.await.expect("told to stop");
                running.stop().await
            })
        });
        Self { stop, sending }
    }

    /// How many requests passed; none failed.
    fn stop(self) -> u64 {
        self.stop.send(()).expect("it is sending");
        let report = self.sending.join().expect("sent to the end");
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

    let (clients, counting) = (Clients::of(&cluster), Counted::of(&cluster));
    let back = play(&cluster, "switch-back", "back", &["watch=1s", "settle=1s"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
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
