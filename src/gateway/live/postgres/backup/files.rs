//! A backup's directory and files: room, modes, durability.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::super::error::PostgresError;
use super::super::manifest::{DUMP, FileEntry};

/// Makes the directory `path`, closed to others, where there is room for `needed` bytes.
///
/// A compressed dump is far smaller than its database; room for the whole of it is asked for so that an estimate is never the
/// reason why a backup fails inside a maintenance window.
pub(super) fn create(path: &Path, needed: u64) -> Result<(), PostgresError> {
    require_room(path.parent().unwrap_or(Path::new("/")), needed)?;
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(PostgresError::file(path))
}

/// Refuses where fewer than `needed` bytes are free.
pub(super) fn require_room(path: &Path, needed: u64) -> Result<(), PostgresError> {
    let status = rustix::fs::statvfs(path)
        .map_err(io::Error::from)
        .map_err(PostgresError::file(path))?;
    let free = status.f_bavail.saturating_mul(status.f_frsize);
    if free >= needed {
        return Ok(());
    }
    Err(PostgresError::Space {
        path: path.to_owned(),
        needed,
        free,
    })
}

/// Bytes of all files below `path` so far; a file that goes away meanwhile does not count.
pub(super) fn size(path: &Path) -> u64 {
    let files = list(path).unwrap_or_default();
    files
        .iter()
        .filter_map(|file| Some(std::fs::metadata(file).ok()?.len()))
        .sum()
}

/// Closes the dump's files to others, makes them durable, and returns their checksums.
pub(super) fn seal(path: &Path) -> Result<Vec<FileEntry>, PostgresError> {
    let dump = path.join(DUMP);
    let seal = || -> io::Result<Vec<FileEntry>> {
        std::fs::set_permissions(&dump, Permissions::from_mode(0o700))?;
        let mut entries = Vec::new();
        for file in list(&dump)? {
            std::fs::set_permissions(&file, Permissions::from_mode(0o600))?;
            File::open(&file)?.sync_all()?;
            entries.push(super::entry(path, &file)?);
        }
        File::open(&dump)?.sync_all()?;
        Ok(entries)
    };
    seal().map_err(PostgresError::file(&dump))
}

/// Everything below `path` that is not a directory, sorted; links are listed, not followed.
pub(super) fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                directories.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
