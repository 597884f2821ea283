//! The practice cluster's PostgreSQL: where it is, the gateway's role and database on it, and whether it runs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Config, NoTls};

use super::super::postgres::{PrivatePostgres, SUPERUSER};
use super::hardening::{self, Hardening, Security};
use super::process::command_lines;
use super::{PracticeError, Process, files};

/// The role that owns the gateway's database, and that database.
pub(super) const KONG: &str = "kong";

/// The same of the other side, whose database a playbook makes.
pub(super) const GREEN: &str = "kong_green";

/// The same of the Kong in front, where there is one.
pub(super) const EDGE: &str = "kong_edge";

/// The longest directory whose socket can be used: the kernel's 107 bytes less the socket's own name, and some room.
const LONGEST: usize = 80;

/// Practice data is thrown away, so nothing waits for the disk.
const SETTINGS: [&str; 3] = [
    "fsync=off",
    "max_connections=60",
    "log_min_messages=warning",
];

/// The port that is only part of the Unix socket's name where nothing else is said.
const PORT: u16 = 5432;

/// How the gateway's role reaches its database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The directory of the Unix socket, or an address.
    pub host: String,
    /// The port, also part of the socket's name.
    pub port: u16,
    /// The schema of the gateway's tables.
    pub schema: String,
    /// What a hardened server asks for.
    pub hardening: Option<Hardening>,
}

impl Access {
    /// Through the Unix socket, without a password.
    pub(super) fn plain(socket: &Path) -> Self {
        Self {
            host: socket.display().to_string(),
            port: PORT,
            schema: "public".to_owned(),
            hardening: None,
        }
    }

    /// The server's settings.
    fn settings(&self) -> Vec<String> {
        let own = self.hardening.iter().flat_map(|_| self.hardened_settings());
        SETTINGS.map(str::to_owned).into_iter().chain(own).collect()
    }
}

/// Where the data of the cluster in `directory` is.
pub(super) fn data(directory: &Path) -> PathBuf {
    directory.join("postgres")
}

/// Where the socket of the cluster in `directory` is to be: inside, or in a new short directory where that will not do.
pub(super) fn choose_socket(directory: &Path) -> Result<PathBuf, PracticeError> {
    let inside = directory.join("socket");
    // The server is told of it in a command line for a shell, in single quotes.
    let is_plain = !inside.to_string_lossy().contains(['\'', '\\']);
    if is_plain && inside.as_os_str().len() <= LONGEST {
        return Ok(inside);
    }
    let elsewhere = tempfile::Builder::new()
        .prefix("cutover-practice-")
        .tempdir_in("/tmp")
        .map_err(files::failed("make a directory in", Path::new("/tmp")))?;
    Ok(elsewhere.keep())
}

/// Refuses a directory that PostgreSQL could not get to: under root it runs as a user of its own.
pub(super) fn require_open(directory: &Path) -> Result<(), PracticeError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let closed = directory.ancestors().find(|above| {
        std::fs::metadata(above).is_ok_and(|found| found.permissions().mode() & 0o001 == 0)
    });
    match closed {
        None => Ok(()),
        Some(closed) => Err(PracticeError::Closed {
            closed: closed.to_owned(),
        }),
    }
}

/// Makes and starts the server, which listens on `port` if it is to listen at all, the roles of gateways, and the database of the first.
pub(super) async fn create(
    directory: &Path,
    socket: &Path,
    security: Security,
    port: u16,
    roles: &[&str],
) -> Result<Access, PracticeError> {
    let server = PrivatePostgres::create(&data(directory), socket)?;
    let access = match security {
        Security::Plain => Access::plain(socket),
        Security::Hardened => hardening::harden(directory, &server, port)?,
    };
    start_with(&server, &access)?;
    let client = connect(socket, &access, "postgres").await?;
    for role in roles {
        // No superuser, as an operator would have it; it may create databases, which the way back needs.
        client
            .batch_execute(&format!("CREATE ROLE {role} LOGIN CREATEDB"))
            .await?;
        if let Some(hardening) = &access.hardening {
            let password = hardening.password()?.replace('\'', "''");
            client
                .batch_execute(&format!("ALTER ROLE {role} PASSWORD '{password}'"))
                .await?;
        }
    }
    add(socket, &access, KONG).await?;
    Ok(access)
}

/// Makes the database of the role `owner`, which bears its name.
pub(super) async fn add(socket: &Path, access: &Access, owner: &str) -> Result<(), PracticeError> {
    let client = connect(socket, access, "postgres").await?;
    client
        .batch_execute(&format!("CREATE DATABASE {owner} OWNER {owner}"))
        .await?;
    if access.hardening.is_some() {
        let statement = format!("CREATE SCHEMA {} AUTHORIZATION {owner}", access.schema);
        connect(socket, access, owner)
            .await?
            .batch_execute(&statement)
            .await?;
    }
    Ok(())
}

/// Starts the server of the cluster in `directory`, unless it runs.
pub(super) fn start(directory: &Path, socket: &Path, access: &Access) -> Result<(), PracticeError> {
    if running(directory).is_none() {
        start_with(&PrivatePostgres::open(&data(directory), socket)?, access)?;
    }
    Ok(())
}

fn start_with(server: &PrivatePostgres, access: &Access) -> Result<(), PracticeError> {
    let settings = access.settings();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    Ok(server.start(&settings)?)
}

/// Stops the server of the cluster in `directory`, ending its sessions, unless it is down.
pub(super) fn stop(directory: &Path, socket: &Path) -> Result<(), PracticeError> {
    if running(directory).is_some() {
        PrivatePostgres::open(&data(directory), socket)?.stop()?;
    }
    Ok(())
}

/// The server's process: the one that was started with `-D` and this very data directory.
pub(super) fn running(directory: &Path) -> Option<Process> {
    let data = data(directory).display().to_string();
    command_lines()
        .find(|(_, words)| {
            words[0].ends_with("/postgres")
                && words
                    .windows(2)
                    .any(|pair| pair[0] == "-D" && pair[1] == data)
        })
        .map(|(process, _)| process)
}

/// Connects to `database` as the superuser, who is let in through the Unix socket.
pub(super) async fn connect(
    socket: &Path,
    access: &Access,
    database: &str,
) -> Result<Client, PracticeError> {
    let mut config = Config::new();
    config
        .host_path(socket)
        .port(access.port)
        .user(SUPERUSER)
        .dbname(database)
        .options(format!("-c search_path={}", access.schema));
    let (client, connection) = config.connect(NoTls).await?;
    // The task ends with the client; what goes wrong in it comes out of the client's next call.
    tokio::spawn(connection);
    Ok(client)
}
