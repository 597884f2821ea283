//! A node: what runs, what is set, and the host that it runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde_json::Value;

use super::super::Live;
use super::super::hosts::Host;
use crate::environment::{self, PackageDriver};
use crate::gateway::Kong as _;
use crate::kong::advisories::{Known, Node, Origin, Os, Setting};
use crate::kong::conf::{Document, Grammar, Standing, key_of_variable};

impl Live {
    pub(super) async fn node_evidence(&self, node: &environment::Node) -> Node {
        let host = match self.host(node).await {
            Ok(host) => host,
            Err(failure) => return unreached(&failure.message),
        };
        let process = process(&host, &node.prefix).await;
        let image_tag = match &self.environment.review.image_tag {
            Some(tag) => Known::Known(tag.clone()),
            None => Known::unknown(
                "`image_tag` under `[review]` names it; \"\" says that there is none",
            ),
        };
        let (package, modified_files) = match node.packages {
            // Versions side by side are no package of the distribution's.
            PackageDriver::Prefix(_) => {
                (Known::Known(String::new()), Known::Known(BTreeSet::new()))
            }
            _ => (Known::default(), Known::default()),
        };
        Node {
            running: self.running(&node.name).await,
            set: set(
                &host,
                node,
                self.grammar(&node.name).await,
                process.as_deref(),
            )
            .await,
            image_tag,
            package,
            architecture: host
                .architecture()
                .await
                .map_or_else(|error| Known::unknown(error.to_string()), Known::Known),
            os: os(&host).await,
            open_files: open_files(&host, process.as_deref()).await,
            modified_files,
        }
    }

    /// How the installed version of a node reads its kong.conf; as the newest do where it does not tell its version.
    pub(in crate::gateway::live) async fn grammar(&self, node: &str) -> Grammar {
        let installed = self.installed_version(node).await;
        installed.map_or(Grammar::From32, Grammar::of)
    }

    /// The settings in effect, as the node tells them.
    async fn running(&self, node: &str) -> Known<BTreeMap<String, Value>> {
        match self.admin_get(node, "/").await {
            Ok(root) => match root.get("configuration").and_then(Value::as_object) {
                Some(settings) => {
                    let settings = settings.iter();
                    Known::Known(
                        settings
                            .map(|(key, value)| (key.clone(), value.clone()))
                            .collect(),
                    )
                }
                None => Known::unknown("the Admin API does not tell its `configuration`"),
            },
            Err(failure) => Known::unknown(failure.message),
        }
    }
}

/// The directory of the node's process under `/proc`, if it runs.
async fn process(host: &Host, prefix: &Path) -> Option<String> {
    let pid = host.read_text(&prefix.join("pids/nginx.pid")).await.ok()?;
    let pid: u32 = pid.trim().parse().ok()?;
    let process = format!("/proc/{pid}");
    let is_there = host.exists(process.as_ref()).await;
    is_there.unwrap_or(false).then_some(process)
}

/// A node whose host is not reached.
fn unreached(why: &str) -> Node {
    Node {
        running: Known::unknown(why),
        set: Known::unknown(why),
        image_tag: Known::unknown(why),
        package: Known::unknown(why),
        architecture: Known::unknown(why),
        os: Known::unknown(why),
        open_files: Known::unknown(why),
        modified_files: Known::unknown(why),
    }
}

/// What stands in a node's file, then what stands in its process's environment, which counts before the file.
pub(in crate::gateway::live) async fn set(
    host: &Host,
    node: &environment::Node,
    grammar: Grammar,
    process: Option<&str>,
) -> Known<Vec<Setting>> {
    let unread = |path: &Path, error: &io::Error| {
        Known::unknown(format!(
            "cannot read `{}`: {}",
            path.display(),
            error.kind()
        ))
    };
    let text = match host.read_text(&node.conf).await {
        Ok(text) => text,
        Err(error) => return unread(&node.conf, &error),
    };
    let file = node.conf.display().to_string();
    let found = Document::parse(&text, grammar).settings().into_iter();
    let mut all: Vec<Setting> = found
        .filter(|setting| setting.standing == Standing::Counts)
        .map(|setting| Setting {
            key: setting.key,
            value: setting.value,
            origin: Some(Origin::File(file.clone(), setting.line)),
        })
        .collect();
    let Some(process) = process else {
        return Known::unknown("it does not run, so what its environment sets is not known");
    };
    let path = Path::new(process).join("environ");
    let variables = match host.read(&path).await {
        Ok(variables) => variables,
        Err(error) => return unread(&path, &error),
    };
    let variables = String::from_utf8_lossy(&variables);
    for (name, value) in variables.split('\0').filter_map(|one| one.split_once('=')) {
        if let Some(key) = key_of_variable(name) {
            all.retain(|before| before.key != key);
            all.push(Setting {
                key,
                value: value.to_owned(),
                origin: Some(Origin::Variable(name.to_owned())),
            });
        }
    }
    Known::Known(all)
}

/// The system of a host.
async fn os(host: &Host) -> Known<Os> {
    let text = match host.read_text("/etc/os-release".as_ref()).await {
        Ok(text) => text,
        Err(error) => {
            return Known::unknown(format!("cannot read `/etc/os-release`: {}", error.kind()));
        }
    };
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.map(|value| value.trim_matches(['"', '\'']).to_owned())
    };
    match (value("ID="), value("VERSION_ID=")) {
        (Some(id), version) => Known::Known(Os {
            id,
            version: version.unwrap_or_default(),
        }),
        _ => Known::unknown("`/etc/os-release` names no `ID`"),
    }
}

/// How many files its process may open.
async fn open_files(host: &Host, process: Option<&str>) -> Known<u64> {
    let Some(process) = process else {
        return Known::unknown("it does not run");
    };
    let limits = host.read_text(&Path::new(process).join("limits")).await;
    let limits = limits.unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft {
        Some("unlimited") => Known::Known(u64::MAX),
        Some(soft) => soft.parse().map_or_else(
            |_| Known::unknown("its limits cannot be read"),
            Known::Known,
        ),
        None => Known::unknown("its limits cannot be read"),
    }
}
