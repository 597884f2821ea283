//! Checks of clusters: whether their nodes agree, and have what their configuration needs.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Cluster, Facts};
use super::words::named;
use crate::kong::advisories::License;

/// Settings that decide what a node makes of the same configuration.
const TOGETHER: [&str; 14] = [
    "database",
    "pg_host",
    "pg_port",
    "pg_database",
    "pg_schema",
    "plugins",
    "router_flavor",
    "role",
    "headers",
    "real_ip_header",
    "trusted_ips",
    "worker_consistency",
    "db_cache_ttl",
    "enforce_rbac",
];

pub(super) const CHECKS: [Check; 6] = [
    Check {
        code: "doctor.versions_mixed",
        about: "the nodes of a cluster run different versions",
        why: "an earlier upgrade stopped on the way, or an image moved under one of them; migrations go by the version of one node alone",
        remedy: "bring all nodes of `{cluster}` to one version first",
        judge: Judge::Cluster(versions),
    },
    Check {
        code: "doctor.settings_mixed",
        about: "the nodes of a cluster have different settings",
        why: "a migration run by a node with fewer plugins leaves out theirs, and a node with another router matches other routes",
        remedy: "compare their kong.conf and `KONG_*` variables, and make them alike",
        judge: Judge::Cluster(settings),
    },
    Check {
        code: "doctor.plugins_absent",
        about: "plugins in use are missing on a node",
        why: "the node's next start ends with `plugin is in use but not enabled`",
        remedy: "install the plugin there and name it under `plugins` in kong.conf, or remove it from the configuration",
        judge: Judge::Cluster(plugins),
    },
    Check {
        code: "doctor.plugins_elsewhere",
        about: "plugins in use here are missing on nodes of another cluster",
        why: "if that cluster is to take over, its nodes do not start on a copy of this database",
        remedy: "install them on the other cluster too, and name them under `plugins` in its kong.conf",
        judge: Judge::Cluster(plugins_elsewhere),
    },
    Check {
        code: "doctor.license_over",
        about: "the license of Kong Enterprise is over",
        why: "nodes that run go on, while the Admin API of one that starts anew takes no writes, so that nothing can be put right",
        remedy: "get a new one, and `POST /licenses` at the Admin API before the upgrade",
        judge: Judge::Cluster(license),
    },
    Check {
        code: "doctor.upstream_unknown",
        about: "hosts of services or targets have no address",
        why: "their requests fail already, and after the upgrade nobody will know whether it was the reason",
        remedy: "correct or remove them at the Admin API; names that Kong's own `dns_resolver` alone knows are fine",
        judge: Judge::Cluster(upstreams),
    },
];

/// Who has which: the values with the nodes that have them, where there is more than one.
fn parted(values: &BTreeMap<String, Vec<&str>>) -> Option<String> {
    if values.len() < 2 {
        return None;
    }
    let each = values.iter();
    let each = each.map(|(value, nodes)| format!("{value} on {}", named(nodes)));
    Some(each.collect::<Vec<_>>().join(", "))
}

fn versions(_: &Facts, cluster: &Cluster) -> Judged {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut unknown = None;
    for node in &cluster.nodes {
        match node.admin.get() {
            Ok(told) => {
                let version = told.version.to_string();
                found.entry(version).or_default().push(node.words.subject());
            }
            Err(why) => unknown = Some(why),
        }
    }
    let all = found.keys().next().cloned().unwrap_or_default();
    match (parted(&found), unknown) {
        (Some(parted), _) => Ok(Outcome::Wrong(parted)),
        (None, Some(why)) => Err(why),
        (None, None) => Ok(Outcome::Fine(format!("all run {all}"))),
    }
}

fn settings(_: &Facts, cluster: &Cluster) -> Judged {
    let mut differing = Vec::new();
    let mut unknown = None;
    for key in TOGETHER {
        let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for node in &cluster.nodes {
            match node.told.running.get() {
                Ok(settings) => {
                    let value = settings.get(key);
                    let value = value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
                    found.entry(value).or_default().push(node.words.subject());
                }
                Err(why) => unknown = Some(why),
            }
        }
        differing.extend(parted(&found).map(|parted| format!("`{key}` is {parted}")));
    }
    match unknown {
        Some(why) if differing.is_empty() => Err(why),
        _ => Ok(Outcome::wrong_if_any(
            &differing,
            "those that matter together are alike",
        )),
    }
}

/// The names of the plugins that a cluster's configuration uses.
fn used(cluster: &Cluster) -> Result<BTreeSet<&str>, String> {
    let plugins = cluster.entities.get("plugins").ok_or("nobody looked")?;
    let names = plugins
        .get()?
        .iter()
        .filter_map(|one| one.fields.get("name"));
    Ok(names.filter_map(|name| name.as_str()).collect())
}

/// Which of them nodes of `there` lack.
fn lacking(used: &BTreeSet<&str>, there: &Cluster) -> Result<Vec<String>, String> {
    let mut lacking = Vec::new();
    for node in &there.nodes {
        let available = node.plugins.get()?;
        let missing = used.iter().filter(|plugin| !available.contains(**plugin));
        let missing: Vec<&&str> = missing.collect();
        if !missing.is_empty() {
            lacking.push(format!(
                "`{}` lacks {}",
                node.words.subject(),
                named(missing)
            ));
        }
    }
    Ok(lacking)
}

fn plugins(_: &Facts, cluster: &Cluster) -> Judged {
    let used = used(cluster)?;
    let lacking = lacking(&used, cluster)?;
    let fine = format!("every node has all {} in use", used.len());
    Ok(Outcome::wrong_if_any(&lacking, &fine))
}

fn plugins_elsewhere(facts: &Facts, cluster: &Cluster) -> Judged {
    let used = used(cluster)?;
    let mut found = Vec::new();
    let own = cluster.words.subject();
    for other in &facts.clusters {
        if other.words.subject() != own {
            found.extend(lacking(&used, other)?);
        }
    }
    Ok(Outcome::warning_if_any(
        &found,
        "no other cluster that is looked at lacks one",
    ))
}

fn license(_: &Facts, cluster: &Cluster) -> Judged {
    Ok(match cluster.license.get()? {
        License::Valid => Outcome::Fine("it is valid".to_owned()),
        License::Absent => Outcome::Fine("there is none".to_owned()),
        License::Expired => Outcome::Wrong("`/license/report` says so".to_owned()),
    })
}

fn upstreams(_: &Facts, cluster: &Cluster) -> Judged {
    let found = cluster.hosts.unresolved_with_owners()?;
    let fine = format!("{} resolve", cluster.hosts.named.len());
    Ok(Outcome::warning_if_any(&found, &fine))
}
