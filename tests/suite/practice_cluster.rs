//! A practice cluster for one test, brought up and taken down by the product's own commands, and what its world looks like.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const REFUSED: i32 = 4;

/// A cluster of two stand-in nodes on a real PostgreSQL; it ends with the test.
pub(crate) struct PracticeCluster {
    directory: tempfile::TempDir,
    record: Value,
    /// What `practice up` told people.
    pub(crate) told: String,
    /// The playbook that upgrades it, with its parameters.
    upgrade: &'static [&'static str],
}

/// The upgrade of a traditional cluster, as fast as it goes.
const IN_PLACE: [&str; 7] = [
    "in-place",
    "cluster=practice",
    "to=3.4.2",
    "checks=/health=200",
    "watch=0s",
    "bake=0s",
    "interval=10ms",
];

/// Everything that an upgrade changes and a way back must bring back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    /// Version that each node runs, by its Admin API.
    running: BTreeMap<String, String>,
    /// Where each node's `current` link leads.
    installed: BTreeMap<String, String>,
    /// Weight and state of each node at the load balancer.
    rotation: BTreeMap<String, String>,
    /// `kong migrations list`, with the binary of 3.4.2, which knows both schemas.
    migrations: String,
    /// A digest of each table of Kong's database, without times and without what nodes tell each other.
    tables: BTreeMap<String, String>,
}

/// How a command ended.
pub(crate) struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The last line of standard output: the verdict.
    pub(crate) verdict: String,
    /// Standard output.
    pub(crate) out: String,
    /// Everything, for messages of failing tests.
    pub(crate) all: String,
}

impl PracticeCluster {
    /// Brings a cluster up.
    pub(crate) fn up() -> Self {
        Self::up_with(&[])
    }

    /// Brings a cluster up with further words.
    pub(crate) fn up_with(further: &[&str]) -> Self {
        Self::up_for(&IN_PLACE, further)
    }

    /// Brings a cluster up that another playbook upgrades, with its parameters.
    pub(crate) fn up_for(upgrade: &'static [&'static str], further: &[&str]) -> Self {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let directory = tempfile::Builder::new()
            .prefix("cutover-t-")
            .permissions(permissions)
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let mut cluster = Self {
            directory,
            record: Value::Null,
            told: String::new(),
            upgrade,
        };
        let up = cluster.practice("up", further);
        cluster.told = String::from_utf8_lossy(&up.stderr).into_owned();
        assert!(up.status.success(), "{}", cluster.told);
        let record =
            std::fs::read(cluster.path().join("practice.json")).expect("the record of a cluster");
        cluster.record = serde_json::from_slice(&record).expect("JSON");
        cluster
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("p")
    }

    /// The environment file.
    pub(crate) fn environment(&self) -> PathBuf {
        self.path().join("environment.toml")
    }

    fn practice(&self, verb: &str, further: &[&str]) -> Output {
        let mut command = cutover();
        command
            .args(["practice", verb, "--directory"])
            .arg(self.path())
            .args(further);
        command.output().expect("cutover runs")
    }

    fn upgrade_arguments<'a>(&self, run: &'a str) -> Vec<&'a str> {
        let further = ["--approve", "practice", "--run-id", run];
        [&["run"], self.upgrade, &further].concat()
    }

    /// What `practice status` shows.
    pub(crate) fn status(&self) -> String {
        let shown = self.practice("status", &[]);
        String::from_utf8_lossy(&shown.stdout).into_owned()
    }

    /// Breaks something, or mends it with `clear`.
    pub(crate) fn fault(&self, words: &[&str]) {
        let mut command = cutover();
        command
            .args(["practice", "fault"])
            .args(words)
            .arg("--directory")
            .arg(self.path());
        let done = command.output().expect("cutover runs");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// Runs a command of cutover in this environment.
    pub(crate) fn cutover(&self, arguments: &[&str]) -> Ended {
        cutover_in(&self.environment(), arguments)
    }

    /// Starts the upgrade to 3.4.2 as the run `run`, as fast as it goes.
    pub(crate) fn upgrade(&self, run: &str, further: &[&str]) -> Ended {
        let mut arguments = self.upgrade_arguments(run);
        arguments.extend(further);
        self.cutover(&arguments)
    }

    /// Plans the run that `practice up` suggested, as it was written.
    pub(crate) fn plan_suggested(&self) -> Ended {
        let mut lines = self.told.lines();
        let suggested = lines.find_map(|line| line.strip_prefix("next: cutover run "));
        let words = suggested.expect("a suggestion").replace('\'', "");
        ended(cutover().arg("plan").args(words.split_whitespace()))
    }

    /// Plans the upgrade.
    pub(crate) fn plan(&self) -> Ended {
        self.cutover(&[&["plan"], self.upgrade].concat())
    }

    /// Lets the run `run` go until the rehearsal is over and it waits for the approval to stop the cluster.
    pub(crate) fn rehearse(&self, run: &str) {
        let arguments: Vec<&str> = self
            .upgrade_arguments(run)
            .into_iter()
            .filter(|word| !["--approve", "practice"].contains(word))
            .collect();
        let paused = self.cutover(&arguments);
        assert_eq!(paused.code, Some(8), "{}", paused.all);
    }

    /// Starts a command of Kong's, of a version that need not be installed, as the first node would.
    pub(crate) fn start_kong(&self, version: &str, words: &[&str]) -> Child {
        let mut command = self.kong_command(version, words);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().expect("kong runs")
    }

    /// Runs such a command to its end.
    pub(crate) fn kong(&self, version: &str, words: &[&str]) -> Ended {
        ended(&mut self.kong_command(version, words))
    }

    fn kong_command(&self, version: &str, words: &[&str]) -> Command {
        let node = &self.record["nodes"][0];
        let path = |key: &str| PathBuf::from(node[key].as_str().expect("a path"));
        let mut command = Command::new(path("packages").join(format!("kong-{version}/bin/kong")));
        command
            .args(words)
            .arg("-c")
            .arg(path("conf"))
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    /// Puts a line of shell in front of the first node's `kong` of a version.
    pub(crate) fn wrap_kong(&self, version: &str, line: &str) {
        self.wrap_kong_of(0, version, line);
    }

    /// The same of another node.
    pub(crate) fn wrap_kong_of(&self, node: usize, version: &str, line: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let packages = self.record["nodes"][node]["packages"].as_str();
        let kong = Path::new(packages.expect("a path")).join(format!("kong-{version}/bin/kong"));
        let real = kong.with_extension("real");
        std::fs::rename(&kong, &real).expect("moved");
        let text = format!("#!/bin/sh\n{line}\nexec '{}' \"$@\"\n", real.display());
        std::fs::write(&kong, text).expect("written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&kong, mode).expect("set");
    }

    /// Has a node's own settings lead to another database of the server.
    pub(crate) fn lead_astray(&self, node: usize, database: &str) {
        let conf = self.record["nodes"][node]["conf"].as_str();
        let conf = conf.expect("a path");
        let text = std::fs::read_to_string(conf).expect("a configuration");
        let lines = text.lines().map(|line| match line.split_once(" = ") {
            Some(("pg_database", _)) => format!("pg_database = {database}\n"),
            _ => format!("{line}\n"),
        });
        std::fs::write(conf, lines.collect::<String>()).expect("written");
    }

    /// The command of an upgrade.
    pub(crate) fn upgrade_command(&self, run: &str) -> Command {
        let mut command = cutover();
        command
            .args(self.upgrade_arguments(run))
            .arg("--environment")
            .arg(self.environment());
        command
    }

    /// Where runs and backups are.
    pub(crate) fn storage(&self) -> PathBuf {
        self.path().join("storage")
    }

    /// The cluster's directory, as text.
    pub(crate) fn directory(&self) -> String {
        self.path().display().to_string()
    }

    /// Has a node's Admin API want a token; an empty one ends that.
    pub(crate) fn demand_token(&self, node: &str, token: &str) {
        self.configure(node, "practice_admin_token", token);
    }

    /// Gives a node another setting, and restarts it with that.
    pub(crate) fn configure(&self, node: &str, key: &str, value: &str) {
        let nodes = self.record["nodes"].as_array().expect("nodes");
        let node = nodes
            .iter()
            .find(|found| found["name"] == node)
            .expect("a node");
        let path = |key: &str| PathBuf::from(node[key].as_str().expect("a path"));
        let text = std::fs::read_to_string(path("conf")).expect("a configuration");
        let kept = text.lines().filter(|line| !line.starts_with(key));
        let setting = format!("{key} = {value}\n");
        let lines: Vec<&str> = kept.chain([setting.as_str()]).collect();
        std::fs::write(path("conf"), lines.join("\n")).expect("written");
        let restarted = Command::new(path("packages").join("current/bin/kong"))
            .args(["restart", "-c"])
            .arg(path("conf"))
            .env_clear()
            .output()
            .expect("kong runs");
        assert!(restarted.status.success(), "{restarted:?}");
    }

    /// A node's configuration, prefix and installed `kong`, by its number from 1.
    pub(crate) fn node_paths(&self, number: usize) -> (PathBuf, PathBuf, PathBuf) {
        let node = &self.record["nodes"][number - 1];
        let path = |key: &str| PathBuf::from(node[key].as_str().expect("a path"));
        (
            path("conf"),
            path("prefix"),
            path("packages").join("current/bin/kong"),
        )
    }

    /// Makes a version the one that a node's next start has, behind everybody's back.
    pub(crate) fn link(&self, node: usize, version: &str) {
        let packages = self.record["nodes"][node]["packages"].as_str();
        let packages = PathBuf::from(packages.expect("a path"));
        let new = packages.join("new");
        std::os::unix::fs::symlink(format!("kong-{version}"), &new).expect("linked");
        std::fs::rename(new, packages.join("current")).expect("renamed");
    }

    /// Whether a node's Admin API takes connections.
    pub(crate) fn admin_listens(&self, node: usize) -> bool {
        let base = self.record["nodes"][node]["admin"].as_str();
        let address = base.expect("a URL").trim_start_matches("http://");
        TcpStream::connect(address.trim_end_matches('/')).is_ok()
    }

    /// Waits until it does.
    pub(crate) fn await_admin(&self, node: usize) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !self.admin_listens(node) {
            assert!(Instant::now() < deadline, "node {node} stays closed");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The nodes whose Admin APIs are kept as closed.
    pub(crate) fn closed_admins(&self) -> Vec<PathBuf> {
        let kept = std::fs::read_dir(self.storage().join("closed-admin"));
        let kept = kept.into_iter().flatten().flatten();
        kept.map(|entry| entry.path()).collect()
    }

    /// The same, for a test that does something meanwhile; nobody reads what it prints.
    pub(crate) fn start_upgrade(&self, run: &str) -> Child {
        silent(self.upgrade_command(run))
    }

    /// Starts a command of cutover in this environment; nobody reads what it prints.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = cutover();
        command
            .args(arguments)
            .arg("--environment")
            .arg(self.environment());
        silent(command)
    }

    /// The databases on the server, by name.
    pub(crate) fn databases(&self) -> Vec<String> {
        let listed = self.ask("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1");
        listed.lines().map(str::to_owned).collect()
    }

    /// A digest of what Kong's database holds, but for what nodes tell each other.
    pub(crate) fn content(&self) -> String {
        let rows = "query_to_xml(format('SELECT * FROM public.%I ORDER BY 1', table_name), true, false, '')::text";
        self.ask(&format!(
            "SELECT md5(string_agg({rows}, '' ORDER BY table_name)) FROM information_schema.tables
             WHERE table_schema = 'public' AND table_name NOT IN ('locks', 'cluster_events')"
        ))
    }

    /// A digest of the rows of each table, without the times at which they were written and the counters of a minute: what a run that
    /// was interrupted must share with one that was not.
    fn tables(&self) -> BTreeMap<String, String> {
        if self.is_closed() {
            return BTreeMap::from([("none".to_owned(), "the database is closed".to_owned())]);
        }
        let answered = self.ask(
            r"SELECT table_name, md5(regexp_replace(
                query_to_xml(format('SELECT * FROM public.%I row ORDER BY row::text', table_name), true, false, '')::text,
                '<(created|updated|expire)_at>[^<]*<', '<', 'g'))
             FROM information_schema.tables
             WHERE table_schema = 'public' AND table_name NOT IN ('locks', 'cluster_events', 'parameters', 'ratelimiting_metrics', 'clustering_data_planes')",
        );
        let rows = answered.lines().filter_map(|row| row.split_once('|'));
        rows.map(|(table, digest)| (table.to_owned(), digest.to_owned()))
            .collect()
    }

    /// Whether Kong's database lets nobody in.
    fn is_closed(&self) -> bool {
        let question = "SELECT datallowconn FROM pg_database WHERE datname = 'kong'";
        self.try_sql_in("postgres", question).expect("asked") == "f"
    }

    /// What a query of Kong's database answers, as text.
    pub(crate) fn ask(&self, question: &str) -> String {
        let asked = self.psql("kong").args(["-c", question]).output();
        let asked = asked.expect("psql runs");
        assert!(asked.status.success(), "{question}: {asked:?}");
        String::from_utf8_lossy(&asked.stdout).into_owned()
    }

    /// Whether anything of a rehearsal is left: a copy, a node, a directory.
    pub(crate) fn left_of_a_rehearsal(&self, run: &str) -> Vec<String> {
        let mut left: Vec<String> = self
            .databases()
            .into_iter()
            .filter(|name| name.starts_with("cutover_rehearsal"))
            .collect();
        let scratch = self
            .path()
            .join("storage/runs")
            .join(run)
            .join("output/scratch");
        let entries = std::fs::read_dir(&scratch).into_iter().flatten().flatten();
        left.extend(entries.map(|entry| entry.path().display().to_string()));
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let words =
            processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
        let ours = scratch.display().to_string();
        let words = words.map(|words| String::from_utf8_lossy(&words).replace('\0', " "));
        // Whoever looks at all nodes of this machine reads of a strange one what it goes by.
        let is_look = |words: &str| words.contains("/.kong_env");
        left.extend(words.filter(|words| words.contains(&ours) && !is_look(words)));
        left
    }

    /// Starts a run of a playbook of the test's own; nobody reads what it prints.
    pub(crate) fn start_run(&self, playbook: &Path, run: &str) -> Child {
        let mut command = cutover();
        command.arg("run").arg(playbook).args(["--run-id", run]);
        self.started(command)
    }

    /// Starts to go on with a run.
    pub(crate) fn start_resume(&self, run: &str) -> Child {
        let mut command = cutover();
        command.args(["resume", run]);
        self.started(command)
    }

    fn started(&self, mut command: Command) -> Child {
        command
            .arg("--environment")
            .arg(self.environment())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("cutover runs")
    }

    /// Starts a statement in Kong's database that takes its time.
    pub(crate) fn start_sql(&self, statement: &str) -> Child {
        self.start_sql_in("kong", statement)
    }

    /// The same in another database.
    pub(crate) fn start_sql_in(&self, database: &str, statement: &str) -> Child {
        let mut psql = self.psql(database);
        psql.args(["-c", statement])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        psql.spawn().expect("psql runs")
    }

    /// Kills runs of a playbook after some of these records, of each one that is gone on with, after which `is_done` asserts that it is done, and
    /// one that is not; `back` takes both back. Answers how many were killed. With the long sweeps it is every record.
    pub(crate) fn kill_around(
        &self,
        playbook: &str,
        records: std::ops::RangeInclusive<usize>,
        is_done: impl Fn(&str),
        back: impl Fn(&str),
    ) -> usize {
        let every = if everything() { 1 } else { 3 };
        let mut killed = 0;
        for record in records.step_by(every) {
            for goes_on in [true, false] {
                let run = format!("killed-{record}-{goes_on}");
                let crash = format!("after:{record}");
                let ended = self.cutover(&["run", playbook, "--run-id", &run, "--crash", &crash]);
                if ended.code.is_some() {
                    // The run was over before that record came: it has fewer.
                    assert_eq!(ended.code, Some(0), "{run}: {}", ended.all);
                    assert!(self.records(&run) < record, "{run}: {}", ended.all);
                    back(&run);
                    continue;
                }
                if goes_on {
                    let wanted = if self.is_over(&run) { REFUSED } else { 0 };
                    let resumed = self.cutover(&["resume", &run]);
                    assert_eq!(resumed.code, Some(wanted), "{run}: {}", resumed.all);
                    is_done(&run);
                }
                back(&run);
                killed += 1;
            }
        }
        killed
    }

    /// Takes a run back, and asserts that the world is the old one, verified.
    pub(crate) fn roll_back(&self, run: &str, old: &World) {
        let back = self.cutover(&["rollback", run, "--confirm", "practice"]);
        assert_eq!(back.code, Some(0), "{}", back.all);
        assert_eq!(self.world(), *old, "after `rollback {run}`: {}", back.all);
    }

    /// Starts a node of the old version on the cluster's database that the environment does not list; it ends with the cluster.
    /// Answers its prefix.
    pub(crate) fn stray_node(&self) -> String {
        let first = &self.record["nodes"][0];
        let text = |key: &str| PathBuf::from(first[key].as_str().unwrap_or_default());
        let prefix = self.path().join("stray").display().to_string();
        let conf = std::fs::read_to_string(text("conf")).expect("a configuration");
        let listens = conf.lines().map(|line| match line.split_once(" = ") {
            Some(("prefix" | "practice_faults", _)) => String::new(),
            Some((key @ ("proxy_listen" | "admin_listen" | "status_listen"), _)) => {
                format!("{key} = 127.0.0.1:0")
            }
            _ => line.to_owned(),
        });
        let path = self.path().join("stray.conf");
        let lines: Vec<String> = listens.collect();
        std::fs::write(&path, lines.join("\n")).expect("written");
        let started = Command::new(text("packages").join("kong-2.8.5/bin/kong"))
            .args(["start", "-p", &prefix, "-c"])
            .arg(&path)
            .env_clear()
            .output()
            .expect("kong runs");
        assert!(
            started.status.success(),
            "{}",
            String::from_utf8_lossy(&started.stderr)
        );
        prefix
    }

    /// How many records the journal of a run has.
    pub(crate) fn records(&self, run: &str) -> usize {
        self.journal(run).len()
    }

    /// The text of a run's journal.
    pub(crate) fn journal_text(&self, run: &str) -> String {
        let run = self.path().join("storage/runs").join(run);
        std::fs::read_to_string(run.join("journal.ndjson")).expect("a journal")
    }

    /// Cuts the journal of a run in the middle of its last record, as a machine does that loses power before a sync.
    pub(crate) fn tear(&self, run: &str) {
        let text = self.journal_text(run);
        let last = text.lines().next_back().expect("a record").len() + 1;
        let path = self.path().join("storage/runs").join(run);
        std::fs::write(path.join("journal.ndjson"), &text[..text.len() - last / 2])
            .expect("written");
    }

    /// Writes a file beside the cluster; its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    /// The events of a run's journal.
    pub(crate) fn journal(&self, run: &str) -> Vec<Value> {
        self.journal_text(run)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["event"].clone())
            .collect()
    }

    /// `psql` as the superuser.
    fn psql(&self, database: &str) -> Command {
        let binaries = cutover::lab::postgres::binaries().expect("PostgreSQL is installed");
        let mut psql = Command::new(binaries.join("psql"));
        psql.args(["-XAtq", "-U", "postgres", "-d", database, "-h"])
            .arg(self.path().join("socket"))
            .arg("-p")
            .arg(self.record["access"]["port"].to_string());
        psql
    }

    /// Closes Kong's database to everybody.
    pub(crate) fn close_database(&self) {
        let close = "ALTER DATABASE kong ALLOW_CONNECTIONS false";
        let done = self.psql("postgres").args(["-c", close]).output();
        assert!(done.expect("psql runs").status.success(), "{close}");
    }

    /// Runs a statement in Kong's database, behind everybody's back.
    pub(crate) fn sql(&self, statement: &str) {
        if let Err(refused) = self.try_sql(statement) {
            panic!("{statement}: {refused}");
        }
    }

    /// The whole records of a run that may be at work, or not be there yet.
    pub(crate) fn journal_so_far(&self, run: &str) -> Vec<Value> {
        let path = self
            .path()
            .join("storage/runs")
            .join(run)
            .join("journal.ndjson");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines()
            .filter_map(|line| Some(serde_json::from_str::<Value>(line).ok()?["event"].clone()))
            .collect()
    }

    /// Whether the last whole record of a run is its verdict. How often something is polled differs from run to run, so the length of another
    /// run's journal does not tell.
    pub(crate) fn is_over(&self, run: &str) -> bool {
        let journal = self.journal_so_far(run);
        journal
            .last()
            .is_some_and(|last| last["event"] == "verdict")
    }

    /// Waits until a query of Kong's database answers true.
    pub(crate) fn wait_for(&self, question: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.try_sql(question).as_deref() != Ok("t") {
            assert!(Instant::now() < deadline, "never true: {question}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a statement in the maintenance database, behind everybody's back.
    pub(crate) fn maintenance(&self, statement: &str) {
        let asked = self.psql("postgres").args(["-c", statement]).output();
        let asked = asked.expect("psql runs");
        assert!(asked.status.success(), "{statement}: {asked:?}");
    }

    /// What Kong's database answers to a statement, or how it refuses it. Asked as a superuser, whom grants do not bind.
    pub(crate) fn try_sql(&self, statement: &str) -> Result<String, String> {
        self.try_sql_in("kong", statement)
    }

    /// The same of another database on its server.
    pub(crate) fn try_sql_in(&self, database: &str, statement: &str) -> Result<String, String> {
        let mut psql = self.psql(database);
        let asked = psql
            .args(["-v", "ON_ERROR_STOP=1", "-c", statement])
            .output()
            .expect("psql runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if asked.status.success() {
            Ok(text(&asked.stdout))
        } else {
            Err(text(&asked.stderr))
        }
    }

    /// A session of a superuser, who is nobody of ours, connected to a database until it is dropped.
    pub(crate) fn foreign_session(&self, database: &str) -> ForeignSession {
        let psql = self
            .psql(database)
            .env("PGAPPNAME", "somebody")
            .stdin(Stdio::piped())
            .spawn();
        let session = ForeignSession(psql.expect("psql runs"));
        self.wait_for(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'somebody')",
        );
        session
    }

    /// The password of a hardened cluster's role.
    pub(crate) fn password(&self) -> String {
        std::fs::read_to_string(self.path().join("password")).expect("a password")
    }

    /// The files that a run has left, below its directory.
    pub(crate) fn run_files(&self, run: &str) -> Vec<PathBuf> {
        let mut waiting = vec![self.path().join("storage/runs").join(run)];
        let mut files = Vec::new();
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).expect("listed");
                waiting.extend(entries.map(|entry| entry.expect("listed").path()));
            } else {
                files.push(path);
            }
        }
        files
    }

    /// Sends a request with a JSON body to the first node's Admin API, which must not refuse it.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &str) {
        self.admin_of(1, method, path, body);
    }

    /// The same to the node of this number, from 1.
    pub(crate) fn admin_of(&self, number: usize, method: &str, path: &str, body: &str) {
        let base = self.record["nodes"][number - 1]["admin"]
            .as_str()
            .expect("a URL");
        let address = base.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).expect("the Admin API listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        assert!(
            answer.starts_with("HTTP/1.1 20"),
            "{method} {path}: {answer}"
        );
    }

    /// Where the services of the seeded configuration lead.
    pub(crate) fn upstream(&self) -> String {
        self.record["upstream"].as_str().expect("a URL").to_owned()
    }

    /// Whether the first node says that its database answers.
    pub(crate) fn reaches_its_database(&self) -> bool {
        let base = self.record["nodes"][0]["admin"].as_str();
        let status = get(base.expect("an address"), "/status");
        let reachable = &status["database"]["reachable"];
        reachable.as_bool().expect("the node answers")
    }

    /// Whether every node's proxy answers a client.
    pub(crate) fn serves(&self) -> bool {
        let environment = std::fs::read_to_string(self.environment()).expect("the environment");
        let proxies = environment
            .lines()
            .filter_map(|line| line.trim().strip_prefix("proxy = "))
            .map(|url| url.trim_matches('"'));
        let mut asked = 0;
        let serving = proxies.inspect(|_| asked += 1).all(|url| {
            let address = url.trim_start_matches("http://").trim_end_matches('/');
            let mut answer = String::new();
            TcpStream::connect(address).is_ok_and(|mut stream| {
                let request =
                    format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
                stream.write_all(request.as_bytes()).is_ok()
                    && stream.read_to_string(&mut answer).is_ok()
                    && answer.starts_with("HTTP/1.1 200")
            })
        });
        serving && asked > 0
    }

    /// What the load balancer gives each node.
    pub(crate) fn rotation(&self) -> BTreeMap<String, String> {
        let front = &self.record["front"];
        if let Some(file) = front["upstream_file"].as_str() {
            let text = std::fs::read_to_string(file).expect("read");
            let servers = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("server "));
            let told = |line: &str| {
                let (parameters, node) = line.split_once("; # ").expect("named");
                let weight = parameters
                    .split("weight=")
                    .nth(1)
                    .and_then(|rest| rest.split(' ').next());
                let state = if parameters.ends_with(" down") {
                    "drain"
                } else {
                    "ready"
                };
                (
                    node.to_owned(),
                    format!("{} \"{state}\"", weight.unwrap_or("1")),
                )
            };
            return servers.map(told).collect();
        }
        if let Some(edges) = front["edges"].as_array() {
            let edge = edges[0]["admin"].as_str().expect("an address");
            let listed = get(edge, "/upstreams/kong/targets/all");
            let servers = front["servers"].as_object().expect("targets");
            let told = |(node, target): (&String, &Value)| {
                let listed = listed["data"].as_array().into_iter().flatten();
                let mut listed = listed.filter(|listed| listed["target"] == *target);
                let listed = listed.next().expect("listed");
                let tags = listed["tags"].as_array().into_iter().flatten();
                let mut tags = tags.filter_map(|tag| tag.as_str()?.strip_prefix("cutover-weight-"));
                let told = match (&listed["weight"], tags.next()) {
                    (weight, Some(kept)) if *weight == 0 => format!("{kept} \"drain\""),
                    (weight, None) if *weight == 0 => format!("{weight} \"drain\""),
                    (weight, None) => format!("{weight} \"ready\""),
                    (weight, Some(kept)) => format!("{weight} \"ready\" with {kept} kept"),
                };
                (node.clone(), told)
            };
            return servers.iter().map(told).collect();
        }
        let Some(socket) = front["socket"].as_str() else {
            let control = front["control"]
                .as_str()
                .expect("the practice cluster's own");
            let nodes = get(control, "/nodes");
            let nodes = nodes.as_array().into_iter().flatten();
            let told = |node: &Value| {
                let name = node["name"].as_str().unwrap_or_default().to_owned();
                (name, format!("{} {}", node["weight"], node["state"]))
            };
            return nodes.map(told).collect();
        };
        // Read by hand, and not by what is tested.
        let states = haproxy(Path::new(socket), "show servers state kong");
        let servers = states.lines().filter(|line| line.contains(" kong "));
        let told = |line: &str| {
            let cells: Vec<&str> = line.split(' ').collect();
            let state = match cells[6] {
                "0" => "\"ready\"",
                "8" => "\"drain\"",
                other => other,
            };
            (cells[3].to_owned(), format!("{} {state}", cells[7]))
        };
        servers.map(told).collect()
    }

    /// Looks at the world.
    pub(crate) fn world(&self) -> World {
        let nodes = self.record["nodes"].as_array().expect("nodes");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let each = |look: &dyn Fn(&Value) -> String| {
            nodes
                .iter()
                .map(|node| (text(&node["name"]), look(node)))
                .collect()
        };
        let first = &nodes[0];
        let mut list =
            Command::new(PathBuf::from(text(&first["packages"])).join("kong-3.4.2/bin/kong"));
        let prefix = tempfile::tempdir().expect("a directory");
        list.args(["migrations", "list", "-c", &text(&first["conf"]), "-p"])
            .arg(prefix.path())
            .env_clear();
        World {
            running: each(&|node| match text(&node["admin"]).as_str() {
                "" => running(&text(&node["status"])),
                admin => text(&get(admin, "/")["version"]),
            }),
            installed: each(&|node| {
                let link =
                    std::fs::read_link(PathBuf::from(text(&node["packages"])).join("current"));
                link.map(|link| link.display().to_string())
                    .unwrap_or_default()
            }),
            rotation: self.rotation(),
            migrations: String::from_utf8_lossy(&list.output().expect("kong runs").stdout)
                .into_owned(),
            tables: if self.record["topology"] == "dbless" {
                BTreeMap::new()
            } else {
                self.tables()
            },
        }
    }
}

/// What HAProxy answers at its socket.
pub(crate) fn haproxy(socket: &Path, command: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("HAProxy listens");
    writeln!(stream, "{command}").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

fn silent(mut command: Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("cutover runs")
}

/// The words of an upgrade to 3.4.2 that waits for nothing.
impl World {
    /// The version that every node runs, if it is one.
    pub(crate) fn version(&self) -> Option<&str> {
        let mut versions = self.running.values();
        let first = versions.next()?;
        versions
            .all(|version| version == first)
            .then_some(first.as_str())
    }
}

/// A session of somebody else.
pub(crate) struct ForeignSession(Child);

impl Drop for ForeignSession {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for PracticeCluster {
    fn drop(&mut self) {
        let _ = self.practice("down", &[]);
    }
}

/// Runs a command of cutover in an environment that a file of its own describes.
pub(crate) fn cutover_in(environment: &Path, arguments: &[&str]) -> Ended {
    ended(
        cutover()
            .args(arguments)
            .arg("--environment")
            .arg(environment),
    )
}

/// Runs a command to its end.
fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("it runs");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    let verdict = out.lines().last().unwrap_or_default().to_owned();
    Ended {
        code: output.status.code(),
        verdict,
        all: format!("{error}{out}"),
        out,
    }
}

/// The binary, with nothing of the test's environment.
pub(crate) fn cutover() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("USER", "tester");
    command.stdin(Stdio::null());
    command
}

/// The JSON that `GET` answers; null where nobody does.
fn get(base: &str, path: &str) -> Value {
    let address = base.trim_start_matches("http://").trim_end_matches('/');
    let Ok(mut stream) = TcpStream::connect(address) else {
        return Value::Null;
    };
    let asked = write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    );
    let mut answer = String::new();
    if asked.is_err() || stream.read_to_string(&mut answer).is_err() {
        return Value::Null;
    }
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body)
        .unwrap_or_default();
    let (start, end) = (body.find(['{', '[']), body.rfind(['}', ']']));
    start
        .zip(end)
        .and_then(|(start, end)| serde_json::from_str(&body[start..=end]).ok())
        .unwrap_or(Value::Null)
}

/// The version of a node that has no Admin API, by its Status API's header.
fn running(status: &str) -> String {
    let address = status.trim_start_matches("http://").trim_end_matches('/');
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        let asked = write!(
            stream,
            "GET /status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        );
        if asked.is_err() || stream.read_to_string(&mut answer).is_err() {
            return String::new();
        }
    }
    let version = answer.lines().find_map(|line| {
        line.strip_prefix("Server: kong/")
            .or_else(|| line.strip_prefix("server: kong/"))
    });
    version.unwrap_or_default().trim().to_owned()
}

/// Whether the long sweeps are wanted.
pub(crate) fn everything() -> bool {
    std::env::var_os("CUTOVER_TEST_ALL").is_some()
}
