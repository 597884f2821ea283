//! `kong.freeze`: what it refuses, what it lets through, and that it is never left behind.

use crate::practice_cluster::{Ended, PracticeCluster};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const UNDONE: i32 = 5;
const PAUSED: i32 = 8;

/// Writes a route's tags; refused by a trigger, the statement fails.
const WRITE: &str =
    "UPDATE routes SET tags = ARRAY['written'] WHERE id = (SELECT min(id::text)::uuid FROM routes)";

const TRIGGERS: &str = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'cutover_frozen%'";

fn run(cluster: &PracticeCluster, name: &str, body: &str, further: &[&str]) -> Ended {
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"kong.*\", \"packages.*\", \"database.backup\", \"traffic.*\", \"run.*\"] }};\n\
         let cluster = env::cluster(\"practice\");\n{body}\n"
    );
    let playbook = cluster.environment().with_file_name(format!("{name}.rhai"));
    std::fs::write(&playbook, text).expect("written");
    let path = playbook.display().to_string();
    let mut arguments = vec!["run", &path, "--run-id", name];
    arguments.extend(further);
    cluster.cutover(&arguments)
}

#[test]
fn deny_refuses_configuration_and_lets_traffic_write_until_it_is_thawed() {
    let cluster = PracticeCluster::up();
    let frozen = run(
        &cluster,
        "frozen",
        "kong::freeze(cluster, #{ mode: \"deny\" });\nrun::approve(\"go on\");\nkong::thaw(cluster);",
        &[],
    );
    assert_eq!(frozen.code, Some(PAUSED), "{}", frozen.all);
    for refused in [
        WRITE,
        "DELETE FROM routes",
        "TRUNCATE routes CASCADE",
        "INSERT INTO consumers (id, username) VALUES (gen_random_uuid(), 'late')",
    ] {
        let said = cluster.try_sql(refused).expect_err(refused);
        assert!(said.contains("frozen by cutover"), "{refused}: {said}");
    }
    for written in [
        "INSERT INTO cluster_events (id, node_id, at, nbf, expire_at, channel, data) \
         VALUES (gen_random_uuid(), gen_random_uuid(), now(), now(), now(), 'c', 'd')",
        "INSERT INTO locks (key, owner, ttl) VALUES ('k', 'o', now())",
        // It refers to a table of the configuration, whose row is locked by the check of the foreign key.
        "INSERT INTO oauth2_tokens (id, service_id, ws_id, access_token) \
         SELECT gen_random_uuid(), id, ws_id, 'token' FROM services LIMIT 1",
        // Nothing is written, so nothing is refused: Kong clears expired rows all the time.
        "DELETE FROM routes WHERE false",
    ] {
        assert_eq!(cluster.try_sql(written), Ok(String::new()), "{written}");
    }
    let on = cluster.cutover(&["resume", "frozen", "--approve", "practice"]);
    assert_eq!(on.code, Some(DONE), "{}", on.all);
    assert_eq!(cluster.try_sql(TRIGGERS).as_deref(), Ok("0"));
    assert_eq!(cluster.try_sql(WRITE), Ok(String::new()));
}

#[test]
fn a_frozen_upgrade_ends_thawed_and_goes_back_thawed() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let upgraded = cluster.upgrade("deny", &["freeze=deny"]);
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    assert_eq!(cluster.try_sql(TRIGGERS).as_deref(), Ok("0"));
    cluster.roll_back("deny", &old);
    assert_eq!(cluster.try_sql(TRIGGERS).as_deref(), Ok("0"));
    // Failures before and after some of the calls around the migration; the rehearsal's come before them.
    for call in [14, 26] {
        for when in ["before", "after"] {
            let run = format!("deny-{when}-{call}");
            let failed =
                cluster.upgrade(&run, &["freeze=deny", "--fail", &format!("{when}:{call}")]);
            assert_eq!(failed.code, Some(UNDONE), "{run}: {}", failed.all);
            assert_eq!(cluster.world(), old, "{run}");
            assert_eq!(cluster.try_sql(TRIGGERS).as_deref(), Ok("0"), "{run}");
        }
    }
}

#[test]
fn a_freeze_that_somebody_lifts_puts_the_run_down() {
    let cluster = PracticeCluster::up();
    let lifted = run(
        &cluster,
        "lifted",
        "kong::freeze(cluster, #{ mode: \"deny\" });\nrun::approve(\"go on\");\ntraffic::drain(cluster.nodes);",
        &[],
    );
    assert_eq!(lifted.code, Some(PAUSED), "{}", lifted.all);
    cluster
        .try_sql("ALTER TABLE routes DISABLE TRIGGER cutover_frozen")
        .expect("lifted");
    let seen = cluster.cutover(&["resume", "lifted", "--approve", "practice"]);
    assert_eq!(seen.code, Some(PAUSED), "{}", seen.all);
    assert!(
        seen.all.contains("is not in force any more"),
        "{}",
        seen.all
    );
    let back = cluster.cutover(&["rollback", "lifted", "--confirm", "practice"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert_eq!(cluster.try_sql(TRIGGERS).as_deref(), Ok("0"));
}

#[test]
fn a_write_after_up_is_found_before_finish_and_a_person_is_asked() {
    let cluster = PracticeCluster::up();
    let waiting = cluster.cutover(&[
        "run",
        "in-place",
        "cluster=practice",
        "to=3.4.2",
        "checks=/health=200",
        "watch=0s",
        "bake=0s",
        "interval=10ms",
        "--run-id",
        "watched",
    ]);
    assert_eq!(waiting.code, Some(PAUSED), "{}", waiting.all);
    assert!(
        waiting.all.contains("watched, not frozen"),
        "{}",
        waiting.all
    );
    let stopping = cluster.cutover(&["approve", "watched"]);
    assert_eq!(stopping.code, Some(DONE), "{}", stopping.all);
    let migrated = cluster.cutover(&["resume", "watched"]);
    assert_eq!(migrated.code, Some(PAUSED), "{}", migrated.all);
    cluster.sql(WRITE);
    let approved = cluster.cutover(&["approve", "watched"]);
    assert_eq!(approved.code, Some(DONE), "{}", approved.all);
    let asked = cluster.cutover(&["resume", "watched"]);
    assert_eq!(asked.code, Some(PAUSED), "{}", asked.all);
    assert!(
        asked.all.contains("was changed after `up`"),
        "{}",
        asked.all
    );
    let on = cluster.cutover(&["resume", "watched", "--approve", "practice"]);
    assert_eq!(on.code, Some(DONE), "{}", on.all);
}
