//! A cluster's entities, in every workspace, through the Admin API of the first node that answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::Live;
use crate::environment::Cluster;
use crate::gateway::Failure;
use crate::kong::advisories::{Entity, Known, License};

/// The collections that rules are about, as the Admin API calls them.
const COLLECTIONS: [&str; 10] = [
    "apis",
    "services",
    "routes",
    "plugins",
    "upstreams",
    "certificates",
    "vaults",
    "partials",
    "event-hooks",
    "consumer_groups",
];

/// Those that no Kong is without.
const ALWAYS: [&str; 3] = ["services", "routes", "plugins"];

/// The workspace that a path without one means, also to the open source, which lists it and knows no other way to it.
const DEFAULT: &str = "default";

/// What stands below others, and what it is called together.
const BELOW: [&str; 2] = ["targets", "consumer_groups/overrides"];

impl Live {
    pub(super) async fn entities(&self, cluster: &Cluster) -> BTreeMap<String, Known<Vec<Entity>>> {
        let kinds = COLLECTIONS.into_iter().chain(BELOW);
        let node = match self.first_admin(cluster).await {
            Ok(node) => node,
            Err(why) => {
                let all = kinds.chain(["workspaces"]);
                return all
                    .map(|kind| (kind.to_owned(), Known::unknown(&*why)))
                    .collect();
            }
        };
        let workspaces = self.collection(&node, "/workspaces", None).await;
        let names: Vec<Option<String>> = match &workspaces {
            Known::Known(all) if all.is_empty() => vec![None],
            Known::Known(all) => names_of(all),
            // Which there are decides what was looked at.
            Known::Unknown { unknown } => {
                let all = kinds.map(|kind| (kind.to_owned(), Known::unknown(&**unknown)));
                let mut entities: BTreeMap<_, _> = all.collect();
                entities.insert("workspaces".to_owned(), workspaces);
                return entities;
            }
        };
        let mut entities = BTreeMap::from([("workspaces".to_owned(), workspaces)]);
        for kind in COLLECTIONS {
            let found = self.in_all(&node, &names, kind).await;
            entities.insert(kind.to_owned(), found);
        }
        let targets = match &entities["upstreams"] {
            Known::Known(upstreams) => self.targets(&node, upstreams).await,
            Known::Unknown { unknown } => Known::unknown(unknown.clone()),
        };
        let overrides = match &entities["consumer_groups"] {
            Known::Known(groups) => self.overrides(&node, groups).await,
            Known::Unknown { unknown } => Known::unknown(unknown.clone()),
        };
        let [targets_kind, overrides_kind] = BELOW.map(str::to_owned);
        entities.extend([(targets_kind, targets), (overrides_kind, overrides)]);
        entities
    }

    /// The names of a gateway's workspaces; one without a name where it knows of none.
    pub(super) async fn workspaces(&self, node: &str) -> Known<Vec<Option<String>>> {
        match self.collection(node, "/workspaces", None).await {
            Known::Known(all) if all.is_empty() => Known::Known(vec![None]),
            Known::Known(all) => Known::Known(names_of(&all)),
            Known::Unknown { unknown } => Known::unknown(unknown),
        }
    }

    /// The targets of upstreams.
    pub(super) async fn targets(&self, node: &str, upstreams: &[Entity]) -> Known<Vec<Entity>> {
        let mut all = Vec::new();
        for upstream in upstreams {
            let Some(path) = path(upstream, "upstreams") else {
                continue;
            };
            let workspace = upstream.workspace.as_deref();
            match self
                .collection(node, &format!("{path}/targets"), workspace)
                .await
            {
                Known::Known(found) => all.extend(found),
                unknown @ Known::Unknown { .. } => return unknown,
            }
        }
        Known::Known(all)
    }

    /// What consumer groups set otherwise than the plugins of their consumers do.
    async fn overrides(&self, node: &str, groups: &[Entity]) -> Known<Vec<Entity>> {
        let mut all = Vec::new();
        for group in groups {
            let Some(path) = path(group, "consumer_groups") else {
                continue;
            };
            match self.admin_get(node, &path).await {
                Ok(told) => {
                    let plugins = told["plugins"].as_array().cloned().unwrap_or_default();
                    let workspace = group.workspace.as_deref();
                    all.extend(plugins.into_iter().filter_map(|one| entity(one, workspace)));
                }
                Err(failure) => return Known::unknown(failure.message),
            }
        }
        Known::Known(all)
    }

    /// A collection in all workspaces; unknown if it is in one of them.
    pub(super) async fn in_all(
        &self,
        node: &str,
        workspaces: &[Option<String>],
        kind: &str,
    ) -> Known<Vec<Entity>> {
        let mut all = Vec::new();
        for workspace in workspaces {
            let workspace = workspace.as_deref();
            let path = below(workspace, kind);
            match self.collection(node, &path, workspace).await {
                Known::Known(found) => all.extend(found),
                unknown @ Known::Unknown { .. } => return unknown,
            }
        }
        Known::Known(all)
    }

    /// One collection, whole. A version that does not have it has none of it; a path to what every version has leads nowhere then.
    async fn collection(
        &self,
        node: &str,
        path: &str,
        workspace: Option<&str>,
    ) -> Known<Vec<Entity>> {
        let is_always = |kind: &&str| path.rsplit('/').next() == Some(*kind);
        match self.admin_list(node, path).await {
            Ok(None) if ALWAYS.iter().any(is_always) => {
                Known::unknown(format!("the Admin API of `{node}` has no `{path}`"))
            }
            Ok(found) => {
                let found = found.unwrap_or_default().into_iter();
                Known::Known(found.filter_map(|one| entity(one, workspace)).collect())
            }
            Err(failure) => Known::unknown(failure.message),
        }
    }

    /// The license, which Enterprise alone has.
    pub(super) async fn license(&self, cluster: &Cluster) -> Known<License> {
        let node = match self.first_admin(cluster).await {
            Ok(node) => node,
            Err(why) => return Known::unknown(why),
        };
        let judged = async {
            let Some(licenses) = self.admin_list(&node, "/licenses").await? else {
                return Ok(License::Absent);
            };
            if licenses.is_empty() {
                return Ok(License::Absent);
            }
            let report = self.admin_get(&node, "/license/report").await?;
            let expires = report["license"]["license_expiration_date"].as_str();
            let expires = expires.and_then(|day| day.parse::<jiff::civil::Date>().ok());
            let today = jiff::Zoned::now().date();
            Ok::<License, Failure>(match expires {
                Some(day) if day < today => License::Expired,
                _ => License::Valid,
            })
        };
        match judged.await {
            Ok(license) => Known::Known(license),
            Err(failure) => Known::unknown(failure.message),
        }
    }
}

fn names_of(workspaces: &[Entity]) -> Vec<Option<String>> {
    let names = workspaces.iter().filter_map(|one| one.fields.get("name"));
    names.map(|name| name.as_str().map(str::to_owned)).collect()
}

/// A path in a workspace.
fn below(workspace: Option<&str>, path: &str) -> String {
    match workspace {
        None | Some(DEFAULT) => format!("/{path}"),
        Some(name) => format!("/{name}/{path}"),
    }
}

/// The path of an entity.
fn path(entity: &Entity, kind: &str) -> Option<String> {
    let id = entity.fields.get("id")?.as_str()?;
    Some(below(entity.workspace.as_deref(), &format!("{kind}/{id}")))
}

fn entity(value: Value, workspace: Option<&str>) -> Option<Entity> {
    let Value::Object(fields) = value else {
        return None;
    };
    Some(Entity {
        workspace: workspace.map(str::to_owned),
        fields,
    })
}
