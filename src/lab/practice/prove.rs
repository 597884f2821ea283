//! Whether every node of a practice cluster is what it should be: its version, and its answers to what was seeded.

use std::time::Duration;

use http_body_util::Full;
use hyper::Request;

use super::super::http::{self, Client};
use super::super::seed::{Seeded, SeededRequest};
use super::parts::wait_until;
use super::status::status;
use super::{Practice, PracticeError, PracticeNode, Role};
use crate::kong::Version;

/// How long configuration may take to reach every node.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes sure that every one of some nodes of the cluster is installed, runs and says it is `version`, and answers what was seeded rightly.
pub async fn prove(
    practice: &Practice,
    nodes: &[PracticeNode],
    version: &Version,
) -> Result<(), PracticeError> {
    let wanted = Some(version.to_string());
    let found = status(practice).await?.nodes.into_iter();
    for node in found.filter(|found| nodes.iter().any(|node| node.name == found.name)) {
        let has_admin = practice.node(&node.name)?.role != Role::DataPlane;
        let claimed = has_admin.then_some(("is claimed by the Admin API", node.admin));
        let local = [("is installed", node.installed), ("runs", node.running)];
        for (what, found) in local.into_iter().chain(claimed) {
            if found != wanted {
                return Err(PracticeError::OtherVersion {
                    node: node.name,
                    what,
                    found: found.unwrap_or_else(|| "nothing".to_owned()),
                    wanted: *version,
                });
            }
        }
    }
    answers(nodes, &practice.seeded).await
}

/// Waits until every node that answers clients does so as the configuration says.
pub(super) async fn answers(nodes: &[PracticeNode], seeded: &Seeded) -> Result<(), PracticeError> {
    let client = http::client();
    for node in nodes.iter().filter(|node| node.serves()) {
        for request in &seeded.requests {
            let what = format!("`{}` does not answer `{}` rightly", node.name, request.path);
            wait_until(&what, PATIENCE, async || {
                ask(&client, &node.proxy, request).await == Some(request.status)
            })
            .await?;
        }
    }
    Ok(())
}

/// The status of the answer to one request, if there is one.
async fn ask(client: &Client, proxy: &str, asked: &SeededRequest) -> Option<u16> {
    let mut request = Request::get(format!("{proxy}{}", asked.path));
    if let Some(host) = &asked.host {
        request = request.header("host", host);
    }
    if let Some(key) = &asked.key {
        request = request.header("apikey", key);
    }
    let request = request.body(Full::default()).ok()?;
    let answer = client.request(request).await.ok()?;
    Some(answer.status().as_u16())
}
