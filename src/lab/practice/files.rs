//! The files of a practice cluster that others read: the inventory and the smoke checks; and reading and writing any of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::postgres::SUPERUSER;
use super::super::seed::Seeded;
use super::front::{BACKEND, Front, KEY, OTHER_BACKEND};
use super::{GREEN, NAME, Practice, PracticeError, PracticeNode, Role, Topology, database};

/// A closure that makes an error of what went wrong with `path`.
pub(super) fn failed(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> PracticeError + use<> {
    let path = path.to_owned();
    move |source| PracticeError::File {
        action,
        path,
        source,
    }
}

/// Makes a directory with those above it; PostgreSQL's user may pass through, others may not list or write it.
pub(super) fn make_directory(path: &Path) -> Result<(), PracticeError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(path)
        .map_err(failed("make", path))
}

/// Reads JSON.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, PracticeError> {
    let text = std::fs::read(path).map_err(failed("read", path))?;
    serde_json::from_slice(&text).map_err(|source| PracticeError::Damaged {
        path: path.to_owned(),
        source,
    })
}

/// Writes JSON.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), PracticeError> {
    let text = serde_json::to_string_pretty(value).expect("plain data");
    write_private(path, &text)
}

/// Writes a file for its owner only, through a temporary one: a reader sees the whole text or none.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), PracticeError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    let write = || -> io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(text.as_bytes())?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(failed("write", path))
}

/// The inventory of the cluster.
pub(super) fn environment(practice: &Practice) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let path = |path: &Path| text(&path.display().to_string());
    let is_dbless = practice.topology == Topology::Dbless;
    let cluster = |name: &str, database: &str, nodes: &[PracticeNode]| {
        let mut written = format!("[clusters.{name}]\n");
        if practice.topology != Topology::Traditional {
            let topology = practice.topology.word();
            writeln!(written, "topology = \"{topology}\"").expect("a string takes any text");
        }
        if !is_dbless {
            writeln!(written, "database = \"{database}\"").expect("a string takes any text");
        }
        written.push_str("traffic = \"edge\"\n");
        for node in nodes {
            writeln!(written, "\n[[clusters.{name}.nodes]]").expect("a string takes any text");
            written.push_str(&node_keys(node));
        }
        written
    };
    let access = &practice.access;
    let protection = match &access.hardening {
        // Neither encrypted nor asked for a password; the superuser is let in for work on other databases.
        None => format!("tls = \"off\"\nadmin = {{ user = \"{SUPERUSER}\" }}\n"),
        Some(hardening) => format!(
            "tls = \"verify-full\"\nca = {}\npassword = {{ file = {} }}\n",
            path(&hardening.authority),
            path(&hardening.password),
        ),
    };
    let front = front(practice);
    let database = |name: &str, owner: &str| {
        format!(
            "[databases.{name}]\nhost = {}\nport = {}\ndatabase = \"{owner}\"\nschema = {}\nuser = \"{owner}\"\n{protection}\
             # Proofs of a backup run on the same server, in a database of their own.\nscratch = \"{name}\"\n",
            text(&access.host),
            access.port,
            text(&access.schema),
        )
    };
    let mut clusters = cluster(NAME, "main", &practice.nodes);
    let mut databases = database("main", database::KONG);
    if !practice.green.is_empty() {
        let green = cluster(GREEN, GREEN, &practice.green);
        clusters = format!("{clusters}\n{green}");
        let green = database(GREEN, database::GREEN);
        databases = format!("{databases}\n# Made by a playbook, as a copy of the other.\n{green}");
    }
    if is_dbless {
        databases.clear();
    }
    format!(
        "# The practice cluster's environment, made by `cutover practice up`.\n\
         name = \"{NAME}\"\n\n\
         [grants]\nprotected = false\nallow = [\"*\"]\n\n\
         {clusters}\n{databases}\n\
         [traffic.edge]\n{front}url = {}\n\n\
         [storage]\npath = {}\n",
        text(&practice.url),
        path(&practice.directory.join("storage")),
    )
}

/// What it says of a node: what a plane does not have is not in it.
fn node_keys(node: &PracticeNode) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let path = |path: &Path| text(&path.display().to_string());
    let role = match node.role {
        Role::Traditional => None,
        Role::ControlPlane => Some("\"control_plane\"".to_owned()),
        Role::DataPlane => Some("\"data_plane\"".to_owned()),
    };
    let address = |url: &str| (!url.is_empty()).then(|| text(url));
    let keys = [
        ("name", Some(text(&node.name))),
        ("role", role),
        ("conf", Some(path(&node.conf))),
        ("declarative", node.declarative.as_deref().map(path)),
        ("prefix", Some(path(&node.prefix))),
        (
            "packages",
            Some(format!("{{ prefix = {} }}", path(&node.packages))),
        ),
        ("admin", address(&node.admin)),
        ("proxy", address(&node.proxy)),
        ("status", address(&node.status)),
    ];
    keys.into_iter()
        .filter_map(|(key, value)| Some(format!("{key} = {}\n", value?)))
        .collect()
}

/// What it says of the load balancer.
fn front(practice: &Practice) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let path = |path: &Path| text(&path.display().to_string());
    let named = |servers: &BTreeMap<String, String>| {
        let servers = servers.iter();
        let servers = servers.map(|(node, server)| format!("{} = {}", text(node), text(server)));
        servers.collect::<Vec<_>>().join(", ")
    };
    match &practice.front {
        Front::Practice { control } => {
            format!("kind = \"practice\"\ncontrol = {}\n", text(control))
        }
        Front::Haproxy {
            socket,
            state_file,
            map,
        } => {
            let backend = match map {
                None => format!("backend = \"{BACKEND}\""),
                Some(map) => {
                    let mut backends = format!("{NAME} = \"{BACKEND}\"");
                    if !practice.green.is_empty() {
                        backends = format!("{backends}, {GREEN} = \"{OTHER_BACKEND}\"");
                    }
                    format!(
                        "map = {{ file = {}, key = \"{KEY}\" }}\nbackends = {{ {backends} }}",
                        path(map)
                    )
                }
            };
            format!(
                "kind = \"haproxy\"\nsockets = [{}]\n{backend}\nstate_file = {}\n",
                path(socket),
                path(state_file)
            )
        }
        Front::Nginx {
            upstream_file,
            pid_file,
            configuration,
            servers,
        } => {
            format!(
                "kind = \"nginx\"\nupstream_file = {}\nupstream = \"{BACKEND}\"\npid_file = {}\n\
                 nginx = [\"/usr/sbin/nginx\", \"-c\", {}]\nservers = {{ {} }}\n",
                path(upstream_file),
                path(pid_file),
                path(configuration),
                named(servers)
            )
        }
        Front::KongUpstream { edges, servers } => {
            let admin: Vec<String> = edges.iter().map(|edge| text(&edge.admin)).collect();
            format!(
                "kind = \"kong-upstream\"\nadmin = [{}]\nupstream = \"{BACKEND}\"\nservers = {{ {} }}\n",
                admin.join(", "),
                named(servers)
            )
        }
    }
}

/// A module for playbooks beside it: `import "checks" as checks;`, then `checks::all(node)`.
pub(super) fn checks_module(seeded: &Seeded) -> String {
    // A JSON text is a Rhai text too, as long as it holds no control characters.
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut module = String::from(
        "//! Smoke checks of the practice cluster, made by `cutover practice up`.\n\n\
         /// Checks every route of a node.\nfn all(node) {\n",
    );
    for request in &seeded.requests {
        let mut headers = Vec::new();
        headers.extend(
            request
                .host
                .iter()
                .map(|host| format!("host: {}", text(host))),
        );
        headers.extend(
            request
                .key
                .iter()
                .map(|key| format!("apikey: {}", text(key))),
        );
        let asked = if headers.is_empty() {
            text(&request.path)
        } else {
            format!(
                "#{{ url: {}, headers: #{{ {} }} }}",
                text(&request.path),
                headers.join(", ")
            )
        };
        writeln!(
            module,
            "    http::check(node, {asked}, #{{ status: {} }});",
            request.status
        )
        .expect("a string takes any text");
    }
    module.push_str("}\n");
    module
}

/// The checks that need neither key nor host, in the short form `PATH=STATUS,…`, in which a path holds no `=` and no `,`.
pub(super) fn short_checks(seeded: &Seeded) -> String {
    let plain = seeded.requests.iter().filter(|request| {
        request.key.is_none() && request.host.is_none() && !request.path.contains(['=', ','])
    });
    let checks: Vec<String> = plain
        .map(|request| format!("{}={}", request.path, request.status))
        .collect();
    checks.join(",")
}
