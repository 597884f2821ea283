//! The stand-in's node without a database: where its configuration comes from, how it is changed, and what stays of it.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cutover::kong::Version;
use cutover::lab::stand_in::conf::{KONG_ENV, Settings};
use cutover::lab::stand_in::node::{self, LISTENING, Order};
use cutover::lab::{echo, http};
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::stand_in_node::{MIDDLE, NEW, OLD, eventually};

const EMPTY: &str = "00000000000000000000000000000000";

/// A node that runs in the test's own process.
pub(crate) struct Running {
    orders: mpsc::Sender<Order>,
    ended: JoinHandle<()>,
    pub(crate) addresses: Value,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Writes a `kong.conf` for a node in `prefix` that listens to whatever is free.
pub(crate) fn conf(prefix: &Path, more: &[(&str, &str)]) -> PathBuf {
    std::fs::create_dir_all(prefix).expect("a prefix");
    let mut text = format!(
        "prefix = {}\nproxy_listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0\nstatus_listen = 127.0.0.1:0\n\
         db_update_frequency = 0.05\nworker_state_update_frequency = 0.05\n",
        prefix.display()
    );
    for (key, value) in more {
        writeln!(text, "{key} = {value}").expect("a string takes any text");
    }
    let conf = prefix.join("kong.conf");
    std::fs::write(&conf, text).expect("written");
    conf
}

pub(crate) async fn start(version: Version, prefix: &Path, more: &[(&str, &str)]) -> Running {
    let conf = conf(prefix, more);
    let settings = Settings::load(Some(&conf), Some(prefix), []).expect("valid");
    // As `kong start` leaves it for a reload.
    std::fs::write(prefix.join(KONG_ENV), settings.to_kong_env()).expect("written");
    let (orders, ordered) = mpsc::channel(8);
    let ended = tokio::spawn(async move {
        node::run(version, settings, ordered, || ())
            .await
            .expect("ran");
    });
    let listening = prefix.join(LISTENING);
    eventually("the node listens", async || listening.exists()).await;
    let text = std::fs::read(&listening).expect("read");
    Running {
        orders,
        ended,
        addresses: serde_json::from_slice(&text).expect("JSON"),
    }
}

impl Running {
    pub(crate) async fn end(self) {
        self.orders.send(Order::Stop).await.expect("running");
        self.ended.await.expect("ended");
    }

    async fn reload(&self) {
        self.orders.send(Order::Reload).await.expect("running");
    }

    pub(crate) async fn get(&self, listener: &str, path: &str) -> Answer {
        self.send(listener, "GET", path, "", "").await
    }

    pub(crate) async fn send(
        &self,
        listener: &str,
        method: &str,
        path: &str,
        kind: &str,
        body: &str,
    ) -> Answer {
        let address = self.addresses[listener].as_str().expect("it listens");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{address}{path}"));
        // For the proxy the content type is of no interest, and a key is.
        let name = if listener == "proxy" {
            "apikey"
        } else {
            "content-type"
        };
        if !kind.is_empty() {
            request = request.header(name, kind);
        }
        let request = request
            .body(Full::from(body.to_owned()))
            .expect("a request");
        let answer = http::client().request(request).await.expect("answered");
        let status = answer.status().as_u16();
        let body = http::body(answer.into_body()).await.expect("a body");
        Answer {
            status,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    pub(crate) async fn proxied(&self, path: &str, key: &str) -> u16 {
        self.send("proxy", "GET", path, key, "").await.status
    }

    pub(crate) async fn hash(&self) -> String {
        let status = self.get("status", "/status").await;
        let hash = status.body["configuration_hash"].as_str();
        hash.expect("told").to_owned()
    }
}

/// An echo server that lasts as long as what is returned.
pub(crate) async fn upstream() -> (String, watch::Sender<bool>) {
    let (listener, address) = http::bind("127.0.0.1:0").await.expect("bound");
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(echo::serve(listener, stopped));
    (format!("http://{address}/"), stop)
}

fn configuration(upstream: &str) -> String {
    format!(
        r"_format_version: '2.1'
services:
- name: orders
  url: {upstream}
  routes:
  - name: orders
    paths: [/orders]
    plugins:
    - name: key-auth
  - name: item
    paths: ['/items/\d+$']
consumers:
- username: alice
  keyauth_credentials:
  - key: alices-key
"
    )
}

#[tokio::test]
async fn a_node_without_a_database_serves_its_file_and_only_reads_its_entities() {
    let directory = tempfile::tempdir().expect("a directory");
    let (upstream, _stop) = upstream().await;
    let file = directory.path().join("kong.yml");
    std::fs::write(&file, configuration(&upstream)).expect("written");
    let file = file.display().to_string();
    for version in [OLD, MIDDLE, NEW] {
        let prefix = directory.path().join(version.to_string());
        let more = [("database", "off"), ("declarative_config", file.as_str())];
        let node = start(version, &prefix, &more).await;
        assert_eq!(node.proxied("/orders", "alices-key").await, 200);
        assert_eq!(node.proxied("/orders", "nobody").await, 401);
        assert_eq!(node.proxied("/items/42", "").await, 200);
        assert_eq!(node.proxied("/items/x", "").await, 404);
        // 2.8 forgets the hash of a file that it starts with.
        assert_eq!(node.hash().await == EMPTY, version == OLD);
        let status = node.get("admin", "/status").await.body;
        assert_eq!(status["database"].is_null(), version != OLD);
        if version != OLD {
            assert_eq!(node.get("status", "/status/ready").await.status, 200);
        }
        let routes = node.get("admin", "/services/orders/routes").await;
        assert_eq!(routes.body["data"].as_array().map(Vec::len), Some(2));
        for (method, path, told) in [
            ("POST", "/services", "create 'services' entities"),
            (
                "PATCH",
                "/services/orders",
                "update 'services' entities by 'name'",
            ),
            (
                "PUT",
                "/services/orders",
                "create or update 'services' entities by 'name'",
            ),
            (
                "DELETE",
                "/services/orders",
                "remove 'services' entities by 'name'",
            ),
        ] {
            let body = json!({"name": "x", "host": "h"}).to_string();
            let refused = node.send("admin", method, path, "application/json", &body);
            let refused = refused.await;
            assert_eq!(refused.status, 405);
            let told = format!("cannot {told} when not using a database");
            assert_eq!(refused.body["message"], told);
            assert_eq!(refused.body["code"], 12);
        }
        let clustering = node.get("admin", "/clustering/data-planes").await;
        assert_eq!(clustering.status, 400);
        node.end().await;
    }
}

#[tokio::test]
async fn another_configuration_is_taken_through_config_until_the_file_is_read_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let (upstream, _stop) = upstream().await;
    let file = directory.path().join("kong.yml");
    std::fs::write(&file, configuration(&upstream)).expect("written");
    let file = file.display().to_string();
    let another = format!(
        "_format_version: '1.1'\nservices:\n- name: only\n  url: {upstream}\n  routes:\n  - paths: [/only]\n"
    );
    for version in [OLD, MIDDLE, NEW] {
        let prefix = directory.path().join(version.to_string());
        let more = [("database", "off"), ("declarative_config", file.as_str())];
        let node = start(version, &prefix, &more).await;
        let post = async |query: &str, kind: &str, body: &str| {
            let path = format!("/config{query}");
            node.send("admin", "POST", &path, kind, body).await
        };
        let wrapped = json!({ "config": another }).to_string();
        let taken = post("", "application/json", &wrapped).await;
        assert_eq!(taken.status, 201, "{}", taken.body);
        let services = taken.body["services"].as_object();
        assert_eq!(services.map(serde_json::Map::len), Some(1));
        assert!(taken.body["workspaces"].is_null());
        assert_eq!(node.proxied("/only", "").await, 200);
        assert_eq!(node.proxied("/items/42", "").await, 404);
        let again = post("?check_hash=1", "text/yaml", &another).await;
        assert_eq!(again.status, 304);
        assert_eq!(post("", "text/yaml", &another).await.status, 201);
        let form = format!("config={}", another.replace('\n', "%0A").replace(' ', "+"));
        let kind = "application/x-www-form-urlencoded";
        assert_eq!(post("?check_hash=1", kind, &form).await.status, 304);
        let wrong = r#"{"_format_version": "2.1", "routes": [{}]}"#;
        let wrong = post("", "application/json", wrong).await;
        assert_eq!(wrong.status, 400);
        assert_eq!(wrong.body["name"], "invalid declarative configuration");
        assert_eq!(post("", "text/yaml", "").await.status, 400);
        assert_eq!(post("", "text/plain", &another).await.status, 415);
        let told = node.get("admin", "/config").await.body;
        let told = told["config"].as_str().expect("a text");
        assert!(told.contains("name: only"), "{told}");

        node.reload().await;
        eventually("the file is back", async || {
            node.proxied("/items/42", "").await == 200
        })
        .await;
        node.end().await;
    }
}

#[tokio::test]
async fn what_a_node_was_given_stays_in_its_prefix_as_far_as_its_version_keeps_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let (upstream, _stop) = upstream().await;
    let off = [("database", "off")];
    for version in [OLD, MIDDLE, NEW] {
        let prefix = directory.path().join(version.to_string());
        let node = start(version, &prefix, &off).await;
        assert_eq!(node.hash().await, EMPTY);
        if version != OLD {
            let ready = node.get("status", "/status/ready").await;
            assert_eq!(ready.status, 503);
            assert_eq!(
                ready.body["message"],
                "no configuration available (empty configuration present)"
            );
        }
        let given = configuration(&upstream);
        let taken = node
            .send("admin", "POST", "/config", "text/yaml", &given)
            .await;
        assert_eq!(taken.status, 201, "{}", taken.body);
        let hash = node.hash().await;
        assert_ne!(hash, EMPTY);
        node.reload().await;
        assert_eq!(node.proxied("/items/42", "").await, 200);
        assert_eq!(node.hash().await, hash);
        node.end().await;
        let node = start(version, &prefix, &off).await;
        assert_eq!(node.hash().await == hash, version != OLD);
        node.end().await;
    }
    // Another minor version since 3.6 finds nothing in what was kept before.
    let node = start(NEW, &directory.path().join(MIDDLE.to_string()), &off).await;
    assert_eq!(node.hash().await, EMPTY);
    node.end().await;
}

fn kong(version: Version, arguments: &[&str], conf: &Path) -> Output {
    Command::new(crate::harness::CUTOVER)
        .arg("stand-in")
        .arg(version.to_string())
        .args(arguments)
        .arg("-c")
        .arg(conf)
        .env_clear()
        .output()
        .expect("the binary runs")
}

/// The hash of the configuration of the node whose status listener is at `address`.
async fn hash_at(address: &str) -> Value {
    let request = Request::get(format!("http://{address}/status"));
    let request = request.body(Full::default()).expect("a request");
    let answer = http::client().request(request).await.expect("answered");
    let body = http::body(answer.into_body()).await.expect("a body");
    let status: Value = serde_json::from_slice(&body).expect("JSON");
    status["configuration_hash"].clone()
}

#[tokio::test]
async fn the_commands_judge_a_file_as_a_start_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let prefix = directory.path().join("prefix");
    let file = directory.path().join("kong.yml");
    let shown = file.display().to_string();
    // A start waits for a port that it knows.
    let free = TcpListener::bind("127.0.0.1:0").expect("bound");
    let status = free.local_addr().expect("bound").to_string();
    drop(free);
    let more = [
        ("database", "off"),
        ("declarative_config", shown.as_str()),
        ("status_listen", status.as_str()),
    ];
    let conf = conf(&prefix, &more);
    let done = |version, arguments: &[&str]| {
        let output = kong(version, arguments, &conf);
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    };
    std::fs::write(&file, "_format_version: '3.0'\nservices:\n- name: a\n").expect("written");
    let (code, told) = done(NEW, &["config", "parse", &shown]);
    assert_eq!(code, Some(1));
    let wrong =
        "in 'services':\n  - in entry 1 of 'services':\n    in 'host': required field missing";
    assert!(
        told.starts_with(&format!("Error: Failed parsing:\n{wrong}\n")),
        "{told}"
    );
    let (code, told) = done(NEW, &["start"]);
    assert_eq!(code, Some(1));
    assert!(
        told.starts_with(&format!(
            "Error: nginx: [error] init_by_lua error: /usr/local/share/lua/5.1/kong/init.lua:731: \
             error parsing declarative config file {shown}:\n{wrong}\n"
        )),
        "{told}"
    );
    std::fs::write(
        &file,
        "_format_version: '3.0'\nservices:\n- name: a\n  host: h\n",
    )
    .expect("written");
    assert_eq!(done(OLD, &["config", "parse", &shown]).0, Some(1));
    for (arguments, told) in [
        (
            vec!["config", "parse", shown.as_str()],
            "parse successful\n",
        ),
        (vec!["prepare"], ""),
        (vec!["migrations", "up"], "Database is already up-to-date\n"),
        (vec!["start"], "Kong started\n"),
    ] {
        assert_eq!(done(NEW, &arguments), (Some(0), told.to_owned()));
    }
    // Without `-c` a reload does not name the file, and the node goes on with what it has.
    let before = hash_at(&status).await;
    let other = "_format_version: '3.0'\nservices:\n- name: b\n  host: h\n";
    std::fs::write(&file, other).expect("written");
    let reloaded = Command::new(crate::harness::CUTOVER)
        .args(["stand-in", "3.9.1", "reload", "-p"])
        .arg(&prefix)
        .env_clear()
        .output()
        .expect("the binary runs");
    assert_eq!(reloaded.stdout, b"Kong reloaded\n");
    let left = std::fs::read_to_string(prefix.join(KONG_ENV)).expect("read");
    assert!(!left.contains("kong.yml"), "{left}");
    assert_eq!(hash_at(&status).await, before);
    let told = (Some(0), "Kong reloaded\n".to_owned());
    assert_eq!(done(NEW, &["reload"]), told);
    eventually("the file is read again", async || {
        hash_at(&status).await != before
    })
    .await;
    let told = (Some(0), "Kong stopped (gracefully)\n".to_owned());
    assert_eq!(done(NEW, &["quit"]), told);
    let (code, told) = done(NEW, &["config", "db_export", "nowhere.yml"]);
    assert_eq!(code, Some(1));
    assert!(
        told.contains("'kong config db_export' only works with a database."),
        "{told}"
    );
}
