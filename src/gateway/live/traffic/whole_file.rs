//! Files of load balancers, changed whole or not at all.

use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes a file with the mode and the owner that it had. A link stays one: what it leads to is written.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = &path.canonicalize()?;
    let was = std::fs::metadata(path)?;
    // What is there already needs no room, and a way back may have none.
    if std::fs::read(path)? == text.as_bytes() {
        return Ok(());
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(was.permissions())?;
    let is = file.as_file().metadata()?;
    if (is.uid(), is.gid()) != (was.uid(), was.gid()) {
        chown(file.path(), Some(was.uid()), Some(was.gid()))?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    synced(path)
}

/// Makes sure that a file's name outlives a power cut.
pub(super) fn synced(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    std::fs::File::open(directory)?.sync_all()
}
