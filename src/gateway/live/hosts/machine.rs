//! What there is to know of a host as a machine.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::{Host, word};
use crate::host::facts::{CLOCK, Moments, Skew};

impl Host {
    /// What tells this machine from others, by whatever name it is reached: its boot and its own name, which a container has for itself.
    pub(in crate::gateway::live) async fn identity(&self) -> io::Result<String> {
        let boot = self
            .read_text("/proc/sys/kernel/random/boot_id".as_ref())
            .await?;
        let name = self.read_text("/proc/sys/kernel/hostname".as_ref()).await?;
        Ok(format!("{} {}", boot.trim(), name.trim()))
    }

    /// The machine's architecture, as `uname -m` tells it.
    pub(in crate::gateway::live) async fn architecture(&self) -> io::Result<String> {
        match self {
            Self::Here => {
                let machine = rustix::system::uname()
                    .machine()
                    .to_string_lossy()
                    .into_owned();
                Ok(machine)
            }
            Self::There(there) => text(&there.told(&["uname", "-m"]).await?),
        }
    }

    /// How far the machine's clock is from ours.
    pub(in crate::gateway::live) async fn clock(&self) -> io::Result<Skew> {
        match self {
            Self::Here => Ok(Skew {
                ahead: 0,
                within: Duration::ZERO,
            }),
            Self::There(there) => {
                let ours = || Timestamp::now().duration_since(Timestamp::UNIX_EPOCH);
                let asked = ours().unsigned_abs();
                let told = text(&there.told(&CLOCK).await?)?;
                let answered = ours().unsigned_abs();
                Skew::of(&told, Moments { asked, answered }).map_err(io::Error::other)
            }
        }
    }

    /// How many processors a program there may use.
    pub(in crate::gateway::live) async fn processors(&self) -> io::Result<u64> {
        match self {
            Self::Here => std::thread::available_parallelism().map(|count| count.get() as u64),
            Self::There(there) => number(&there.told(&["nproc"]).await?),
        }
    }

    /// Bytes free where a path is, for whoever is not root.
    pub(in crate::gateway::live) async fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        match self {
            Self::Here => {
                let found = rustix::fs::statvfs(path)?;
                Ok(found.f_bavail * found.f_frsize)
            }
            Self::There(there) => {
                let vector = ["stat", "-f", "-c", "%a %S", "--", word(path)?];
                let told = text(&there.told(&vector).await?)?;
                let mut numbers = told.split(' ').map(str::parse::<u64>);
                match (numbers.next(), numbers.next()) {
                    (Some(Ok(blocks)), Some(Ok(size))) => Ok(blocks * size),
                    _ => Err(unreadable(&told)),
                }
            }
        }
    }

    /// The number of the user who owns a path.
    pub(in crate::gateway::live) async fn owner(&self, path: &Path) -> io::Result<u32> {
        match self {
            Self::Here => Ok(std::fs::metadata(path)?.uid()),
            Self::There(there) => {
                let vector = ["stat", "-L", "-c", "%u", "--", word(path)?];
                number(&there.told(&vector).await?)
            }
        }
    }

    /// The number of the user as whom programs run there.
    pub(in crate::gateway::live) async fn user(&self) -> io::Result<u32> {
        match self {
            Self::Here => Ok(rustix::process::geteuid().as_raw()),
            Self::There(there) => number(&there.told(&["id", "-u"]).await?),
        }
    }

    /// The names of the Unix sockets in a directory.
    pub(in crate::gateway::live) async fn sockets(
        &self,
        directory: &Path,
    ) -> io::Result<Vec<String>> {
        match self {
            Self::Here => {
                let mut sockets = Vec::new();
                for entry in std::fs::read_dir(directory)? {
                    let entry = entry?;
                    if entry.file_type()?.is_socket() {
                        sockets.push(entry.file_name().to_string_lossy().into_owned());
                    }
                }
                Ok(sockets)
            }
            Self::There(there) => {
                let place = word(directory)?;
                let vector = [
                    "find",
                    place,
                    "-mindepth",
                    "1",
                    "-maxdepth",
                    "1",
                    "-type",
                    "s",
                    "-printf",
                    "%f\\0",
                ];
                let told = there.told(&vector).await?;
                let told = String::from_utf8_lossy(&told);
                Ok(told.split_terminator('\0').map(str::to_owned).collect())
            }
        }
    }
}

fn text(told: &[u8]) -> io::Result<String> {
    let text = std::str::from_utf8(told)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(text.trim().to_owned())
}

fn number<T: std::str::FromStr>(told: &[u8]) -> io::Result<T> {
    let text = text(told)?;
    text.parse().map_err(|_| unreadable(&text))
}

fn unreadable(told: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it answers `{told}`"))
}
