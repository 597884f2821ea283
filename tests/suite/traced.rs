//! A plan changes nothing, as the kernel sees it: the files that it and all it starts write, the programs, the addresses.
//!
//! Needs `strace`. Without it, or where it may not trace, these tests say that they skip.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use cutover::environment::Environment;
use regex::Regex;

use super::changes_nothing::{AFTER_A_COPY, PLAYBOOKS, copy};
use super::practice_cluster::PracticeCluster;

/// The program under test.
const CUTOVER: &str = env!("CARGO_BIN_EXE_cutover");

/// A line of a trace that begins a call. What it was given stands there, also where another thread interrupts it.
static CALL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\d+ +(\w+)\((.*)$"));

/// A text, with the directory that it begins at where it is a relative path.
static TEXT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)""#));

/// A port of an address.
static PORT: LazyLock<Regex> = LazyLock::new(|| pattern(r"sin6?_port=htons\((\d+)\)"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// What may be asked of Kong's command.
const KONG: [&[&str]; 4] = [
    &["version"],
    &["health"],
    &["prepare"],
    &["migrations", "list"],
];

/// Calls that bear a path and change nothing. Every other one is taken for a change.
const LOOKS: [&str; 14] = [
    "access",
    "chdir",
    "faccessat",
    "faccessat2",
    "fstatat64",
    "getcwd",
    "lstat",
    "newfstatat",
    "readlink",
    "readlinkat",
    "stat",
    "statfs",
    "statfs64",
    "statx",
];

/// What makes opening a file more than a look.
const TO_WRITE: [&str; 4] = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"];

#[test]
fn the_kernel_sees_a_plan_write_nothing_of_others() {
    if !can_trace() {
        println!("skipped: `strace` is not here, or may not trace");
        return;
    }
    let cluster = PracticeCluster::up_with(&["--green", "3.4.2"]);
    // Nodes that the environment does not list, and whose settings name a database that they do not have.
    let _beside = PracticeCluster::up_with(&["--topology", "dbless"]);
    // A storage with a run in it is there to learn durations from.
    let run = cluster.cutover(&["run", "hello", "wait=0s"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    let plan = |(name, parameters): (&'static str, &'static [&'static str])| {
        [&["plan", name], parameters].concat()
    };
    let mut commands = vec![vec!["observe"], vec!["drill", "hello"]];
    commands.extend(PLAYBOOKS.map(plan));
    for command in commands {
        is_a_look(&cluster, &command);
    }
    copy(&cluster);
    for command in AFTER_A_COPY.map(plan) {
        is_a_look(&cluster, &command);
    }
}

/// Runs a command and looks at what the kernel saw of it.
fn is_a_look(cluster: &PracticeCluster, command: &[&str]) {
    let seen = traced(cluster, command);
    let private = seen.temporary.path();
    for path in &seen.written {
        assert!(
            path.starts_with(private) || path == Path::new("/dev/null"),
            "{command:?} writes `{}`",
            path.display()
        );
    }
    assert!(seen.written.len() > 5, "{:?}", seen.written);
    for words in &seen.started {
        assert!(is_listed(cluster, words), "{command:?} starts {words:?}");
    }
    assert!(seen.started.len() > 8, "{:?}", seen.started);
    let known = addresses(cluster);
    let unknown: Vec<_> = seen.connected.difference(&known).collect();
    assert!(unknown.is_empty(), "{command:?} connects to {unknown:?}");
    assert!(seen.connected.len() > 3, "{:?}", seen.connected);
    for packet in &seen.sessions {
        let option = "options\\0-c default_transaction_read_only=on ";
        assert!(packet.contains(option), "{packet}");
    }
    assert!(seen.sessions.len() > 5, "{:?}", seen.sessions);
    let left = std::fs::read_dir(private).expect("listed").count();
    assert_eq!(left, 0, "{command:?} leaves something behind");
}

pub(crate) fn can_trace() -> bool {
    let traced = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    traced.is_ok_and(|status| status.success())
}

/// What the kernel saw of a command and of all that it started.
struct Seen {
    /// The only temporary directory that it knew of.
    temporary: tempfile::TempDir,
    written: BTreeSet<PathBuf>,
    /// Program and arguments.
    started: BTreeSet<Vec<String>>,
    /// A socket's path, or an address with its port.
    connected: BTreeSet<String>,
    /// What our sessions on PostgreSQL began with.
    sessions: Vec<String>,
}

fn traced(cluster: &PracticeCluster, arguments: &[&str]) -> Seen {
    let directory = || tempfile::tempdir().expect("a directory");
    let (temporary, notes) = (directory(), directory());
    let trace = notes.path().join("trace");
    let ended = Command::new("strace")
        .args(["-f", "-y", "-s", "4096", "-o"])
        .arg(&trace)
        .args(["-e", "trace=%file,connect,sendto", CUTOVER])
        .args(arguments)
        .arg("--environment")
        .arg(cluster.environment())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::null())
        .output()
        .expect("strace runs");
    let error = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {error}");
    let mut seen = Seen {
        temporary,
        written: BTreeSet::new(),
        started: BTreeSet::new(),
        connected: BTreeSet::new(),
        sessions: Vec::new(),
    };
    let trace = std::fs::read_to_string(trace).expect("a trace");
    for line in trace.lines() {
        if let Some(call) = CALL.captures(line) {
            seen.note(&call[1], &call[2]);
        }
    }
    seen
}

impl Seen {
    fn note(&mut self, call: &str, given: &str) {
        let mut texts = TEXT.captures_iter(given).map(|text| text[2].to_owned());
        match call {
            "execve" => {
                let program = texts.next().expect("a program");
                let arguments = texts.skip(1);
                self.started
                    .insert([program].into_iter().chain(arguments).collect());
            }
            "connect" => {
                let port = PORT.captures(given).map(|port| format!(":{}", &port[1]));
                let place = texts.next().unwrap_or_else(|| given.to_owned());
                self.connected
                    .insert(place + port.as_deref().unwrap_or_default());
            }
            "sendto" => {
                let begins = |text: &String| text.contains("application_name\\0cutover\\0");
                self.sessions.extend(texts.next().filter(begins));
            }
            "open" | "openat" if !TO_WRITE.iter().any(|flag| given.contains(flag)) => {}
            call if LOOKS.contains(&call) => {}
            _ => self.written.extend(paths(given)),
        }
    }
}

/// The paths that a call was given.
fn paths(given: &str) -> Vec<PathBuf> {
    let place = |found: regex::Captures<'_>| {
        let base = found.get(1).map_or("", |base| base.as_str());
        Path::new(base).join(&found[2])
    };
    TEXT.captures_iter(given).map(place).collect()
}

/// Whether a program is itself, its script's process, or a command of Kong's that reads.
fn is_listed(cluster: &PracticeCluster, words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_look = |words: &[&str]| KONG.iter().any(|look| words.starts_with(look));
    match words.as_slice() {
        [CUTOVER, "stand-in", _, rest @ ..] => is_look(rest),
        [CUTOVER, "plan" | "observe" | "drill", ..] | ["/proc/self/exe", "script-host", ..] => true,
        [kong, rest @ ..] => {
            let ours = Path::new(kong).starts_with(cluster.path());
            ours && kong.ends_with("/packages/current/bin/kong") && is_look(rest)
        }
        [] => false,
    }
}

/// The addresses in the environment file.
fn addresses(cluster: &PracticeCluster) -> BTreeSet<String> {
    let environment = Environment::load(&cluster.environment()).expect("sound");
    let address = |url: &str| {
        url.trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned()
    };
    let nodes = environment.clusters.values().flat_map(|found| &found.nodes);
    let balancers = environment.traffic.values();
    let controls = balancers.filter_map(|balancer| balancer.control.as_deref());
    let databases = environment.databases.values();
    let sockets = databases.map(|found| format!("{}/.s.PGSQL.{}", found.host, found.port));
    nodes
        .filter_map(|node| node.admin.as_deref().map(address))
        .chain(controls.map(address))
        .chain(sockets)
        .collect()
}
