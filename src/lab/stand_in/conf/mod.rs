//! Kong's configuration as a node and a command of the stand-in see it: `kong.conf`, `KONG_*` variables, defaults.
//!
//! Owns the file's grammar and the precedence of its sources; knows nothing of what a setting does.

mod error;
mod file;
mod hybrid;
mod postgres;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use file::{boolean, listen, not_a_number, parse, read};

pub use error::ConfError;
pub use file::Listen;
pub use hybrid::{Cluster, Declarative, Role};
pub use postgres::{Password, PostgresSettings, PostgresTls, Unoffered};

/// Where Kong looks when no `-c` is given.
const DEFAULT_PATHS: [&str; 2] = ["/etc/kong/kong.conf", "/etc/kong.conf"];

/// The name, in a prefix, of the configuration that the node there was started with.
pub const KONG_ENV: &str = ".kong_env";

/// The settings the stand-in knows, with Kong's defaults. Others are accepted and kept, as Kong keeps unknown ones.
const DEFAULTS: [(&str, &str); 29] = [
    ("prefix", "/usr/local/kong/"),
    ("proxy_listen", "0.0.0.0:8000 reuseport backlog=16384"),
    ("admin_listen", "127.0.0.1:8001 reuseport backlog=16384"),
    ("status_listen", "off"),
    ("role", "traditional"),
    ("cluster_listen", "0.0.0.0:8005"),
    ("cluster_control_plane", "127.0.0.1:8005"),
    ("cluster_cert", ""),
    ("cluster_cert_key", ""),
    ("cluster_data_plane_purge_delay", "1209600"),
    ("declarative_config", ""),
    ("declarative_config_string", ""),
    ("database", "postgres"),
    ("pg_host", "127.0.0.1"),
    ("pg_port", "5432"),
    ("pg_timeout", "5000"),
    ("pg_user", "kong"),
    ("pg_password", ""),
    ("pg_database", "kong"),
    ("pg_schema", ""),
    ("pg_ssl", "off"),
    ("pg_ssl_required", "off"),
    ("pg_ssl_verify", "off"),
    ("lua_ssl_trusted_certificate", ""),
    ("plugins", "bundled"),
    ("db_update_frequency", "5"),
    ("db_update_propagation", "0"),
    ("worker_state_update_frequency", "5"),
    ("log_level", "notice"),
];

/// A node's settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of the node's files.
    pub prefix: PathBuf,
    /// What the node is in its cluster.
    pub role: Role,
    /// How the planes of a cluster find and trust each other.
    pub cluster: Cluster,
    /// Where the configuration comes from without a database.
    pub declarative: Option<Declarative>,
    /// Where the proxy listens; empty where it is `off`, and for a control plane.
    pub proxy_listen: Vec<Listen>,
    /// Where the Admin API listens; empty where it is `off`, and for a data plane.
    pub admin_listen: Vec<Listen>,
    /// Where the status API listens; empty where it is `off`.
    pub status_listen: Vec<Listen>,
    /// Whether there is a database at all.
    pub database: DatabaseKind,
    /// How to connect to it.
    pub postgres: PostgresSettings,
    /// The `plugins` list, `bundled` left as it is.
    pub plugins: Vec<String>,
    /// How often a node polls the cluster's events.
    pub db_update_frequency: Duration,
    /// How long a node waits before it acts on another's event.
    pub db_update_propagation: Duration,
    /// How often a worker rebuilds its router and plugin iterator.
    pub worker_state_update_frequency: Duration,
    /// `debug`, `info`, `notice`, …
    pub log_level: String,
    /// Every setting as text, with the defaults; this is what `.kong_env` holds.
    pub all: BTreeMap<String, String>,
}

/// `database` in `kong.conf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// PostgreSQL.
    Postgres,
    /// DB-less.
    Off,
}

impl Settings {
    /// The directory of the file with the faults: the setting `practice_faults`, which a command with another prefix sees too, or the
    /// prefix.
    #[must_use]
    pub fn faults_directory(&self) -> &Path {
        self.all
            .get("practice_faults")
            .map_or(&self.prefix, Path::new)
    }

    /// Reads the file `conf` (the default paths where absent), then the `KONG_*` variables among `environment`, then `prefix`.
    pub fn load(
        conf: Option<&Path>,
        prefix: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfError> {
        let default = || {
            DEFAULT_PATHS
                .iter()
                .map(Path::new)
                .find(|path| path.is_file())
        };
        let files: Vec<&Path> = conf.or_else(default).into_iter().collect();
        Self::merge(&files, prefix, environment)
    }

    /// The settings that the node in `prefix` was started with, where it left them.
    pub fn of_prefix(
        prefix: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Option<Self>, ConfError> {
        Self::of_prefix_with(prefix, None, environment)
    }

    /// The same, with the settings in the file `conf` over them, which is how a reload reads it.
    pub fn of_prefix_with(
        prefix: &Path,
        conf: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Option<Self>, ConfError> {
        let left = prefix.join(KONG_ENV);
        if !left.exists() {
            return Ok(None);
        }
        let files: Vec<&Path> = std::iter::once(left.as_path()).chain(conf).collect();
        Self::merge(&files, Some(prefix), environment).map(Some)
    }

    fn merge(
        files: &[&Path],
        prefix: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfError> {
        let mut all: BTreeMap<String, String> = DEFAULTS
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        for file in files {
            all.extend(parse(&read(file)?));
        }
        all.extend(environment.into_iter().filter_map(|(name, value)| {
            let key = name.strip_prefix("KONG_")?.to_ascii_lowercase();
            Some((key, value))
        }));
        if let Some(prefix) = prefix {
            all.insert("prefix".to_owned(), prefix.display().to_string());
        }
        Self::check(all)
    }

    /// Leaves the declarative file out.
    pub fn forget_declarative_file(&mut self) {
        if matches!(self.declarative, Some(Declarative::File(_))) {
            self.declarative = None;
            self.all.remove("declarative_config");
        }
    }

    /// The text of `.kong_env`.
    #[must_use]
    pub fn to_kong_env(&self) -> String {
        let heading = "#### This is a generated file. Modifications will be lost. ####\n\n";
        let pairs = self
            .all
            .iter()
            .map(|(key, value)| format!("{key} = {}\n", value.replace('#', "\\#")));
        std::iter::once(heading.to_owned()).chain(pairs).collect()
    }

    fn check(all: BTreeMap<String, String>) -> Result<Self, ConfError> {
        let text = |key: &str| all.get(key).map_or("", String::as_str);
        let seconds = |key: &str| {
            text(key)
                .parse::<f64>()
                .ok()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .ok_or_else(|| not_a_number(key, text(key)))
        };
        let number = |key: &str| {
            text(key)
                .parse::<u64>()
                .map_err(|_| not_a_number(key, text(key)))
        };
        let database = match text("database") {
            "postgres" => DatabaseKind::Postgres,
            "off" => DatabaseKind::Off,
            value => {
                return Err(ConfError::Database {
                    key: "database".to_owned(),
                    value: value.to_owned(),
                });
            }
        };
        let on = |key: &str| boolean(key, text(key));
        let tls = postgres::tls(
            on("pg_ssl")?,
            on("pg_ssl_required")?,
            on("pg_ssl_verify")?,
            text("lua_ssl_trusted_certificate"),
        )?;
        let postgres = PostgresSettings {
            host: text("pg_host").to_owned(),
            port: u16::try_from(number("pg_port")?)
                .map_err(|_| not_a_number("pg_port", text("pg_port")))?,
            user: text("pg_user").to_owned(),
            password: Password(text("pg_password").to_owned()),
            database: text("pg_database").to_owned(),
            schema: Some(text("pg_schema").to_owned()).filter(|schema| !schema.is_empty()),
            tls,
            timeout: Duration::from_millis(number("pg_timeout")?),
        };
        let role = hybrid::role(&all, database)?;
        let purge_delay = seconds("cluster_data_plane_purge_delay")?;
        if purge_delay < Duration::from_mins(1) {
            return Err(ConfError::PurgeDelay);
        }
        // What a role has no use for is not listened to, whatever is set.
        let listen_unless = |other: Role, key: &str| match listen(key, text(key)) {
            Ok(_) if role == other => Ok(Vec::new()),
            listens => listens,
        };
        let cluster = Cluster {
            listen: match role {
                Role::ControlPlane => listen("cluster_listen", text("cluster_listen"))?,
                Role::DataPlane | Role::Traditional => Vec::new(),
            },
            control_plane: text("cluster_control_plane").to_owned(),
            certificate: PathBuf::from(text("cluster_cert")),
            key: PathBuf::from(text("cluster_cert_key")),
            purge_delay,
            reconnect: match text("practice_reconnect") {
                "" => None,
                _ => Some(seconds("practice_reconnect")?),
            },
        };
        Ok(Self {
            prefix: PathBuf::from(text("prefix")),
            role,
            cluster,
            declarative: hybrid::declarative(
                text("declarative_config"),
                text("declarative_config_string"),
            ),
            proxy_listen: listen_unless(Role::ControlPlane, "proxy_listen")?,
            admin_listen: listen_unless(Role::DataPlane, "admin_listen")?,
            status_listen: listen("status_listen", text("status_listen"))?,
            database,
            postgres,
            plugins: text("plugins")
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect(),
            db_update_frequency: seconds("db_update_frequency")?,
            db_update_propagation: seconds("db_update_propagation")?,
            worker_state_update_frequency: seconds("worker_state_update_frequency")?,
            log_level: text("log_level").to_owned(),
            all,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Settings, ConfError> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kong.conf");
        std::fs::write(&path, text).expect("written");
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::load(Some(&path), None, environment)
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let text = "# a comment\npg_host = /tmp/s # the socket\npg_password = a\\#b\npg_port=5433\nplugins = bundled, mine\n";
        let settings = load(text, &[("KONG_PG_PORT", "5434"), ("HOME", "/")]).expect("valid");
        assert_eq!(settings.postgres.host, "/tmp/s");
        assert_eq!(settings.postgres.password, Password("a#b".to_owned()));
        assert_eq!(settings.postgres.port, 5434);
        assert_eq!(settings.postgres.user, "kong");
        assert_eq!(settings.plugins, ["bundled", "mine"]);
        assert_eq!(settings.db_update_frequency, Duration::from_secs(5));
    }

    #[test]
    fn listeners_are_addresses_with_flags() {
        let text =
            "admin_listen = 127.0.0.1:0 reuseport, 127.0.0.1:8444 http2 ssl\nproxy_listen = off\n";
        let settings = load(text, &[]).expect("valid");
        assert!(settings.proxy_listen.is_empty());
        assert_eq!(settings.admin_listen.len(), 2);
        assert!(settings.admin_listen[1].ssl);
        let error = load("admin_listen = here", &[]).expect_err("no address");
        assert!(
            error
                .to_string()
                .starts_with("admin_listen must be of form")
        );
    }

    #[test]
    fn what_a_node_leaves_in_its_prefix_reads_back_equal() {
        let settings = load("pg_password = a\\#b\npg_host = db", &[]).expect("valid");
        let prefix = tempfile::tempdir().expect("a directory");
        std::fs::write(prefix.path().join(KONG_ENV), settings.to_kong_env()).expect("written");
        let again = Settings::of_prefix(prefix.path(), [])
            .expect("valid")
            .expect("present");
        assert_eq!(again.postgres, settings.postgres);
        assert_eq!(again.prefix, prefix.path());
    }

    #[test]
    fn a_password_never_shows() {
        let settings = load("pg_password = secret", &[]).expect("valid");
        assert!(!format!("{:?}", settings.postgres).contains("secret"));
    }

    #[test]
    fn a_role_must_have_what_it_needs_and_listens_only_to_what_it_serves() {
        let refused = |text: &str| load(text, &[]).expect_err("refused").to_string();
        assert_eq!(
            refused("role = data_plane"),
            "only in-memory storage can be used when role = \"data_plane\"\nHint: set database = off in your kong.conf"
        );
        assert_eq!(
            refused("role = control_plane\ndatabase = off"),
            "in-memory storage can not be used when role = \"control_plane\""
        );
        let certificate = tempfile::NamedTempFile::new().expect("a file");
        let path = certificate.path().display();
        let shared = format!("cluster_cert = {path}\ncluster_cert_key = {path}\n");
        assert_eq!(
            refused("role = data_plane\ndatabase = off"),
            "cluster certificate and key must be provided to use Hybrid mode"
        );
        let control = load(&format!("role = control_plane\n{shared}"), &[]).expect("valid");
        assert!(control.proxy_listen.is_empty());
        assert_eq!(control.cluster.listen.len(), 1);
        let data = load(&format!("role = data_plane\ndatabase = off\n{shared}"), &[]);
        let data = data.expect("valid");
        assert!(data.admin_listen.is_empty() && data.cluster.listen.is_empty());
        assert_eq!(data.proxy_listen.len(), 1);
    }

    #[test]
    fn a_bad_number_is_named() {
        let error = load("pg_port = many", &[]).expect_err("no number");
        assert_eq!(error.to_string(), "pg_port is not a number: 'many'");
    }
}
