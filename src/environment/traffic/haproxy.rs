//! What must stand in the inventory about an HAProxy whose servers are the nodes.

use super::{HaproxyMap, Traffic};
use crate::environment::Cluster;
use crate::environment::error::Problem;

/// The kind, as the file writes it.
const KIND: &str = "\"haproxy\"";

/// What HAProxy's names are made of. They become words of a command, in which a `;` begins another one.
const NAMES: &str = "its names are made of letters, digits, `-`, `_`, `.` and `:`";

impl Traffic {
    pub(super) fn check_haproxy(
        &self,
        name: &str,
        behind: &[(&str, &Cluster)],
    ) -> Result<(), Problem> {
        let wrong = |word: &str, what: &str, help: &str| Problem::traffic(name, word, what, help);
        if self.sockets.is_empty() {
            let help = "name it: `sockets = [\"/run/haproxy/admin.sock\"]`";
            return Err(wrong(KIND, "has no runtime socket", help));
        }
        let clusters: Vec<&str> = behind.iter().map(|(cluster, _)| *cluster).collect();
        match &self.map {
            None => self.check_one_backend(name)?,
            Some(map) => self.check_sides(name, map, &clusters)?,
        }
        if self.sockets.len() > 1 && self.state_file.is_some() {
            let help = "leave it out, and let each write its own when it is reloaded";
            let what = "has one file for the states of more than one HAProxy";
            return Err(wrong("state_file", what, help));
        }
        let nodes = behind.iter().flat_map(|(_, cluster)| &cluster.nodes);
        let nodes: Vec<&str> = nodes.map(|node| node.name.as_str()).collect();
        let mut known = self.servers.keys();
        if let Some(stranger) = known.find(|node| !nodes.contains(&node.as_str())) {
            let what = format!(
                "says what HAProxy calls the node `{stranger}`, which does not stand behind it"
            );
            let help = format!("its nodes are {}", nodes.join(", "));
            return Err(wrong(stranger, &what, &help));
        }
        let servers = nodes.iter().map(|node| self.server(node));
        let backends = clusters.iter().map(|cluster| self.backend_of(cluster));
        for word in backends.chain(servers) {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
            if word.is_empty() || !word.chars().all(is_plain) {
                let what = format!("calls something `{word}`, as HAProxy calls nothing");
                let help = format!("{NAMES}; `servers` says what it calls a node");
                return Err(wrong(word, &what, &help));
            }
        }
        Ok(())
    }

    /// Everybody stands in one backend, and gets requests by its weight.
    fn check_one_backend(&self, name: &str) -> Result<(), Problem> {
        let wrong = |word: &str, what: &str, help: &str| Problem::traffic(name, word, what, help);
        if !self.backends.is_empty() {
            let help = "name the map whose value is one of them: `map = { file = \"/etc/haproxy/side.map\", key = \"side\" }`";
            return Err(wrong("backends", "has `backends` without a `map`", help));
        }
        if self.backend.is_none() {
            let help = "name the one whose servers are the nodes: `backend = \"kong\"`";
            return Err(wrong(KIND, "has no backend", help));
        }
        Ok(())
    }

    /// Every cluster stands in a backend of its own, and a map says which of them clients are sent to.
    fn check_sides(&self, name: &str, map: &HaproxyMap, clusters: &[&str]) -> Result<(), Problem> {
        let wrong = |word: &str, what: &str, help: &str| Problem::traffic(name, word, what, help);
        if self.backend.is_some() {
            let help = "leave `backend` out: `backends` names that of each cluster";
            return Err(wrong("backend", "has a `map` and one backend", help));
        }
        let has = |cluster: &&&str| !self.backends.contains_key(**cluster);
        if let Some(cluster) = clusters.iter().find(has) {
            let what = format!("does not say which backend the cluster `{cluster}` has");
            let help = format!("name it: `backends = {{ {cluster} = \"kong_{cluster}\" }}`");
            return Err(wrong("map", &what, &help));
        }
        let mut seen: Vec<(&String, &String)> = Vec::new();
        for (cluster, backend) in &self.backends {
            if !clusters.contains(&cluster.as_str()) {
                let what = format!("has a backend for `{cluster}`, which does not stand behind it");
                let help = format!("its clusters are {}", clusters.join(", "));
                return Err(wrong(cluster, &what, &help));
            }
            if let Some((other, _)) = seen.iter().find(|(_, taken)| *taken == backend) {
                let what =
                    format!("says that `{other}` and `{cluster}` are one backend, `{backend}`");
                return Err(wrong(backend, &what, "give each cluster its own"));
            }
            seen.push((cluster, backend));
        }
        // A file's name and a key are words of a command too, with fewer limits.
        for word in [&map.file, &map.key] {
            if word.is_empty()
                || word
                    .chars()
                    .any(|letter| letter.is_whitespace() || ";\\\"'#".contains(letter))
            {
                let what = format!("has `{word}` in its map, which is no word of a command");
                return Err(wrong(
                    word,
                    &what,
                    "it must have no spaces, quotes, `;`, `#` or `\\`",
                ));
            }
        }
        if map.keep && !map.file.starts_with('/') {
            let what = format!(
                "has the map `{}`, which is no file of this machine",
                map.file
            );
            let help = "write the path that HAProxy's configuration has, or `keep = false` if the file is elsewhere: then its reload goes back to that file";
            return Err(wrong(&map.file, &what, help));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{WITH_HAPROXY, parsed};

    #[test]
    fn haproxy_is_described() {
        let environment = parsed(WITH_HAPROXY).expect("sound");
        assert_eq!(environment.traffic["edge"].server("kong-1"), "gateway1");
        assert_eq!(environment.traffic["edge"].server("kong-2"), "kong-2");
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_named() {
        let changes = [
            ("sockets = [\"/run/haproxy/admin.sock\"]\n", ""),
            ("backend = \"kong\"\n", ""),
            ("admin.sock\"]", "admin.sock\", \"10.0.0.2:9999\"]"),
            ("gateway1", "gateway1 weight 1; shutdown"),
            ("{ kong-1", "{ kong-7"),
            ("\"haproxy\"", "\"nginx\""),
        ];
        let refusals = changes
            .map(|(what, instead)| parsed(&WITH_HAPROXY.replace(what, instead)).expect_err(what));
        insta::assert_snapshot!(refusals.join("\n"), @r#"
        environment.toml:13:8: the load balancer `edge` has no runtime socket
        help: name it: `sockets = ["/run/haproxy/admin.sock"]`
        environment.toml:13:8: the load balancer `edge` has no backend
        help: name the one whose servers are the nodes: `backend = "kong"`
        environment.toml:17:1: the load balancer `edge` has one file for the states of more than one HAProxy
        help: leave it out, and let each write its own when it is reloaded
        environment.toml:16:23: the load balancer `edge` calls something `gateway1 weight 1; shutdown`, as HAProxy calls nothing
        help: its names are made of letters, digits, `-`, `_`, `.` and `:`; `servers` says what it calls a node
        environment.toml:16:13: the load balancer `edge` says what HAProxy calls the node `kong-7`, which does not stand behind it
        help: its nodes are kong-1
        environment.toml:13:8: the load balancer `edge` has no `upstream_file`
        help: name it: `upstream_file = "/etc/nginx/conf.d/kong.conf"`
        "#);
    }

    #[test]
    fn sides_of_a_map_are_whole_or_named() {
        let with = |lines: &str| {
            let one = WITH_HAPROXY.replace("backend = \"kong\"\n", lines);
            let second = one.find("[traffic.edge]").expect("there");
            let node = &one[one.find("[[clusters").expect("there")..second];
            let node = node
                .replace("clusters.blue", "clusters.green")
                .replace("kong-1", "kong-3");
            let (before, after) = one.split_at(second);
            parsed(&format!(
                "{before}[clusters.green]\ntraffic = \"edge\"\n{node}{after}"
            ))
        };
        let map = "map = { file = \"/etc/haproxy/side.map\", key = \"side\" }\n";
        let backends = "backends = { blue = \"kong_blue\", green = \"kong_green\" }\n";
        let sound = with(&format!("{map}{backends}")).expect("sound");
        assert_eq!(sound.traffic["edge"].backend_of("green"), "kong_green");
        let refusals = [
            backends.to_owned(),
            format!("{map}{backends}backend = \"kong\"\n"),
            map.to_owned(),
            format!("{map}{}", backends.replace("green =", "grey =")),
            format!(
                "{map}{}",
                backends.replace(" }", ", grey = \"kong_grey\" }")
            ),
            format!("{map}{}", backends.replace("kong_green", "kong_blue")),
            format!(
                "{map}{}",
                backends.replace("kong_green", "kong_green; quit")
            ),
            format!("{}{backends}", map.replace("\"side\"", "\"side green;\"")),
            format!("{}{backends}", map.replace("/etc/", "")),
        ];
        let refusals = refusals.map(|lines| with(&lines).expect_err("refused"));
        insta::assert_snapshot!(refusals.join("\n"), @r#"
        environment.toml:24:1: the load balancer `edge` has `backends` without a `map`
        help: name the map whose value is one of them: `map = { file = "/etc/haproxy/side.map", key = "side" }`
        environment.toml:25:1: the load balancer `edge` has a `map` and one backend
        help: leave `backend` out: `backends` names that of each cluster
        environment.toml:24:1: the load balancer `edge` does not say which backend the cluster `blue` has
        help: name it: `backends = { blue = "kong_blue" }`
        environment.toml:24:1: the load balancer `edge` does not say which backend the cluster `green` has
        help: name it: `backends = { green = "kong_green" }`
        environment.toml:25:56: the load balancer `edge` has a backend for `grey`, which does not stand behind it
        help: its clusters are blue, green
        environment.toml:25:22: the load balancer `edge` says that `blue` and `green` are one backend, `kong_blue`
        help: give each cluster its own
        environment.toml:25:43: the load balancer `edge` calls something `kong_green; quit`, as HAProxy calls nothing
        help: its names are made of letters, digits, `-`, `_`, `.` and `:`; `servers` says what it calls a node
        environment.toml:24:48: the load balancer `edge` has `side green;` in its map, which is no word of a command
        help: it must have no spaces, quotes, `;`, `#` or `\`
        environment.toml:24:17: the load balancer `edge` has the map `haproxy/side.map`, which is no file of this machine
        help: write the path that HAProxy's configuration has, or `keep = false` if the file is elsewhere: then its reload goes back to that file
        "#);
    }
}
