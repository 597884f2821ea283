//! The host as a machine: its system, its clock, its disks.

use std::path::Path;

use super::inquiry::Inquiry;
use super::told;
use crate::environment::PackageDriver;
use crate::gateway::{ClockFacts, DiskFacts, OsFacts, RoomFacts};
use crate::host::facts::{Architecture, OS_RELEASE, OsRelease, Space, space};

/// The kernel's release.
const KERNEL: &str = "/proc/sys/kernel/osrelease";

/// Where programs put what they throw away.
const TEMPORARY: &str = "/tmp";

impl Inquiry<'_> {
    pub(super) async fn os(&self) -> Result<OsFacts, String> {
        let text = self.text(Path::new(OS_RELEASE)).await?;
        let release = OsRelease::of(&text)
            .map_err(|error| format!("`{OS_RELEASE}` cannot be read: {error}"))?;
        let machine = self.host.architecture().await;
        let machine = machine.map_err(|error| format!("its processor cannot be told: {error}"))?;
        let kernel = self.text(Path::new(KERNEL)).await?;
        Ok(OsFacts {
            id: release.id,
            name: release.name,
            version: release.version,
            architecture: Architecture::of_machine(&machine).to_string(),
            kernel: kernel.trim().to_owned(),
        })
    }

    pub(super) async fn clock(&self) -> Result<ClockFacts, String> {
        let skew = self.host.clock().await.map_err(|error| error.to_string())?;
        let milliseconds = |nanoseconds: i64| nanoseconds / 1_000_000;
        Ok(ClockFacts {
            ahead: milliseconds(skew.ahead),
            // Rounded up: it is a bound.
            within: u64::try_from(skew.within.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX),
        })
    }

    pub(super) async fn disk(&self) -> DiskFacts {
        let packages = match &self.node.packages {
            PackageDriver::Prefix(prefix) => prefix,
            PackageDriver::Apt(of) | PackageDriver::Dnf(of) | PackageDriver::Yum(of) => &of.archive,
            PackageDriver::Deb(of) | PackageDriver::Rpm(of) => &of.archive,
        };
        DiskFacts {
            prefix: told(self.room(&self.node.prefix).await),
            packages: told(self.room(packages).await),
            temporary: told(self.room(Path::new(TEMPORARY)).await),
        }
    }

    /// The room at a path, or where it would be made.
    async fn room(&self, path: &Path) -> Result<RoomFacts, String> {
        let mut missing = String::new();
        for path in path.ancestors() {
            let asked = path.to_str().ok_or("the path is not UTF-8")?;
            let question = space(asked);
            let question: Vec<&str> = question.iter().map(String::as_str).collect();
            match self.told(&question).await {
                Ok(answer) => {
                    let room = Space::of(&answer).map_err(|error| error.to_string())?;
                    return Ok(of(room, asked));
                }
                Err(why) if why.contains(&format!("{asked}: No such file")) => missing = why,
                Err(why) => return Err(why),
            }
        }
        Err(missing)
    }
}

fn of(room: Space, path: &str) -> RoomFacts {
    RoomFacts {
        path: path.to_owned(),
        mount: room.mount,
        kind: room.kind,
        size: room.size,
        free: room.available,
        files: room.files,
        free_files: room.available_files,
    }
}
