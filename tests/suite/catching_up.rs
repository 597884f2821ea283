//! Configuration that is written on the first side of an upgrade while a person is asked, and that the second side has when clients come:
//! on a practice cluster with real PostgreSQL.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::behind_a_balancer::record;
use crate::practice_cluster::{Ended, PracticeCluster};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const UNDONE: i32 = 5;
const PAUSED: i32 = 8;

/// An upgrade that waits for its approval: the copy is made, migrated and proven.
fn waiting() -> PracticeCluster {
    let cluster = PracticeCluster::up_with(&["--green", "3.4.2", "--traffic", "haproxy"]);
    let paused = cluster.cutover(&[
        "run",
        "blue-green",
        "--run-id",
        "there",
        "blue=practice",
        "green=green",
        "checks=/catalogue=200,/orders=401",
        "to=3.4.2",
        "steps=100",
        "watch=0s",
        "probe=0",
        "settle=0s",
        "bake=0s",
        "interval=1s",
    ]);
    assert_eq!(paused.code, Some(PAUSED), "{}", paused.all);
    cluster
}

fn go_on(cluster: &PracticeCluster) -> Ended {
    let approved = cluster.cutover(&["approve", "there"]);
    assert_eq!(approved.code, Some(DONE), "{}", approved.all);
    cluster.cutover(&["resume", "there"])
}

fn status(cluster: &PracticeCluster, path: &str, key: &str) -> u16 {
    let url = record(cluster)["url"].as_str().expect("a URL").to_owned();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\napikey: {key}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.split(' ').nth(1).expect("a status line");
    status.parse().expect("a number")
}

fn key(cluster: &PracticeCluster, number: usize) -> String {
    let seeded: &Value = &record(cluster)["seeded"]["keys"][number];
    seeded.as_str().expect("a key").to_owned()
}

/// What both databases have of a table, so that they can be compared: by the columns that the older version knows.
fn rows(cluster: &PracticeCluster, database: &str, columns: &str, table: &str) -> String {
    let question = format!(
        "SELECT coalesce(string_agg(row::text, E'\\n' ORDER BY row::text), '') FROM (SELECT {columns} FROM {table}) AS row"
    );
    cluster.try_sql_in(database, &question).expect("asked")
}

#[test]
fn what_is_configured_while_a_person_is_asked_is_there_when_clients_come() {
    let cluster = waiting();
    let (kept, revoked) = (key(&cluster, 0), key(&cluster, 1));
    let orders = "/orders";
    assert_eq!(status(&cluster, orders, &revoked), 200);

    // One client loses its key, another is new with a hashed password; a route comes with a plugin, another gets a path more.
    let gone = format!("SELECT id FROM keyauth_credentials WHERE key = '{revoked}'");
    let gone = cluster.try_sql(&gone).expect("asked");
    cluster.admin("DELETE", &format!("/key-auths/{gone}"), "");
    cluster.admin(
        "POST",
        "/consumers",
        r#"{"username":"dora","tags":["late"]}"#,
    );
    cluster.admin("POST", "/consumers/dora/key-auth", r#"{"key":"doras-key"}"#);
    cluster.sql(
        "INSERT INTO basicauth_credentials (id, created_at, consumer_id, username, password, ws_id)
         SELECT gen_random_uuid(), now(), id, 'dora', 'a hash', ws_id FROM consumers WHERE username = 'dora'",
    );
    cluster.admin(
        "POST",
        "/services/site/routes",
        r#"{"name":"late","paths":["/late/\\d+"]}"#,
    );
    cluster.admin("POST", "/routes/late/plugins", r#"{"name":"key-auth"}"#);
    let path = "SELECT id FROM routes WHERE name = 'late'";
    let late = cluster.try_sql(path).expect("asked");

    let done = go_on(&cluster);
    assert_eq!(done.code, Some(DONE), "{}", done.all);
    let told: Vec<&str> = done
        .all
        .lines()
        .filter(|line| line.contains("brought to green"))
        .collect();
    assert_eq!(told.len(), 1, "{}", done.all);
    for part in [
        "consumers: 1 added, 0 changed, 0 removed",
        "keyauth_credentials: 1 added, 0 changed, 1 removed",
        "basicauth_credentials: 1 added",
        "plugins: 1 added",
        "routes: 1 added",
    ] {
        assert!(told[0].contains(part), "{part} in {}", told[0]);
    }
    // The new version's own rule for a path of the old one.
    let question = format!("SELECT paths[1] FROM routes WHERE id = '{late}'");
    assert_eq!(
        cluster.try_sql_in("kong_green", &question).as_deref(),
        Ok("~/late/\\d+")
    );
    for (table, columns) in [
        ("consumers", "id, username, tags, created_at"),
        ("keyauth_credentials", "id, key, consumer_id, tags"),
        (
            "basicauth_credentials",
            "id, username, password, consumer_id",
        ),
        ("tags", "entity_id, entity_name, tags"),
    ] {
        let [blue, green] = ["kong", "kong_green"].map(|name| rows(&cluster, name, columns, table));
        assert_eq!(blue, green, "{table}");
    }
    assert_eq!(status(&cluster, orders, &kept), 200);
    assert_eq!(
        status(&cluster, orders, &revoked),
        401,
        "a revoked key stays revoked"
    );
    assert_eq!(status(&cluster, orders, "doras-key"), 200);
    assert_eq!(status(&cluster, "/late/7", "nobodys"), 401);
    assert_eq!(status(&cluster, "/late/7", "doras-key"), 200);
    // Nobody configured that on the second side, and nothing is left beside it.
    let back = cluster.cutover(&[
        "run",
        "switch-back",
        "--approve",
        "practice",
        "blue=practice",
        "green=green",
        "checks=/catalogue=200",
        "watch=0s",
        "probe=0",
        "settle=0s",
    ]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert!(
        back.all.contains("and not on practice: nothing"),
        "{}",
        back.all
    );
    let mut databases = cluster.databases();
    databases.retain(|name| name.starts_with("cutover"));
    assert_eq!(databases, Vec::<String>::new());
}

#[test]
fn what_was_written_on_both_sides_is_refused_by_its_row() {
    let cluster = waiting();
    let retries = |database: &str, number: u8| {
        let statement =
            format!("UPDATE services SET retries = {number} WHERE name = 'site' RETURNING id");
        cluster.try_sql_in(database, &statement).expect("done")
    };
    let row = retries("kong", 3);
    retries("kong_green", 4);
    let refused = go_on(&cluster);
    assert_eq!(refused.code, Some(UNDONE), "{}", refused.all);
    assert!(
        refused.all.contains("[kong.catch_up.conflict]"),
        "{}",
        refused.all
    );
    assert!(
        refused.all.contains(&format!("services {row}")),
        "{}",
        refused.all
    );
    assert_eq!(cluster.databases(), ["kong", "postgres"]);
}
