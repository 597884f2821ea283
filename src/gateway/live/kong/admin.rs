//! The Admin API of a node.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

use crate::environment::Node;
use crate::gateway::live::secret;
use crate::gateway::live::{Live, web};
use crate::gateway::{AdminStatus, Failure};

/// The collections that are counted, with their tables: every kind of entity that the Admin API lists without a parent.
pub(super) const COLLECTIONS: [(&str, &str); 10] = [
    ("services", "services"),
    ("routes", "routes"),
    ("consumers", "consumers"),
    ("plugins", "plugins"),
    ("upstreams", "upstreams"),
    ("certificates", "certificates"),
    ("snis", "snis"),
    ("key-auths", "keyauth_credentials"),
    ("ca_certificates", "ca_certificates"),
    ("vaults", "sm_vaults"),
];

/// The most entities in one page; more is answered with 400.
const PAGE: u32 = 1_000;

/// A collection with more pages than this does not end.
const MOST_PAGES: usize = 10_000;

impl Live {
    /// `GET /` and `GET /status`.
    pub(super) async fn read_admin_status(&self, node: &str) -> Result<AdminStatus, Failure> {
        if let Some(status) = self.read_status_instead(node).await? {
            return Ok(status);
        }
        let root = self.admin_get(node, "/").await?;
        let version = root["version"].as_str().unwrap_or_default();
        // Enterprise adds its edition behind the number.
        let number = version.split("-enterprise").next().unwrap_or_default();
        let version = number.parse().map_err(|_| {
            Failure::new(
                "kong.admin.shape",
                format!("the Admin API of `{node}` tells no version"),
            )
            .hint("is this address Kong's Admin API?")
        })?;
        let status = self.admin_get(node, "/status").await?;
        let stand_in = root["stand_in"] == Value::Bool(true);
        self.status_told(node, version, stand_in, &status).await
    }

    /// Pages through every collection.
    pub(super) async fn count_entities(
        &self,
        node: &str,
    ) -> Result<BTreeMap<String, u64>, Failure> {
        if let Some(counts) = self.count_entities_instead(node).await? {
            return Ok(counts);
        }
        let mut counts = BTreeMap::new();
        for (collection, _) in COLLECTIONS {
            let mut count = 0;
            let page = |entities: &[Value]| count += entities.len() as u64;
            if self
                .admin_pages(node, &format!("/{collection}"), page)
                .await?
            {
                counts.insert(collection.to_owned(), count);
            }
        }
        Ok(counts)
    }

    /// All of a collection, or `None` where there is no such thing.
    pub(in crate::gateway::live) async fn admin_list(
        &self,
        node: &str,
        collection: &str,
    ) -> Result<Option<Vec<Value>>, Failure> {
        let mut all = Vec::new();
        let page = |entities: &[Value]| all.extend_from_slice(entities);
        let found = self.admin_pages(node, collection, page).await?;
        Ok(found.then_some(all))
    }

    /// Pages through a collection, and answers whether there is one.
    async fn admin_pages(
        &self,
        node: &str,
        collection: &str,
        mut each: impl FnMut(&[Value]),
    ) -> Result<bool, Failure> {
        let first = format!("{collection}?size={PAGE}");
        let Some(mut page) = self.admin_find(node, &first).await? else {
            return Ok(false);
        };
        for _ in 0..MOST_PAGES {
            each(page["data"].as_array().map_or(&[], Vec::as_slice));
            // Of `next` only the offset is used: where it leads is not for the other side to say.
            let Some(offset) = page["offset"].as_str().filter(|_| page["next"].is_string()) else {
                break;
            };
            page = self
                .admin_get(node, &format!("{collection}?size={PAGE}&offset={offset}"))
                .await?;
        }
        Ok(true)
    }

    /// A resource that must be there.
    pub(in crate::gateway::live) async fn admin_get(
        &self,
        node: &str,
        path: &str,
    ) -> Result<Value, Failure> {
        let found = self.admin_find(node, path).await?;
        found.ok_or_else(|| {
            Failure::new(
                "kong.admin.missing",
                format!("the Admin API of `{node}` has no `{path}`"),
            )
        })
    }

    /// A resource, or `None` where this version of Kong has no such thing.
    pub(in crate::gateway::live) async fn admin_find(
        &self,
        node: &str,
        path: &str,
    ) -> Result<Option<Value>, Failure> {
        let answer = self.admin_answer(node, path).await?;
        match answer.status().as_u16() {
            404 => Ok(None),
            _ => answer
                .json()
                .await
                .map(Some)
                .map_err(|error| unreachable(node, &error)),
        }
    }

    /// An answer with status 200 or 404.
    pub(super) async fn admin_answer(
        &self,
        node: &str,
        path: &str,
    ) -> Result<reqwest::Response, Failure> {
        let answer = self.admin_send(node, Method::GET, path, None).await?;
        match answer.status().as_u16() {
            200 | 404 => Ok(answer),
            status => Err(Failure::new(
                "kong.admin.status",
                format!("the Admin API of `{node}` answers {status} to `{path}`"),
            )),
        }
    }

    /// Whatever is answered, but that the token is refused.
    pub(in crate::gateway::live) async fn admin_send(
        &self,
        node: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, Failure> {
        let (cluster, found) = self.node(node).await?;
        let admin = self.host(&found).await?.reached(admin_url(&found)?).await?;
        let url = format!("{}{path}", admin.trim_end_matches('/'));
        let mut request = self.client.request(method, &url)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(reference) = &cluster.admin_token {
            let token = secret::resolve(reference)
                .await
                .map_err(|error| Failure::new("secret.unavailable", error.to_string()))?;
            request = request.header("Kong-Admin-Token", token.expose());
        }
        let answer = request
            .send()
            .await
            .map_err(|error| unreachable(node, &error))?;
        match answer.status().as_u16() {
            401 | 403 => Err(Failure::new(
                "kong.admin.unauthorized",
                format!("the Admin API of `{node}` refuses the token"),
            )
            .hint("`admin_token` of the cluster in the environment file names where the token is")),
            _ => Ok(answer),
        }
    }
}

/// The base URL of a node's Admin API, which not every node has.
pub(in crate::gateway::live) fn admin_url(node: &Node) -> Result<&str, Failure> {
    node.admin.as_deref().ok_or_else(|| {
        let message = format!("`{}` is a data plane and has no Admin API", node.name);
        Failure::new("kong.admin.none", message)
            .hint("ask a control plane of its cluster: `cluster.control_planes`")
    })
}

fn unreachable(node: &str, error: &reqwest::Error) -> Failure {
    let message = format!(
        "the Admin API of `{node}` does not answer: {}",
        web::words(error)
    );
    Failure::new("kong.admin.unreachable", message)
}
