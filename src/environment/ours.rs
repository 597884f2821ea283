//! Whether an environment file is ours to believe. It is code: commands in it are run, and servers in it are trusted.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::EnvironmentError;

/// Others may write.
const OTHERS_WRITE: u32 = 0o002;
/// The group may write.
const GROUP_WRITES: u32 = 0o020;
/// In a directory: only the owner of a file removes it.
const STICKY: u32 = 0o1000;

/// The text of a file that nobody else owns or may change: what was looked at is what is read.
pub(super) fn read(path: &Path) -> Result<String, EnvironmentError> {
    let unreadable = |source| EnvironmentError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(unreadable)?;
    check(path, &file.metadata().map_err(unreadable)?)?;
    // A link is as good as the place where it stands, and as the place that it leads to.
    check_around(path, path)?;
    check_around(path, &path.canonicalize().map_err(unreadable)?)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn refused(path: &Path, why: String, remedy: String) -> EnvironmentError {
    EnvironmentError::NotOurs {
        path: path.to_owned(),
        why,
        remedy,
    }
}

fn check(path: &Path, file: &Metadata) -> Result<(), EnvironmentError> {
    let own = rustix::process::geteuid().as_raw();
    if file.uid() != own && file.uid() != 0 {
        return Err(refused(
            path,
            format!("it belongs to the user of the number {}", file.uid()),
            "look at what it says, and make it yours with `chown`".to_owned(),
        ));
    }
    // Where everybody has a group of his own, it bears the user's number, and what it may write is ours alone.
    let shared = file.mode() & GROUP_WRITES != 0 && file.gid() != own;
    if shared || file.mode() & OTHERS_WRITE != 0 {
        return Err(refused(
            path,
            "others may write into it".to_owned(),
            format!("look at what it says, then `chmod go-w {}`", path.display()),
        ));
    }
    Ok(())
}

/// Refuses the file `path` that stands at `place`, where anybody could put another one.
fn check_around(path: &Path, place: &Path) -> Result<(), EnvironmentError> {
    let directory = match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let around = std::fs::metadata(directory).map_err(|source| EnvironmentError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    if around.mode() & OTHERS_WRITE != 0 && around.mode() & STICKY == 0 {
        return Err(refused(
            path,
            format!(
                "anybody may put another file in its place in `{}`",
                directory.display()
            ),
            "keep it in a directory that others cannot write to".to_owned(),
        ));
    }
    Ok(())
}
