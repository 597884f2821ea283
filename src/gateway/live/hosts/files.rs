//! Files of a host: read, listed, written whole or not at all.
//!
//! Over SSH by programs that every system has. What they say is read with `LC_ALL=C`, so that a file that is not there is told from one
//! that may not be read.

use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openssh::Stdio;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::connection::{Connection, as_io};
use super::{Host, word};
use crate::gateway::live::private_file;

/// How long a program may take that reads or writes a file.
const ANSWER: Duration = Duration::from_mins(1);

/// Writes standard input into a file that nobody else may read, beside where it is to be, and puts it there when it has the digest that was
/// sent with it.
const WRITE: &str = r#"umask 077; mkdir -p -- "$1" && cat > "$1/.$2.new" || exit
[ "$(sha256sum < "$1/.$2.new")" = "$3  -" ] || { rm -f -- "$1/.$2.new"; echo "what arrived is not what was sent" >&2; exit 1; }
sync -- "$1/.$2.new" && mv -f -T -- "$1/.$2.new" "$1/$2""#;

/// Lets a link lead elsewhere in one step: at every moment it leads to one place or the other.
const LINK: &str =
    r#"ln -s -f -n -- "$2" "$1/.$3.new" && mv -f -T -- "$1/.$3.new" "$1/$3" && sync -- "$1""#;

impl Host {
    /// The bytes of a file.
    pub(in crate::gateway::live) async fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self {
            Self::Here => std::fs::read(path),
            Self::There(there) => there.told(&["cat", "--", word(path)?]).await,
        }
    }

    /// The bytes of a file that is to be kept elsewhere: those that the host finds in it too.
    pub(in crate::gateway::live) async fn fetch(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.read(path).await?;
        if let Self::There(_) = self
            && self.digest(path).await? != hex::encode(Sha256::digest(&bytes))
        {
            return Err(io::Error::other("what arrived is not what is there"));
        }
        Ok(bytes)
    }

    /// The text of a file.
    pub(in crate::gateway::live) async fn read_text(&self, path: &Path) -> io::Result<String> {
        let bytes = self.read(path).await?;
        String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    }

    /// SHA-256 of a file.
    pub(in crate::gateway::live) async fn digest(&self, path: &Path) -> io::Result<String> {
        match self {
            Self::Here => Ok(hex::encode(Sha256::digest(std::fs::read(path)?))),
            Self::There(there) => {
                let told = there
                    .told(&["sha256sum", "--binary", "--", word(path)?])
                    .await?;
                let told = String::from_utf8_lossy(&told);
                // A backslash stands before the digest where one had to be written in the name.
                let digest = told.trim_start_matches('\\').get(..64);
                digest
                    .map(str::to_owned)
                    .ok_or_else(|| io::Error::other("`sha256sum` tells no digest"))
            }
        }
    }

    /// The names in a directory, hidden ones too.
    pub(in crate::gateway::live) async fn names(
        &self,
        directory: &Path,
    ) -> io::Result<Vec<String>> {
        match self {
            Self::Here => {
                let entries = std::fs::read_dir(directory)?;
                let name = |entry: io::Result<std::fs::DirEntry>| {
                    entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
                };
                entries.map(name).collect()
            }
            Self::There(there) => {
                let vector = [
                    "find",
                    word(directory)?,
                    "-mindepth",
                    "1",
                    "-maxdepth",
                    "1",
                    "-printf",
                    "%f\\0",
                ];
                let told = there.told(&vector).await?;
                let told = String::from_utf8_lossy(&told);
                Ok(told.split_terminator('\0').map(str::to_owned).collect())
            }
        }
    }

    /// Whether something is there.
    pub(in crate::gateway::live) async fn exists(&self, path: &Path) -> io::Result<bool> {
        match self {
            Self::Here => path.try_exists(),
            Self::There(there) => match there
                .told(&["stat", "-L", "-c", "%F", "--", word(path)?])
                .await
            {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// The path as the kernel knows it, without links; as it is where it leads nowhere.
    pub(in crate::gateway::live) async fn canonical(&self, path: &Path) -> PathBuf {
        match self {
            Self::Here => std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
            Self::There(there) => {
                let Ok(text) = word(path) else {
                    return path.to_owned();
                };
                let told = there.told(&["readlink", "-e", "--", text]).await;
                let told = told.ok().and_then(|told| String::from_utf8(told).ok());
                told.map_or_else(
                    || path.to_owned(),
                    |told| PathBuf::from(told.trim_end_matches('\n')),
                )
            }
        }
    }

    /// Makes a directory of ours alone, and those above it.
    pub(in crate::gateway::live) async fn make_directory(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Here => std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path),
            Self::There(there) => {
                let vector = [
                    "sh",
                    "-c",
                    "umask 077; mkdir -p -- \"$1\"",
                    "cutover",
                    word(path)?,
                ];
                there.told(&vector).await.map(drop)
            }
        }
    }

    /// Writes a file that nobody else may read, in a directory that is made where it is not there.
    pub(in crate::gateway::live) async fn write_private(
        &self,
        path: &Path,
        content: impl AsRef<[u8]>,
    ) -> io::Result<()> {
        match self {
            Self::Here => private_file::write(path, content),
            Self::There(there) => {
                let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
                    return Err(ErrorKind::InvalidInput.into());
                };
                let vector = [
                    "sh",
                    "-c",
                    WRITE,
                    "cutover",
                    word(directory)?,
                    word(Path::new(name))?,
                    &hex::encode(Sha256::digest(content.as_ref())),
                ];
                there.given(&vector, content.as_ref()).await.map(drop)
            }
        }
    }

    /// Removes a file or a directory with all that is in it; nothing where it is not there.
    pub(in crate::gateway::live) async fn remove(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Here => {
                let removed = match std::fs::symlink_metadata(path) {
                    Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
                    Ok(_) => std::fs::remove_file(path),
                    Err(error) => Err(error),
                };
                match removed {
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                    Ok(()) | Err(_) => Ok(()),
                }
            }
            Self::There(there) => there
                .told(&["rm", "-rf", "--", word(path)?])
                .await
                .map(drop),
        }
    }

    /// Copies a file.
    pub(in crate::gateway::live) async fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self {
            Self::Here => std::fs::copy(from, to).map(drop),
            Self::There(there) => {
                let vector = ["cp", "-f", "-T", "--", word(from)?, word(to)?];
                there.told(&vector).await.map(drop)
            }
        }
    }

    /// Gives a file another name in the same file system, in the place of what has that name.
    pub(in crate::gateway::live) async fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self {
            Self::Here => std::fs::rename(from, to),
            Self::There(there) => {
                let vector = ["mv", "-f", "-T", "--", word(from)?, word(to)?];
                there.told(&vector).await.map(drop)
            }
        }
    }

    /// Lets the link `name` in a directory lead to `target`, in one step.
    pub(in crate::gateway::live) async fn link(
        &self,
        directory: &Path,
        name: &str,
        target: &str,
    ) -> io::Result<()> {
        match self {
            Self::Here => {
                let beside = directory.join(format!(".{name}.new"));
                self.remove(&beside).await?;
                std::os::unix::fs::symlink(target, &beside)?;
                std::fs::rename(&beside, directory.join(name))?;
                std::fs::File::open(directory)?.sync_all()
            }
            Self::There(there) => {
                let vector = ["sh", "-c", LINK, "cutover", word(directory)?, target, name];
                there.told(&vector).await.map(drop)
            }
        }
    }
}

impl Connection {
    /// Removes directories in this order, if they are there and nothing is in them.
    pub(super) async fn remove_empty(&self, directories: &[PathBuf]) {
        for directory in directories {
            if let Ok(directory) = word(directory) {
                // One that is not empty, or not there, is as it is meant to be.
                let _ = self.told(&["rmdir", "--", directory]).await;
            }
        }
    }

    /// What a program prints that reads and ends with 0.
    pub(super) async fn told(&self, vector: &[&str]) -> io::Result<Vec<u8>> {
        self.given(vector, &[]).await
    }

    /// The same with a standard input.
    async fn given(&self, vector: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
        let mut command = self.session.command("env");
        command
            .arg("LC_ALL=C")
            .args(vector)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let asking = async {
            let mut child = command.spawn().await.map_err(|error| as_io(&error))?;
            let mut into = child.stdin().take().expect("standard input is piped");
            into.write_all(input).await?;
            into.shutdown().await?;
            drop(into);
            let told = child.wait_with_output().await;
            told.map_err(|error| as_io(&error))
        };
        let told = timeout(ANSWER, asking).await;
        let told = told.map_err(|_| {
            let why = format!(
                "`{}` does not answer within {} s",
                self.destination,
                ANSWER.as_secs()
            );
            io::Error::new(ErrorKind::TimedOut, why)
        })??;
        if told.status.success() {
            return Ok(told.stdout);
        }
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        Err(io::Error::new(kind(&said), said.trim().to_owned()))
    }
}

/// What went wrong, by the words of the C library.
pub(super) fn kind(said: &str) -> ErrorKind {
    for (words, kind) in [
        ("No such file or directory", ErrorKind::NotFound),
        ("Permission denied", ErrorKind::PermissionDenied),
        ("No space left on device", ErrorKind::StorageFull),
        ("Read-only file system", ErrorKind::ReadOnlyFilesystem),
        ("Not a directory", ErrorKind::NotADirectory),
        ("Is a directory", ErrorKind::IsADirectory),
    ] {
        if said.contains(words) {
            return kind;
        }
    }
    ErrorKind::Other
}
