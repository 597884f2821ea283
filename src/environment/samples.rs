//! What the tests of this room share: how a text is read, and an environment with a load balancer.

use std::path::Path;

use super::Environment;

/// One node behind an HAProxy.
pub(super) const WITH_HAPROXY: &str = r#"
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
kind = "haproxy"
sockets = ["/run/haproxy/admin.sock"]
backend = "kong"
servers = { kong-1 = "gateway1" }
state_file = "/var/lib/haproxy/states"
[storage]
path = "store"
"#;

/// The environment, or what is said against it.
pub(super) fn parsed(text: &str) -> Result<Environment, String> {
    let parsed = Environment::parse(Path::new("environment.toml"), text);
    parsed.map_err(|error| error.to_string())
}

/// What is said against a sound text once `from` in it is `to`.
pub(super) fn refusal(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    parsed(&text.replacen(from, to, 1)).expect_err(to)
}
