//! The host of a node, which is this machine, and what lies in the node's prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::sockets;
use crate::environment::Node;
use crate::gateway::live::Live;
use crate::gateway::live::databases::space::free_bytes;
use crate::gateway::live::kong::rendered;
use crate::gateway::live::review::certificates;
use crate::gateway::live::review::node::set;
use crate::gateway::{Dated, Failure, HostFacts, PidFile};
use crate::kong::advisories::{Certificate, Known};

impl Live {
    pub(super) async fn host_of(&self, node: &str) -> Result<HostFacts, Failure> {
        let of = self.node(node)?.1;
        let prefix = of.prefix.clone();
        let pid_file = match pid_file(&prefix) {
            Ok(found) => Known::Known(found),
            Err(error) => Known::unknown(unreadable(&prefix, &error)),
        };
        let process = match &pid_file {
            Known::Known(PidFile::Runs(pid)) => Ok(*pid),
            Known::Known(_) => Err("it does not run".to_owned()),
            Known::Unknown { unknown } => Err(unknown.clone()),
        };
        let stale = sockets::stale(&prefix, process.as_ref().ok().copied());
        Ok(HostFacts {
            other_user: of_process(process.as_ref(), other_user),
            supervisor: of_process(process.as_ref(), supervisor),
            stale_sockets: stale.map_or_else(
                |error| Known::unknown(unreadable(&prefix, &error)),
                Known::Known,
            ),
            changed_settings: match &process {
                Ok(_) => self.changed_settings(node, &prefix).await,
                Err(why) => Known::unknown(why.as_str()),
            },
            certificates: served(&of, process.as_ref().ok()),
            free_bytes: free_bytes(&prefix)
                .map_or_else(|failure| Known::unknown(failure.message), Known::Known),
            processors: std::thread::available_parallelism().map_or_else(
                |error| Known::unknown(error.to_string()),
                |count| Known::Known(count.get() as u64),
            ),
            pid_file,
        })
    }

    /// What the node runs with, compared with what its own `kong` makes of its kong.conf now and here.
    async fn changed_settings(&self, node: &str, prefix: &Path) -> Known<BTreeSet<String>> {
        let compared = async {
            let runs = rendered(prefix)?;
            let private = self.private_prefix()?;
            let next = self.prepared(node, private.path()).await?;
            Ok::<_, Failure>(differing(&runs, prefix, &next, private.path()))
        };
        compared
            .await
            .map_or_else(|failure| Known::unknown(failure.message), Known::Known)
    }
}

/// The keys whose values differ; that the two were rendered into two prefixes is no difference.
fn differing(
    runs: &BTreeMap<String, String>,
    prefix: &Path,
    next: &BTreeMap<String, String>,
    private: &Path,
) -> BTreeSet<String> {
    let text = |path: &Path| path.display().to_string();
    let (prefix, private) = (text(prefix), text(private));
    let there = |value: &String| value.replace(&private, &prefix);
    let keys: BTreeSet<&String> = runs.keys().chain(next.keys()).collect();
    let differ = |key: &&&String| runs.get(**key).cloned() != next.get(**key).map(there);
    keys.iter()
        .filter(differ)
        .map(|key| (*key).clone())
        .collect()
}

/// The certificates that the settings of a node name.
fn served(node: &Node, process: Option<&u32>) -> Known<Vec<Dated>> {
    let process = process.map(|pid| format!("/proc/{pid}"));
    let dated = |found: Certificate| {
        let ends = found.ends;
        let ends = ends.ok_or_else(|| format!("`{}` has no end", found.name))?;
        Ok(Dated {
            name: found.name,
            ends,
        })
    };
    let found = certificates::of_settings(&set(node, process.as_deref()));
    let found = found.and_then(|all| all.into_iter().map(dated).collect::<Result<_, String>>());
    found.map_or_else(Known::unknown, Known::Known)
}

fn unreadable(prefix: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {}", prefix.display(), error.kind())
}

fn of_process<T>(process: Result<&u32, &String>, look: impl Fn(u32) -> io::Result<T>) -> Known<T> {
    match process {
        Err(why) => Known::unknown(why),
        Ok(pid) => look(*pid).map_or_else(
            |error| Known::unknown(format!("cannot read `/proc/{pid}`: {}", error.kind())),
            Known::Known,
        ),
    }
}

fn pid_file(prefix: &Path) -> io::Result<PidFile> {
    let text = match std::fs::read_to_string(prefix.join("pids/nginx.pid")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(PidFile::Absent),
        text => text?,
    };
    let not_a_number = |_| io::Error::from(io::ErrorKind::InvalidData);
    let pid: u32 = text.trim().parse().map_err(not_a_number)?;
    let command = match std::fs::read(format!("/proc/{pid}/cmdline")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(PidFile::Gone(pid)),
        command => command?,
    };
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    // nginx and the stand-in name their prefix, as they were given it.
    let canonical = std::fs::canonicalize(prefix)?;
    let is_node = [prefix, &canonical].iter().any(|prefix| {
        let prefix = prefix.to_string_lossy();
        command.contains(prefix.trim_end_matches('/'))
    });
    Ok(if is_node {
        PidFile::Runs(pid)
    } else {
        PidFile::Other(pid, command.trim().to_owned())
    })
}

/// The process's user, if that is another one than ours.
fn other_user(pid: u32) -> io::Result<Option<u32>> {
    let owner = std::fs::metadata(format!("/proc/{pid}"))?.uid();
    Ok((owner != rustix::process::geteuid().as_raw()).then_some(owner))
}

/// The control group of a process, where that is a service's or a container's and not our own.
fn supervisor(pid: u32) -> io::Result<Option<String>> {
    let theirs = std::fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
    let ours = std::fs::read_to_string("/proc/self/cgroup")?;
    Ok(if theirs == ours {
        None
    } else {
        service(&theirs)
    })
}

/// The last part of a path of control groups that is a unit or a container.
fn service(groups: &str) -> Option<String> {
    let paths = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut parts = paths.flat_map(|path| path.rsplit('/'));
    let is_meant = |part: &&str| {
        let is_unit = part.ends_with(".service") && !part.starts_with("user@");
        is_unit
            || ["docker", "libpod", "cri-containerd", "kubepods"]
                .iter()
                .any(|word| part.starts_with(word))
    };
    parts.find(is_meant).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_and_a_container_are_told_from_a_login() {
        let unit = "0::/system.slice/kong.service\n";
        assert_eq!(service(unit).as_deref(), Some("kong.service"));
        let container = "0::/system.slice/docker-0123.scope\n";
        assert_eq!(service(container).as_deref(), Some("docker-0123.scope"));
        let login = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run.scope\n";
        assert_eq!(service(login), None);
    }

    #[test]
    fn the_prefix_is_no_difference_and_a_missing_setting_is_one() {
        let settings = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        let runs = settings(&[
            ("prefix", "/kong"),
            ("ssl_cert", "/kong/ssl/one"),
            ("pg_host", "a"),
            ("extra", "1"),
        ]);
        let next = settings(&[
            ("prefix", "/private"),
            ("ssl_cert", "/private/ssl/one"),
            ("pg_host", "b"),
        ]);
        let found = differing(&runs, Path::new("/kong"), &next, Path::new("/private"));
        assert_eq!(found, ["extra", "pg_host"].map(str::to_owned).into());
    }
}
