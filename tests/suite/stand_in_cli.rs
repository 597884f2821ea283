//! The stand-in's `kong` command against recordings of the real one: every recorded cell, and the state it leaves behind.
//!
//! The recordings live beside the crate, not in it; where they are absent these tests say so and pass.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};
use serde_json::Value;

use crate::harness::KeptPort;

const RECORDINGS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/domain/kong-observed"
);

/// The states that a dump exists of.
const DUMPED: [&str; 6] = [
    "st_28",
    "st_28_34up",
    "st_28_34fin",
    "st_34",
    "st_39up",
    "st_39fin",
];

/// A private server with a database for each recorded state, and a database `cell` to work on.
pub(crate) struct World {
    directory: tempfile::TempDir,
    server: PrivatePostgres,
    /// Where no server listens.
    nobody: KeptPort,
}

impl World {
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    /// A server with the recorded states; `None` where there are no recordings.
    fn new() -> Option<Self> {
        let recordings = Path::new(RECORDINGS);
        if !recordings.exists() {
            println!("skipped: the recordings are not here");
            return None;
        }
        let world = Self::without_recordings();
        for state in DUMPED {
            world.sql("postgres", &format!("CREATE DATABASE {state}"));
            let dump = recordings.join("databases").join(format!("{state}.sql"));
            let restored = world.psql(state, &["-f", dump.to_str().expect("text")]);
            assert!(restored.status.success(), "{restored:?}");
        }
        Some(world)
    }

    /// A server with the empty state only.
    pub(crate) fn without_recordings() -> Self {
        let directory = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let server =
            PrivatePostgres::create(&directory.path().join("d"), &directory.path().join("s"))
                .expect("created");
        server
            .start(&[
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ])
            .expect("started");
        let world = Self {
            directory,
            server,
            nobody: KeptPort::any(),
        };
        world.sql("postgres", "CREATE DATABASE st_empty");
        world
    }

    fn psql(&self, database: &str, arguments: &[&str]) -> Output {
        self.psql_command(database, arguments)
            .output()
            .expect("psql runs")
    }

    /// psql, to be started by the caller.
    pub(crate) fn psql_command(&self, database: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.server.binaries().join("psql"));
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-U", SUPERUSER, "-d", database, "-h"])
            .arg(&self.server.socket)
            .args(arguments)
            .env("PGTZ", "UTC");
        command
    }

    /// Runs `statement`, and returns its rows as text.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> String {
        let output = self.psql(database, &["-c", statement]);
        assert!(output.status.success(), "{statement}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Makes `cell` a copy of `state`.
    pub(crate) fn enter(&self, state: &str) {
        self.sql("postgres", "DROP DATABASE IF EXISTS cell WITH (FORCE)");
        self.sql(
            "postgres",
            &format!("CREATE DATABASE cell TEMPLATE {state}"),
        );
    }

    pub(crate) fn prefix(&self) -> PathBuf {
        self.directory.path().join("prefix")
    }

    /// Writes the configuration for `state`.
    pub(crate) fn conf(&self, state: &str) -> PathBuf {
        let socket = self.server.socket.display().to_string();
        let (host, port, database) = match state {
            "dbdown" => ("127.0.0.1".to_owned(), self.nobody.port, "cell"),
            "nodb" => (socket, 5432, "no_such_db"),
            _ => (socket, 5432, "cell"),
        };
        let path = self.directory.path().join("kong.conf");
        let prefix = self.prefix();
        let text = format!(
            "prefix = {}\npg_host = {host}\npg_port = {port}\npg_database = {database}\npg_user = {SUPERUSER}\n\
             proxy_listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0\nstatus_listen = off\n",
            prefix.display()
        );
        std::fs::write(&path, text).expect("written");
        path
    }

    pub(crate) fn kong(&self, version: &str, arguments: &[&str]) -> Output {
        self.kong_command(version, arguments)
            .output()
            .expect("the stand-in runs")
    }

    /// The command, to be started by the caller.
    pub(crate) fn kong_command(&self, version: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
        command
            .args(["stand-in", version])
            .args(arguments)
            .env_clear()
            .env("TZ", "UTC")
            .current_dir(self.directory.path())
            .stdin(std::process::Stdio::null());
        command
    }

    /// Runs a recorded command on a copy of its state.
    fn run_cell(&self, version: &str, state: &str, command: &str) -> Output {
        if !["dbdown", "nodb"].contains(&state) {
            self.enter(state);
        }
        let conf = self.conf(state);
        let conf = conf.to_str().expect("text");
        let words: &[&str] = match command {
            "start" => &["start"],
            "start-rm" => &["start", "--run-migrations"],
            "db_export" => &["config", "db_export", "export.yml"],
            "reset-y" => &["migrations", "reset", "-y"],
            "up-q" => &["migrations", "up", "-q"],
            "up-force" => &["migrations", "up", "-f"],
            "finish-q" => &["migrations", "finish", "-q"],
            other => &["migrations", other],
        };
        let _ = std::fs::remove_file(self.directory.path().join("export.yml"));
        let output = self.kong(version, &[words, &["-c", conf]].concat());
        if words[0] == "start" && output.status.success() {
            let stopped = self.kong(version, &["stop", "-c", conf]);
            assert_eq!(String::from_utf8_lossy(&stopped.stdout), "Kong stopped\n");
        }
        output
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.stop().expect("the server stops");
    }
}

/// What is compared of an output: all of it, but for the two things that differ between two runs of the real one as well, which
/// are the time before a warning and the order of the keys in the JSON of `status`.
fn comparable(command: &str, stdout: &str, stderr: &str, exit: i64) -> (i64, String, String) {
    let stdout = match serde_json::from_str::<Value>(stdout) {
        Ok(json) if command == "status" => json.to_string(),
        _ => stdout.to_owned(),
    };
    let stderr = match stderr.find(" [warn] ") {
        Some(at) => stderr[at..].to_owned(),
        None => stderr.to_owned(),
    };
    (exit, stdout, stderr)
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure is the result")]
fn every_recorded_cell_agrees() {
    let Some(world) = World::new() else { return };
    let recorded = Path::new(RECORDINGS).join("migrations-cli.ndjson");
    let recorded = std::fs::read_to_string(recorded).expect("readable");
    let mut agree = 0;
    let mut cells = 0;
    let mut differences = Vec::new();
    for line in recorded.lines() {
        let cell: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| cell[key].as_str().expect("text");
        let (version, state, command) = (text("kong"), text("state"), text("command"));
        let exit = cell["exit"].as_i64().expect("a number");
        let expected = comparable(command, text("stdout"), text("stderr"), exit);
        let output = world.run_cell(version, state, command);
        let actual = comparable(
            command,
            &String::from_utf8_lossy(&output.stdout),
            &String::from_utf8_lossy(&output.stderr),
            output.status.code().map_or(-1, i64::from),
        );
        cells += 1;
        if expected == actual {
            agree += 1;
        } else {
            differences.push(format!(
                "{version} {state} {command}\n  recorded {expected:?}\n  stand-in {actual:?}"
            ));
        }
    }
    println!("{agree} of {cells} cells agree");
    assert_eq!(agree, cells, "{}", differences.join("\n"));
}

/// What a command makes of a state, where the real one's result was dumped too.
const STEPS: [(&str, &str, &str, &str); 8] = [
    ("2.8.5", "st_empty", "bootstrap", "st_28"),
    ("3.4.2", "st_empty", "bootstrap", "st_34"),
    ("3.9.1", "st_empty", "bootstrap", "st_39fin"),
    ("3.4.2", "st_28", "up", "st_28_34up"),
    ("3.4.2", "st_28_34up", "finish", "st_28_34fin"),
    ("3.9.1", "st_34", "up", "st_39up"),
    ("3.9.1", "st_39up", "finish", "st_39fin"),
    ("3.9.1", "st_39fin", "up-force", "st_39fin"),
];

const SCHEMA_META: &str =
    "SELECT subsystem, last_executed, executed, pending FROM schema_meta ORDER BY 1";

const COLUMNS: &str = "SELECT table_name, ordinal_position, column_name, data_type, udt_name, is_nullable, column_default \
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2";

const INDEXES: &str = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";

const CONSTRAINTS: &str = "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint \
    WHERE connamespace = 'public'::regnamespace ORDER BY 1::text, 2";

/// What the migrations rewrite in the rows.
const ROWS: [&str; 3] = [
    "SELECT id, paths FROM routes ORDER BY 1",
    "SELECT id, name, config FROM plugins ORDER BY 1",
    "SELECT * FROM services ORDER BY 1",
];

#[test]
fn the_tables_and_rows_after_a_command_are_those_that_kong_left() {
    let Some(world) = World::new() else { return };
    for (version, state, command, result) in STEPS {
        let output = world.run_cell(version, state, command);
        assert!(output.status.success(), "{output:?}");
        let mut questions = vec![SCHEMA_META, COLUMNS, INDEXES, CONSTRAINTS];
        if state != "st_empty" {
            questions.extend(ROWS);
        }
        if command == "finish" {
            questions.push("SELECT id, cache_key FROM targets ORDER BY 1");
        }
        for question in questions {
            let recorded = world.sql(result, question);
            let left = world.sql("cell", question);
            let missing: Vec<_> = recorded
                .lines()
                .filter(|it| !left.lines().any(|at| at == *it))
                .collect();
            let extra: Vec<_> = left
                .lines()
                .filter(|it| !recorded.lines().any(|at| at == *it))
                .collect();
            assert!(
                missing.is_empty() && extra.is_empty(),
                "{version} {command} on {state}: {question}\n  missing {missing:#?}\n  extra {extra:#?}"
            );
        }
    }
}

#[test]
fn an_import_restores_what_was_exported_and_deletes_nothing() {
    let Some(world) = World::new() else { return };
    let output = world.run_cell("2.8.5", "st_28", "db_export");
    assert!(output.status.success(), "{output:?}");
    let questions = [
        "SELECT id, name, config, cache_key FROM plugins ORDER BY 1",
        "SELECT * FROM routes ORDER BY 1",
        "SELECT * FROM keyauth_credentials ORDER BY 1",
    ];
    world.sql(
        "cell",
        "DELETE FROM plugins; UPDATE routes SET paths = '{/other}'; INSERT INTO consumers (id) VALUES (gen_random_uuid())",
    );
    let parsed = world.kong(
        "2.8.5",
        &["config", "parse", "export.yml", "-c", "kong.conf"],
    );
    assert_eq!(
        String::from_utf8_lossy(&parsed.stdout),
        "parse successful\n"
    );
    let imported = world.kong(
        "2.8.5",
        &["config", "db_import", "export.yml", "-c", "kong.conf"],
    );
    assert_eq!(
        String::from_utf8_lossy(&imported.stdout),
        "parse successful, beginning import\nimport successful\n",
        "{imported:?}"
    );
    for question in questions {
        assert_eq!(world.sql("cell", question), world.sql("st_28", question));
    }
    assert_eq!(world.sql("cell", "SELECT count(*) FROM consumers"), "6\n");
}

#[test]
fn an_export_has_the_recorded_entities() {
    let Some(world) = World::new() else { return };
    for (version, state) in [
        ("2.8.5", "st_28"),
        ("3.4.2", "st_34"),
        ("3.9.1", "st_39fin"),
    ] {
        let output = world.run_cell(version, state, "db_export");
        assert!(output.status.success(), "{output:?}");
        let export = |path: &Path| -> BTreeMap<String, Vec<String>> {
            let text = std::fs::read_to_string(path).expect("readable");
            let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let mut list = String::new();
            for line in text.lines() {
                if let Some(name) = line
                    .strip_suffix(':')
                    .filter(|it| it.starts_with(|first: char| first.is_ascii_lowercase()))
                {
                    name.clone_into(&mut list);
                }
                // Ids stand two columns in, whichever key comes first.
                if let Some(id) = line.get(2..).and_then(|rest| rest.strip_prefix("id: ")) {
                    lists
                        .entry(list.clone())
                        .or_default()
                        .push(id.trim_matches('"').to_owned());
                }
            }
            lists
        };
        let recorded = Path::new(RECORDINGS).join(format!("db_export-{version}.yml"));
        let ours = world.directory.path().join("export.yml");
        assert_eq!(export(&ours), export(&recorded), "{version}");
        let again = world.kong(
            version,
            &["config", "db_export", "export.yml", "-c", "kong.conf"],
        );
        assert_eq!(again.status.code(), Some(1));
        assert!(
            String::from_utf8_lossy(&again.stderr)
                .starts_with("Error: export.yml already exists. Will not overwrite it.\n")
        );
    }
}
