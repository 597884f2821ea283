//! A plan changes nothing: what the server, the nodes and the files of a practice cluster say after every shipped playbook was planned.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use cutover::environment::Environment;
use sha2::{Digest as _, Sha256};

use super::one_database::share_the_database;
use super::practice_cluster::PracticeCluster;

/// Every shipped playbook, with what a plan of it wants.
pub(crate) const PLAYBOOKS: [(&str, &[&str]); 5] = [
    (
        "rehearse",
        &[
            "production=practice",
            "cluster=green",
            "to=3.4.2",
            "checks=/health=200",
        ],
    ),
    (
        "blue-green",
        &[
            "blue=practice",
            "green=green",
            "to=3.4.2",
            "checks=/health=200",
        ],
    ),
    ("hello", &[]),
    (
        "in-place",
        &["cluster=practice", "to=3.4.2", "checks=/health=200"],
    ),
    ("restore-drill", &["database=main"]),
];

/// Those that want a copy to be there, with what a plan of them wants.
pub(crate) const AFTER_A_COPY: [(&str, &[&str]); 2] = [
    (
        "switch-back",
        &["blue=practice", "green=green", "checks=/health=200"],
    ),
    (
        "dismiss",
        &["blue=practice", "green=green", "leaving=green"],
    ),
];

/// Those that want both sides to have one database.
const ON_ONE_DATABASE: [(&str, &[&str]); 1] = [(
    "blue-green-shared",
    &[
        "blue=practice",
        "green=green",
        "to=3.4.2",
        "checks=/health=200",
    ],
)];

/// Makes the second side's database, as a copy of the first.
pub(crate) fn copy(cluster: &PracticeCluster) {
    let playbook = cluster.write(
        "copy.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"database.clone_to\"] };\n\
         database::clone_to(env::database(\"main\"), env::database(\"green\"));",
    );
    let made = cluster.cutover(&["run", &playbook]);
    assert_eq!(made.code, Some(0), "{}", made.all);
}

/// Those for other topologies than that of the cluster here; `topologies` and `relocate` of this suite play them.
const ELSEWHERE: [&str; 4] = ["rolling", "dbless", "hybrid", "relocate"];

/// A statement that reads, or that concerns its own session alone.
const READS: [&str; 5] = ["SELECT ", "SHOW ", "SET ", "BEGIN", "COMMIT"];

/// What writes or locks though it begins like a read.
const NO_READS: [&str; 4] = ["FOR UPDATE", "FOR SHARE", " INTO ", "nextval"];

#[test]
fn nothing_is_different_after_all_that_only_looks() {
    every_shipped_playbook_is_here();
    let cluster = PracticeCluster::up_with(&["--green", "3.4.2"]);
    // A storage with a run in it is there to learn durations from.
    let run = cluster.cutover(&["run", "hello", "wait=0s"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    tell_all(&cluster);
    let mut looks = vec![
        vec!["observe"],
        vec!["drill", "hello"],
        vec!["review", "practice", "--to", "3.4.2"],
        vec!["doctor", "practice", "--to", "3.4.2"],
    ];
    looks.extend(plans(&PLAYBOOKS));
    only_looks(&cluster, &looks);
    copy(&cluster);
    only_looks(&cluster, &plans(&AFTER_A_COPY));
    share_the_database(&cluster);
    only_looks(&cluster, &plans(&ON_ONE_DATABASE));
}

/// The commands that plan these.
fn plans(playbooks: &[(&'static str, &'static [&'static str])]) -> Vec<Vec<&'static str>> {
    let mut plans = Vec::new();
    for (playbook, parameters) in playbooks {
        for first in [&["plan"][..], &["run", "--dry-run"]] {
            plans.push([first, &[*playbook], parameters].concat());
        }
    }
    plans
}

/// Runs commands that are to change nothing.
fn only_looks(cluster: &PracticeCluster, commands: &[Vec<&str>]) {
    let environment = Environment::load(&cluster.environment()).expect("sound");
    let world = cluster.world();
    let before = (files(cluster), database(cluster));
    let (asked, said) = (
        admin_requests(&environment).len(),
        server_log(cluster).len(),
    );
    for arguments in commands {
        let ended = cluster.cutover(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.all);
        assert_eq!((files(cluster), database(cluster)), before, "{arguments:?}");
    }
    // Taken before the world is looked at by other means.
    let asked = admin_requests(&environment).split_off(asked);
    let said = server_log(cluster).split_off(said);
    assert!(asked.len() > 5, "{asked:?}");
    for request in &asked {
        assert!(
            request.starts_with("GET ") || request.starts_with("HEAD "),
            "{request}"
        );
    }
    only_reads(&said);
    assert_eq!(cluster.world(), world);
}

/// A playbook that is shipped and not planned here would be one that nothing is known of.
fn every_shipped_playbook_is_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let shipped: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("listed")
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".rhai").map(str::to_owned)
        })
        .collect();
    let planned = PLAYBOOKS.iter().chain(&AFTER_A_COPY);
    let planned = planned.chain(&ON_ONE_DATABASE);
    let planned = planned.map(|(name, _)| *name).chain(ELSEWHERE);
    let planned: BTreeSet<String> = planned.map(Into::into).collect();
    assert_eq!(shipped, planned);
}

/// Has the server write down every statement with its session, and do nothing by itself that looks like a write.
fn tell_all(cluster: &PracticeCluster) {
    for setting in [
        "log_statement = 'all'",
        "log_line_prefix = '@%p|%a|'",
        "autovacuum = off",
    ] {
        cluster.maintenance(&format!("ALTER SYSTEM SET {setting}"));
    }
    cluster.maintenance("SELECT pg_reload_conf()");
    let deadline = Instant::now() + Duration::from_secs(20);
    // A new session may begin before the server has read its settings again.
    while !server_log(cluster)
        .iter()
        .any(|said| said.text.contains("told"))
    {
        assert!(Instant::now() < deadline, "the server does not log");
        cluster.maintenance("SELECT 'told'");
    }
    // One that had begun before would still number a transaction.
    cluster.wait_for(
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker')",
    );
}

/// One entry of the server's log.
#[derive(Debug)]
struct Said {
    /// The process of the session.
    session: String,
    application: String,
    text: String,
}

fn server_log(cluster: &PracticeCluster) -> Vec<Said> {
    let log = cluster.path().join("postgres/server.log");
    let text = std::fs::read_to_string(log).expect("a log");
    let entries = text.split("\n@").skip(1).filter_map(|entry| {
        let mut parts = entry.splitn(3, '|');
        Some(Said {
            session: parts.next()?.to_owned(),
            application: parts.next()?.to_owned(),
            text: parts.next()?.to_owned(),
        })
    });
    entries.collect()
}

/// Every statement in the log reads, and every session of ours began with asking whether it can write.
fn only_reads(said: &[Said]) {
    let mut ours: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut applications = BTreeSet::new();
    for entry in said {
        let Some((kind, statement)) = entry.text.split_once(": ").and_then(|(_, rest)| {
            let (kind, statement) = rest.trim_start().split_once(": ")?;
            Some((kind, statement.trim()))
        }) else {
            continue;
        };
        if kind != "statement" && !kind.starts_with("execute ") {
            continue;
        }
        applications.insert(entry.application.as_str());
        if entry.application == "cutover" {
            ours.entry(&entry.session).or_default().push(statement);
        }
        for statement in statement.split(';').map(str::trim) {
            let reads = READS.iter().any(|word| statement.starts_with(word));
            let writes = NO_READS.iter().any(|word| statement.contains(word));
            assert!(statement.is_empty() || (reads && !writes), "{entry:?}");
        }
    }
    assert!(ours.len() > 20, "{applications:?}");
    for (session, statements) in ours {
        if is_a_census(&statements) {
            continue;
        }
        assert_eq!(
            statements[0], "SHOW transaction_read_only",
            "{session}: {statements:?}"
        );
    }
}

/// Whether a session is that of another test's upgrade, which asks of every node on this host whether it uses the same database: a lock
/// that is taken and left, and not a word more.
fn is_a_census(statements: &[&str]) -> bool {
    let [limits, pinned, rest @ ..] = statements else {
        return false;
    };
    let locks = [
        "SELECT pg_advisory_lock($1)",
        "SELECT pg_advisory_unlock($1)",
    ];
    limits.starts_with("SET statement_timeout")
        && pinned.starts_with("SET TimeZone")
        && rest == locks
}

/// The Admin API's requests of all nodes, `GET /path` each.
fn admin_requests(environment: &Environment) -> Vec<String> {
    let nodes = environment.clusters.values().flat_map(|found| &found.nodes);
    let mut requests = Vec::new();
    for node in nodes {
        let log = std::fs::read_to_string(node.prefix.join("logs/admin_access.log"));
        let log = log.unwrap_or_default();
        let lines = log.lines().filter_map(|line| line.split('"').nth(1));
        requests.extend(lines.map(str::to_owned));
    }
    requests
}

/// What Kong's database holds, and how many transactions the server has ever numbered: it numbers those alone that write.
fn database(cluster: &PracticeCluster) -> (String, String, Vec<String>) {
    let numbered = cluster.ask("SELECT pg_snapshot_xmax(pg_current_snapshot())");
    (cluster.content(), numbered, cluster.databases())
}

/// Every file of the cluster's directory but for logs and the server's own: size, time of the last change, digest.
fn files(cluster: &PracticeCluster) -> BTreeMap<String, (u64, SystemTime, String)> {
    let mut found = BTreeMap::new();
    collect(&cluster.path(), &mut found);
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<String, (u64, SystemTime, String)>) {
    for entry in std::fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        let metadata = path.symlink_metadata().expect("there");
        let name = path.display().to_string();
        if name.ends_with("/logs") || name.ends_with("/postgres") {
            continue;
        }
        let held = if metadata.is_dir() {
            collect(&path, found);
            String::new()
        } else if metadata.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            target.display().to_string()
        } else if metadata.is_file() {
            hex::encode(Sha256::digest(std::fs::read(&path).expect("read")))
        } else {
            "a socket".to_owned()
        };
        let changed = metadata.modified().expect("a time");
        found.insert(name, (metadata.len(), changed, held));
    }
}
