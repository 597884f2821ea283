//! Whether an environment file is ours to believe. It is code: commands in it are run, and servers in it are trusted.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::EnvironmentError;

/// Others may write.
const OTHERS_WRITE: u32 = 0o002;
/// The group may write.
const GROUP_WRITES: u32 = 0o020;
/// In a directory: only the owner of a file removes it.
const STICKY: u32 = 0o1000;

/// Refuses a file that somebody else owns or may change.
pub(super) fn check(path: &Path) -> Result<(), EnvironmentError> {
    let refused = |why: String, remedy: String| {
        Err(EnvironmentError::NotOurs {
            path: path.to_owned(),
            why,
            remedy,
        })
    };
    let unreadable = |source| EnvironmentError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::metadata(path).map_err(unreadable)?;
    let own = rustix::process::geteuid().as_raw();
    if file.uid() != own && file.uid() != 0 {
        return refused(
            format!("it belongs to the user of the number {}", file.uid()),
            "look at what it says, and make it yours with `chown`".to_owned(),
        );
    }
    // Where everybody has a group of his own, it bears the user's number, and what it may write is ours alone.
    let shared = file.mode() & GROUP_WRITES != 0 && file.gid() != own;
    if shared || file.mode() & OTHERS_WRITE != 0 {
        return refused(
            "others may write into it".to_owned(),
            format!("look at what it says, then `chmod go-w {}`", path.display()),
        );
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let around = std::fs::metadata(directory).map_err(unreadable)?;
    if around.mode() & OTHERS_WRITE != 0 && around.mode() & STICKY == 0 {
        return refused(
            format!(
                "anybody may put another file in its place in `{}`",
                directory.display()
            ),
            "keep it in a directory that others cannot write to".to_owned(),
        );
    }
    Ok(())
}
