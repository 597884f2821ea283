//! A node: what runs, what is set, and the host that it runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde_json::Value;

use super::super::Live;
use crate::environment::{self, PackageDriver};
use crate::kong::advisories::{Known, Node, Origin, Os, Setting};
use crate::kong::settings;

impl Live {
    pub(super) async fn node_evidence(&self, node: &environment::Node) -> Node {
        let process = process(&node.prefix);
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
            set: set(node, process.as_deref()),
            image_tag,
            package,
            architecture: Known::Known(
                rustix::system::uname()
                    .machine()
                    .to_string_lossy()
                    .into_owned(),
            ),
            os: os(),
            open_files: open_files(process.as_deref()),
            modified_files,
        }
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
fn process(prefix: &Path) -> Option<String> {
    let pid = std::fs::read_to_string(prefix.join("pids/nginx.pid")).ok()?;
    let pid: u32 = pid.trim().parse().ok()?;
    let process = format!("/proc/{pid}");
    Path::new(&process).exists().then_some(process)
}

/// What stands in a node's file, then what stands in its process's environment, which counts before the file.
pub(in crate::gateway::live) fn set(
    node: &environment::Node,
    process: Option<&str>,
) -> Known<Vec<Setting>> {
    let unread = |path: &Path, error: &io::Error| {
        Known::unknown(format!(
            "cannot read `{}`: {}",
            path.display(),
            error.kind()
        ))
    };
    let text = match std::fs::read_to_string(&node.conf) {
        Ok(text) => text,
        Err(error) => return unread(&node.conf, &error),
    };
    let file = node.conf.display().to_string();
    let lines = settings::parse(&text).into_iter();
    let mut all: Vec<Setting> = lines
        .map(|line| Setting {
            key: line.key,
            value: line.value,
            origin: Some(Origin::File(file.clone(), line.number)),
        })
        .collect();
    let Some(process) = process else {
        return Known::unknown("it does not run, so what its environment sets is not known");
    };
    let path = Path::new(process).join("environ");
    let variables = match std::fs::read(&path) {
        Ok(variables) => variables,
        Err(error) => return unread(&path, &error),
    };
    let variables = String::from_utf8_lossy(&variables);
    for (name, value) in variables.split('\0').filter_map(|one| one.split_once('=')) {
        if let Some(key) = settings::key_of_variable(name) {
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

/// The system of this machine, on which nodes run.
fn os() -> Known<Os> {
    let text = match std::fs::read_to_string("/etc/os-release") {
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
fn open_files(process: Option<&str>) -> Known<u64> {
    let Some(process) = process else {
        return Known::unknown("it does not run");
    };
    let limits = std::fs::read_to_string(Path::new(process).join("limits"));
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
