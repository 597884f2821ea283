//! Practice clusters of planes and of nodes without a database: up, looked at, broken, taken down.

use cutover::lab::http;
use http_body_util::Full;
use hyper::Request;
use serde_json::Value;

use crate::practice_cluster::PracticeCluster;
use crate::stand_in_node::eventually;

async fn get(url: &str) -> (u16, Value) {
    let request = Request::get(url).body(Full::default()).expect("a request");
    let answer = http::client().request(request).await.expect("answered");
    let status = answer.status().as_u16();
    let body = http::body(answer.into_body()).await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// The nodes of the environment file, with the keys that each has.
fn nodes(cluster: &PracticeCluster) -> (toml::Table, Vec<toml::Table>) {
    let text = std::fs::read_to_string(cluster.environment()).expect("read");
    let environment: toml::Table = text.parse().expect("TOML");
    let own = environment["clusters"]["practice"]
        .as_table()
        .expect("a cluster")
        .clone();
    let nodes = own["nodes"].as_array().expect("nodes").clone();
    let nodes = nodes.into_iter().filter_map(|node| match node {
        toml::Value::Table(node) => Some(node),
        _ => None,
    });
    (own, nodes.collect())
}

fn text<'a>(node: &'a toml::Table, key: &str) -> Option<&'a str> {
    node.get(key).and_then(toml::Value::as_str)
}

#[tokio::test]
async fn a_hybrid_cluster_has_planes_whose_configurations_are_in_step() {
    let cluster = PracticeCluster::up_with(&["--topology", "hybrid", "--version", "3.9.1"]);
    let (own, nodes) = nodes(&cluster);
    assert_eq!(text(&own, "topology"), Some("hybrid"));
    assert_eq!(text(&own, "database"), Some("main"));
    let names: Vec<_> = nodes.iter().filter_map(|node| text(node, "name")).collect();
    assert_eq!(names, ["cp-1", "cp-2", "dp-1", "dp-2", "dp-3"]);
    for node in &nodes {
        let is_control = text(node, "role") == Some("control_plane");
        assert_eq!(node.contains_key("admin"), is_control);
        assert_eq!(node.contains_key("proxy"), !is_control);
        assert!(node.contains_key("status") && node.contains_key("conf"));
    }
    let (control, data) = nodes.split_at(2);
    let admin = text(&control[0], "admin").expect("an address");
    let hashes = async || {
        let mut hashes = Vec::new();
        for node in data {
            let status = text(node, "status").expect("an address");
            let told = get(&format!("{status}/status")).await.1;
            hashes.push(
                told["configuration_hash"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        hashes
    };
    eventually("all are in step", async || {
        let rows = get(&format!("{admin}/clustering/data-planes")).await.1;
        let rows = rows["data"].as_array().cloned().unwrap_or_default();
        let hashes = hashes().await;
        rows.len() == 3
            && rows.iter().all(|row| {
                row["sync_status"] == "normal"
                    && row["version"] == "3.9.1"
                    && hashes
                        .iter()
                        .all(|hash| row["config_hash"] == hash.as_str())
            })
    })
    .await;
    cluster.fault(&["push-empty", "cp-2"]);
    // The second data plane follows the second control plane.
    eventually("one serves nothing", async || {
        hashes().await[1].starts_with("00000000")
    })
    .await;
    assert!(!hashes().await[0].starts_with("00000000"));
    let shown = cluster.status();
    assert!(
        shown.contains("broken on purpose: pushes = \"empty\""),
        "{shown}"
    );
    cluster.fault(&["clear"]);
    eventually("it serves again", async || {
        let hashes = hashes().await;
        hashes.iter().all(|hash| *hash == hashes[0])
    })
    .await;
}

#[tokio::test]
async fn nodes_without_a_database_have_a_file_each() {
    let cluster = PracticeCluster::up_with(&["--topology", "dbless", "--version", "3.4.2"]);
    let (own, nodes) = nodes(&cluster);
    assert_eq!(text(&own, "topology"), Some("dbless"));
    assert!(!own.contains_key("database"));
    assert_eq!(nodes.len(), 3);
    let mut files = Vec::new();
    for node in &nodes {
        assert!(!node.contains_key("role"));
        let file = text(node, "declarative").expect("a file");
        files.push(std::fs::read_to_string(file).expect("read"));
        let admin = text(node, "admin").expect("an address");
        assert_eq!(get(admin).await.1["configuration"]["database"], "off");
        let status = text(node, "status").expect("an address");
        assert_eq!(get(&format!("{status}/status/ready")).await.0, 200);
    }
    assert!(files[0].starts_with("_format_version: '3.0'\n"));
    assert!(files.iter().all(|file| *file == files[0]));
    let shown = cluster.status();
    assert!(!shown.contains("postgres"), "{shown}");
}

#[test]
fn what_is_suggested_next_can_be_planned_as_it_is_written() {
    for (playbook, further) in [
        ("in-place", &[][..]),
        ("blue-green", &["--green", "3.4.2"]),
        ("relocate", &["--green", "2.8.5"]),
        ("hybrid", &["--topology", "hybrid"]),
        ("dbless", &["--topology", "dbless"]),
    ] {
        let cluster = PracticeCluster::up_with(further);
        let planned = cluster.plan_suggested();
        assert_eq!(planned.code, Some(0), "{}: {}", cluster.told, planned.all);
        assert!(
            cluster
                .told
                .contains(&format!("next: cutover run {playbook} ")),
            "{}",
            cluster.told
        );
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let directory = tempfile::tempdir().expect("a directory");
    for (words, reason) in [
        (
            ["--topology", "dbless", "--hardened", ""],
            "`--hardened` makes no sense with `--topology dbless`: there is no database to protect",
        ),
        (
            ["--topology", "hybrid", "--green", "3.4.2"],
            "`--green` makes no sense with `--topology hybrid`: a second side is made from a copy of the database that all nodes of the first share",
        ),
    ] {
        let place = directory.path().join("p");
        let output = std::process::Command::new(crate::harness::CUTOVER)
            .args(["practice", "up", "--directory"])
            .arg(&place)
            .args(words.iter().filter(|word| !word.is_empty()))
            .output()
            .expect("the binary runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        // Lines are broken where they are long.
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(reason), "{told}");
        assert!(!place.exists());
    }
}
