//! Checks of nodes: what runs there, what would run after a restart, and who reaches it.

use std::net::IpAddr;

use serde_json::Value;

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Facts, Node, Reach};
use super::words::named;

/// The limit of open files below which Kong itself warns when it starts.
const FEW_FILES: u64 = 4_096;

pub(super) const CHECKS: [Check; 12] = [
    Check {
        code: "doctor.node_stopped",
        about: "a node does not run",
        why: "what it would answer is not known, and an upgrade begins with fewer nodes than the load balancer was sized for",
        remedy: "`kong start -c {conf} -p {prefix}`, or take it out of the environment file",
        judge: Judge::Node(stopped),
    },
    Check {
        code: "doctor.version_other",
        about: "a node runs another version than is installed there",
        why: "its next restart is an upgrade that nobody planned, and finds the schema of another version",
        remedy: "install what runs again, or restart `{node}` on purpose, now and not in the night",
        judge: Judge::Node(version),
    },
    Check {
        code: "doctor.package_absent",
        about: "the version to go to is not there to be installed",
        why: "it would be fetched while the cluster is down, from wherever that is possible then",
        remedy: "put it beside the installed one, below the packages of `{node}`",
        judge: Judge::Node(package),
    },
    Check {
        code: "doctor.trial_absent",
        about: "the version to go to cannot be tried before a node gets it",
        why: "upgrades try it on a copy of the database first, or on the declarative file, and are refused where they cannot",
        remedy: "put it beside the installed one; or name a node of another host that has it as `scratch` of its cluster in the environment file",
        judge: Judge::Node(trial),
    },
    Check {
        code: "doctor.admin_unreachable",
        about: "the Admin API of a node that runs cannot be asked from here",
        why: "nothing else tells whether it is ready, so a run waits for it in vain and goes back",
        remedy: "let it listen where cutover reaches it: `admin_listen` in {conf}, `admin` and `admin_token` in the environment file",
        judge: Judge::Node(admin),
    },
    Check {
        code: "doctor.admin_public",
        about: "the Admin API listens on a public address",
        why: "whoever reaches it configures the gateway, also in the middle of an upgrade that counts on nobody doing so",
        remedy: "`admin_listen = 127.0.0.1:8001` in {conf}, or an address of the management network",
        judge: Judge::Node(public),
    },
    Check {
        code: "doctor.database_other",
        about: "a node's own settings do not lead to the database of its cluster",
        why: "its `kong migrations` would migrate another database than the one that was backed up",
        remedy: "compare `pg_*` in {conf} and the `KONG_PG_*` variables with `[databases]` of the environment file",
        judge: Judge::Node(database),
    },
    Check {
        code: "doctor.settings_changed",
        about: "a restart would change settings of a node",
        why: "kong.conf was edited since it was started, or variables of its service are not set for cutover: it comes back as another node",
        remedy: "write into {conf} what its service sets by `KONG_*` variables, and restart `{node}` before the upgrade",
        judge: Judge::Node(settings),
    },
    Check {
        code: "doctor.node_unlisted",
        about: "a node runs on the host that the environment does not list",
        why: "it goes on with the old version on the migrated database, and `finish` takes away what it reads",
        remedy: "add it under `[[clusters.NAME.nodes]]`, or stop it",
        judge: Judge::Node(strangers),
    },
    Check {
        code: "doctor.files_few",
        about: "a node may open few files",
        why: "each request takes two, a second side's health checks more: beyond the limit connections are dropped with `too many open files`",
        remedy: "`LimitNOFILE=65536` in its unit, or `ulimit -n 65536` where it is started, then restart `{node}`",
        judge: Judge::Node(files),
    },
    Check {
        code: "doctor.user_other",
        about: "a node runs as another user than cutover",
        why: "what cutover starts writes files that the node's own service cannot touch any more, and ours may not stop theirs",
        remedy: "run cutover as the user of the node's process",
        judge: Judge::Node(user),
    },
    Check {
        code: "doctor.node_supervised",
        about: "a service or a container keeps the node",
        why: "it starts Kong again as soon as cutover stops it, or takes cutover's start for a failure",
        remedy: "switch its restarts off for the upgrade: `systemctl edit --runtime` with `Restart=no`, or stop it and start with `kong`",
        judge: Judge::Node(supervised),
    },
];

fn stopped(_: &Facts, node: &Node) -> Judged {
    Ok(if *node.runs.get()? {
        Outcome::Fine("`kong health` says that it runs".to_owned())
    } else {
        Outcome::Warning("`kong health` says no".to_owned())
    })
}

fn version(_: &Facts, node: &Node) -> Judged {
    let (installed, running) = (node.installed.get()?, &node.admin.get()?.version);
    Ok(if installed == running {
        Outcome::Fine(format!("{running}"))
    } else {
        Outcome::Wrong(format!("{running} runs, {installed} is installed"))
    })
}

fn package(facts: &Facts, node: &Node) -> Judged {
    let to = facts.to.as_ref();
    let to = to.ok_or("no version to go to was named; `--to` names one")?;
    let available = node.available.get()?;
    Ok(if available.contains(to) {
        Outcome::Fine(format!("{to} is there"))
    } else {
        let there: Vec<String> = available.iter().map(ToString::to_string).collect();
        Outcome::Wrong(format!("{to} is not among {}", there.join(", ")))
    })
}

fn trial(facts: &Facts, node: &Node) -> Judged {
    let to = facts.to.as_ref();
    let to = to.ok_or("no version to go to was named; `--to` names one")?;
    let there = node.trials.get()?;
    Ok(if there.contains(to) {
        Outcome::Fine(format!("{to} can be tried"))
    } else {
        let there: Vec<String> = there.iter().map(ToString::to_string).collect();
        Outcome::Warning(format!(
            "{to} cannot be tried, where {} can",
            there.join(", ")
        ))
    })
}

fn admin(_: &Facts, node: &Node) -> Judged {
    let runs = *node.runs.get()?;
    match node.admin.get() {
        Ok(told) if told.database_reachable => Ok(Outcome::Fine("it answers".to_owned())),
        Ok(_) => Ok(Outcome::Wrong(
            "it says that its database does not answer".to_owned(),
        )),
        Err(why) if runs => Ok(Outcome::Wrong(why)),
        Err(_) => Err("it does not run".to_owned()),
    }
}

fn public(_: &Facts, node: &Node) -> Judged {
    let listens = node.told.running.get()?.get("admin_listen");
    let listens = match listens {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => one.split(',').collect(),
        _ => Vec::new(),
    };
    if listens.is_empty() {
        return Err("its Admin API does not tell where it listens".to_owned());
    }
    let addresses: Vec<(&str, IpAddr)> = (listens.iter())
        .filter_map(|listen| Some((*listen, address(listen)?)))
        .collect();
    let told = |is_meant: &dyn Fn(&IpAddr) -> bool| {
        let meant = addresses.iter().filter(|(_, address)| is_meant(address));
        named(meant.map(|(listen, _)| *listen))
    };
    let (anywhere, outside) = (told(&IpAddr::is_unspecified), told(&is_public));
    Ok(if !outside.is_empty() {
        Outcome::Wrong(outside)
    } else if !anywhere.is_empty() {
        Outcome::Warning(format!("{anywhere}, which is every address of the host"))
    } else {
        Outcome::Fine(named(listens))
    })
}

/// The address of `127.0.0.1:8001 reuseport` or `[::1]:8001`; none of `off`.
fn address(listen: &str) -> Option<IpAddr> {
    let (host, _) = listen.split_whitespace().next()?.rsplit_once(':')?;
    host.trim_matches(['[', ']']).parse().ok()
}

fn is_public(address: &IpAddr) -> bool {
    let own = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    !own && !address.is_loopback() && !address.is_unspecified()
}

fn database(facts: &Facts, node: &Node) -> Judged {
    let own = facts.cluster_of(node);
    let own = own.and_then(|cluster| facts.database_of(cluster));
    // What is not there, or not to be reached, is another check's.
    if let Some(Reach::Absent | Reach::Refused(_)) = own.and_then(|own| own.reach.get().ok()) {
        return Err("the database of its cluster cannot be reached".to_owned());
    }
    let other = node.other_database.get()?;
    Ok(other.as_ref().map_or_else(
        || Outcome::Fine("a lock taken on one side is seen on the other".to_owned()),
        |why| Outcome::Wrong(why.clone()),
    ))
}

fn settings(_: &Facts, node: &Node) -> Judged {
    let changed = node.host.get()?.changed_settings.get()?;
    Ok(if changed.is_empty() {
        Outcome::Fine("it runs with what its kong.conf says".to_owned())
    } else {
        Outcome::Warning(named(changed))
    })
}

fn strangers(_: &Facts, node: &Node) -> Judged {
    let strangers = node.strangers.get()?;
    let described: Vec<String> = (strangers.iter())
        .map(|stranger| match stranger.shares_database {
            None => format!(
                "{} (which database it uses is not known)",
                stranger.described
            ),
            Some(_) => stranger.described.clone(),
        })
        .collect();
    let certain = strangers
        .iter()
        .any(|one| one.shares_database == Some(true));
    Ok(if certain {
        Outcome::Wrong(described.join("; "))
    } else {
        Outcome::warning_if_any(&described, "none does")
    })
}

fn files(_: &Facts, node: &Node) -> Judged {
    let limit = *node.told.open_files.get()?;
    let connections = node
        .told
        .running
        .get()?
        .get("nginx_events_worker_connections");
    // `auto` goes by the limit itself.
    let connections =
        connections.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    Ok(match connections {
        Some(connections) if limit < connections.saturating_mul(2) => Outcome::Wrong(format!(
            "{limit} files for {connections} connections of each worker"
        )),
        _ if limit < FEW_FILES => Outcome::Warning(format!("{limit} files")),
        _ => Outcome::Fine(format!("{limit} files")),
    })
}

fn user(_: &Facts, node: &Node) -> Judged {
    Ok(match node.host.get()?.other_user.get()? {
        None => Outcome::Fine("it is the same".to_owned()),
        Some(number) => {
            Outcome::Wrong(format!("its process is of the user of the number {number}"))
        }
    })
}

fn supervised(_: &Facts, node: &Node) -> Judged {
    let supervisor = node.host.get()?.supervisor.get()?;
    Ok(supervisor.as_ref().map_or_else(
        || Outcome::Fine("its process stands for itself".to_owned()),
        |by| Outcome::Warning(format!("`{by}`")),
    ))
}
