//! Load balancers, as the inventory describes them.

mod haproxy;
mod kong_upstream;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Problem;
use super::{Cluster, SecretReference};

/// A load balancer in front of a cluster's nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// The driver.
    pub kind: TrafficKind,
    /// Base URL that clients use.
    pub url: Option<String>,
    /// `practice`: base URL of the control interface.
    pub control: Option<String>,
    /// `haproxy`: the runtime sockets, level admin, each a path or `host:port`. Where several stand side by side, all of them: they are
    /// set alike, and must be found alike.
    #[serde(default)]
    pub sockets: Vec<String>,
    /// `haproxy`: the backend whose servers are the nodes.
    pub backend: Option<String>,
    /// `haproxy`, instead of weights: the map by which all clients are sent to one of `backends`, and to another at once.
    pub map: Option<HaproxyMap>,
    /// `haproxy` with a `map`: the backend of each cluster, as the map names it.
    #[serde(default)]
    pub backends: BTreeMap<String, String>,
    /// `haproxy`: what the backend calls a node, where that is not the node's own name. `nginx`: what stands behind `server` in the
    /// upstream for each node, such as `10.0.0.11:8000`. `kong-upstream`: the same of the upstream's target, as Kong lists it.
    #[serde(default)]
    pub servers: BTreeMap<String, String>,
    /// Servers that are no nodes and may stay as they are, as it calls them: such as one that answers while no node does. Any other
    /// that is no node keeps an upgrade from being begun.
    #[serde(default)]
    pub others: Vec<String>,
    /// `haproxy`: the file that is its `server-state-file`. It is written after every change, so that a reload of HAProxy keeps what was
    /// set; without it a reload goes back to HAProxy's configuration. Only where there is one socket.
    pub state_file: Option<PathBuf>,
    /// `nginx`: the file, included by its configuration, that holds the upstream. It is changed in place: the weight and `down` of the
    /// nodes' servers, and nothing else.
    pub upstream_file: Option<PathBuf>,
    /// `nginx`: the name of the upstream whose servers are the nodes. `kong-upstream`: of the one whose targets they are.
    pub upstream: Option<String>,
    /// `nginx`: its program, word for word, to which `-t` and `-s reload` are added.
    #[serde(default = "nginx")]
    pub nginx: Vec<String>,
    /// `nginx`: the file with its master's number.
    pub pid_file: Option<PathBuf>,
    /// `kong-upstream`: base URL of the Admin API of every Kong that has the upstream, all of one cluster. The first that answers is told,
    /// and each is asked what its own balancer uses.
    #[serde(default)]
    pub admin: Vec<String>,
    /// `kong-upstream`: the token for these Admin APIs (`Kong-Admin-Token`), where they want one.
    pub admin_token: Option<SecretReference>,
    /// `command`: what tells of the node `{node}`, as JSON on standard output: `{"weight": 100, "state": "ready", "in_flight": 0}`, with the
    /// state `ready` or `drain`. Without `in_flight`, nothing is in flight on a node that is told to drain; with `"up": false` it gets no
    /// requests, whatever its state. The first word is an absolute path; no shell reads the others.
    #[serde(default)]
    pub status: Vec<String>,
    /// `command`: what gives the node `{node}` the `{weight}`, 0 to 256, and the `{state}`, `ready` or `drain`, and ends with 0 once it
    /// did. Done twice it changes nothing.
    #[serde(default)]
    pub set: Vec<String>,
}

/// A map in HAProxy's configuration that says where clients go, as in `use_backend %[str(side),map(/etc/haproxy/side.map)]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaproxyMap {
    /// Its file, word for word as HAProxy's configuration names it.
    pub file: String,
    /// The key whose value is the backend.
    pub key: String,
    /// Whether the file, on this machine, is changed with what runs, so that HAProxy's reload keeps what was set. Preset: true.
    #[serde(default = "yes")]
    pub keep: bool,
}

fn yes() -> bool {
    true
}

/// What kind of load balancer stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficKind {
    /// The practice cluster's own small load balancer.
    Practice,
    /// HAProxy's runtime socket.
    Haproxy,
    /// nginx, by the file that holds its upstream.
    Nginx,
    /// A Kong upstream, by the weights of its targets.
    KongUpstream,
    /// Commands of one's own, for what is none of the others.
    Command,
}

fn nginx() -> Vec<String> {
    vec!["/usr/sbin/nginx".to_owned()]
}

impl Traffic {
    /// What the load balancer calls a node: its server in HAProxy's backend, or in nginx's upstream.
    #[must_use]
    pub fn server<'a>(&'a self, node: &'a str) -> &'a str {
        self.servers.get(node).map_or(node, String::as_str)
    }

    /// What HAProxy calls the backend in which a cluster's nodes stand; empty where it is not described.
    #[must_use]
    pub fn backend_of(&self, cluster: &str) -> &str {
        let own = self.backends.get(cluster).or(self.backend.as_ref());
        own.map(String::as_str).unwrap_or_default()
    }

    /// Looks at what the types alone cannot say; `behind` are the clusters that stand behind it, by their names.
    pub(super) fn check(&self, name: &str, behind: &[(&str, &Cluster)]) -> Result<(), Problem> {
        let nodes = behind.iter().flat_map(|(_, cluster)| &cluster.nodes);
        let mut nodes = nodes.map(|node| node.name.as_str());
        match self.kind {
            TrafficKind::Practice => Ok(()),
            TrafficKind::Haproxy => self.check_haproxy(name, behind),
            TrafficKind::Nginx => self.check_nginx(name, &mut nodes),
            TrafficKind::KongUpstream => self.check_kong_upstream(name, &mut nodes),
            TrafficKind::Command => self.check_commands(name),
        }
    }

    fn check_nginx<'a>(
        &self,
        name: &str,
        nodes: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), Problem> {
        let missing = [
            (
                self.upstream_file.is_none(),
                "upstream_file",
                "upstream_file = \"/etc/nginx/conf.d/kong.conf\"",
            ),
            (self.upstream.is_none(), "upstream", "upstream = \"kong\""),
            (
                self.pid_file.is_none(),
                "pid_file",
                "pid_file = \"/run/nginx.pid\"",
            ),
        ];
        if let Some((_, key, example)) = missing.iter().find(|(is_missing, ..)| *is_missing) {
            let (what, help) = (format!("has no `{key}`"), format!("name it: `{example}`"));
            return Err(Problem::traffic(name, "\"nginx\"", &what, &help));
        }
        if !self
            .nginx
            .first()
            .is_some_and(|program| program.starts_with('/'))
        {
            let help = "write it word for word: `nginx = [\"/usr/sbin/nginx\"]`";
            return Err(Problem::traffic(
                name,
                "nginx = ",
                "has no path of nginx's program",
                help,
            ));
        }
        if let Some(node) = nodes.find(|node| !self.servers.contains_key(*node)) {
            let what = format!("does not say which `server` of the upstream `{node}` is");
            let help = format!("name it: `servers = {{ {node} = \"10.0.0.11:8000\" }}`");
            return Err(Problem::traffic(name, "\"nginx\"", &what, &help));
        }
        Ok(())
    }

    fn check_commands(&self, name: &str) -> Result<(), Problem> {
        let holes = ["{node}", "{weight}", "{state}"];
        for (key, command, wanted) in [
            ("status", &self.status, &holes[..1]),
            ("set", &self.set, &holes[..]),
        ] {
            let example = format!(
                "{key} = [\"/usr/local/bin/edge\", \"{key}\", \"{}\"]",
                wanted.join("\", \"")
            );
            let help = format!("write it word for word: `{example}`");
            if !command
                .first()
                .is_some_and(|program| program.starts_with('/'))
            {
                let what = format!("has no `{key}` that begins with the path of a program");
                let word = if command.is_empty() {
                    "\"command\""
                } else {
                    key
                };
                return Err(Problem::traffic(name, word, &what, &help));
            }
            if let Some(missing) = wanted
                .iter()
                .find(|hole| !command[1..].iter().any(|word| word.contains(**hole)))
            {
                let what = format!("has a `{key}` without `{missing}`");
                return Err(Problem::traffic(name, key, &what, &help));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{WITH_HAPROXY, parsed};

    #[test]
    fn commands_are_whole_or_named() {
        let with = |lines: &str| {
            let start = WITH_HAPROXY.find("kind =").expect("there");
            let end = WITH_HAPROXY.find("[storage]").expect("there");
            let (before, after) = (&WITH_HAPROXY[..start], &WITH_HAPROXY[end..]);
            parsed(&format!("{before}kind = \"command\"\n{lines}\n{after}"))
        };
        let status = "status = [\"/bin/edge\", \"{node}\"]\n";
        let whole = with(&format!(
            "{status}set = [\"/bin/edge\", \"{{node}}={{weight}},{{state}}\"]"
        ));
        assert!(whole.is_ok(), "{whole:?}");
        let refusals = [
            String::new(),
            status.replace("/bin/", ""),
            status.replace("{node}", "kong-1"),
            format!("{status}set = [\"/bin/edge\", \"{{node}}\", \"{{weight}}\"]"),
        ];
        let refusals = refusals.map(|lines| with(&lines).expect_err("refused"));
        insta::assert_snapshot!(refusals.join("\n"), @r#"
        environment.toml:13:8: the load balancer `edge` has no `status` that begins with the path of a program
        help: write it word for word: `status = ["/usr/local/bin/edge", "status", "{node}"]`
        environment.toml:14:1: the load balancer `edge` has no `status` that begins with the path of a program
        help: write it word for word: `status = ["/usr/local/bin/edge", "status", "{node}"]`
        environment.toml:14:1: the load balancer `edge` has a `status` without `{node}`
        help: write it word for word: `status = ["/usr/local/bin/edge", "status", "{node}"]`
        environment.toml:15:1: the load balancer `edge` has a `set` without `{state}`
        help: write it word for word: `set = ["/usr/local/bin/edge", "set", "{node}", "{weight}", "{state}"]`
        "#);
    }
}
