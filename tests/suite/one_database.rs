//! The shipped upgrade with two sides on one database, on a practice cluster with real PostgreSQL and HAProxy: the older version serves on
//! what the newer one's `up` makes, clients notice nothing, and there is a way back before and behind `finish`.

use serde_json::Value;

use crate::behind_a_balancer::{Clients, record};
use crate::practice_cluster::PracticeCluster;

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const PAUSED: i32 = 8;

fn cluster() -> PracticeCluster {
    let cluster = PracticeCluster::up_with(&["--green", "3.4.2", "--traffic", "haproxy"]);
    share_the_database(&cluster);
    cluster
}

/// Gives the nodes of the second side, which do not run, the database of the first.
pub(crate) fn share_the_database(cluster: &PracticeCluster) {
    let record = record(cluster);
    let conf = |node: &Value| node["conf"].as_str().expect("a path").to_owned();
    let read = |path: &str| std::fs::read_to_string(path).expect("a configuration");
    let is_database = |line: &&str| line.starts_with("pg_");
    let first = read(&conf(&record["nodes"][0]));
    for node in record["green"].as_array().expect("a second side") {
        let own = read(&conf(node));
        let lines = own.lines().filter(|line| !is_database(line));
        let lines: Vec<&str> = lines.chain(first.lines().filter(is_database)).collect();
        std::fs::write(conf(node), lines.join("\n") + "\n").expect("written");
    }
    let path = cluster.environment();
    let text = std::fs::read_to_string(&path).expect("an environment");
    let green = text.find("[clusters.green]").expect("a second side");
    let (before, own) = text.split_at(green);
    let own = own.replacen("database = \"green\"", "database = \"main\"", 1);
    std::fs::write(&path, format!("{before}{own}")).expect("written");
}

fn words<'a>(run: &'a str, further: &[&'a str]) -> Vec<&'a str> {
    let words = [
        "run",
        "blue-green-shared",
        "--run-id",
        run,
        "blue=practice",
        "green=green",
        "checks=/catalogue=200,/orders=401",
        "to=3.4.2",
        "steps=10,100",
        "watch=1s",
        "bake=0s",
        "interval=1s",
    ];
    [&words, further].concat()
}

/// The versions that the cluster's database is migrated for, as Kong of 3.4.2 would go on from it: what is pending.
fn pending(cluster: &PracticeCluster) -> String {
    let question = "SELECT coalesce(string_agg(subsystem || ' ' || p, ', ' ORDER BY subsystem), '') FROM schema_meta, unnest(pending) AS p";
    cluster.try_sql(question).expect("asked")
}

#[test]
fn clients_move_over_and_the_backup_is_the_way_back_behind_finish() {
    let cluster = cluster();
    let (content, rotation) = (cluster.content(), cluster.rotation());
    let clients = Clients::of(&cluster);
    let done = cluster.cutover(&words("there", &["--approve", "practice"]));
    let asked = clients.stop();
    assert_eq!(done.code, Some(DONE), "{}", done.all);
    assert!(
        done.verdict.contains(" probes, 0 failed"),
        "{}",
        done.verdict
    );
    println!("over on one database: {asked} requests, none failed");
    assert_eq!(pending(&cluster), "");
    assert!(cluster.status().contains("3.4.2"), "{}", cluster.status());

    // The second side goes on serving what it has in memory while the database is swapped under it.
    let clients = Clients::of(&cluster);
    let undone = cluster.cutover(&["rollback", "there", "--confirm", "practice"]);
    assert_eq!(undone.code, Some(DONE), "{}", undone.all);
    println!(
        "back behind `finish`: {} requests, none failed",
        clients.stop()
    );
    assert_eq!(cluster.content(), content);
    assert_eq!(cluster.rotation(), rotation);
}

#[test]
fn before_finish_the_way_back_takes_nothing_from_under_the_side_that_serves() {
    let cluster = cluster();
    let rotation = cluster.rotation();
    let clients = Clients::of(&cluster);
    let paused = cluster.cutover(&words("there", &[]));
    assert_eq!(paused.code, Some(PAUSED), "{}", paused.all);
    for _ in 0..2 {
        assert_eq!(cluster.cutover(&["approve", "there"]).code, Some(DONE));
        let paused = cluster.cutover(&["resume", "there"]);
        assert_eq!(paused.code, Some(PAUSED), "{}", paused.all);
    }
    let left = pending(&cluster);
    assert!(left.contains("core 016_280_to_300"), "{left}");
    // Somebody configures meanwhile, on the one database that there is.
    cluster.admin("POST", "/consumers", r#"{"username":"dora"}"#);
    let undone = cluster.cutover(&["rollback", "there", "--confirm", "practice"]);
    assert_eq!(undone.code, Some(DONE), "{}", undone.all);
    let told = "left as it is: the database `main` keeps what `up` of 3.4.2 made of it";
    assert!(undone.verdict.contains(told), "{}", undone.verdict);
    clients.stop();
    assert_eq!(pending(&cluster), left);
    assert_eq!(cluster.rotation(), rotation);
    let dora = "SELECT count(*) FROM consumers WHERE username = 'dora'";
    assert_eq!(
        cluster.try_sql(dora).as_deref(),
        Ok("1"),
        "nothing that was written is lost"
    );
}
