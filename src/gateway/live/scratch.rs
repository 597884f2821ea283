//! Scratch nodes for real: the `kong` of a version that no node of the cluster runs by yet, with a prefix and ports of its own and a copy
//! as its database. All other settings are those of the node on whose host it is: the cluster's own, or one that the environment names.
//!
//! Nothing is remembered here: the prefix lies under the run's directory by the copy's name, and holds where the node listens, so a
//! resumed run finds what a killed one started.

use std::borrow::Cow;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tokio::net::TcpSocket;

use super::hosts::Host;
use super::kong::rendered;
use super::postgres::{self, PostgresError, RestoreRequest, Role};
use super::process::Program;
use super::secret::Secret;
use super::{Live, databases, secret};
use crate::environment::{Cluster, Database, Node, Tls};
use crate::gateway::{BackupFacts, Failure, ScratchCopy, ScratchNode, ScratchPlace};

/// Kong's listeners that a scratch node needs, each on a free port.
const LISTENERS: [&str; 3] = ["PROXY", "ADMIN", "STATUS"];

/// Kong's listeners that it must not share with the node.
const SILENT: [&str; 2] = ["STREAM", "ADMIN_GUI"];

impl Live {
    /// The node and the cluster that a scratch node is: what it is asked with, such as the token of its Admin API, is in the copy and so its
    /// own cluster's.
    pub(super) async fn scratch_node(
        &self,
        scratch: &ScratchNode,
    ) -> Result<(Cow<'_, Cluster>, Cow<'_, Node>), Failure> {
        let mut cluster = self.listed_node(&scratch.node)?.0.into_owned();
        let (of, mut node) = self.place_of(scratch)?;
        let host = self.host(&node).await?;
        if is_apart(&of, &scratch.copy) {
            node.conf = self.scratch_conf(&host, &scratch.copy).await;
        }
        cluster.database = Some(scratch.copy.name());
        cluster.traffic = None;
        // A template of one's own was made for another version than the one that is tried.
        node.nginx_conf = None;
        node.prefix = self.scratch_prefix(&host, &scratch.copy);
        // Where it listens stands in its prefix, once it was started; before that nobody can ask it anything.
        let settings = rendered(&host, &node.prefix).await.unwrap_or_default();
        let url = |listener: &str| {
            let listen = settings.get(&format!("{listener}_listen"));
            let address = listen.and_then(|listen| listen.split_whitespace().next());
            format!("http://{}", address.unwrap_or("127.0.0.1:0"))
        };
        node.proxy = Some(url("proxy"));
        node.admin = Some(url("admin"));
        node.status = Some(url("status"));
        Ok((Cow::Owned(cluster), Cow::Owned(node)))
    }

    /// The cluster and the node on whose host a scratch node is.
    fn place_of(&self, scratch: &ScratchNode) -> Result<(Cluster, Node), Failure> {
        let (cluster, node) = self.listed_node(&scratch.node)?;
        let (cluster, node) = self.environment.place_of_trials(&cluster, &node);
        Ok((cluster.clone(), node.clone()))
    }

    fn scratch_prefix(&self, host: &Host, copy: &ScratchCopy) -> PathBuf {
        let directory = self.directory_on(host);
        directory.join("scratch").join(&copy.copy)
    }

    /// The node's configuration with the password of another server, which is there while a command reads it.
    async fn scratch_conf(&self, host: &Host, copy: &ScratchCopy) -> PathBuf {
        let directory = self.temporary_on(host).await;
        directory.join(format!("{}.conf", copy.copy))
    }

    /// Removes what a scratch node that does not run left; of any other node nothing.
    pub(super) async fn remove_scratch(&self, node: &str) -> Result<(), Failure> {
        let Some(scratch) = ScratchNode::named(node) else {
            return Ok(());
        };
        let host = self.host(&self.place_of(&scratch)?.1).await?;
        let prefix = self.scratch_prefix(&host, &scratch.copy);
        host.remove(&prefix).await.map_err(|error| {
            let message = format!("cannot remove what the rehearsal's node left: {error}");
            Failure::new("kong.scratch.prefix", message)
        })
    }

    /// Lets a command of a scratch node use the copy, whatever its configuration says. Where that takes a file, it is there until what
    /// this answers is dropped.
    pub(super) async fn lead_to_copy(
        &self,
        program: &mut Program,
        scratch: &ScratchNode,
    ) -> Result<Option<PathBuf>, Failure> {
        let (cluster, node) = self.place_of(scratch)?;
        let environment = &mut program.environment;
        if node.role.is_some() {
            // A control plane answers no clients, and what is rehearsed is to be checked.
            environment.push(("KONG_ROLE".into(), "traditional".into()));
        }
        // The host may be one of a node without a database.
        environment.push(("KONG_DATABASE".into(), "postgres".into()));
        let is_apart = is_apart(&cluster, &scratch.copy);
        if is_apart {
            // Those of the node's service lead to its own database.
            environment.retain(|(name, _)| !name.to_string_lossy().starts_with("KONG_PG_"));
        }
        let mut set = |name: &str, value: &str| {
            let name = format!("KONG_PG_{name}");
            environment.push((name.into(), value.into()));
        };
        set("DATABASE", &scratch.copy.copy);
        // A server that only reads has no copy. What is set to nothing is not set.
        set("RO_HOST", "");
        if !is_apart {
            return Ok(None);
        }
        // Another server: everything about the connection is another.
        let server = self.database(&scratch.copy.name())?;
        set("HOST", &server.host);
        set("PORT", &server.port.to_string());
        set("USER", &server.user);
        set("SCHEMA", &server.schema);
        set("SSL", if server.tls == Tls::Off { "off" } else { "on" });
        let verified = matches!(server.tls, Tls::VerifyFull | Tls::VerifyCa);
        set("SSL_VERIFY", if verified { "on" } else { "off" });
        if let Some(ca) = server.ca.as_ref().filter(|_| verified) {
            let name = "KONG_LUA_SSL_TRUSTED_CERTIFICATE".into();
            environment.push((name, ca.into()));
        }
        let mut password = None;
        if let Some(reference) = &server.password {
            let resolved = secret::resolve(reference).await;
            password = Some(
                resolved.map_err(|error| Failure::new("secret.unavailable", error.to_string()))?,
            );
        }
        let host = self.host(&node).await?;
        let conf = self.scratch_conf(&host, &scratch.copy).await;
        write_conf(&host, &conf, &node.conf, password.as_ref()).await?;
        program.secrets.extend(password);
        Ok(Some(conf))
    }

    /// Restores a backup of `database` into a copy and proves it.
    pub(super) async fn restore_for_rehearsal(
        &self,
        database: &str,
        backup: &BackupFacts,
        copy: &ScratchCopy,
    ) -> Result<(), Failure> {
        let request = RestoreRequest {
            backup: self.backups()?.join(&backup.name),
            manifest_digest: backup.manifest.clone(),
            name: copy.copy.clone(),
            run: self.run.clone(),
            jobs: databases::JOBS,
            deadline: databases::LONG_WORK,
            starts: self.starts_of_tools().await,
        };
        self.report.progress(&format!(
            "restoring the backup of `{database}` into a copy: {} bytes",
            backup.bytes
        ));
        let server = self.environment_database(&copy.database)?;
        postgres::restore_for_scratch(server, &request).await?;
        Ok(())
    }

    /// Where rehearsals of `database` run, and how much room there is.
    pub(super) async fn place_for_scratch(&self, database: &str) -> Result<ScratchPlace, Failure> {
        let target = self.environment_database(database)?;
        let Some(name) = target.scratch.clone() else {
            let message = format!("nobody says where a rehearsal of `{database}` may run");
            return Err(Failure::new("database.scratch.unknown", message)
                .hint("name a database with `scratch` in `[databases]` of the environment file: one on another server, or this one where there is room"));
        };
        let server = self.environment_database(&name)?;
        let free_bytes = match data_directory(server).await? {
            Some(directory) => databases::space::free_bytes(&directory).ok(),
            None => None,
        };
        Ok(ScratchPlace {
            same_server: (&server.host, server.port) == (&target.host, target.port),
            database: name,
            free_bytes,
        })
    }
}

/// Whether a copy is on another server than the cluster's own database.
fn is_apart(cluster: &Cluster, copy: &ScratchCopy) -> bool {
    cluster.database.as_deref() != Some(copy.database.as_str())
}

/// Writes a node's configuration anew with the `password`: a file of ours alone, where an environment could be read by others.
async fn write_conf(
    host: &Host,
    conf: &Path,
    origin: &Path,
    password: Option<&Secret>,
) -> Result<(), Failure> {
    let unusable = |what: String| {
        let message = format!("cannot configure a node for the rehearsal: {what}");
        Failure::new("kong.scratch.prefix", message)
    };
    let text = host.read_text(origin).await;
    let mut text = text.map_err(|error| unusable(error.to_string()))?;
    if let Some(password) = password {
        if password.expose().contains(['\n', '\r']) {
            return Err(unusable("its password holds a line break".to_owned()));
        }
        let others = |line: &&str| {
            let key = line.split_once('=').map(|(key, _)| key.trim());
            key != Some("pg_password")
        };
        let mut lines: Vec<&str> = text.lines().filter(others).collect();
        let line = format!("pg_password = {}", password.expose().replace('#', "\\#"));
        lines.push(&line);
        text = lines.join("\n") + "\n";
    }
    let written = host.write_private(conf, &text).await;
    written.map_err(|error| unusable(error.to_string()))
}

/// A scratch node that is about to start.
pub(super) struct Prepared {
    /// The settings with which it is started.
    pub(super) settings: Vec<(OsString, OsString)>,
    /// Its ports, bound and not listened on: the kernel gives them to nobody else until the node has them.
    _ports: Vec<TcpSocket>,
}

/// Makes the prefix of a scratch node and keeps ports for it.
pub(super) async fn prepare(host: &Host, prefix: &Path) -> Result<Prepared, Failure> {
    let unusable = |error: std::io::Error| {
        let message = format!("cannot prepare a node for the rehearsal: {error}");
        Failure::new("kong.scratch.prefix", message)
    };
    host.make_directory(prefix).await.map_err(unusable)?;
    let mut settings = Vec::new();
    let mut ports = Vec::new();
    for listener in LISTENERS {
        let (port, address) = keep_port().map_err(unusable)?;
        settings.push((
            format!("KONG_{listener}_LISTEN").into(),
            address.to_string().into(),
        ));
        ports.push(port);
    }
    let silent = SILENT.map(|listener| (format!("KONG_{listener}_LISTEN").into(), "off".into()));
    settings.extend(silent);
    Ok(Prepared {
        settings,
        _ports: ports,
    })
}

/// A port that the kernel chose; a server that allows reuse, as Kong does, can listen on it all the same.
fn keep_port() -> std::io::Result<(TcpSocket, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

/// Where a server keeps its data, if it runs on this host and lets us know.
async fn data_directory(server: &Database) -> Result<Option<PathBuf>, Failure> {
    let here = server.host.starts_with('/')
        || ["localhost", "127.0.0.1", "::1"].contains(&server.host.as_str());
    if !here {
        return Ok(None);
    }
    let session = postgres::connect(server, Role::Admin, None).await?;
    let asked = session
        .query_one(
            "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'",
            &[],
        )
        .await
        .map_err(PostgresError::query("ask where the server keeps its data"));
    session.close().await;
    // Who may not see it gets no row.
    Ok(asked.ok().map(|row| PathBuf::from(row.get::<_, String>(0))))
}
