//! `cutover doctor` of a cluster that runs: nothing is wrong with a sound one, and what is brought about there is found.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use cutover::environment::Environment;
use cutover::gateway::live::postgres::{Acquisition, WorldLock, try_acquire};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::Test;
use crate::practice_cluster::{PracticeCluster, cutover_in};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const USAGE: i32 = 2;
const REFUSED: i32 = 4;

/// Checks whose outcome is a matter of the machine that the tests run on.
const OF_THE_MACHINE: [&str; 6] = [
    "doctor.sandbox_partial",
    "doctor.storage_volatile",
    "doctor.files_few",
    "doctor.prefix_space",
    "doctor.backup_space",
    "doctor.scratch_space",
];

/// What a look finds, as `outcome code subject`, fine left out.
fn found(environment: &Path, further: &[&str]) -> (Option<i32>, BTreeSet<String>) {
    let words = [&["doctor", "--output", "json"][..], further].concat();
    let ended = cutover_in(environment, &words);
    let told: Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}", ended.all));
    let findings = told["findings"].as_array().expect("a list").iter();
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let told = findings
        .filter(|finding| finding["outcome"] != "fine")
        .filter(|finding| !OF_THE_MACHINE.iter().any(|code| finding["code"] == *code))
        .map(|finding| {
            let [outcome, code, subject] =
                ["outcome", "code", "subject"].map(|key| text(finding, key));
            format!("{outcome} {code} {subject}")
        });
    (ended.code, told.collect())
}

/// The environment file with a Redis that nobody has, whose password nobody knows, and a host that there is not.
fn with_references(cluster: &PracticeCluster) -> PathBuf {
    let text = std::fs::read_to_string(cluster.environment()).expect("read");
    let text = format!(
        "{text}\n[redis.counters]\nhost = \"redis.invalid\"\npassword = {{ env = \"CUTOVER_TEST_ABSENT\" }}\ntls = \"off\"\n"
    );
    let path = cluster.path().join("doctor.toml");
    std::fs::write(&path, text).expect("written");
    path
}

/// A certificate that ended yesterday, as an entity.
fn over() -> String {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters =
        rcgen::CertificateParams::new(vec!["over.test".to_owned()]).expect("valid");
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let made = parameters.self_signed(&key).expect("signed");
    serde_json::json!({ "cert": made.pem(), "key": key.serialize_pem() }).to_string()
}

/// Kills a node, so that it leaves behind what it would have taken away; and a socket, as Kong's workers have them.
fn kill(environment: &Environment, name: &str) {
    let (_, _, node) = environment.node(name).expect("there");
    let pid = std::fs::read_to_string(node.prefix.join("pids/nginx.pid")).expect("it runs");
    let pid = pid.trim().parse().ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a number"), Signal::KILL).expect("killed");
    drop(UnixListener::bind(node.prefix.join("worker_events.sock")).expect("bound"));
}

/// A run that waits for an approval.
fn leave_a_run(cluster: &PracticeCluster) {
    let playbook = cluster.write(
        "waits.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"run.approve\"] };\nrun::approve(\"go on\");",
    );
    let paused = cluster.cutover(&["run", &playbook, "--run-id", "waits"]);
    assert_eq!(paused.code, Some(8), "{}", paused.all);
}

/// Brings about in the database what nobody wants there.
fn spoil_the_database(cluster: &PracticeCluster) {
    for statement in [
        "INSERT INTO locks VALUES ('migrations', 'kong-9', now() - interval '1 hour')",
        "UPDATE schema_meta SET pending = '{999_not_known}' WHERE subsystem = 'core'",
        "ALTER SCHEMA public OWNER TO postgres",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC, kong",
        "ALTER TABLE consumers OWNER TO postgres",
        "GRANT ALL ON consumers TO kong",
        "ALTER ROLE kong CONNECTION LIMIT 10",
        "ALTER ROLE kong SET statement_timeout = '30s'",
    ] {
        cluster.sql(statement);
    }
    cluster.maintenance("CREATE DATABASE leftover");
    cluster.maintenance(
        "COMMENT ON DATABASE leftover IS 'cutover:{\"kind\":\"created\",\"run\":\"gone\"}'",
    );
}

/// Takes the environment's lock as another runner would.
async fn hold(environment: &Environment) -> WorldLock {
    let database = &environment.databases["main"];
    let taken = try_acquire(database, &environment.name, "other", "elsewhere").await;
    match taken.expect("asked") {
        Acquisition::Acquired(lock) => lock,
        Acquisition::HeldBy(holder) => panic!("held by {holder:?}"),
    }
}

#[tokio::test]
async fn what_ails_a_cluster_is_found() {
    let cluster = PracticeCluster::up();
    let (code, told) = found(&cluster.environment(), &["--to", "3.4.2"]);
    // The practice server is small, and the storage may be where tests are fast.
    let told: Vec<&String> = told
        .iter()
        .filter(|told| !told.starts_with("warning "))
        .collect();
    assert_eq!((code, told), (Some(DONE), Vec::new()));

    let environment = Environment::load(&cluster.environment()).expect("sound");
    leave_a_run(&cluster);
    cluster.admin("POST", "/certificates", &over());
    let lost = "{\"name\": \"lost\", \"host\": \"no-such-host.invalid\"}";
    cluster.admin("POST", "/services", lost);
    spoil_the_database(&cluster);
    let mut open = cluster.start_sql("BEGIN; SELECT pg_sleep(300)");
    let (_, _, first) = environment.node("kong-1").expect("there");
    let conf = std::fs::read_to_string(&first.conf).expect("read");
    std::fs::write(&first.conf, format!("{conf}\nlog_level = debug\n")).expect("written");
    kill(&environment, "kong-2");
    let stray = cluster.stray_node();
    let open_to_all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(cluster.storage(), open_to_all).expect("set");
    let lock = hold(&environment).await;
    cluster.wait_for(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)'
         AND application_name = 'psql' AND xact_start < now() - interval '5.2 s')",
    );

    let (code, told) = found(&with_references(&cluster), &["--to", "3.12.0"]);
    assert_eq!(code, Some(REFUSED));
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    unknown doctor.admin_public kong-2
    unknown doctor.admin_unreachable kong-2
    unknown doctor.certificate_file_ends kong-2
    unknown doctor.clock_node kong-2
    unknown doctor.node_supervised kong-2
    unknown doctor.plugins_absent practice
    unknown doctor.run_unfinished practice
    unknown doctor.settings_changed kong-2
    unknown doctor.settings_mixed practice
    unknown doctor.user_other kong-2
    unknown doctor.version_other kong-2
    unknown doctor.versions_mixed practice
    warning doctor.connections_few main
    warning doctor.copies_left main
    warning doctor.locks_stale main
    warning doctor.node_stopped kong-2
    warning doctor.pid_stale kong-2
    warning doctor.settings_changed kong-1
    warning doctor.statement_timeout main
    warning doctor.trial_absent kong-1
    warning doctor.trial_absent kong-2
    warning doctor.upstream_unknown practice
    wrong doctor.certificate_ends practice
    wrong doctor.connections_limited main
    wrong doctor.lock_held main
    wrong doctor.migrations_pending main
    wrong doctor.name_unknown practice
    wrong doctor.node_unlisted kong-1
    wrong doctor.node_unlisted kong-2
    wrong doctor.package_absent kong-1
    wrong doctor.package_absent kong-2
    wrong doctor.redis_unreachable practice
    wrong doctor.schema_create main
    wrong doctor.secret_absent practice
    wrong doctor.sockets_stale kong-2
    wrong doctor.storage_open practice
    wrong doctor.tables_owned main
    wrong doctor.transactions_long main
    "#);
    in_other_formats(&cluster, &stray);
    lock.release().await;
    open.kill().expect("ended");
    open.wait().expect("waited for");
}

fn in_other_formats(cluster: &PracticeCluster, stray: &str) {
    // Runs are not read in a storage that others can write.
    let closed = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(cluster.storage(), closed).expect("set");
    let text = cluster.cutover(&["doctor", "practice"]);
    let first = text.out.lines().next().expect("a line");
    assert!(first.starts_with("wrong · doctor."), "{}", text.all);
    assert!(text.out.contains("not finished: `waits`"), "{}", text.all);
    assert!(text.out.contains(stray), "{}", text.all);
    assert!(
        text.out
            .contains("GRANT CREATE, USAGE ON SCHEMA public TO kong"),
        "{}",
        text.all
    );
    assert!(!text.out.contains("\nfine · "), "{}", text.all);
    let all = cluster.cutover(&["doctor", "--all"]);
    assert!(
        all.out
            .contains("\nfine · doctor.database_unreachable · main"),
        "{}",
        all.all
    );
    let junit = cluster.cutover(&["doctor", "--output", "junit"]);
    assert_eq!(junit.code, Some(REFUSED), "{}", junit.all);
    assert!(junit.out.contains("<failure"), "{}", junit.all);
}

#[test]
fn a_cluster_that_there_is_not_is_named_with_those_that_there_are() {
    let test = Test::new();
    let refused = test.cutover(&["doctor", "blue"]);
    assert_eq!(refused.status, USAGE);
    insta::assert_snapshot!(refused.stderr, @r"
    error: the environment has no cluster `blue`
    help: it has none
    ");
}
