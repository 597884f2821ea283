//! Installing the stand-in: a directory per version whose `bin/kong` is the stand-in of that version.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::kong::Version;

/// Where Kong's packages have the templates of nginx's configuration.
const TEMPLATES: &str = "share/lua/5.1/kong/templates";

/// Writes `directory/bin/kong`, which runs the stand-in of `version` through the binary `cutover`, with what stands for the release's
/// template beside it; returns the command's path.
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
    let templates = directory.join(TEMPLATES);
    std::fs::create_dir_all(&templates)?;
    std::fs::write(templates.join("nginx.lua"), template(version))?;
    Ok(kong)
}

/// What stands for a release's `nginx.lua`: no two minor versions have the same.
fn template(version: &Version) -> String {
    let mut lines = vec![
        "return [[".to_owned(),
        "pid pids/nginx.pid;".to_owned(),
        "error_log logs/error.log notice;".to_owned(),
        String::new(),
    ];
    // The place on disk for what a node without a database keeps came with 3.0.
    if version.is_at_least(3, 0) {
        lines.push("lmdb_environment_path dbless.lmdb;".to_owned());
    }
    lines.extend([
        "events {".to_owned(),
        "    multi_accept on;".to_owned(),
        "}".to_owned(),
        String::new(),
        "http {".to_owned(),
        format!("    # as of {}.{}", version.major, version.minor),
        "    include 'nginx-kong.conf';".to_owned(),
        "}".to_owned(),
        "]]".to_owned(),
        String::new(),
    ]);
    lines.join("\n")
}
