//! The plugins of the stand-in, each on the versions between which it differs: what clients get and what reaches the upstream.

use std::path::Path;

use cutover::kong::Version;
use cutover::lab::{echo, http};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::stand_in_node::{Answer, MIDDLE, NEW, OLD, Running, World, eventually};

/// A node with a service `echo` (its path is `/s`) and a route `echo` to it, under `/echo`.
struct Gateway {
    world: World,
    node: Running,
    version: Version,
    _stop: watch::Sender<bool>,
}

impl Gateway {
    async fn new(version: Version) -> Self {
        let world = World::new(Path::new("/"), &[]);
        let (listener, address) = http::bind("127.0.0.1:0").await.expect("bound");
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(echo::serve(listener, stopped));
        let node = world.fresh(version).await;
        let gateway = Self {
            world,
            node,
            version,
            _stop: stop,
        };
        let service = json!({"name": "echo", "url": format!("http://{address}/s")});
        gateway.post("/services", service).await;
        let route = json!({"name": "echo", "paths": ["/echo"]});
        gateway.post("/services/echo/routes", route).await;
        gateway
    }

    async fn admin(&self, method: &str, path: &str, body: Value) -> Answer {
        let json = [("content-type", "application/json")];
        let admin = &self.node.admin;
        self.world.send(method, admin, path, &body, &json).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.admin("POST", path, body).await;
        assert_eq!(
            answer.status, 201,
            "{} {path}: {}",
            self.version, answer.text
        );
        answer.body
    }

    /// A plugin for the route `echo`.
    async fn plugin(&self, name: &str, config: Value) {
        let plugin = json!({"name": name, "config": config});
        self.post("/routes/echo/plugins", plugin).await;
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let proxy = &self.node.proxy;
        self.world
            .send("GET", proxy, path, &Value::Null, headers)
            .await
    }

    /// Asks until the answer is as it has to be.
    async fn until(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        holds: impl Fn(&Answer) -> bool,
    ) -> Answer {
        let what = format!("{} {path} {headers:?}", self.version);
        eventually(&what, async || holds(&self.get(path, headers).await)).await;
        self.get(path, headers).await
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let value = answer.headers.get(name);
    value.map_or("", |value| value.to_str().expect("text"))
}

const CAROL: (&str, &str) = ("authorization", "Basic Y2Fyb2w6b3Blbi1zZXNhbWU=");

#[tokio::test]
async fn passwords_are_stored_hashed_and_groups_are_let_in() {
    for (version, realm, wrong) in [
        (OLD, "kong", "Invalid authentication credentials"),
        (NEW, "service", "Unauthorized"),
    ] {
        let gateway = Gateway::new(version).await;
        let carol = gateway
            .post("/consumers", json!({"username": "carol"}))
            .await;
        let credential = json!({"username": "carol", "password": "open-sesame"});
        let stored = gateway
            .post("/consumers/carol/basic-auth", credential)
            .await;
        // A digest in hexadecimal digits, and nothing of the password.
        let password = stored["password"].as_str().expect("text");
        assert_eq!(password.len(), 40);
        assert!(password.bytes().all(|digit| digit.is_ascii_hexdigit()));
        gateway.plugin("basic-auth", json!({})).await;
        let refused = gateway
            .until("/echo", &[], |answer| answer.status == 401)
            .await;
        let challenge = format!("Basic realm=\"{realm}\"");
        assert_eq!(refused.body["message"], "Unauthorized");
        assert_eq!(header(&refused, "www-authenticate"), challenge);
        let wrong_word = ("authorization", "Basic Y2Fyb2w6eA==");
        let refused = gateway.get("/echo", &[wrong_word]).await;
        assert_eq!(refused.body["message"], wrong);
        let asks_again = refused.headers.contains_key("www-authenticate");
        assert_eq!(asks_again, version == NEW);
        let passed = gateway.get("/echo", &[CAROL]).await;
        let told = &passed.body["headers"];
        assert_eq!((passed.status, &told["x-consumer-id"]), (200, &carol["id"]));
        assert_eq!(told["x-credential-identifier"], "carol");
        // Changing something else leaves the password as it was.
        let tagged = gateway
            .admin(
                "PATCH",
                "/consumers/carol/basic-auth/carol",
                json!({"tags": ["a"]}),
            )
            .await;
        assert_eq!(tagged.body["password"], password);
        gateway.plugin("acl", json!({"allow": ["friends"]})).await;
        let refused = gateway
            .until("/echo", &[CAROL], |answer| answer.status == 403)
            .await;
        assert_eq!(refused.body["message"], "You cannot consume this service");
        gateway
            .post("/consumers/carol/acls", json!({"group": "friends"}))
            .await;
        let twice = gateway
            .admin("POST", "/consumers/carol/acls", json!({"group": "friends"}))
            .await;
        assert_eq!(twice.status, 409);
        let passed = gateway
            .until("/echo", &[CAROL], |answer| answer.status == 200)
            .await;
        assert_eq!(passed.body["headers"]["x-consumer-groups"], "friends");
    }
}

#[tokio::test]
async fn whoever_has_no_key_may_be_a_guest() {
    let gateway = Gateway::new(NEW).await;
    let guest = gateway
        .post("/consumers", json!({"username": "guest"}))
        .await;
    gateway
        .post("/consumers", json!({"username": "alice"}))
        .await;
    gateway
        .post("/consumers/alice/key-auth", json!({"key": "a"}))
        .await;
    let config = json!({"anonymous": guest["id"], "hide_credentials": true});
    gateway.plugin("key-auth", config).await;
    let is_guest = |answer: &Answer| answer.body["headers"]["x-consumer-username"] == "guest";
    let answer = gateway.until("/echo", &[], is_guest).await;
    assert_eq!(answer.body["headers"]["x-anonymous-consumer"], "true");
    let answer = gateway.get("/echo?x=1&apikey=a", &[]).await;
    assert_eq!(answer.body["headers"]["x-consumer-username"], "alice");
    assert!(answer.body["headers"].get("x-anonymous-consumer").is_none());
    assert_eq!(answer.body["query"], "x=1");
}

#[tokio::test]
async fn pages_of_other_origins_are_answered() {
    let gateway = Gateway::new(NEW).await;
    let origins = json!(["https://a.test", "https://.*\\.b\\.test"]);
    let config =
        json!({"origins": origins, "methods": ["GET"], "credentials": true, "max_age": 60});
    gateway.plugin("cors", config).await;
    gateway.plugin("key-auth", json!({})).await;
    // Also where another plugin refuses the request.
    let origin = ("origin", "https://x.b.test");
    let refused = gateway
        .until("/echo", &[origin], |answer| {
            answer.status == 401 && answer.headers.contains_key("vary")
        })
        .await;
    assert_eq!(
        header(&refused, "access-control-allow-origin"),
        "https://x.b.test"
    );
    assert_eq!(header(&refused, "access-control-allow-credentials"), "true");
    let stranger = gateway.get("/echo", &[("origin", "https://c.test")]).await;
    assert!(!stranger.headers.contains_key("access-control-allow-origin"));
    let preflight = [
        origin,
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-a"),
    ];
    let proxy = &gateway.node.proxy;
    let send = gateway
        .world
        .send("OPTIONS", proxy, "/echo", &Value::Null, &preflight);
    let answer = send.await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    for (name, value) in [
        ("access-control-allow-origin", "https://x.b.test"),
        ("access-control-allow-methods", "GET"),
        ("access-control-allow-headers", "x-a"),
        ("access-control-max-age", "60"),
    ] {
        assert_eq!(header(&answer, name), value, "{name}");
    }
}

#[tokio::test]
async fn transformers_come_before_or_after_the_number_of_a_request() {
    for (version, has_number) in [(OLD, true), (MIDDLE, true), (NEW, false)] {
        let gateway = Gateway::new(version).await;
        let config = json!({"header_name": "x-number", "echo_downstream": true});
        gateway.plugin("correlation-id", config).await;
        gateway
            .plugin("rate-limiting", json!({"minute": 100, "policy": "local"}))
            .await;
        let removed = json!(["x-number", "x-ratelimit-limit-minute", "via"]);
        let config = json!({"remove": {"headers": removed}, "add": {"headers": ["x-a:1"]}});
        gateway.plugin("response-transformer", config).await;
        let config = json!({"remove": {"querystring": ["a"]}, "add": {"querystring": ["b:1 2"], "headers": ["x-b:1"]},
            "replace": {"headers": ["host:h.test"]}});
        gateway.plugin("request-transformer", config).await;
        let answer = gateway
            .until("/echo?a=1&c", &[], |answer| {
                answer.body["headers"]["x-b"] == "1"
            })
            .await;
        assert_eq!(
            answer.headers.contains_key("x-number"),
            has_number,
            "{version}"
        );
        assert_eq!(header(&answer, "x-a"), "1");
        assert!(!answer.headers.contains_key("x-ratelimit-limit-minute"));
        // Kong puts its own headers on last.
        assert!(answer.headers.contains_key("via"));
        assert_eq!(answer.body["query"], "c&b=1%202");
        assert_eq!(answer.body["headers"]["host"], "h.test");
    }
}

#[tokio::test]
async fn addresses_and_sizes_are_limited() {
    for (version, message) in [
        (OLD, "Your IP address is not allowed"),
        (NEW, "IP address not allowed: 127.0.0.1"),
    ] {
        let gateway = Gateway::new(version).await;
        let config = json!({"allowed_payload_size": 10, "size_unit": "bytes"});
        gateway.plugin("request-size-limiting", config).await;
        let proxy = &gateway.node.proxy;
        let (short, long) = (json!("short"), json!("more than ten"));
        eventually("the limit", async || {
            let answer = gateway.world.send("POST", proxy, "/echo", &long, &[]).await;
            answer.status == 413 && answer.body["message"] == "Request size limit exceeded"
        })
        .await;
        let passed = gateway
            .world
            .send("POST", proxy, "/echo", &short, &[])
            .await;
        assert_eq!(passed.status, 200);
        gateway
            .plugin("ip-restriction", json!({"deny": ["127.0.0.0/8"]}))
            .await;
        let refused = gateway
            .until("/echo", &[], |answer| answer.status == 403)
            .await;
        assert_eq!(refused.body["message"], message);
    }
}

#[tokio::test]
async fn paths_are_joined_as_each_version_does() {
    for (version, path) in [(OLD, "/s2items/1"), (NEW, "/s2/items/1")] {
        let gateway = Gateway::new(version).await;
        let change = json!({"path": "/s2"});
        gateway.admin("PATCH", "/services/echo", change).await;
        let route = json!({"name": "items", "paths": ["/items"], "strip_path": false, "path_handling": "v1",
            "preserve_host": true});
        gateway.post("/services/echo/routes", route).await;
        let host = ("host", "items.test");
        let answer = gateway
            .until("/items/1", &[host], |answer| answer.body["path"] == path)
            .await;
        assert_eq!(answer.body["headers"]["host"], "items.test");
    }
}

#[tokio::test]
async fn what_no_plugin_does_is_refused() {
    let gateway = Gateway::new(NEW).await;
    let consumer = gateway
        .post("/consumers", json!({"username": "carol"}))
        .await;
    for (name, config, told) in [
        (
            "cors",
            json!({"origins": ["(" ]}),
            "'(' is not a valid regex",
        ),
        (
            "cors",
            json!({"methods": ["FETCH"]}),
            "expected one of: GET",
        ),
        (
            "ip-restriction",
            json!({}),
            "at least one of these fields must be non-empty",
        ),
        (
            "ip-restriction",
            json!({"deny": ["10.0.0.0/33"]}),
            "invalid ip or cidr range: '10.0.0.0/33'",
        ),
        (
            "acl",
            json!({"allow": ["a"], "deny": ["b"]}),
            "only one of these fields must be non-empty",
        ),
        (
            "request-size-limiting",
            json!({"size_unit": "stones"}),
            "expected one of: megabytes",
        ),
        (
            "request-transformer",
            json!({"add": {"body": ["a:1"]}}),
            "the stand-in does not do this",
        ),
        (
            "request-transformer",
            json!({"add": {"headers": ["a:$(headers.b)"]}}),
            "the stand-in does not do this",
        ),
        (
            "response-transformer",
            json!({"remove": {"json": ["a"]}}),
            "the stand-in does not do this",
        ),
    ] {
        let plugin = json!({"name": name, "config": config});
        let refused = gateway.admin("POST", "/plugins", plugin).await;
        assert_eq!(refused.status, 400, "{name}: {}", refused.text);
        assert!(refused.text.contains(told), "{name}: {}", refused.text);
    }
    let plugin = json!({"name": "basic-auth", "consumer": {"id": consumer["id"]}});
    let refused = gateway.admin("POST", "/plugins", plugin).await;
    assert!(
        refused.text.contains("consumer: value must be null"),
        "{}",
        refused.text
    );
    // Defaults are filled in, those of the version only.
    let filled = gateway
        .post("/plugins", json!({"name": "response-transformer"}))
        .await;
    assert_eq!(
        filled["config"]["rename"],
        json!({"json": [], "headers": []})
    );
}
