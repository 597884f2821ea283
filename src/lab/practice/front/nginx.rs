//! A real nginx in front of the nodes.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use super::super::foreign::Foreign;
use super::super::ledger::Ledger;
use super::super::{PracticeError, files};
use super::{BACKEND, Behind, Front};

/// Where the distribution puts it.
pub(super) const PROGRAM: &str = "/usr/sbin/nginx";

/// Starts it in front of `nodes`, for clients at `listen`.
pub(super) async fn start(
    cluster: &Path,
    ledger: &mut Ledger,
    listen: SocketAddr,
    nodes: &[Behind<'_>],
    weight: u16,
) -> Result<Front, PracticeError> {
    let directory = cluster.join("nginx");
    files::make_directory(&directory)?;
    let upstream_file = directory.join("upstream.conf");
    let configuration = directory.join("nginx.conf");
    let pid_file = directory.join("nginx.pid");
    files::write_private(&upstream_file, &upstream(nodes, weight))?;
    files::write_private(&configuration, &configured(&directory, listen))?;
    let errors = directory.join("errors");
    let foreign = Foreign {
        name: "nginx",
        program: PROGRAM,
        arguments: vec![
            "-e".into(),
            errors.into(),
            "-c".into(),
            configuration.clone().into(),
        ],
        directory: directory.clone(),
    };
    foreign
        .start(cluster, ledger, async || {
            tokio::net::TcpStream::connect(listen).await.is_ok()
        })
        .await?;
    let servers = nodes
        .iter()
        .map(|behind| (behind.node.name.clone(), behind.address().to_owned()));
    Ok(Front::Nginx {
        upstream_file,
        pid_file,
        configuration,
        servers: servers.collect(),
    })
}

/// The file that playbooks change.
fn upstream(nodes: &[Behind<'_>], weight: u16) -> String {
    let mut text = format!("upstream {BACKEND} {{\n");
    for behind in nodes {
        let down = if behind.serves { "" } else { " down" };
        writeln!(
            text,
            "    server {} weight={weight}{down}; # {}",
            behind.address(),
            behind.node.name
        )
        .expect("a string takes any text");
    }
    text.push_str("    keepalive 16;\n}\n");
    text
}

/// nginx's configuration: all of its files in its own directory, and every request passed on.
fn configured(directory: &Path, listen: SocketAddr) -> String {
    let own = directory.display();
    // Under root its workers would be somebody who may not write there.
    let user = if rustix::process::geteuid().is_root() {
        "user root root;\n"
    } else {
        ""
    };
    let buffers: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {own}/{kind};\n"))
        .concat();
    format!(
        "{user}daemon off;\nworker_processes 2;\npid {own}/nginx.pid;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n    access_log off;\n{buffers}    include {own}/upstream.conf;\n\
         \u{20}   server {{\n        listen {listen};\n        location / {{\n\
         \u{20}           proxy_pass http://{BACKEND};\n            proxy_http_version 1.1;\n\
         \u{20}           proxy_set_header Connection \"\";\n            proxy_set_header Host $http_host;\n\
         \u{20}       }}\n    }}\n}}\n"
    )
}
