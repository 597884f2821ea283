//! The nodes: packages side by side, a configuration each, and their processes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::parts::wait_until;
use super::planes::{self, Storage};
use super::process::command_lines;
use super::{PracticeError, Process, Role, commands, files};
use crate::kong::{Version, catalogue};
use crate::lab::stand_in::install;
use crate::lab::stand_in::node::LISTENING;

/// How long a node may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// The link, among the packages, to the installed one.
const CURRENT: &str = "current";

/// One node of a practice cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeNode {
    /// Its name.
    pub name: String,
    /// What it is in its cluster.
    #[serde(default)]
    pub role: Role,
    /// Its declarative file, where it has no database.
    #[serde(default)]
    pub declarative: Option<PathBuf>,
    /// Its `kong.conf`.
    pub conf: PathBuf,
    /// Its working directory.
    pub prefix: PathBuf,
    /// The directory of its packages.
    pub packages: PathBuf,
    /// Base URL of its Admin API; empty for a data plane, which has none.
    pub admin: String,
    /// Base URL of its proxy; empty for a control plane, which has none.
    pub proxy: String,
    /// Base URL of its Status API.
    pub status: String,
}

/// Where a node listens: ports that are kept for it. A control plane has the first for its data planes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) proxy: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) status: SocketAddr,
}

impl PracticeNode {
    /// Makes the node's files in the cluster's `directory`: every version as a package, `version` installed.
    pub(super) fn create(
        directory: &Path,
        (name, role): (&str, Role),
        listen: Addresses,
        version: &Version,
        binary: &Path,
    ) -> Result<Self, PracticeError> {
        let own = directory.join("nodes").join(name);
        let url = |address: SocketAddr, without: Role| match role {
            role if role == without => String::new(),
            _ => format!("http://{address}"),
        };
        let node = Self {
            name: name.to_owned(),
            role,
            declarative: None,
            conf: own.join("kong.conf"),
            prefix: own.join("prefix"),
            packages: own.join("packages"),
            admin: url(listen.admin, Role::DataPlane),
            proxy: url(listen.proxy, Role::ControlPlane),
            status: format!("http://{}", listen.status),
        };
        files::make_directory(&node.prefix)?;
        for version in &catalogue::RECORDED {
            let package = node.packages.join(format!("kong-{version}"));
            install(&package, version, binary).map_err(files::failed("install", &package))?;
        }
        let link = node.packages.join(CURRENT);
        std::os::unix::fs::symlink(format!("kong-{version}"), &link)
            .map_err(files::failed("make", &link))?;
        Ok(node)
    }

    /// Whether it answers clients.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.role != Role::ControlPlane
    }

    /// Runs the installed `kong` with `words` and the node's configuration.
    pub(super) async fn kong(&self, words: &[&str]) -> Result<(), PracticeError> {
        let command = self.packages.join(CURRENT).join("bin/kong");
        let conf = self.conf.display().to_string();
        let arguments: Vec<&str> = words.iter().copied().chain(["-c", &conf]).collect();
        commands::run(&command, &arguments).await
    }

    /// Starts the node and waits until it listens.
    pub(super) async fn start(&self) -> Result<(), PracticeError> {
        self.kong(&["start"]).await?;
        let listening = self.prefix.join(LISTENING);
        let late = format!("`{}` does not listen", self.name);
        wait_until(&late, PATIENCE, async || listening.exists()).await
    }

    /// The node's process, with the version it runs.
    pub(super) fn running(&self) -> Option<(Process, String)> {
        let prefix = self.prefix.display().to_string();
        command_lines().find_map(|(process, words)| match &words[..] {
            [_, stand_in, version, node, option, path]
                if stand_in == "stand-in"
                    && node == "node"
                    && option == "--prefix"
                    && *path == prefix =>
            {
                Some((process, version.clone()))
            }
            _ => None,
        })
    }

    /// The installed version, as the link says.
    pub(super) fn installed(&self) -> Option<String> {
        let package = std::fs::read_link(self.packages.join(CURRENT)).ok()?;
        let name = package.file_name()?.to_str()?;
        Some(name.strip_prefix("kong-")?.to_owned())
    }

    /// Writes the node's `kong.conf`.
    pub(super) fn configure(
        &self,
        listen: Addresses,
        storage: Storage<'_>,
    ) -> Result<(), PracticeError> {
        let off = "off".to_owned();
        let (proxy, admin) = match self.role {
            Role::Traditional => (listen.proxy.to_string(), listen.admin.to_string()),
            Role::ControlPlane => (off, listen.admin.to_string()),
            Role::DataPlane => (listen.proxy.to_string(), off),
        };
        let text = format!(
            "# A node of a practice cluster of cutover.\n\
             prefix = {prefix}\n\
             proxy_listen = {proxy}\n\
             admin_listen = {admin}\n\
             status_listen = {status}\n\
             {storage}\
             # Where this node and its commands find what is to go wrong.\n\
             practice_faults = {prefix}\n\
             # Kong's own presets are 5 seconds each; nobody wants to wait for that here.\n\
             db_update_frequency = 0.2\n\
             worker_state_update_frequency = 0.2\n",
            prefix = planes::path(&self.prefix),
            status = listen.status,
            storage = storage.settings(&self.name)?,
        );
        // It may hold a password.
        files::write_private(&self.conf, &text)
    }
}

/// Every process of the stand-in that works for the cluster in `directory`: nodes, and commands that hang.
///
/// They are known by their arguments, which name files of this directory: an upgrade replaces processes that were recorded.
pub(super) fn stand_ins(directory: &Path) -> Vec<Process> {
    let inside = format!("{}/", directory.display());
    command_lines()
        .filter(|(_, words)| {
            words.get(1).is_some_and(|word| word == "stand-in")
                && words.iter().any(|word| word.starts_with(&inside))
        })
        .map(|(process, _)| process)
        .collect()
}
