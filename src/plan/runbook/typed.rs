//! The commands that a person types, with the paths and addresses of the environment.

use super::RunbookStep;
use crate::environment::{self, Cluster, Database, Environment, Node};
use crate::primitive::Check;

/// The environment, as what is typed needs it.
pub(super) struct Typed<'a>(pub(super) &'a Environment);

impl Typed<'_> {
    pub(super) fn counts(&self, step: &mut RunbookStep, node: &str) {
        step.commands = self.on(&[node.to_owned()], |node| {
            format!("for kind in services routes consumers plugins; do curl -sS {}/$kind | jq '.data | length'; done", asked_at(node))
        });
    }

    /// Requests, each of which is to be answered rightly so many times in a row.
    pub(super) fn requests(&self, step: &mut RunbookStep, checks: &[Check], passes: u32) {
        step.commands = checks.iter().map(|check| self.request(check)).collect();
        let wanted = checks
            .iter()
            .filter_map(|check| check.expect.status.as_ref());
        let mut wanted: Vec<String> = wanted.map(ToString::to_string).collect();
        wanted.dedup();
        if passes > 1 {
            wanted.push(format!(
                "{passes} times in a row, each over a fresh connection"
            ));
        }
        step.expect = Some(wanted.join(", ")).filter(|wanted| !wanted.is_empty());
        step.stop = Some("any other answer".to_owned());
    }

    fn request(&self, check: &Check) -> String {
        let base = check
            .node
            .as_deref()
            .and_then(|name| self.0.node(name))
            .and_then(|(_, _, node)| node.proxy.as_deref())
            .map(|proxy| proxy.trim_end_matches('/').to_owned())
            .unwrap_or_default();
        let names = check.request.headers.keys();
        let headers: Vec<String> = names.map(|name| format!("-H '{name}: …' ")).collect();
        let headers = headers.concat();
        let is_path = check.request.url.starts_with('/');
        let to = if is_path {
            String::new()
        } else {
            let address = base.split("://").last().unwrap_or_default();
            format!("--connect-to '::{address}' ")
        };
        let base = if is_path { base.as_str() } else { "" };
        format!(
            "curl -sS -o /dev/null -w '%{{http_code}}\\n' -X {} {headers}{to}{base}{}",
            check.request.method, check.request.url
        )
    }

    pub(super) fn on(&self, nodes: &[String], command: impl Fn(&Node) -> String) -> Vec<String> {
        nodes
            .iter()
            .filter_map(|name| {
                let (_, _, node) = self.0.node(name)?;
                Some(format!("{}   # on {name}", command(node)))
            })
            .collect()
    }

    pub(super) fn migrations(&self, node: &str, half: &str) -> String {
        self.0
            .node(node)
            .map_or_else(String::new, |(_, _, found): (&str, &Cluster, &Node)| {
                format!(
                    "{} migrations {half} -c {}",
                    kong(found),
                    found.conf.display()
                )
            })
    }

    pub(super) fn database(&self, name: &str) -> Option<&Database> {
        self.0.databases.get(name)
    }

    pub(super) fn name(&self, database: &str) -> &str {
        self.database(database)
            .map_or("kong", |found| &found.database)
    }

    /// How the server of a database is reached.
    pub(super) fn server(&self, name: &str) -> String {
        self.database(name).map_or_else(String::new, |found| {
            format!("-h {} -p {} -U {}", found.host, found.port, found.user)
        })
    }

    /// How a database is reached.
    pub(super) fn connection(&self, name: &str) -> String {
        format!("{} -d {}", self.server(name), self.name(name))
    }

    pub(super) fn sql(&self, database: &str, statement: &str) -> String {
        format!("psql {} -c \"{statement}\"", self.connection(database))
    }
}

/// The base URL of what a node is asked at: its Admin API, of a data plane its Status API.
pub(super) fn asked_at(node: &Node) -> &str {
    let base = node.admin.as_deref().or(node.status.as_deref());
    base.unwrap_or_default()
}

/// The `kong` command of a node.
pub(super) fn kong(node: &Node) -> String {
    node.packages.command().display().to_string()
}

/// A command of the playbook's own; `kong` is the node's.
pub(super) fn command(node: &Node, words: &[String]) -> String {
    let mut words = words.to_vec();
    if let Some(first) = words.first_mut().filter(|first| *first == "kong") {
        *first = kong(node);
    }
    environment::typed(&words)
}

pub(super) fn start(node: &Node) -> String {
    making("start", node)
}

/// A `kong` command that makes nginx's configuration for a node.
pub(super) fn making(verb: &str, node: &Node) -> String {
    let template = node.nginx_conf.as_ref();
    let template = template.map(|path| format!(" --nginx-conf {}", path.display()));
    format!(
        "{} {verb} -c {} -p {}{}",
        kong(node),
        node.conf.display(),
        node.prefix.display(),
        template.unwrap_or_default()
    )
}

/// Setting nodes to a state at their load balancer.
pub(super) fn rotate(step: &mut RunbookStep, nodes: &[String], state: &str, undo: &str) {
    let set = |state: &str| {
        nodes
            .iter()
            .map(|node| format!("at the load balancer, set `{node}` to {state}"))
            .collect()
    };
    step.commands = set(state);
    step.expect = Some(
        "the load balancer tells what was set; of a drained node nothing is in flight any more"
            .to_owned(),
    );
    step.undo = set(undo);
}
