//! The stand-in's node against recordings of real Kong, on databases of real Kong in a private server.
//!
//! The recordings are not part of the repository; without them these tests say that they skip.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cutover::kong::Version;
use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};
use cutover::lab::seed::{self, Seeded};
use cutover::lab::stand_in::conf::Settings;
use cutover::lab::stand_in::faults::FAULTS;
use cutover::lab::stand_in::node::{self, LISTENING, Order};
use cutover::lab::{echo, http};
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) const OLD: Version = Version::new(2, 8, 5);
pub(crate) const MIDDLE: Version = Version::new(3, 4, 2);
pub(crate) const NEW: Version = Version::new(3, 9, 1);

#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn observed() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/kong-observed");
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: the recordings of Kong are not here");
    None
}

/// A private server with recorded databases, and the nodes on it.
pub(crate) struct World {
    directory: tempfile::TempDir,
    postgres: PrivatePostgres,
    client: http::Client,
}

pub(crate) struct Running {
    orders: mpsc::Sender<Order>,
    ended: JoinHandle<()>,
    prefix: PathBuf,
    pub(crate) proxy: String,
    pub(crate) admin: String,
    status: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl World {
    pub(crate) fn new(observed: &Path, databases: &[&str]) -> Self {
        let directory = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let path = directory.path();
        let postgres =
            PrivatePostgres::create(&path.join("data"), &path.join("s")).expect("created");
        postgres.start(&["fsync=off"]).expect("started");
        let world = Self {
            directory,
            postgres,
            client: http::client(),
        };
        for database in databases {
            world.psql("postgres", &["-c", &format!("CREATE DATABASE {database}")]);
            let dump = observed.join(format!("databases/{database}.sql"));
            world.psql(database, &["-f", &dump.display().to_string()]);
        }
        world
    }

    /// Writes a `kong.conf` into `prefix`; settings of `more` win.
    fn conf(&self, prefix: &Path, database: &str, more: &[(&str, &str)]) -> PathBuf {
        let socket = self.postgres.socket.display().to_string();
        let conf = prefix.join("kong.conf");
        let mut text = format!(
            "prefix = {}\npg_host = {socket}\npg_user = {SUPERUSER}\npg_database = {database}\n\
             proxy_listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0\nstatus_listen = 127.0.0.1:0\n\
             db_update_frequency = 0.1\nworker_state_update_frequency = 0.05\n",
            prefix.display()
        );
        for (key, value) in more {
            writeln!(text, "{key} = {value}").expect("a string takes any text");
        }
        std::fs::write(&conf, text).expect("written");
        conf
    }

    pub(crate) fn psql(&self, database: &str, arguments: &[&str]) -> String {
        let output = Command::new(self.postgres.binaries().join("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                SUPERUSER,
                "-h",
            ])
            .arg(&self.postgres.socket)
            .args(["-d", database])
            .args(arguments)
            .output()
            .expect("psql runs");
        assert!(
            output.status.success(),
            "psql: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    async fn start(
        &self,
        name: &str,
        version: Version,
        database: &str,
        more: &[(&str, &str)],
    ) -> Running {
        let prefix = self.directory.path().join(name);
        std::fs::create_dir_all(&prefix).expect("a prefix");
        let conf = self.conf(&prefix, database, more);
        let settings = Settings::load(Some(&conf), Some(&prefix), []).expect("valid");
        let (orders, ordered) = mpsc::channel(8);
        let ended = tokio::spawn(async move {
            node::run(version, settings, ordered, || ())
                .await
                .expect("ran");
        });
        let listening = prefix.join(LISTENING);
        eventually("the node listens", async || listening.exists()).await;
        let text = std::fs::read(&listening).expect("read");
        let addresses: Value = serde_json::from_slice(&text).expect("JSON");
        let address = |name: &str| {
            let address = addresses[name].as_str().unwrap_or("nowhere");
            format!("http://{address}")
        };
        Running {
            orders,
            ended,
            prefix,
            proxy: address("proxy"),
            admin: address("admin"),
            status: address("status"),
        }
    }

    /// A node on a new database of its own, named after the version.
    pub(crate) async fn fresh(&self, version: Version) -> Running {
        let name = format!("fresh_{}", version.to_string().replace('.', "_"));
        self.psql("postgres", &["-c", &format!("CREATE DATABASE {name}")]);
        let prefix = self.directory.path().join(&name);
        std::fs::create_dir_all(&prefix).expect("a prefix");
        let more = [("worker_state_update_frequency", "0.005")];
        let conf = self.conf(&prefix, &name, &more);
        kong(version, &["migrations", "bootstrap"], &conf);
        self.start(&name, version, &name, &more).await
    }

    async fn get(&self, url: &str, path: &str) -> Answer {
        self.send("GET", url, path, &Value::Null, &[]).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        url: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{url}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = request.body(Full::from(body)).expect("a request");
        let answer = self.client.request(request).await.expect("answered");
        let (head, body) = answer.into_parts();
        let body = http::body(body).await.expect("a body");
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn proxied(&self, node: &Running, path: &str) -> u16 {
        self.get(&node.proxy, path).await.status
    }

    async fn keyed(&self, node: &Running, path: &str, key: &str) -> u16 {
        self.send("GET", &node.proxy, path, &Value::Null, &[("apikey", key)])
            .await
            .status
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A test that stopped the server itself has nothing left to stop.
        let _ = self.postgres.stop();
    }
}

impl Running {
    pub(crate) async fn end(self, order: Order) {
        self.orders.send(order).await.expect("running");
        self.ended.await.expect("ended");
    }
}

pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The paths of all members, with the members of all elements of a list taken together.
fn shape(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{path}.{name}");
                into.insert(path.clone());
                shape(member, &path, into);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                shape(element, &format!("{path}[]"), into);
            }
        }
        _ => {}
    }
}

/// Entities in the order of their ids, with lists that are sets in order.
fn sorted(mut value: Value) -> Value {
    if let Some(data) = value["data"].as_array_mut() {
        data.sort_by_key(|entity| entity["id"].to_string());
    }
    value
}

/// What the stand-in tells otherwise than Kong, on purpose: the schema of a plugin is a summary.
const EXCEPTIONS: [&str; 1] = ["schemas_plugins_rate-limiting"];

/// Recorded endpoints that the stand-in does not have at all.
const NOT_SERVED: [&str; 1] = ["timers"];

#[tokio::test]
#[expect(
    clippy::print_stdout,
    reason = "the figure is what the test is read for"
)]
async fn the_admin_api_has_the_recorded_shapes() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_28", "st_34", "st_39fin"]);
    let (mut agreed, mut compared, mut differences) = (0, 0, Vec::new());
    for (version, database) in [(OLD, "st_28"), (MIDDLE, "st_34"), (NEW, "st_39fin")] {
        // Only from 3.6 on is the status listener open by default.
        let status = if version == NEW { "127.0.0.1:0" } else { "off" };
        let name = version.to_string();
        let more = [("status_listen", status)];
        let node = world.start(&name, version, database, &more).await;
        let directory = observed.join(format!("admin-api/{version}"));
        for entry in std::fs::read_dir(directory).expect("listed") {
            let file = entry.expect("an entry").path();
            let name = file
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if file.extension().is_none_or(|extension| extension != "json")
                || NOT_SERVED.contains(&name.as_str())
            {
                continue;
            }
            compared += 1;
            let path = match name.as_str() {
                "root" => "/".to_owned(),
                "debug_node_log-level"
                | "clustering_status"
                | "services_nope"
                | "upstreams_pool1_targets"
                | "schemas_plugins_rate-limiting" => format!("/{}", name.replace('_', "/")),
                name => format!("/{name}"),
            };
            let answer = world.get(&node.admin, &path).await;
            let recorded: Value =
                serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("JSON");
            let headers = std::fs::read_to_string(file.with_extension("headers")).expect("read");
            let mut problems = compare_headers(&headers, &answer);
            let (mut wanted, mut got) = (BTreeSet::new(), BTreeSet::new());
            shape(&recorded, "", &mut wanted);
            shape(&answer.body, "", &mut got);
            got.remove(".stand_in");
            problems.extend(wanted.difference(&got).map(|path| format!("lacks {path}")));
            problems.extend(got.difference(&wanted).map(|path| format!("adds {path}")));
            let entities = [
                "services",
                "routes",
                "consumers",
                "key-auths",
                "plugins",
                "upstreams",
                "tags",
            ];
            if entities.contains(&name.as_str()) || name == "upstreams_pool1_targets" {
                let (recorded, got) = (sorted(recorded), sorted(answer.body.clone()));
                if recorded != got {
                    problems.push(format!("values differ: {recorded}\n  {got}"));
                }
            }
            if problems.is_empty() {
                agreed += 1;
            } else if !EXCEPTIONS.contains(&name.as_str()) {
                differences.push(format!("{version} {path}: {}", problems.join("; ")));
            }
        }
        node.end(Order::Quit).await;
    }
    println!(
        "{agreed} of {compared} recorded shapes agree, entities with all values; exceptions: {EXCEPTIONS:?}; not served: {NOT_SERVED:?}"
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(agreed + 3 * EXCEPTIONS.len() >= compared);
}

/// Status, and the names of all recorded headers; the server's version too.
fn compare_headers(recorded: &str, answer: &Answer) -> Vec<String> {
    let mut problems = Vec::new();
    let mut lines = recorded.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or_default();
    if status != answer.status.to_string() {
        problems.push(format!("status {} for {status}", answer.status));
    }
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        // Keeping a connection is what HTTP/1.1 does unasked; Kong says so all the same.
        if name == "Connection" {
            continue;
        }
        match answer.headers.get(name) {
            None => problems.push(format!("lacks header {name}")),
            Some(got) if name == "Server" || name == "Content-Type" => {
                if got != value.trim() {
                    problems.push(format!("{name} is {got:?}"));
                }
            }
            Some(_) => {}
        }
    }
    problems
}

#[tokio::test]
async fn a_seeded_gateway_routes_authenticates_limits_and_tells_its_neighbour() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_28", "st_39fin"]);
    let (listener, upstream) = http::bind("127.0.0.1:0").await.expect("bound");
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(echo::serve(listener, stopped));
    for (version, database) in [(OLD, "st_28"), (NEW, "st_39fin")] {
        let one = world
            .start(&format!("one-{version}"), version, database, &[])
            .await;
        let other = world
            .start(&format!("other-{version}"), version, database, &[])
            .await;
        // Recorded databases have global plugins already; a fresh gateway has none.
        let global = "DELETE FROM plugins WHERE service_id IS NULL AND route_id IS NULL";
        world.psql(database, &["-c", global]);
        let seeded = seed::seed(&one.admin, &format!("http://{upstream}"), None)
            .await
            .expect("seeded");
        for node in [&one, &other] {
            for request in &seeded.requests {
                let mut headers = Vec::new();
                headers.extend(request.host.as_deref().map(|host| ("host", host)));
                headers.extend(request.key.as_deref().map(|key| ("apikey", key)));
                eventually(&format!("{version} {request:?}"), async || {
                    let answer = world
                        .send("GET", &node.proxy, &request.path, &Value::Null, &headers)
                        .await;
                    answer.status == request.status
                })
                .await;
            }
        }
        // What the upstream saw, and what the gateway says of itself.
        let answer = world
            .send(
                "GET",
                &one.proxy,
                "/orders/a-1/lines/3?x=1",
                &Value::Null,
                &[("apikey", &seeded.keys[1])],
            )
            .await;
        assert_eq!(answer.body["path"], "/3");
        assert_eq!(answer.body["headers"]["x-consumer-username"], "consumer-2");
        for name in [
            "via",
            "x-kong-proxy-latency",
            "x-kong-upstream-latency",
            "x-kong-stand-in",
            "x-correlation-id",
            "x-ratelimit-remaining-minute",
            "ratelimit-reset",
        ] {
            assert!(answer.headers.contains_key(name), "{version} lacks {name}");
        }
        // One row for each consumer, shared by both nodes, with the plugin's service and no route.
        for node in [&one, &other] {
            assert_eq!(world.keyed(node, "/orders", &seeded.keys[2]).await, 200);
        }
        eventually("both increments", async || {
            count(&world, database, "consumer-3") == 2
        })
        .await;
        // Pages: the next one begins where the last one ended.
        let page = world.get(&one.admin, "/routes?size=7").await;
        assert_eq!(page.body["data"].as_array().expect("a list").len(), 7);
        let next = page.body["next"].as_str().expect("a next page").to_owned();
        let rest = world.get(&one.admin, &next).await;
        assert_ne!(rest.body["data"][0]["id"], page.body["data"][6]["id"]);
        // Tags, of which both must be there, or one.
        let tagged = world.get(&one.admin, "/services?tags=practice").await;
        assert_eq!(tagged.body["data"].as_array().expect("a list").len(), 4);
        // A key that is deleted here is forgotten there.
        let key = &seeded.keys[4];
        assert_eq!(world.keyed(&other, "/orders", key).await, 200);
        let path = format!("/consumers/consumer-5/key-auth/{key}");
        assert_eq!(
            world
                .send("DELETE", &one.admin, &path, &Value::Null, &[])
                .await
                .status,
            204
        );
        assert_eq!(world.keyed(&one, "/orders", key).await, 401);
        eventually("the neighbour forgets", async || {
            world.keyed(&other, "/orders", key).await == 401
        })
        .await;
        one.end(Order::Stop).await;
        other.end(Order::Stop).await;
    }
}

/// What a consumer has used of the limit on orders.
fn count(world: &World, database: &str, consumer: &str) -> i64 {
    let sum = format!(
        "SELECT coalesce(sum(value), 0) FROM ratelimiting_metrics m JOIN services s ON s.id = m.service_id \
         JOIN consumers c ON c.id::text = m.identifier WHERE s.name = 'orders' AND c.username = '{consumer}' \
         AND m.period = 'minute' AND route_id = '00000000-0000-0000-0000-000000000000'"
    );
    world.psql(database, &["-c", &sum]).parse().expect("a sum")
}

#[tokio::test]
async fn limits_refuse_as_kong_does() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_39fin"]);
    let node = world.start("limits", NEW, "st_39fin", &[]).await;
    // Three a minute per address; increments come behind the answers, so a fourth request may slip through.
    let mut refused = None;
    eventually("the limit", async || {
        let answer = world.get(&node.proxy, "/limited").await;
        if answer.status == 429 {
            refused = Some(answer);
            return true;
        }
        assert_eq!(answer.text, "{\"message\":\"limited\"}");
        false
    })
    .await;
    let refused = refused.expect("just seen");
    assert_eq!(refused.body["message"], "API rate limit exceeded");
    assert!(refused.body["request_id"].is_string());
    assert_eq!(refused.headers["x-ratelimit-limit-minute"], "3");
    assert_eq!(refused.headers["ratelimit-remaining"], "0");
    assert!(refused.headers.contains_key("retry-after"));
    // A count in the process's memory is gone with the process, but a reload is no new process.
    let path = format!("/plugins/{}", plugin_of(&world, "limited"));
    let config = json!({"config": {"minute": null, "year": 2, "policy": "local"}});
    let json_type = [("content-type", "application/json")];
    let patched = world
        .send("PATCH", &node.admin, &path, &config, &json_type)
        .await;
    assert_eq!(patched.body["config"]["minute"], Value::Null);
    eventually("the local limit", async || {
        let answer = world.get(&node.proxy, "/limited").await;
        answer.status == 429 && answer.headers.contains_key("x-ratelimit-limit-year")
    })
    .await;
    // A route changed behind Kong's back shows after a reload only, which tells that it is over.
    let renamed = "UPDATE routes SET paths = '{/renamed}' WHERE name = 'echo-route'";
    world.psql("st_39fin", &["-c", renamed]);
    assert_eq!(world.proxied(&node, "/renamed").await, 404);
    node.orders.send(Order::Reload).await.expect("running");
    eventually("the reload", async || {
        world.proxied(&node, "/renamed").await != 404
    })
    .await;
    assert_eq!(world.proxied(&node, "/limited").await, 429);
    let nothing = world.get(&node.proxy, "/nowhere").await;
    assert_eq!(nothing.status, 404);
    assert_eq!(
        nothing.body["message"],
        "no Route matched with those values"
    );
    let keyless = world.get(&node.proxy, "/secure").await;
    assert_eq!(
        (keyless.status, &keyless.body["message"]),
        (401, &json!("No API key found in request"))
    );
    assert_eq!(world.keyed(&node, "/secure", "key1").await, 200);
    assert_eq!(world.keyed(&node, "/secure", "nobody").await, 401);
    let metrics = world.get(&node.admin, "/metrics").await.text;
    assert!(
        metrics.contains("route=\"limited-route\",code=\"429\""),
        "{metrics}"
    );
    node.end(Order::Quit).await;
}

/// The id of the rate limit of a service.
fn plugin_of(world: &World, service: &str) -> String {
    let id = format!(
        "SELECT p.id FROM plugins p JOIN services s ON s.id = p.service_id \
         WHERE p.name = 'rate-limiting' AND s.name = '{service}'"
    );
    world.psql("st_39fin", &["-c", &id])
}

#[tokio::test]
async fn writes_that_cannot_be_are_refused_in_kongs_words() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_34"]);
    let node = world
        .start(
            "writes",
            MIDDLE,
            "st_34",
            &[("practice_admin_token", "sesame")],
        )
        .await;
    assert_eq!(world.get(&node.admin, "/services").await.status, 401);
    let admin = async |method: &str, path: &str, body: Value| {
        let headers = [
            ("kong-admin-token", "sesame"),
            ("content-type", "application/json"),
        ];
        let answer = world.send(method, &node.admin, path, &body, &headers).await;
        (answer.status, answer.body)
    };
    let (status, body) = admin("POST", "/services", json!({"port": "x"})).await;
    assert_eq!((status, &body["code"]), (400, &json!(2)));
    assert_eq!(body["fields"]["port"], "expected an integer");
    let (status, body) = admin("POST", "/services", json!({"name": "term", "host": "h"})).await;
    assert_eq!(
        (status, &body["name"]),
        (409, &json!("unique constraint violation"))
    );
    assert_eq!(
        body["message"],
        "UNIQUE violation detected on '{name=\"term\"}'"
    );
    let (status, body) = admin("DELETE", "/services/term", Value::Null).await;
    assert_eq!(
        (status, &body["fields"]["@referenced_by"]),
        (400, &json!("routes"))
    );
    let (status, body) = admin(
        "POST",
        "/services/echo/plugins",
        json!({"name": "rate-limiting", "config": {"minute": 100_000, "hour": 200}}),
    )
    .await;
    assert_eq!(status, 400);
    let text = "The limit for hour(200.0) cannot be lower than the limit for minute(100000.0)";
    assert!(
        body["message"].as_str().expect("a message").contains(text),
        "{body}"
    );
    assert_eq!(
        admin("GET", "/services?size=1001", Value::Null).await.0,
        400
    );
    // PUT makes and replaces, PATCH merges, DELETE is done twice in peace.
    let (status, made) = admin("PUT", "/upstreams/pool2", json!({"slots": 100})).await;
    assert_eq!((status, &made["slots"]), (200, &json!(100)));
    let (_, again) = admin("PUT", "/upstreams/pool2", json!({})).await;
    assert_eq!(
        (&again["slots"], &again["id"], &again["created_at"]),
        (&json!(10_000), &made["id"], &made["created_at"])
    );
    let (status, target) = admin(
        "POST",
        "/upstreams/pool2/targets",
        json!({"target": "127.0.0.1:1"}),
    )
    .await;
    assert_eq!((status, &target["weight"]), (201, &json!(100)));
    let health = json!({"healthchecks": {"active": {"http_path": "/up"}}});
    let (_, patched) = admin("PATCH", "/upstreams/pool2", health).await;
    assert_eq!(patched["healthchecks"]["active"]["http_path"], "/up");
    assert_eq!(patched["healthchecks"]["active"]["concurrency"], 10);
    for _ in 0..2 {
        assert_eq!(
            admin("DELETE", "/upstreams/pool2", Value::Null).await.0,
            204
        );
    }
    assert_eq!(
        admin("GET", "/upstreams/pool2/targets", Value::Null)
            .await
            .0,
        404
    );
    node.end(Order::Quit).await;
}

#[tokio::test]
async fn an_older_node_fails_where_a_newer_one_has_moved_the_redis_host() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_39up", "st_39fin"]);
    let before = world.start("before", MIDDLE, "st_39up", &[]).await;
    assert_eq!(world.proxied(&before, "/redisy").await, 200);
    // `finish` of 3.9.1 under the running node: nothing shows until any plugin is written.
    let moved = "UPDATE plugins SET config = (config - 'redis_host') || \
                 jsonb_build_object('redis', jsonb_build_object('host', config -> 'redis_host')) \
                 WHERE name = 'rate-limiting'";
    world.psql("st_39up", &["-c", moved]);
    assert_eq!(world.proxied(&before, "/redisy").await, 200);
    let plugin = json!({"name": "correlation-id"});
    let path = "/services/echo/plugins";
    let written = world
        .send(
            "POST",
            &before.admin,
            path,
            &plugin,
            &[("content-type", "application/json")],
        )
        .await;
    assert_eq!(written.status, 201, "{}", written.text);
    eventually("the plugins are rebuilt", async || {
        world.proxied(&before, "/redisy").await == 500
    })
    .await;
    let after = world.start("after", MIDDLE, "st_39fin", &[]).await;
    let failed = world.get(&after.proxy, "/redisy").await;
    assert_eq!(
        (failed.status, &failed.body["message"]),
        (500, &json!("An unexpected error occurred"))
    );
    assert_eq!(world.proxied(&after, "/term").await, 200);
    let newer = world.start("newer", NEW, "st_39fin", &[]).await;
    assert_eq!(world.proxied(&newer, "/redisy").await, 200);
    for node in [before, after, newer] {
        node.end(Order::Quit).await;
    }
}

#[tokio::test]
async fn a_node_outlives_its_database_and_goes_on_with_what_it_has_cached() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_34"]);
    let node = world.start("cached", MIDDLE, "st_34", &[]).await;
    let sessions =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'st_34' AND application_name = ''";
    assert_eq!(world.psql("postgres", &["-c", sessions]), "3");
    world.psql("postgres", &["-c", "CREATE DATABASE restored"]);
    world.psql(
        "restored",
        &[
            "-f",
            &observed.join("databases/st_34.sql").display().to_string(),
        ],
    );
    // After the dump: a route, a key.
    let json_type = [("content-type", "application/json")];
    let route = json!({"name": "late", "paths": ["/late"]});
    world
        .send(
            "POST",
            &node.admin,
            "/services/term/routes",
            &route,
            &json_type,
        )
        .await;
    world
        .send(
            "POST",
            &node.admin,
            "/consumers/user1/key-auth",
            &json!({"key": "late"}),
            &json_type,
        )
        .await;
    eventually("the route", async || {
        world.proxied(&node, "/late").await == 200
    })
    .await;
    assert_eq!(world.keyed(&node, "/secure", "late").await, 200);
    // The swap of the way back: closed, ended, renamed.
    for statement in [
        "ALTER DATABASE st_34 ALLOW_CONNECTIONS false",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'st_34'",
        "ALTER DATABASE st_34 RENAME TO set_aside",
        "ALTER DATABASE restored RENAME TO st_34",
    ] {
        world.psql("postgres", &["-c", statement]);
        assert_eq!(world.proxied(&node, "/term").await, 200);
    }
    eventually("the Admin API is back", async || {
        world.get(&node.admin, "/routes/late").await.status == 404
    })
    .await;
    assert_eq!(world.proxied(&node, "/late").await, 200);
    assert_eq!(world.keyed(&node, "/secure", "late").await, 200);
    node.orders.send(Order::Reload).await.expect("running");
    eventually("the reload", async || {
        world.proxied(&node, "/late").await == 404
    })
    .await;
    assert_eq!(world.keyed(&node, "/secure", "late").await, 200);
    assert_eq!(
        world
            .send("DELETE", &node.admin, "/cache", &Value::Null, &[])
            .await
            .status,
        204
    );
    assert_eq!(world.keyed(&node, "/secure", "late").await, 401);
    // Without PostgreSQL at all.
    world.postgres.stop().expect("stopped");
    assert_eq!(world.proxied(&node, "/term").await, 200);
    // Counted in the database, but tolerant of its faults.
    assert_eq!(world.proxied(&node, "/limited").await, 200);
    let status = world.get(&node.admin, "/status").await;
    assert_eq!(
        (status.status, &status.body["database"]["reachable"]),
        (200, &json!(false))
    );
    for path in ["/", "/services"] {
        let failed = world.get(&node.admin, path).await;
        assert_eq!(
            (failed.status, &failed.body["message"]),
            (500, &json!("An unexpected error occurred"))
        );
    }
    assert_eq!(world.get(&node.status, "/status/ready").await.status, 503);
    world.postgres.start(&["fsync=off"]).expect("started");
    eventually("ready again", async || {
        world.get(&node.status, "/status/ready").await.status == 200
    })
    .await;
    assert_eq!(world.get(&node.admin, "/services").await.status, 200);
    node.end(Order::Quit).await;
}

#[tokio::test]
async fn quitting_finishes_what_is_in_flight_and_stopping_does_not() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_39fin"]);
    let (listener, upstream) = http::bind("127.0.0.1:0").await.expect("bound");
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(echo::serve(listener, stopped));
    world.psql(
        "st_39fin",
        &[
            "-c",
            &format!(
                "UPDATE services SET port = {} WHERE name = 'echo'",
                upstream.port()
            ),
        ],
    );
    for (order, survives) in [(Order::Quit, true), (Order::Stop, false)] {
        let node = world
            .start(&format!("{order:?}"), NEW, "st_39fin", &[])
            .await;
        let slow = tokio::spawn({
            let client = world.client.clone();
            let uri = format!("{}/echo?sleep_ms=500", node.proxy)
                .parse()
                .expect("an address");
            async move {
                client
                    .get(uri)
                    .await
                    .map(|answer| answer.status().as_u16())
                    .ok()
            }
        });
        // The node counts the slow request when it arrives, besides those that ask for the count.
        let mut asked = 0;
        eventually("the slow request arrives", async || {
            asked += 1;
            let status = world.get(&node.admin, "/status").await;
            status.body["server"]["total_requests"] == asked + 1
        })
        .await;
        let pid = node.prefix.join("pids/nginx.pid");
        assert!(pid.exists());
        node.end(order).await;
        assert_eq!(slow.await.expect("joined").is_some(), survives, "{order:?}");
        assert!(!pid.exists());
    }
}

/// Runs `kong ARGUMENTS` of the stand-in as a process, as an operator does.
fn kong(version: Version, arguments: &[&str], conf: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_cutover"))
        .args(["stand-in", &version.to_string()])
        .args(arguments)
        .arg("-c")
        .arg(conf)
        .env_clear()
        .output()
        .expect("the stand-in runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kong {arguments:?}: {text}");
}

/// A node that `kong start` has left behind; the pid is its own and the test ends it.
struct Started {
    version: Version,
    conf: PathBuf,
    prefix: PathBuf,
    proxy: String,
    admin: String,
}

impl Started {
    async fn new(world: &World, version: Version, database: &str) -> Self {
        let prefix = world.directory.path().join(format!("kong-{version}"));
        std::fs::create_dir_all(&prefix).expect("a prefix");
        let conf = world.conf(&prefix, database, &[]);
        kong(version, &["start"], &conf);
        let listening = prefix.join(LISTENING);
        eventually("the node listens", async || listening.exists()).await;
        let text = std::fs::read(&listening).expect("read");
        let addresses: Value = serde_json::from_slice(&text).expect("JSON");
        let address = |name: &str| format!("http://{}", addresses[name].as_str().expect("bound"));
        Self {
            version,
            proxy: address("proxy"),
            admin: address("admin"),
            conf,
            prefix,
        }
    }

    async fn smoke(&self, world: &World, seeded: &Seeded) {
        for request in &seeded.requests {
            let mut headers = Vec::new();
            headers.extend(request.host.as_deref().map(|host| ("host", host)));
            headers.extend(request.key.as_deref().map(|key| ("apikey", key)));
            eventually(&format!("{} {request:?}", self.version), async || {
                let answer = world
                    .send("GET", &self.proxy, &request.path, &Value::Null, &headers)
                    .await;
                answer.status == request.status
            })
            .await;
        }
    }

    fn stop(&self) {
        let prefix = self.prefix.display().to_string();
        let output = Command::new(env!("CARGO_BIN_EXE_cutover"))
            .args(["stand-in", &self.version.to_string(), "quit", "-p", &prefix])
            .env_clear()
            .output()
            .expect("the stand-in runs");
        assert!(output.status.success(), "{output:?}");
        assert!(!self.prefix.join(LISTENING).exists());
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Only where the test failed before its end is there a process left.
        if self.prefix.join("pids/nginx.pid").exists() {
            let _ = Command::new(env!("CARGO_BIN_EXE_cutover"))
                .args(["stand-in", &self.version.to_string(), "stop", "-p"])
                .arg(&self.prefix)
                .output();
        }
    }
}

#[tokio::test]
async fn old_and_new_nodes_serve_one_database_through_two_upgrades() {
    let world = World::new(Path::new("/"), &[]);
    world.psql("postgres", &["-c", "CREATE DATABASE gateway"]);
    let (listener, upstream) = http::bind("127.0.0.1:0").await.expect("bound");
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(echo::serve(listener, stopped));
    let prefix = world.directory.path().join("kong-2.8.5");
    std::fs::create_dir_all(&prefix).expect("a prefix");
    kong(
        OLD,
        &["migrations", "bootstrap"],
        &world.conf(&prefix, "gateway", &[]),
    );
    let old = Started::new(&world, OLD, "gateway").await;
    let seeded = seed::seed(&old.admin, &format!("http://{upstream}"), None)
        .await
        .expect("seeded");
    old.smoke(&world, &seeded).await;
    let mut running = old;
    for version in [MIDDLE, NEW] {
        kong(version, &["migrations", "up"], &running.conf);
        let next = Started::new(&world, version, "gateway").await;
        next.smoke(&world, &seeded).await;
        running.smoke(&world, &seeded).await;
        running.stop();
        kong(version, &["migrations", "finish"], &next.conf);
        running = next;
        running.smoke(&world, &seeded).await;
    }
    // A fault that ends the process as a crash does: no answer, and the pid file stays.
    let fault = r#"{"dies_after_requests": 0}"#;
    std::fs::write(running.prefix.join(FAULTS), fault).expect("written");
    let uri = format!("{}/health", running.proxy)
        .parse()
        .expect("an address");
    assert!(world.client.get(uri).await.is_err());
    assert!(running.prefix.join("pids/nginx.pid").exists());
    std::fs::remove_file(running.prefix.join("pids/nginx.pid")).expect("removed");
}

#[tokio::test]
async fn faults_are_switched_on_and_off_while_a_node_runs() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_39fin"]);
    let node = world.start("faulty", NEW, "st_39fin", &[]).await;
    let faults = node.prefix.join(FAULTS);
    std::fs::write(
        &faults,
        r#"{"admin_lies_version": "2.8.5", "proxy_status": 503}"#,
    )
    .expect("written");
    let root = world.get(&node.admin, "/").await;
    assert_eq!(root.body["version"], "2.8.5");
    assert_eq!(root.headers["server"], "kong/2.8.5");
    assert_eq!(world.proxied(&node, "/term").await, 503);
    std::fs::write(&faults, r#"{"admin_status": 500, "admin_delay_ms": 100}"#).expect("written");
    let started = Instant::now();
    assert_eq!(world.get(&node.admin, "/status").await.status, 500);
    assert!(started.elapsed() >= Duration::from_millis(100));
    std::fs::remove_file(&faults).expect("removed");
    assert_eq!(world.get(&node.admin, "/").await.body["version"], "3.9.1");
    assert_eq!(world.proxied(&node, "/term").await, 200);
    node.end(Order::Quit).await;
}

/// Kong 2.8.5 and 3.9.1 on one database each, since a node's table must be one that it knows.
#[tokio::test]
async fn targets_are_told_as_they_stand_and_as_the_balancer_uses_them() {
    let Some(observed) = observed() else { return };
    let world = World::new(&observed, &["st_28", "st_39fin"]);
    for (version, database) in [(OLD, "st_28"), (NEW, "st_39fin")] {
        let one = format!("{version}-1");
        let one = world.start(&one, version, database, &[]).await;
        let two = format!("{version}-2");
        let two = world.start(&two, version, database, &[]).await;
        let pool = world.get(&one.admin, "/upstreams/pool1/targets/all").await;
        let target = pool.body["data"][0].clone();
        assert_eq!(
            pool.body,
            world.get(&one.admin, "/upstreams/pool1/targets").await.body
        );
        let health = async |node: &Running| {
            let told = world.get(&node.admin, "/upstreams/pool1/health").await.body;
            let entry = &told["data"][0];
            json!([
                entry["weight"],
                entry["data"]["nodeWeight"],
                entry["data"]["weight"]["available"],
                entry["health"]
            ])
        };
        assert_eq!(
            health(&two).await,
            json!([100, 100, 100, "HEALTHCHECKS_OFF"])
        );
        std::fs::write(two.prefix.join(FAULTS), r#"{"balancer_stuck": true}"#).expect("written");
        let id = target["id"].as_str().expect("an id");
        let change = json!({"weight": 0, "tags": ["a"]});
        let path = format!("/upstreams/pool1/targets/{id}");
        let json = [("content-type", "application/json")];
        let changed = world.send("PATCH", &one.admin, &path, &change, &json).await;
        assert_eq!((changed.status, &changed.body["weight"]), (200, &json!(0)));
        assert_eq!(changed.body["created_at"], target["created_at"]);
        eventually("the first node follows", async || {
            health(&one).await == json!([0, 0, 0, "HEALTHCHECKS_OFF"])
        })
        .await;
        // What is in the table everybody knows at once.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(health(&two).await, json!([0, 100, 100, "HEALTHCHECKS_OFF"]));
        std::fs::remove_file(two.prefix.join(FAULTS)).expect("removed");
        eventually("the second node follows", async || {
            health(&two).await == json!([0, 0, 0, "HEALTHCHECKS_OFF"])
        })
        .await;
        assert_eq!(
            world.get(&one.admin, "/upstreams/nope/health").await.status,
            404
        );
        one.end(Order::Quit).await;
        two.end(Order::Quit).await;
    }
}
