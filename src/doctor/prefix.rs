//! Checks of what lies in a node's prefix.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Facts, Node};
use super::words::named;
use crate::gateway::PidFile;

pub(super) const CHECKS: [Check; 2] = [
    Check {
        code: "doctor.pid_stale",
        about: "the file with the node's process names one that is not the node's",
        why: "`kong start`, `stop` and `reload` go by it: they take the node for running, or send their signal to somebody else",
        remedy: "see that no Kong of this prefix runs, then `rm {prefix}/pids/nginx.pid`",
        judge: Judge::Node(pid),
    },
    Check {
        code: "doctor.sockets_stale",
        about: "sockets of a node that is gone lie in the prefix",
        why: "a node that was killed leaves them, and its next start fails with `Address already in use`",
        remedy: "see that no Kong of this prefix runs, then remove them: `rm {prefix}/*.sock`",
        judge: Judge::Node(sockets),
    },
];

fn pid(_: &Facts, node: &Node) -> Judged {
    Ok(match node.host.get()?.pid_file.get()? {
        PidFile::Absent => Outcome::Fine("there is none".to_owned()),
        PidFile::Runs(pid) => Outcome::Fine(format!("it is process {pid}, which runs")),
        PidFile::Gone(pid) => Outcome::Warning(format!("process {pid} is gone")),
        PidFile::Other(pid, command) => Outcome::Wrong(format!("process {pid} is `{command}`")),
    })
}

fn sockets(_: &Facts, node: &Node) -> Judged {
    let host = node.host.get()?;
    let stale = host.stale_sockets.get()?;
    if stale.is_empty() {
        return Ok(Outcome::Fine("every socket there is bound".to_owned()));
    }
    let evidence = format!("nobody has bound {}", named(stale));
    // One that runs has made those anew that it needs.
    Ok(match host.pid_file.get()? {
        PidFile::Runs(_) => Outcome::Warning(evidence),
        _ => Outcome::Wrong(evidence),
    })
}
