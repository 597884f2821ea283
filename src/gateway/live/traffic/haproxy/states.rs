//! What HAProxy reads of its servers' states when it starts.

use std::io::{Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

use super::Place;
use crate::gateway::Failure;

/// What HAProxy reads when it starts, on its way to be written whole or not at all.
pub(super) struct States<'a> {
    path: &'a Path,
    file: NamedTempFile,
}

impl<'a> States<'a> {
    /// Writes the states as they are, so that a disk without room is known of before any of them changes.
    pub(super) async fn begin(path: &'a Path, place: &Place<'_>) -> Result<Self, Failure> {
        let directory = path.parent().unwrap_or(Path::new("/"));
        let file = NamedTempFile::new_in(directory).map_err(|error| unwritten(path, &error))?;
        let mut begun = Self { path, file };
        begun.write(&Self::of(place).await?)?;
        Ok(begun)
    }

    /// Writes them as they are now. HAProxy must be able to read the file, which holds no secret.
    pub(super) async fn keep(mut self, place: &Place<'_>) -> Result<(), Failure> {
        self.write(&Self::of(place).await?)?;
        let everybody = PermissionsExt::from_mode(0o644);
        let opened = self.file.as_file().set_permissions(everybody);
        opened.map_err(|error| unwritten(self.path, &error))?;
        let persisted = self.file.persist(self.path);
        persisted.map_or_else(|error| Err(unwritten(self.path, &error.error)), |_| Ok(()))
    }

    fn write(&mut self, states: &str) -> Result<(), Failure> {
        let mut write = || {
            self.file.rewind()?;
            self.file.write_all(states.as_bytes())?;
            self.file.as_file().set_len(states.len() as u64)?;
            self.file.as_file().sync_all()
        };
        write().map_err(|error| unwritten(self.path, &error))
    }

    /// Of a load balancer with a state file there is one.
    async fn of(place: &Place<'_>) -> Result<String, Failure> {
        let [haproxy, ..] = &place.all()[..] else {
            return Ok(String::new());
        };
        Ok(haproxy.all_states().await?)
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot write `{}`: {}", path.display(), error.kind());
    Failure::new("traffic.state_file", message).hint(
        "a reload of HAProxy would go back to what was kept last: let us write there, or leave `state_file` out",
    )
}
