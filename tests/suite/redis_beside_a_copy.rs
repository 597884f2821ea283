//! Limits that are counted in another Redis on either side, through the program: carried, taken back, closed, and refused by name.

use insta::assert_snapshot;
use redis::{Commands as _, Connection};

use crate::gap::{ask, cluster, run};
use crate::practice_cluster::PracticeCluster;
use crate::redis_server::RedisServer;

/// A practice cluster and its copy, which count in a Redis each.
struct World {
    cluster: PracticeCluster,
    blue: RedisServer,
    green: RedisServer,
}

impl World {
    /// The copy is made; then the operator gives its plugin another Redis, as the environment file says.
    fn new() -> Self {
        let (cluster, blue, green) = (cluster(), RedisServer::start(), RedisServer::start());
        let world = Self {
            cluster,
            blue,
            green,
        };
        world.counts_in("kong", world.blue.port);
        let path = world.cluster.environment();
        let text = std::fs::read_to_string(&path).expect("an environment");
        let named = |text: &str, database: &str, redis: &str| {
            let begins = format!("[databases.{database}]\n");
            text.replace(&begins, &format!("{begins}redis = [\"{redis}\"]\n"))
        };
        let text = named(
            &named(&text, "main", "counters-blue"),
            "green",
            "counters-green",
        );
        let servers = [("blue", &world.blue), ("green", &world.green)].map(|(name, server)| {
            format!(
                "\n[redis.counters-{name}]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"off\"\n",
                server.port
            )
        });
        std::fs::write(&path, format!("{text}{}", servers.concat())).expect("written");
        let made = run(&world.cluster, "made", "database::clone_to(blue, green);");
        assert_eq!(made.code, Some(0), "{}", made.all);
        world.counts_in("kong_green", world.green.port);
        world
    }

    fn counts_in(&self, database: &str, port: u16) {
        let statement = format!(
            "UPDATE plugins SET config = config || '{{\"policy\": \"redis\", \"redis_host\": \"127.0.0.1\", \"redis_port\": {port}, \"redis_database\": 0, \"year\": 100}}'
             WHERE name = 'rate-limiting' AND config->>'policy' IN ('cluster', 'redis')"
        );
        ask(&self.cluster, database, &statement);
    }

    /// The key of a client's counter of this year.
    fn key(&self, client: &str) -> String {
        let nobody = "00000000-0000-0000-0000-000000000000";
        ask(
            &self.cluster,
            "kong",
            &format!(
                "SELECT 'ratelimit:' || coalesce(route_id, '{nobody}') || ':' || coalesce(service_id, '{nobody}') || ':{client}:' ||
                        (extract(epoch FROM date_trunc('year', now(), 'UTC')) * 1000)::bigint || ':year'
                 FROM plugins WHERE name = 'rate-limiting' AND config->>'policy' = 'redis' LIMIT 1"
            ),
        )
    }

    fn count(&self, redis: &mut Connection, client: &str, requests: i64) {
        let _: i64 = redis.incr(self.key(client), requests).expect("counted");
    }

    fn counted(&self, redis: &mut Connection) -> [i64; 2] {
        ["anna", "ben"].map(|client| {
            let count: Option<i64> = redis.get(self.key(client)).expect("read");
            count.unwrap_or(0)
        })
    }
}

#[test]
fn what_two_redis_counted_is_carried_and_taken_back() {
    let world = World::new();
    let (mut blue, mut green) = (world.blue.connected(), world.green.connected());
    world.count(&mut blue, "anna", 90);
    world.count(&mut blue, "ben", 5);
    world.count(&mut green, "anna", 20);
    let carried = run(
        &world.cluster,
        "carried",
        "let gap = gap::open(blue, green);\n\
         run::note(`told between ${gap.redis}, left ${gap.out_of_reach}`);\n\
         let before = gap::measure(gap);\n\
         run::note(`told before: ${before.increments}, at most ${before.over_at_most}`);\n\
         let rounds = gap::carry(gap, #{ both: true });\n\
         run::note(`told to the copy ${rounds.to_copy}, to the original ${rounds.to_original}`);\n\
         let report = gap::report(gap);\n\
         run::note(`told over ${report.over_admitted}, of which ${report.uncertain} uncertain: ${report.counted}`);",
    );
    assert_eq!(carried.code, Some(0), "{}", carried.all);
    let noted = carried
        .all
        .lines()
        .filter_map(|line| line.split_once("told "));
    let noted: Vec<&str> = noted.map(|(_, note)| note).collect();
    assert_snapshot!(noted.join("\n"), @r#"
    between ["Redis counters-blue/0 to counters-green/0"], left [#{"plugin": "rate-limiting", "plugins": 1, "policy": "local", "why": "its counters are in each node's memory: up to its whole limit may pass again, and once more for every node"}]
    before: 95, at most 85
    to the copy 95, to the original 20
    over 10, of which 10 uncertain: [#{"by_from": 95, "by_to": 20, "counters": 2, "lacking": 0, "over_admitted": 10, "period": "year", "table": "Redis counters-blue/0 to counters-green/0", "uncertain": 10}]
    "#);
    assert_eq!(world.counted(&mut blue), [110, 5]);
    assert_eq!(world.counted(&mut green), [110, 5]);

    let undone = world
        .cluster
        .cutover(&["rollback", "carried", "--confirm", "practice"]);
    assert!(undone.verdict.contains("undone after"), "{}", undone.all);
    assert_eq!(world.counted(&mut blue), [90, 5]);
    assert_eq!(world.counted(&mut green), [20, 0]);

    let again = run(
        &world.cluster,
        "again",
        "let gap = gap::open(blue, green); gap::carry(gap, #{ both: true }); gap::close(gap);",
    );
    assert_eq!(again.code, Some(0), "{}", again.all);
    assert_eq!(world.counted(&mut green), [110, 5]);
    for redis in [&mut blue, &mut green] {
        let left: Vec<String> = redis.keys("cutover:*").expect("asked");
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_redis_that_does_not_answer_is_named_before_anything_is_carried() {
    let mut world = World::new();
    let port = world.green.port;
    world.green = RedisServer::start();
    let refused = run(
        &world.cluster,
        "refused",
        "gap::carry(gap::open(blue, green));",
    );
    let told = format!("cannot connect to the Redis `counters-green/0` at 127.0.0.1:{port}");
    assert!(refused.all.contains(&told), "{}", refused.all);
    assert!(
        refused.all.contains("[gap.redis.unreachable]"),
        "{}",
        refused.all
    );
}
