//! What is known of a cluster for a review, each part from where it is nearest to the truth: what runs, its files, its environment, its
//! entities, its database, and the files of one's own that the environment file names.

pub(super) mod certificates;
mod configuration;
mod database;
mod entities;
mod files;
pub(super) mod node;

use std::collections::{BTreeMap, BTreeSet};

use super::Live;
use crate::environment::{self, Cluster};
use crate::gateway::{Failure, Review, certificates_of};
use crate::kong::advisories::{Evidence, Known, Topology};

impl Review for Live {
    async fn evidence(&self, cluster: &str) -> Result<Evidence, Failure> {
        let Some(of) = self.environment.clusters.get(cluster) else {
            let message = format!("the environment has no cluster `{cluster}`");
            return Err(Failure::new("environment.cluster", message));
        };
        let review = &self.environment.review;
        let mut nodes = BTreeMap::new();
        for node in &of.nodes {
            let host = self.host(node).await.ok();
            let evidence = self.node_evidence(node).await;
            nodes.insert(node.name.clone(), (host, evidence));
        }
        let entities = self.entities(of).await;
        let certificates = certificates_of(entities.get("certificates"));
        let certificates = certificates::with_settings(certificates, &nodes).await;
        let nodes = nodes.into_iter().map(|(name, (_, node))| (name, node));
        Ok(Evidence {
            nodes: nodes.collect(),
            certificates,
            license: self.license(of).await,
            available_plugins: Known::unknown(
                "no node of the version to go to was asked; `preflight` of the playbooks does",
            ),
            database: self.database_evidence(of).await,
            lua: files::texts(review.plugins.as_deref(), "plugins", Some("lua")),
            scripts: files::texts(review.scripts.as_deref(), "scripts", None),
            templates: files::texts(review.templates.as_deref(), "templates", None),
            manifests: files::texts(review.manifests.as_deref(), "manifests", None),
            helm: files::values(review.helm.as_deref(), "helm"),
            declarative: files::values(review.declarative.as_deref(), "declarative"),
            topology: Known::Known(match of.topology {
                environment::Topology::Traditional => Topology::Traditional,
                environment::Topology::Hybrid => Topology::Hybrid,
                environment::Topology::Dbless => Topology::Dbless,
            }),
            strategy: Known::unknown("no playbook was named; `--playbook` names one"),
            // Only control planes know some.
            data_planes: Known::Known(Vec::new()),
            accepted: self.accepted(),
            entities,
        })
    }
}

impl Live {
    /// What is accepted today.
    fn accepted(&self) -> BTreeMap<String, String> {
        let today = jiff::Zoned::now().date();
        let waivers = self.environment.review.waivers.iter();
        let valid = waivers.filter(|waiver| today <= waiver.until);
        valid
            .map(|waiver| {
                let reason = format!("{} (until {})", waiver.reason, waiver.until);
                (waiver.advisory.clone(), reason)
            })
            .collect()
    }

    /// The first node of a cluster whose Admin API answers, or why none does.
    async fn first_admin(&self, cluster: &Cluster) -> Result<String, String> {
        let mut why = BTreeSet::new();
        for node in &cluster.nodes {
            match self.admin_get(&node.name, "/").await {
                Ok(_) => return Ok(node.name.clone()),
                Err(failure) => why.insert(failure.message),
            };
        }
        let why: Vec<String> = why.into_iter().collect();
        Err(if why.is_empty() {
            "the cluster has no nodes".to_owned()
        } else {
            why.join("; ")
        })
    }
}
