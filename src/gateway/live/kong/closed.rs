//! What a node tells that has no Admin API, or whose Admin API is closed: its version and whether it is ready at its status listener, and
//! its entities in the database.

use std::collections::BTreeMap;

use reqwest::{Method, header};
use serde_json::Value;

use super::admin::COLLECTIONS;
use super::proof::rendered;
use crate::gateway::live::postgres::{PostgresError, Role, connect, qualified};
use crate::gateway::live::{Live, web};
use crate::gateway::{AdminAccess, AdminStatus, Failure, NO_CONFIGURATION};
use crate::kong::Version;

impl Live {
    /// What a node without an open Admin API tells at its status listener; none where the Admin API is open.
    pub(super) async fn read_status_instead(
        &self,
        node: &str,
    ) -> Result<Option<AdminStatus>, Failure> {
        let found = self.node(node).await?.1;
        let base = match (&found.admin, &found.status) {
            (None, Some(status)) => self.host(&found).await?.reached(status).await?,
            _ if !self.is_admin_closed(node).await? => return Ok(None),
            _ => (self.status_listener(node).await?)
                .ok_or_else(|| AdminAccess::nothing_tells(node))?,
        };
        let unreachable = |error: reqwest::Error| {
            let why = web::words(&error);
            Failure::new(
                "kong.admin.unreachable",
                format!("the status listener of `{node}` does not answer: {why}"),
            )
        };
        let url = format!("{}/status", base.trim_end_matches('/'));
        let request = self.client.request(Method::GET, &url)?;
        let answer = request.send().await.map_err(unreachable)?;
        // Kong names itself and its version in every answer of this listener, as it does in those of the Admin API.
        let server = answer.headers().get(header::SERVER);
        let server = server.and_then(|value| value.to_str().ok());
        let version = server.and_then(|server| server.strip_prefix("kong/"));
        let version = version.and_then(|version| version.split("-enterprise").next());
        let version = version.and_then(|version| version.parse().ok());
        let version = version.ok_or_else(|| {
            let message =
                format!("the status listener of `{node}` does not tell Kong's version (`Server`)");
            Failure::new("kong.admin.shape", message)
                .hint("`headers` in its kong.conf must not leave out `Server`")
        })?;
        let stand_in = answer.headers().contains_key("x-kong-stand-in");
        let status: Value = answer.json().await.map_err(unreachable)?;
        self.status_told(node, version, stand_in, &status)
            .await
            .map(Some)
    }

    /// What `/status` says, as the topology of the node's cluster lets it be read.
    pub(super) async fn status_told(
        &self,
        node: &str,
        version: Version,
        stand_in: bool,
        status: &Value,
    ) -> Result<AdminStatus, Failure> {
        let (cluster, found) = self.node(node).await?;
        let has_database = cluster.reads_database(&found);
        let hash = status["configuration_hash"].as_str();
        Ok(AdminStatus {
            version,
            database_reachable: !has_database
                || status["database"]["reachable"] == Value::Bool(true),
            configuration_hash: (!has_database)
                .then(|| hash.unwrap_or(NO_CONFIGURATION).to_owned()),
            stand_in,
        })
    }

    /// The entities of a node whose Admin API is closed, counted in its database; none where it is open.
    pub(super) async fn count_entities_instead(
        &self,
        node: &str,
    ) -> Result<Option<BTreeMap<String, u64>>, Failure> {
        if !self.is_admin_closed(node).await? {
            return Ok(None);
        }
        let (cluster, _) = self.node(node).await?;
        let (_, database) = self.database_of(&cluster)?;
        let failed = || PostgresError::query("count entities");
        let session = connect(&database, Role::Owner, None).await?;
        let mut counts = BTreeMap::new();
        for (collection, table) in COLLECTIONS {
            let table = qualified(&database.schema, table);
            let there = session
                .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
                .await
                .map_err(failed())?;
            if there.get(0) {
                let counted = session
                    .query_one(&format!("SELECT count(*) FROM {table}"), &[])
                    .await
                    .map_err(failed())?;
                let count = counted.get::<_, i64>(0).unsigned_abs();
                counts.insert(collection.to_owned(), count);
            }
        }
        session.close().await;
        Ok(Some(counts))
    }

    /// The base URL of the status listener of the node as it was last started or reloaded; none where it has none that can be read.
    pub(super) async fn status_listener(&self, node: &str) -> Result<Option<String>, Failure> {
        let found = self.node(node).await?.1;
        let host = self.host(&found).await?;
        let Ok(settings) = rendered(&host, &found.prefix).await else {
            return Ok(None);
        };
        let listens = settings.get("status_listen").cloned().unwrap_or_default();
        let plain = listens
            .split(',')
            .map(str::trim)
            .find(|listen| *listen != "off" && !listen.is_empty() && !listen.contains(" ssl"));
        let address = plain.and_then(|listen| listen.split(' ').next());
        // Everywhere is here too.
        let Some(address) = address else {
            return Ok(None);
        };
        let address = address
            .replace("0.0.0.0", "127.0.0.1")
            .replace("[::]", "[::1]");
        host.reached(&format!("http://{address}")).await.map(Some)
    }
}
