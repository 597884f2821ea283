//! A private `PostgreSQL` with Kong's tables in a schema not named `public`, owned by a role that is no superuser.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cutover::environment::{Access, Database, DatabaseAdmin, DatabaseKind, Tls};
use cutover::gateway::live::postgres::{BackupRequest, Role, Session, Starts, connect};
use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};

/// Tables recorded from a real Kong; a small imitation stands in where they are absent.
const RECORDED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/domain/kong-observed/databases/st_28.sql"
);

const IMITATION: &str = r"
CREATE TABLE public.schema_meta (key text, subsystem text, last_executed text, executed text[], pending text[], PRIMARY KEY (key, subsystem));
INSERT INTO public.schema_meta VALUES ('schema_meta', 'core', '013_220_to_230', '{000_base,013_220_to_230}', '{}');
CREATE TABLE public.routes (id uuid PRIMARY KEY, name text, paths text[], updated_at timestamptz);
INSERT INTO public.routes SELECT md5(n::text)::uuid, 'route-' || n, ARRAY['/' || n], now() FROM generate_series(1, 20) n;
CREATE TABLE public.consumers (id uuid PRIMARY KEY, username text);
INSERT INTO public.consumers VALUES (md5('a')::uuid, 'it''s'), (md5('b')::uuid, NULL), (md5('c')::uuid, '');
CREATE TABLE public.locks (key text PRIMARY KEY, owner text, ttl timestamptz);
CREATE TABLE public.cluster_events (id uuid PRIMARY KEY, at timestamptz, channel text, data text);
CREATE TABLE public.clustering_data_planes (id uuid PRIMARY KEY, hostname text);
CREATE TABLE public.ratelimiting_metrics (identifier text, period text, value integer);
";

/// What makes the database different from what a dump alone would restore.
const EXTRAS: &str = r"
CREATE TABLE kong.my_plugin (id integer, note text);
CREATE INDEX my_plugin_id ON kong.my_plugin (id);
INSERT INTO kong.my_plugin VALUES (1, 'twice'), (1, 'twice'), (2, NULL);
CREATE TABLE kong.vitals_stats_seconds_1 (at timestamptz, value integer);
INSERT INTO kong.vitals_stats_seconds_1 SELECT now(), n FROM generate_series(1, 1000) n;
INSERT INTO kong.locks VALUES ('migrations', 'kong-1', now());
";

/// The role that owns Kong's tables: CREATEDB, and no superuser.
pub(crate) const OWNER: &str = "kong_owner";

/// A running private server; stopped when dropped.
pub(crate) struct Fixture {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) server: PrivatePostgres,
    pub(crate) port: u16,
}

impl Fixture {
    /// A server with Kong's database on it.
    pub(crate) fn start() -> Self {
        let fixture = Self::start_empty(5432, &[]);
        fixture.load();
        fixture
    }

    /// A server with the owner's role and nothing else.
    pub(crate) fn start_empty(port: u16, settings: &[&str]) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("cutover-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let server =
            PrivatePostgres::create(&directory.path().join("data"), &directory.path().join("s"))
                .expect("created");
        let mut all = vec![
            "fsync=off",
            "max_prepared_transactions=5",
            "wal_level=logical",
        ];
        all.extend(settings);
        server.start(&all).expect("started");
        let fixture = Self {
            directory,
            server,
            port,
        };
        fixture.psql(
            SUPERUSER,
            "postgres",
            &format!("CREATE ROLE {OWNER} LOGIN CREATEDB; CREATE ROLE reader LOGIN; GRANT pg_signal_backend TO {OWNER};"),
        );
        fixture
    }

    /// Kong's database, with grants and settings of its own.
    #[expect(clippy::print_stdout, reason = "a skipped part of a test says so")]
    pub(crate) fn load(&self) {
        self.psql(
            SUPERUSER,
            "postgres",
            &format!("CREATE DATABASE kong OWNER {OWNER};"),
        );
        let tables = std::fs::read_to_string(RECORDED).unwrap_or_else(|_| {
            println!("skipped the recorded tables: {RECORDED} is absent");
            IMITATION.to_owned()
        });
        let tables = tables.replace("public.", "kong.");
        self.psql(
            OWNER,
            "kong",
            &format!("CREATE SCHEMA kong; {tables}\n{EXTRAS}"),
        );
        self.psql(
            OWNER,
            "postgres",
            "COMMENT ON DATABASE kong IS 'the gateway';
             ALTER DATABASE kong CONNECTION LIMIT 77;
             ALTER DATABASE kong SET search_path TO kong, \"$user\", public;
             ALTER DATABASE kong SET application_name TO 'it''s';
             ALTER ROLE kong_owner IN DATABASE kong SET work_mem TO '8MB';
             REVOKE ALL ON DATABASE kong FROM PUBLIC;
             GRANT CONNECT ON DATABASE kong TO reader;",
        );
    }

    /// Runs SQL through `psql`, over the socket.
    pub(crate) fn psql(&self, user: &str, database: &str, sql: &str) {
        let file = self.directory.path().join("statement.sql");
        std::fs::write(&file, sql).expect("written");
        let output = Command::new(self.server.binaries().join("psql"))
            .args([
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                user,
                "-d",
                database,
                "-f",
            ])
            .arg(&file)
            .env("PGHOST", &self.server.socket)
            .env("PGPORT", self.port.to_string())
            .output()
            .expect("psql runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The environment's fields for Kong's database, over the socket, as the owner.
    pub(crate) fn database(&self) -> Database {
        Database {
            kind: DatabaseKind::Postgres,
            host: self.server.socket.display().to_string(),
            port: self.port,
            database: "kong".to_owned(),
            schema: "kong".to_owned(),
            user: OWNER.to_owned(),
            password: None,
            tls: Tls::VerifyFull,
            ca: None,
            certificate: None,
            key: None,
            admin: None,
            pooler: None,
            scratch: None,
            redis: Vec::new(),
            access: Access::Run,
        }
    }

    /// A superuser's session on the database called `name`.
    pub(crate) async fn superuser(&self, name: &str) -> Session {
        let mut database = self.database();
        database.admin = Some(DatabaseAdmin {
            user: SUPERUSER.to_owned(),
            password: None,
            database: "postgres".to_owned(),
        });
        connect(&database, Role::Admin, Some(name))
            .await
            .expect("connected")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // A panic here would hide the one that may be under way.
        let _ = self.server.stop();
    }
}

/// A backup into `path`.
pub(crate) fn request(path: &Path) -> BackupRequest {
    BackupRequest {
        path: path.to_owned(),
        jobs: 2,
        lock_wait: Duration::from_secs(5),
        deadline: Duration::from_mins(1),
        starts: Starts::default(),
    }
}
