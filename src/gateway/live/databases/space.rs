//! How much room there is for files.

use std::path::Path;

use crate::gateway::Failure;

/// Bytes free where `path` is or would be made: asking makes nothing.
pub(in crate::gateway::live) fn free_bytes_to_come(path: &Path) -> Result<u64, Failure> {
    let existing = path.ancestors().find(|above| above.exists());
    free_bytes(existing.unwrap_or(path))
}

/// Bytes free at `path`, which exists.
pub(in crate::gateway::live) fn free_bytes(path: &Path) -> Result<u64, Failure> {
    let found = rustix::fs::statvfs(path);
    let found = found.map_err(|error| {
        Failure::new(
            "storage.unusable",
            format!("cannot look at `{}`: {error}", path.display()),
        )
    })?;
    Ok(found.f_bavail * found.f_frsize)
}
