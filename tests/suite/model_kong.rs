//! The model of Kong against recordings of the real one: wherever there is a cell for a command that the model knows, its verdict.

use std::collections::BTreeMap;
use std::time::Duration;

use cutover::gateway::simulated::{Database, Durations, Node, Simulated, World};
use cutover::gateway::{Kong as _, KongSessions, SyncRates, WriteDenial};
use cutover::kong::Version;
use cutover::kong::migrations::{parse_list, was_aborted};
use cutover::kong::schema::Schema;
use futures_util::FutureExt as _;
use serde_json::Value;

const CELLS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/domain/kong-observed/migrations-cli.ndjson"
);

/// The releases that were recorded.
const OLD: Version = Version::new(2, 8, 5);
const MIDDLE: Version = Version::new(3, 4, 2);
const NEW: Version = Version::new(3, 9, 1);

#[test]
fn the_model_and_kong_come_to_the_same_verdicts() {
    let Ok(recorded) = std::fs::read_to_string(CELLS) else {
        println!("skipped: the recordings are not here");
        return;
    };
    let (mut agreed, mut different) = (0, Vec::new());
    for line in recorded.lines() {
        let cell: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| cell[key].as_str().expect("text");
        let exit = i32::try_from(cell["exit"].as_i64().expect("a number")).expect("small");
        let version: Version = text("kong").parse().expect("a version");
        let world = world(text("state"), version);
        let before = schema(&world);
        let same = match text("command") {
            "list" => {
                let found = world
                    .migration_state("node")
                    .now_or_never()
                    .expect("at once");
                match (parse_list(exit, text("stdout"), text("stderr")), found) {
                    (Ok(recorded), Ok(found)) => recorded == found,
                    (Err(_), Err(_)) => true,
                    _ => false,
                }
            }
            "up" | "finish" => {
                let done = if text("command") == "up" {
                    world
                        .migrations_up("node", Duration::from_mins(1))
                        .now_or_never()
                } else {
                    world
                        .migrations_finish("node", Duration::from_mins(1))
                        .now_or_never()
                };
                let succeeds = match done.expect("at once") {
                    Ok(run) => run.error.is_none() && run.aborted == was_aborted(text("stdout")),
                    Err(_) => false,
                };
                let wrote = text("stdout").contains("migrating");
                succeeds == (exit == 0) && (!succeeds || wrote == (schema(&world) != before))
            }
            "start" => {
                let started = world.start_node("node").now_or_never().expect("at once");
                started.is_ok() == (exit == 0)
            }
            _ => continue,
        };
        if same {
            agreed += 1;
        } else {
            different.push(format!(
                "{} {} in {}",
                text("kong"),
                text("command"),
                text("state")
            ));
        }
    }
    println!(
        "the model agrees with {agreed} of {} recorded cells",
        agreed + different.len()
    );
    assert_eq!(different, Vec::<String>::new());
    assert_eq!(agreed, 88);
}

/// A world with one node of `version` on a database in a recorded state.
fn world(state: &str, version: Version) -> Simulated {
    let migrated = |steps: &[(Version, bool)], from: Version| {
        let mut schema = Schema::of(&from);
        for (version, finish) in steps {
            schema.up(version).expect("nothing is pending");
            if *finish {
                schema.finish(version).expect("bootstrapped");
            }
        }
        schema
    };
    let schema = match state {
        "st_28" => Schema::of(&OLD),
        "st_28_34up" => migrated(&[(MIDDLE, false)], OLD),
        "st_28_34fin" => migrated(&[(MIDDLE, true)], OLD),
        "st_34" => Schema::of(&MIDDLE),
        "st_39up" => migrated(&[(NEW, false)], MIDDLE),
        "st_39fin" => migrated(&[(NEW, true)], MIDDLE),
        "st_empty" | "dbdown" | "nodb" => Schema::default(),
        other => panic!("no state {other}"),
    };
    let database = Database {
        server_version: "15".to_owned(),
        bytes: 10 << 20,
        free_bytes: 1 << 40,
        sessions: 0,
        scratch: None,
        swap_obstacles: Vec::new(),
        schema,
        plugins: BTreeMap::new(),
        entities: BTreeMap::new(),
        writes: 0,
        migration_lock: false,
        absent: false,
        copy_taken_at: None,
        kind: cutover::environment::DatabaseKind::Postgres,
        sync_rates: SyncRates::default(),
        fenced: false,
        down: state == "dbdown",
        long_transactions: Vec::new(),
        kong_sessions: KongSessions::default(),
        write_denial: WriteDenial::Off,
    };
    let node = Node {
        proxy: Some("http://127.0.0.1:8000".to_owned()),
        role: None,
        declared: None,
        cluster_database: Some("main".to_owned()),
        database: (state != "nodb").then(|| "main".to_owned()),
        available: vec![version],
        trials: None,
        kept: std::collections::BTreeSet::new(),
        installed: version,
        running: None,
        rotation: None,
        files: BTreeMap::new(),
        refuses_configuration: BTreeMap::new(),
        stand_in: true,
        admin: cutover::gateway::AdminAccess::default(),
        plugins: std::collections::BTreeSet::new(),
        templates: BTreeMap::new(),
        hindrances: Vec::new(),
        strange: Vec::new(),
        adaptations: BTreeMap::new(),
        facts: None,
    };
    let world = World {
        format: 1,
        environment: "recorded".to_owned(),
        observed_at: jiff::Timestamp::UNIX_EPOCH,
        nodes: BTreeMap::from([("node".to_owned(), node)]),
        databases: BTreeMap::from([("main".to_owned(), database)]),
        unlisted: BTreeMap::new(),
        practice_files: BTreeMap::new(),
    };
    Simulated::new(world, Durations::built_in())
}

fn schema(world: &Simulated) -> Schema {
    world.world().databases["main"].schema.clone()
}
