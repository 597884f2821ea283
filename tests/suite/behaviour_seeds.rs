//! Seeded changes of behaviour on top of a gateway with something of everything: each is taken by the Admin API, shows in an answer of
//! the gateway or in what reaches the upstream, and is taken back without a trace.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use cutover::kong::Version;
use cutover::lab::stand_in::node::Order;
use cutover::lab::{echo, http};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::practice_cluster::everything;
use crate::stand_in_node::{Answer, NEW, OLD, Running, World};

const BASE: &str = include_str!("../fixtures/behaviour/base.toml");
const SEEDS: &str = include_str!("../fixtures/behaviour/seeds.toml");

/// How long a node at rest takes to see what its Admin API was told, and some more.
const REBUILT: Duration = Duration::from_millis(15);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    requests: Vec<Request>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seeds {
    seed: Vec<Seed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    name: String,
    about: String,
    seen: Option<Seen>,
    #[serde(default)]
    times: Option<usize>,
    since: Option<String>,
    until: Option<String>,
    #[serde(default)]
    invisible: bool,
    change: Vec<Request>,
    back: Vec<Request>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    body: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    method: String,
    path: String,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

/// All seeds.
pub(crate) fn seeds() -> Vec<Seed> {
    let Seeds { seed: seeds } = toml::from_str(SEEDS).expect("the seeds are readable");
    seeds
}

impl Seed {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether no answer shows it, by its nature.
    pub(crate) fn is_invisible(&self) -> bool {
        self.invisible
    }

    /// Whether it shows only once a limit is used up.
    pub(crate) fn wants_repetition(&self) -> bool {
        self.times.is_some()
    }

    pub(crate) fn is_for(&self, version: &Version) -> bool {
        let reached = |bound: &String| {
            let (major, minor) = bound.split_once('.').expect("two numbers");
            let number = |text: &str| text.parse().expect("a number");
            version.is_at_least(number(major), number(minor))
        };
        self.since.as_ref().is_none_or(reached) && !self.until.as_ref().is_some_and(reached)
    }
}

/// A gateway with the base configuration, and the echo server behind it.
pub(crate) struct Gateway {
    world: World,
    node: Running,
    version: Version,
    upstream: String,
    volatile: Regex,
    /// Ends the upstream when the last of them is gone.
    stop: watch::Sender<bool>,
}

impl Gateway {
    /// A node of this version, configured as `base.toml` says, with an upstream of its own.
    pub(crate) async fn new(version: Version) -> Self {
        let (listener, address) = http::bind("127.0.0.1:0").await.expect("bound");
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(echo::serve(listener, stopped));
        Self::before(version, address.to_string(), stop).await
    }

    /// Another one, before the same upstream.
    pub(crate) async fn beside(&self) -> Self {
        Self::before(self.version, self.upstream.clone(), self.stop.clone()).await
    }

    async fn before(version: Version, upstream: String, stop: watch::Sender<bool>) -> Self {
        let world = World::new(Path::new("/"), &[]);
        let node = world.fresh(version).await;
        let gateway = Self {
            world,
            node,
            version,
            upstream,
            // Ids, numbers of requests and of connections, and what is counted.
            volatile: Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{32}")
                .expect("an expression"),
            stop,
        };
        let base: Base = toml::from_str(BASE).expect("the base is readable");
        gateway.configure("the base", &base.requests).await;
        gateway
    }

    /// Its Admin API and its proxy.
    pub(crate) fn addresses(&self) -> (&str, &str) {
        (&self.node.admin, &self.node.proxy)
    }

    /// Changes it as a seed says, and waits until that shows.
    pub(crate) async fn bring_about(&self, seed: &Seed) {
        self.turn(seed, &seed.change).await;
    }

    /// The same without waiting, for what does not show at once.
    pub(crate) async fn configured(&self, seed: &Seed) {
        self.configure(&seed.name, &seed.change).await;
    }

    /// The reverse.
    pub(crate) async fn take_back(&self, seed: &Seed) {
        if seed.wants_repetition() {
            return self.configure(&seed.name, &seed.back).await;
        }
        self.turn(seed, &seed.back).await;
    }

    async fn turn(&self, seed: &Seed, requests: &[Request]) {
        let Some(seen) = &seed.seen else {
            return self.configure(&seed.name, requests).await;
        };
        let before = self.answer(seen).await;
        self.configure(&seed.name, requests).await;
        self.until("shows", seed, async || {
            let first = self.answer(seen).await;
            tokio::time::sleep(REBUILT).await;
            first != before && self.answer(seen).await != before
        })
        .await;
    }

    /// Ends it.
    pub(crate) async fn end(self) {
        self.node.end(Order::Quit).await;
    }

    async fn configure(&self, what: &str, requests: &[Request]) {
        let mark = if self.version.major < 3 { "" } else { "~" };
        let filled = |text: &str| {
            text.replace("{upstream}", &format!("http://{}", self.upstream))
                .replace("{address}", &self.upstream)
                .replace("{regex}", mark)
        };
        let json = [("content-type", "application/json")];
        for request in requests {
            let body = request.body.as_deref().map_or(Value::Null, |body| {
                serde_json::from_str(&filled(body)).expect("JSON")
            });
            let (admin, path) = (&self.node.admin, &request.path);
            let answer = self.world.send(&request.method, admin, path, &body, &json);
            let answer = answer.await;
            assert!(
                (200..300).contains(&answer.status),
                "{} {what}: {} {path} {body}: {} {}",
                self.version,
                request.method,
                answer.status,
                answer.text
            );
        }
    }

    /// What a client gets, without what is another thing every time.
    async fn answer(&self, seen: &Seen) -> String {
        let headers: Vec<(&str, &str)> = seen
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = match seen.body.as_str() {
            "" => Value::Null,
            body => Value::from(body),
        };
        let proxy = &self.node.proxy;
        let answer = self
            .world
            .send(&seen.method, proxy, &seen.path, &body, &headers);
        self.comparable(&answer.await)
    }

    fn comparable(&self, answer: &Answer) -> String {
        let mut text = format!("{}\n", answer.status);
        let mut lines = Vec::new();
        for (name, value) in &answer.headers {
            let name = name.as_str();
            let is_volatile = ["latency", "remaining", "reset", "retry-after", "date"]
                .iter()
                .any(|part| name.contains(part));
            if !is_volatile {
                lines.push(format!(
                    "{name}: {}",
                    String::from_utf8_lossy(value.as_bytes())
                ));
            }
        }
        lines.sort();
        write!(text, "{}\n\n{}", lines.join("\n"), answer.text).expect("a string takes any text");
        self.volatile.replace_all(&text, "#").into_owned()
    }

    /// Everything that is configured, without times.
    async fn configuration(&self) -> BTreeSet<String> {
        let mut entities = BTreeSet::new();
        for collection in [
            "services",
            "routes",
            "consumers",
            "plugins",
            "upstreams",
            "key-auths",
            "basic-auths",
            "acls",
            "upstreams/pool/targets",
        ] {
            let path = format!("/{collection}?size=1000");
            let admin = &self.node.admin;
            let page = self
                .world
                .send("GET", admin, &path, &Value::Null, &[])
                .await;
            for entity in page.body["data"].as_array().expect("entities") {
                let mut entity = entity.clone();
                let fields = entity.as_object_mut().expect("an object");
                fields.retain(|name, _| name != "created_at" && name != "updated_at");
                entities.insert(format!("{collection}: {entity}"));
            }
        }
        entities
    }

    /// Whether a seed shows, and goes away again.
    async fn play(&self, seed: &Seed) {
        let Some(seen) = &seed.seen else {
            self.configure(&seed.name, &seed.change).await;
            self.configure(&seed.name, &seed.back).await;
            return;
        };
        let mut before = String::new();
        for _ in 0..seed.times.unwrap_or(1) {
            before = self.answer(seen).await;
        }
        self.configure(&seed.name, &seed.change).await;
        // Twice, with time to rebuild between: between two requests to the Admin API anything may show.
        self.until("shows", seed, async || {
            let first = self.answer(seen).await;
            tokio::time::sleep(REBUILT).await;
            first != before && self.answer(seen).await != before
        })
        .await;
        self.configure(&seed.name, &seed.back).await;
        self.until("is taken back", seed, async || {
            let mut after = String::new();
            for _ in 0..seed.times.unwrap_or(1) {
                after = self.answer(seen).await;
            }
            after == before
        })
        .await;
    }

    /// Asks more often than `eventually` does: there are hundreds of answers to wait for, and each is there in a moment.
    async fn until(&self, what: &str, seed: &Seed, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds().await {
            let name = &seed.name;
            assert!(
                Instant::now() < deadline,
                "{} not in time: {name} {what}",
                self.version
            );
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

async fn every_seed_shows(version: Version) {
    if version == OLD && !everything() {
        return println!("skipped: one version is enough every day; set CUTOVER_TEST_ALL for both");
    }
    let gateway = Gateway::new(version).await;
    let Seeds { seed: seeds } = toml::from_str(SEEDS).expect("the seeds are readable");
    let before = gateway.configuration().await;
    let mut played = 0;
    for seed in seeds.iter().filter(|seed| seed.is_for(&version)) {
        gateway.play(seed).await;
        played += 1;
    }
    let after = gateway.configuration().await;
    let traces: Vec<&String> = before.symmetric_difference(&after).collect();
    assert!(traces.is_empty(), "{version}: {traces:#?}");
    println!("{version}: {played} seeds, each shown and taken back");
    gateway.node.end(Order::Quit).await;
}

#[tokio::test]
async fn every_seed_shows_on_2_8_and_is_taken_back() {
    every_seed_shows(OLD).await;
}

#[tokio::test]
async fn every_seed_shows_on_3_9_and_is_taken_back() {
    every_seed_shows(NEW).await;
}

#[test]
fn seeds_are_many_and_told_apart() {
    let Seeds { seed: seeds } = toml::from_str(SEEDS).expect("the seeds are readable");
    let names: BTreeSet<&str> = seeds.iter().map(|seed| seed.name.as_str()).collect();
    assert_eq!(names.len(), seeds.len());
    assert!(seeds.iter().all(|seed| seed.about.ends_with('.')));
    let invisible = seeds.iter().filter(|seed| seed.invisible).count();
    assert!(invisible <= 4);
    assert!(
        seeds
            .iter()
            .all(|seed| seed.invisible != seed.seen.is_some())
    );
    for version in [OLD, NEW] {
        let visible = seeds
            .iter()
            .filter(|seed| !seed.invisible && seed.is_for(&version));
        assert!(visible.count() >= 50, "{version}");
    }
}
