//! Installing the stand-in: a directory per version whose `bin/kong` is the stand-in of that version.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::kong::Version;

/// Writes `directory/bin/kong`, which runs the stand-in of `version` through the binary `cutover`; returns the command's path.
pub fn install(directory: &Path, version: &Version, cutover: &Path) -> io::Result<PathBuf> {
    let binaries = directory.join("bin");
    std::fs::create_dir_all(&binaries)?;
    let kong = binaries.join("kong");
    let cutover = cutover.display().to_string().replace('\'', r"'\''");
    let script = format!("#!/bin/sh\nexec '{cutover}' stand-in {version} \"$@\"\n");
    // Written beside and renamed, so that a command that runs right now reads one script or the other.
    let beside = binaries.join(".kong.new");
    std::fs::write(&beside, script)?;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o755))?;
    std::fs::rename(&beside, &kong)?;
    Ok(kong)
}
