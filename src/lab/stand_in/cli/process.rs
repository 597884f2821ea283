//! The node's process, found through `pids/nginx.pid` in its prefix.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

use super::error::CommandError;

/// The file that holds the node's process id. The node writes it, when it listens.
fn pid_file(prefix: &Path) -> PathBuf {
    prefix.join("pids").join("nginx.pid")
}

/// Removes the process id of a node that has crashed.
pub(super) fn forget(prefix: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(pid_file(prefix)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The node that runs in `prefix`, if one does.
pub(super) fn running(prefix: &Path) -> Option<Pid> {
    let pid = std::fs::read_to_string(pid_file(prefix)).ok()?;
    let pid: i32 = pid.trim().parse().ok()?;
    is_node(pid).then(|| Pid::from_raw(pid)).flatten()
}

/// The node that runs in `prefix`, which must be one.
pub(super) fn must_run(prefix: &Path) -> Result<Pid, CommandError> {
    if !prefix.exists() {
        return Err(CommandError::NoPrefix(prefix.to_owned()));
    }
    running(prefix).ok_or_else(|| CommandError::NotRunning(prefix.to_owned()))
}

/// Sends `signal` to the node.
pub(super) fn send(pid: Pid, signal: Signal) -> Result<(), CommandError> {
    kill_process(pid, signal).map_err(|errno| {
        let pid = pid.as_raw_nonzero();
        CommandError::system(format!("signal process {pid}"))(errno.into())
    })
}

/// Whether `pid` is alive and a stand-in's node. An id can belong to somebody else by now, and a dead process that nobody has
/// waited for keeps its id.
fn is_node(pid: i32) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let state = std::fs::read_to_string(process.join("stat"))
        .ok()
        .and_then(|stat| {
            // The state follows the name, which stands in parentheses and may hold anything.
            stat.rsplit_once(") ")?.1.chars().next()
        });
    let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
    let is_stand_in = command
        .split(|byte| *byte == 0)
        .any(|word| word == b"stand-in");
    is_stand_in && !matches!(state, None | Some('Z' | 'X'))
}
