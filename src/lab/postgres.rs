//! A private PostgreSQL server: its own data directory, reachable through its own Unix socket and nothing else.
//!
//! It uses the distribution's binaries and never touches a cluster of the distribution. PostgreSQL refuses to run as root, so
//! under root everything here runs as the `postgres` user, who then owns the directories.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where Debian and Ubuntu keep one directory of binaries per major version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The superuser of every private server.
pub const SUPERUSER: &str = "postgres";

/// A private server; dropping it does not stop it, since the practice cluster outlives the command that started it.
#[derive(Debug, Clone)]
pub struct PrivatePostgres {
    binaries: PathBuf,
    /// The data directory.
    pub data: PathBuf,
    /// The directory of the Unix socket, which is the `host` to connect to (port 5432, by name only).
    pub socket: PathBuf,
}

/// Why a private server could not be made, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No server binaries are installed.
    #[error("PostgreSQL's server is not installed: no `initdb` under {VERSIONS}")]
    NotInstalled,
    /// A directory or a file could not be made or given away.
    #[error("cannot prepare `{}`: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("cannot start `{program}`: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("`{program}` failed: {output}")]
    Failed {
        /// The program.
        program: String,
        /// What it printed.
        output: String,
    },
}

/// The directory of the newest installed server's binaries.
pub fn binaries() -> Result<PathBuf, PostgresError> {
    let versions = std::fs::read_dir(VERSIONS).map_err(|_| PostgresError::NotInstalled)?;
    versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let major: u32 = entry.file_name().to_str()?.parse().ok()?;
            let binaries = entry.path().join("bin");
            binaries
                .join("initdb")
                .exists()
                .then_some((major, binaries))
        })
        .max()
        .map(|(_, binaries)| binaries)
        .ok_or(PostgresError::NotInstalled)
}

impl PrivatePostgres {
    /// Makes the data directory `data` and the socket directory `socket`, both owned by the server's user and closed to others.
    ///
    /// The socket's path must stay under 107 bytes, the kernel's limit, so `socket` wants a short name.
    pub fn create(data: &Path, socket: &Path) -> Result<Self, PostgresError> {
        let server = Self {
            binaries: binaries()?,
            data: data.to_owned(),
            socket: socket.to_owned(),
        };
        for directory in [data, socket] {
            private_directory(directory)?;
        }
        let options = [
            "-N",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-U",
            SUPERUSER,
            "-D",
        ];
        server.run(
            "initdb",
            options.iter().map(OsStr::new).chain([data.as_os_str()]),
        )?;
        Ok(server)
    }

    /// The server whose directories exist already.
    pub fn open(data: &Path, socket: &Path) -> Result<Self, PostgresError> {
        Ok(Self {
            binaries: binaries()?,
            data: data.to_owned(),
            socket: socket.to_owned(),
        })
    }

    /// Writes a file of the data directory, for the server only.
    pub fn write(&self, name: &str, text: &str) -> Result<(), PostgresError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.data.join(name);
        let write = || -> io::Result<()> {
            let mut options = std::fs::OpenOptions::new();
            let options = options.write(true).create(true).truncate(true).mode(0o600);
            io::Write::write_all(&mut options.open(&path)?, text.as_bytes())?;
            give_to_server(&path)
        };
        write().map_err(|source| PostgresError::Directory {
            path: path.clone(),
            source,
        })
    }

    /// Starts the server and waits until it answers. `settings` are further `name=value` server settings.
    pub fn start(&self, settings: &[&str]) -> Result<(), PostgresError> {
        let mut options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}'",
            self.socket.display()
        );
        for setting in settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let log = self.data.join("server.log");
        self.run(
            "pg_ctl",
            [
                OsStr::new("-w"),
                "-D".as_ref(),
                self.data.as_os_str(),
                "-l".as_ref(),
                log.as_os_str(),
                "-o".as_ref(),
                options.as_ref(),
                "start".as_ref(),
            ],
        )
    }

    /// Stops the server, ending its sessions.
    pub fn stop(&self) -> Result<(), PostgresError> {
        self.run(
            "pg_ctl",
            [
                OsStr::new("-w"),
                "-D".as_ref(),
                self.data.as_os_str(),
                "-m".as_ref(),
                "fast".as_ref(),
                "stop".as_ref(),
            ],
        )
    }

    /// The directory of the server's binaries and client tools.
    #[must_use]
    pub fn binaries(&self) -> &Path {
        &self.binaries
    }

    fn run<'a>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = &'a OsStr>,
    ) -> Result<(), PostgresError> {
        let path = self.binaries.join(program);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command
                .args([
                    "--reuid=postgres",
                    "--regid=postgres",
                    "--clear-groups",
                    "--",
                ])
                .arg(path);
            command
        } else {
            Command::new(path)
        };
        // The working directory may be closed to the postgres user; the server must not keep ours busy either.
        command
            .args(arguments)
            .current_dir("/")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C");
        // Output goes to a file, not a pipe: the started server inherits it, and would keep a pipe open for as long as it runs.
        let output = tempfile::tempfile().map_err(|source| PostgresError::Spawn {
            program: program.to_owned(),
            source,
        })?;
        let finished = run_into(&mut command, &output).map_err(|source| PostgresError::Spawn {
            program: program.to_owned(),
            source,
        })?;
        if finished.status.success() {
            return Ok(());
        }
        Err(PostgresError::Failed {
            program: program.to_owned(),
            output: String::from_utf8_lossy(&finished.stdout).trim().to_owned(),
        })
    }
}

/// Runs `command` with both outputs in `file`, and returns what they hold as `stdout`.
fn run_into(command: &mut Command, file: &std::fs::File) -> io::Result<Output> {
    use std::io::{Read as _, Seek as _};
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file.try_clone()?)
        .status()?;
    let mut reader = file.try_clone()?;
    reader.rewind()?;
    let mut stdout = Vec::new();
    reader.read_to_end(&mut stdout)?;
    Ok(Output {
        status,
        stdout,
        stderr: Vec::new(),
    })
}

/// Makes `directory`, owned by the server's user, with mode 0700.
fn private_directory(directory: &Path) -> Result<(), PostgresError> {
    use std::os::unix::fs::PermissionsExt as _;
    let prepare = || -> io::Result<()> {
        std::fs::create_dir_all(directory)?;
        give_to_server(directory)?;
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
    };
    prepare().map_err(|source| PostgresError::Directory {
        path: directory.to_owned(),
        source,
    })
}

/// Makes `path` the server's user's, where that is another than ours.
fn give_to_server(path: &Path) -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        let (user, group) = postgres_ids()?;
        std::os::unix::fs::chown(path, Some(user), Some(group))?;
    }
    Ok(())
}

/// User and group id of `postgres`, from the password file, which is where the distribution's package puts it.
fn postgres_ids() -> io::Result<(u32, u32)> {
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    let ids = passwd.lines().find_map(|line| {
        let mut fields = line.strip_prefix("postgres:")?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    ids.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no user `postgres`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_private_server_answers_on_its_socket_and_ends() {
        let directory = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir()
            .expect("a directory");
        let server =
            PrivatePostgres::create(&directory.path().join("data"), &directory.path().join("s"))
                .expect("created");
        server.start(&["fsync=off"]).expect("started");
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(&server.socket)
            .user(SUPERUSER)
            .dbname("postgres");
        let (client, connection) = config
            .connect(tokio_postgres::NoTls)
            .await
            .expect("connected");
        let connection = tokio::spawn(connection);
        let row = client.query_one("SELECT 1", &[]).await.expect("answered");
        assert_eq!(row.get::<_, i32>(0), 1);
        drop(client);
        connection.await.expect("joined").expect("closed");
        server.stop().expect("stopped");
    }
}
