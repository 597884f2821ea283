//! Closing a node's Admin API and opening it again: a reload with another `admin_listen` over its settings, which no file of the node
//! keeps.
//!
//! That cutover closed it is kept in the storage, with what it listened at, so that a start and a reload in between keep it closed and
//! every runner knows what to open. Closed means that nothing is connected to at its address, too: somebody else's reload opens it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::Url;
use tokio::net::TcpStream;

use super::admin::admin_url;
use super::command::words_of;
use super::proof::rendered;
use super::{BETWEEN, COMMAND, refuse_settings};
use crate::gateway::live::service::unit_name;
use crate::gateway::live::{Live, private_file};
use crate::gateway::{AdminAccess, Failure, Kong as _};

/// The setting, as a command's environment names it.
const ADMIN_LISTEN: &str = "KONG_ADMIN_LISTEN";

/// How long a reload may take to open or close a listener.
const RELOAD: Duration = Duration::from_secs(30);

impl Live {
    pub(super) async fn read_admin_access(&self, node: &str) -> Result<AdminAccess, Failure> {
        if self.is_admin_closed(node).await? {
            return Ok(AdminAccess::Closed);
        }
        let told_elsewhere = self.status_listener(node).await?.is_some();
        Ok(AdminAccess::Open { told_elsewhere })
    }

    pub(super) async fn close_admin_of(&self, node: &str) -> Result<(), Failure> {
        if self.status_listener(node).await?.is_none() {
            return Err(AdminAccess::nothing_tells(node));
        }
        let kept = self.closed_admin(node);
        if !kept.exists() {
            let listens = self.open_admin_listen(node).await?;
            private_file::write(&kept, &listens).map_err(|error| unusable(&error))?;
        }
        // A node that does not run starts with it closed: a way back must not want a dead node to run first.
        if !self.is_running(node).await? {
            return Ok(());
        }
        self.reload_node_with(node, self.admin_setting(node))
            .await?;
        self.await_admin(node, false).await
    }

    /// What the node listens at while its Admin API is open.
    async fn open_admin_listen(&self, node: &str) -> Result<String, Failure> {
        let open = |settings: &BTreeMap<String, String>| {
            let listens = settings.get("admin_listen").cloned();
            listens.filter(|listens| !matches!(listens.as_str(), "" | "off"))
        };
        // What it was started with, which may have come from its service's environment.
        let found = self.node(node).await?.1;
        let host = self.host(&found).await?;
        let started_with = rendered(&host, &found.prefix).await.ok();
        if let Some(listens) = started_with.as_ref().and_then(open) {
            return Ok(listens);
        }
        // A node that was closed when it stopped has left that behind, and its next start goes by its configuration.
        let settings = self.prepared(node).await?;
        open(&settings).ok_or_else(|| {
            let message = format!("the Admin API of `{node}` is off by its own settings");
            Failure::new("kong.admin.access", message)
                .hint("without `admin_listen` there is nothing that could be opened again")
        })
    }

    pub(super) async fn open_admin_of(&self, node: &str) -> Result<(), Failure> {
        let kept = self.closed_admin(node);
        let Ok(listens) = fs::read_to_string(&kept) else {
            return Ok(());
        };
        // A node that does not run opens it with its next start.
        if self.is_running(node).await? {
            let before = vec![(ADMIN_LISTEN.into(), listens.into())];
            self.reload_node_with(node, before).await?;
            self.await_admin(node, true).await?;
        }
        fs::remove_file(kept).map_err(|error| unusable(&error))
    }

    /// What a start or a reload gets over the node's settings, so that what is closed stays closed.
    pub(super) fn admin_setting(&self, node: &str) -> Vec<(OsString, OsString)> {
        if self.closed_admin(node).exists() {
            vec![(ADMIN_LISTEN.into(), "off".into())]
        } else {
            Vec::new()
        }
    }

    /// Reloads a node with these settings over its own.
    pub(super) async fn reload_node_with(
        &self,
        node: &str,
        settings: Vec<(OsString, OsString)>,
    ) -> Result<(), Failure> {
        let found = self.node(node).await?.1;
        if let Some(unit) = unit_name(node, &found) {
            refuse_settings(node, &settings)?;
            let host = self.host(&found).await?;
            return self.reload_unit(&host, &found, unit).await;
        }
        let words = words_of("reload", &found, &found.prefix);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.kong_with(node, &words, settings, COMMAND)
            .await?
            .success()
            .map(drop)
    }

    /// Whether cutover closed a node's Admin API, and it is closed.
    pub(super) async fn is_admin_closed(&self, node: &str) -> Result<bool, Failure> {
        Ok(self.closed_admin(node).exists() && !self.admin_listens(node).await?)
    }

    /// Where it is kept that a node's Admin API was closed.
    fn closed_admin(&self, node: &str) -> PathBuf {
        self.environment
            .storage
            .path
            .join("closed-admin")
            .join(node)
    }

    /// Whether anything takes connections at the address of a node's Admin API.
    async fn admin_listens(&self, node: &str) -> Result<bool, Failure> {
        let found = self.node(node).await?.1;
        let admin = self.host(&found).await?.reached(admin_url(&found)?).await?;
        let url = Url::parse(&admin).ok();
        let address = url.and_then(|url| {
            let port = url.port_or_known_default()?;
            Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), port))
        });
        let Some((host, port)) = address else {
            return Ok(false);
        };
        let connecting = TcpStream::connect((host.as_str(), port));
        let connected = tokio::time::timeout(Duration::from_secs(5), connecting).await;
        Ok(matches!(connected, Ok(Ok(_))))
    }

    async fn await_admin(&self, node: &str, listening: bool) -> Result<(), Failure> {
        let deadline = Instant::now() + RELOAD;
        while self.admin_listens(node).await? != listening {
            if Instant::now() > deadline {
                let still = if listening {
                    "does not listen"
                } else {
                    "still listens"
                };
                return Err(Failure::new(
                    "kong.admin.access",
                    format!("the Admin API of `{node}` {still} after a reload"),
                )
                .hint("look into its error log, `logs/error.log` under its prefix"));
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Ok(())
    }
}

fn unusable(error: &std::io::Error) -> Failure {
    let message = format!("cannot keep in the storage which Admin APIs are closed: {error}");
    Failure::new("storage.unusable", message)
}
