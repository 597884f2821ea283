//! The practice cluster's PostgreSQL: where it is, the gateway's role and database on it, and whether it runs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio_postgres::{Client, Config, NoTls};

use super::super::postgres::{PrivatePostgres, SUPERUSER};
use super::process::command_lines;
use super::{PracticeError, Process, files};

/// The role that owns the gateway's database, and that database.
pub(super) const KONG: &str = "kong";

/// The longest directory whose socket can be used: the kernel's 107 bytes less the socket's own name, and some room.
const LONGEST: usize = 80;

/// Practice data is thrown away, so nothing waits for the disk.
const SETTINGS: [&str; 3] = [
    "fsync=off",
    "max_connections=60",
    "log_min_messages=warning",
];

/// Where the data of the cluster in `directory` is.
pub(super) fn data(directory: &Path) -> PathBuf {
    directory.join("postgres")
}

/// Where the socket of the cluster in `directory` is to be: inside, or in a new short directory where that is too long.
pub(super) fn choose_socket(directory: &Path) -> Result<PathBuf, PracticeError> {
    let inside = directory.join("socket");
    if inside.as_os_str().len() <= LONGEST {
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

/// Makes and starts the server, and the gateway's role and database on it.
pub(super) async fn create(directory: &Path, socket: &Path) -> Result<(), PracticeError> {
    let server = PrivatePostgres::create(&data(directory), socket)?;
    server.start(&SETTINGS)?;
    let client = connect(socket, "postgres").await?;
    // No superuser, as an operator would have it; it may create databases, which the way back needs.
    client
        .execute(&format!("CREATE ROLE {KONG} LOGIN CREATEDB"), &[])
        .await?;
    client
        .execute(&format!("CREATE DATABASE {KONG} OWNER {KONG}"), &[])
        .await?;
    Ok(())
}

/// Starts the server of the cluster in `directory`, unless it runs.
pub(super) fn start(directory: &Path, socket: &Path) -> Result<(), PracticeError> {
    if running(directory).is_none() {
        PrivatePostgres::open(&data(directory), socket)?.start(&SETTINGS)?;
    }
    Ok(())
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

/// Connects to `database` as the superuser.
pub(super) async fn connect(socket: &Path, database: &str) -> Result<Client, PracticeError> {
    let mut config = Config::new();
    config.host_path(socket).user(SUPERUSER).dbname(database);
    let (client, connection) = config.connect(NoTls).await?;
    // The task ends with the client; what goes wrong in it comes out of the client's next call.
    tokio::spawn(connection);
    Ok(client)
}
