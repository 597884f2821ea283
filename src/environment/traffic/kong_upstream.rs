//! What must stand in the inventory about a Kong upstream whose targets are the nodes.

use super::Traffic;
use crate::environment::error::Problem;

/// The kind, as the file writes it.
const KIND: &str = "\"kong-upstream\"";

impl Traffic {
    pub(super) fn check_kong_upstream<'a>(
        &self,
        name: &str,
        nodes: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), Problem> {
        let wrong = |word: &str, what: &str, help: &str| Problem::traffic(name, word, what, help);
        if self.admin.is_empty() {
            let help = "name that of every Kong in front: `admin = [\"http://127.0.0.1:8001\"]`";
            return Err(wrong(KIND, "has no Admin API", help));
        }
        let is_url = |admin: &str| admin.starts_with("http://") || admin.starts_with("https://");
        if let Some(admin) = self.admin.iter().find(|admin| !is_url(admin)) {
            let what = format!("has the Admin API `{admin}`, which is no URL");
            return Err(wrong(admin, &what, &format!("write `http://{admin}`")));
        }
        let Some(upstream) = &self.upstream else {
            let help = "name the one whose targets are the nodes: `upstream = \"gateway\"`";
            return Err(wrong(KIND, "has no `upstream`", help));
        };
        // It becomes a part of a path.
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
        if upstream.is_empty() || !upstream.chars().all(is_plain) {
            let what = format!("calls its upstream `{upstream}`, as Kong calls none");
            return Err(wrong(upstream, &what, "its name is that of a host"));
        }
        let mut targets: Vec<(&str, &str)> = Vec::new();
        for node in nodes {
            let Some(target) = self.servers.get(node) else {
                let what = format!("does not say which target of the upstream `{node}` is");
                let help = format!("name it: `servers = {{ {node} = \"10.0.0.11:8000\" }}`");
                return Err(wrong(KIND, &what, &help));
            };
            let port = target.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            if !matches!(port, Some(Ok(_))) {
                let what = format!("says that `{node}` is the target `{target}`, without a port");
                let help = format!("write it as Kong lists it: `{target}:8000`");
                return Err(wrong(target, &what, &help));
            }
            if let Some((other, _)) = targets.iter().find(|(_, known)| known == target) {
                let what = format!("says that `{other}` and `{node}` are one target, `{target}`");
                return Err(wrong(target, &what, "give each node its own"));
            }
            targets.push((node, target));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::parsed;

    const WITH_KONG: &str = r#"
name = "production"
[clusters.blue]
traffic = "edge"
[[clusters.blue.nodes]]
name = "kong-1"
conf = "/etc/kong/kong.conf"
prefix = "/usr/local/kong"
packages = { prefix = "/opt/kong" }
admin = "http://127.0.0.1:8001"
proxy = "http://127.0.0.1:8000"
[traffic.edge]
kind = "kong-upstream"
admin = ["http://10.0.0.1:8001", "http://10.0.0.2:8001"]
admin_token = { env = "EDGE_TOKEN" }
upstream = "gateway"
servers = { kong-1 = "10.0.0.11:8000" }
[storage]
path = "store"
"#;

    #[test]
    fn what_is_missing_or_cannot_be_is_named() {
        let sound = parsed(WITH_KONG).expect("sound");
        assert_eq!(sound.traffic["edge"].server("kong-1"), "10.0.0.11:8000");
        let second = "[[clusters.blue.nodes]]\nname = \"kong-2\"\nconf = \"/c\"\nprefix = \"/p\"\n\
            packages = { prefix = \"/opt/kong\" }\nadmin = \"http://a\"\nproxy = \"http://p\"\n[traffic.edge]";
        let changes = [
            vec![(
                "admin = [\"http://10.0.0.1:8001\", \"http://10.0.0.2:8001\"]\n",
                "",
            )],
            vec![("http://10.0.0.2", "10.0.0.2")],
            vec![("upstream = \"gateway\"\n", "")],
            vec![("gateway", "gateway/targets")],
            vec![("kong-1 = ", "kong-7 = ")],
            vec![(".11:8000", ".11")],
            vec![
                ("[traffic.edge]", second),
                (
                    " }\n[storage]",
                    ", kong-2 = \"10.0.0.11:8000\" }\n[storage]",
                ),
            ],
            vec![("{ env = \"EDGE_TOKEN\" }", "\"hunter2\"")],
        ];
        let refusals = changes.map(|changes| {
            let change = |text: String, (what, instead): &(&str, &str)| text.replace(what, instead);
            parsed(&changes.iter().fold(WITH_KONG.to_owned(), change)).expect_err("refused")
        });
        insta::assert_snapshot!(refusals.join("\n"), @r#"
        environment.toml:13:8: the load balancer `edge` has no Admin API
        help: name that of every Kong in front: `admin = ["http://127.0.0.1:8001"]`
        environment.toml:14:35: the load balancer `edge` has the Admin API `10.0.0.2:8001`, which is no URL
        help: write `http://10.0.0.2:8001`
        environment.toml:13:8: the load balancer `edge` has no `upstream`
        help: name the one whose targets are the nodes: `upstream = "gateway"`
        environment.toml:16:13: the load balancer `edge` calls its upstream `gateway/targets`, as Kong calls none
        help: its name is that of a host
        environment.toml:13:8: the load balancer `edge` does not say which target of the upstream `kong-1` is
        help: name it: `servers = { kong-1 = "10.0.0.11:8000" }`
        environment.toml:17:23: the load balancer `edge` says that `kong-1` is the target `10.0.0.11`, without a port
        help: write it as Kong lists it: `10.0.0.11:8000`
        environment.toml:24:23: the load balancer `edge` says that `kong-1` and `kong-2` are one target, `10.0.0.11:8000`
        help: give each node its own
        environment.toml:15:15: a secret cannot stand in this file
        help: write a reference: `{ env = "NAME" }`, `{ file = "/path" }` or `{ command = ["program", "argument"] }`
        "#);
    }
}
