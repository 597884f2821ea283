//! The host of a node, which is this machine, and what lies in the node's prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::sockets;
use crate::environment::{Node, Service};
use crate::gateway::live::Live;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::kong::rendered;
use crate::gateway::live::review::certificates;
use crate::gateway::live::review::node::set;
use crate::gateway::{Dated, Failure, HostFacts, PidFile};
use crate::kong::advisories::{Certificate, Known};
use crate::kong::conf::Grammar;

impl Live {
    pub(super) async fn host_of(&self, node: &str) -> Result<HostFacts, Failure> {
        let of = self.node(node).await?.1;
        let host = self.host(&of).await?;
        let prefix = of.prefix.clone();
        let pid_file = match pid_file(&host, &prefix).await {
            Ok(found) => Known::Known(found),
            Err(error) => Known::unknown(unreadable(&prefix, &error)),
        };
        let process = match &pid_file {
            Known::Known(PidFile::Runs(pid)) => Ok(*pid),
            Known::Known(_) => Err("it does not run".to_owned()),
            Known::Unknown { unknown } => Err(unknown.clone()),
        };
        let stale = sockets::stale(&host, &prefix, process.as_ref().ok().copied()).await;
        let (other_user, supervisor) = match &process {
            Ok(pid) => (
                of_process(*pid, other_user(&host, *pid).await),
                of_process(*pid, foreign(supervisor(&host, *pid).await, &of.service)),
            ),
            Err(why) => (Known::unknown(why), Known::unknown(why)),
        };
        Ok(HostFacts {
            other_user,
            supervisor,
            stale_sockets: stale.map_or_else(
                |error| Known::unknown(unreadable(&prefix, &error)),
                Known::Known,
            ),
            changed_settings: match &process {
                Ok(_) => self.changed_settings(node, &prefix).await,
                Err(why) => Known::unknown(why.as_str()),
            },
            certificates: served(&host, &of, self.grammar(node).await, process.as_ref().ok()).await,
            free_bytes: host.free_bytes(&prefix).await.map_or_else(
                |error| {
                    let why = format!("cannot look at `{}`: {error}", prefix.display());
                    Known::unknown(why)
                },
                Known::Known,
            ),
            processors: host
                .processors()
                .await
                .map_or_else(|error| Known::unknown(error.to_string()), Known::Known),
            pid_file,
        })
    }

    /// What the node runs with, compared with what its own `kong` makes of its kong.conf now and here.
    async fn changed_settings(&self, node: &str, prefix: &Path) -> Known<BTreeSet<String>> {
        let compared = async {
            let host = self.host(&self.node(node).await?.1).await?;
            let runs = rendered(&host, prefix).await?;
            let (private, next) = self.prepared_in(node).await?;
            Ok::<_, Failure>(differing(&runs, prefix, &next, &private))
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
async fn served(
    host: &Host,
    node: &Node,
    grammar: Grammar,
    process: Option<&u32>,
) -> Known<Vec<Dated>> {
    let process = process.map(|pid| format!("/proc/{pid}"));
    let dated = |found: Certificate| {
        let ends = found.ends;
        let ends = ends.ok_or_else(|| format!("`{}` has no end", found.name))?;
        Ok(Dated {
            name: found.name,
            ends,
        })
    };
    let set = set(host, node, grammar, process.as_deref()).await;
    let found = certificates::of_settings(host, &set).await;
    let found = found.and_then(|all| all.into_iter().map(dated).collect::<Result<_, String>>());
    found.map_or_else(Known::unknown, Known::Known)
}

fn unreadable(prefix: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {}", prefix.display(), error.kind())
}

fn of_process<T>(pid: u32, looked: io::Result<T>) -> Known<T> {
    looked.map_or_else(
        |error| Known::unknown(format!("cannot read `/proc/{pid}`: {}", error.kind())),
        Known::Known,
    )
}

/// What the file with the process of a node says, which has this prefix.
pub(in crate::gateway::live) async fn pid_file(host: &Host, prefix: &Path) -> io::Result<PidFile> {
    let text = match host.read_text(&prefix.join("pids/nginx.pid")).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(PidFile::Absent),
        text => text?,
    };
    let not_a_number = |_| io::Error::from(io::ErrorKind::InvalidData);
    let pid: u32 = text.trim().parse().map_err(not_a_number)?;
    let command = host.read(format!("/proc/{pid}/cmdline").as_ref()).await;
    let command = match command {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(PidFile::Gone(pid)),
        command => command?,
    };
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    // nginx and the stand-in name their prefix, as they were given it.
    let canonical = host.canonical(prefix).await;
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

/// The process's user, if that is another one than the one that programs run as there.
async fn other_user(host: &Host, pid: u32) -> io::Result<Option<u32>> {
    let owner = host.owner(format!("/proc/{pid}").as_ref()).await?;
    Ok((owner != host.user().await?).then_some(owner))
}

/// The control group of a process, where that is a service's or a container's and not our own.
async fn supervisor(host: &Host, pid: u32) -> io::Result<Option<String>> {
    let theirs = host
        .read_text(format!("/proc/{pid}/cgroup").as_ref())
        .await?;
    let ours = host.read_text("/proc/self/cgroup".as_ref()).await?;
    Ok(if theirs == ours {
        None
    } else {
        service(&theirs)
    })
}

/// A supervisor, if it is another one than the node's own unit, through which it is stopped and started.
fn foreign(found: io::Result<Option<String>>, service: &Service) -> io::Result<Option<String>> {
    let own = match service {
        Service::Systemd(name) if name.contains('.') => Some(name.clone()),
        Service::Systemd(name) => Some(format!("{name}.service")),
        Service::Kong => None,
    };
    Ok(found?.filter(|found| Some(found) != own.as_ref()))
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
