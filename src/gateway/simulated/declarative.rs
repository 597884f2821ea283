//! Configuration without a database in the model: what control planes hand to data planes, and what DB-less nodes are sent.

use std::collections::BTreeMap;

use super::content::{Content, sum};
use super::state::missing;
use super::world::Declared;
use super::{Simulated, Work};
use crate::environment::Role;
use crate::gateway::{
    DataPlane, Declarative, ExportedDatabase, Failure, KeptDeclarative, Kong as _, NO_CONFIGURATION,
};
use crate::kong::Version;
use crate::kong::clustering::hands;

impl Declarative for Simulated {
    async fn data_planes(&self, node: &str) -> Result<Vec<DataPlane>, Failure> {
        self.work(Work::Look, 0);
        // It must answer.
        self.admin_status(node).await?;
        let cluster = self.node(node, |node| node.cluster_database.clone())?;
        let planes: Vec<(String, Version)> = self.look(|state| {
            let nodes = state.world.nodes.iter();
            let planes = nodes.filter(|(_, node)| {
                node.role == Some(Role::DataPlane) && node.cluster_database == cluster
            });
            planes
                .filter_map(|(name, node)| Some((name.clone(), node.running?)))
                .collect()
        });
        let listed = planes.into_iter().map(|(name, version)| {
            let is_handed = self.handed(&name)?.is_some();
            let word = if is_handed {
                "normal"
            } else {
                "kong_version_incompatible"
            };
            Ok(DataPlane {
                id: name.clone(),
                hostname: name.clone(),
                ip: "127.0.0.1".to_owned(),
                version: version.to_string(),
                sync_status: word.to_owned(),
                configuration_hash: self
                    .configuration_hash(&name)?
                    .unwrap_or_else(|| NO_CONFIGURATION.to_owned()),
                seen_seconds_ago: 0,
                node: Some(name),
            })
        });
        listed.collect()
    }

    async fn parse_declarative(&self, node: &str, version: &Version) -> Result<(), Failure> {
        self.work(Work::Command, 0);
        let declared = self.node(node, |node| node.declared.clone())?;
        let Some(declared) = declared.filter(|declared| declared.from_file) else {
            let message = format!("`{node}` has no declarative file that could be parsed");
            return Err(Failure::new("kong.declarative.none", message)
                .hint("name it in the environment file: `declarative = \"/etc/kong/kong.yml\"`"));
        };
        if self.installed_version(node).await? != *version {
            self.require_trial(node, version)?;
        }
        let Some(words) = declared.refused_by.get(version) else {
            return Ok(());
        };
        let message = format!(
            "Kong {version} cannot read the declarative configuration of `{node}`: kong config on `{node}`: {words} (exit code 1)"
        );
        Err(Failure::new("kong.declarative.refused", message).hint(
            "convert it for that version first, as with `deck file convert`, and try it with `kong config parse`",
        ))
    }

    async fn keep_declarative(&self, node: &str) -> Result<KeptDeclarative, Failure> {
        self.work(Work::Look, 0);
        // It must answer.
        self.admin_status(node).await?;
        let declared = self.node(node, |node| node.declared.clone())?;
        let declared = declared.ok_or_else(|| missing("declarative configuration of", node))?;
        let kept = self.change(|state| {
            let kept = &mut state.kept_declaratives;
            kept.entry(node.to_owned()).or_insert(declared).clone()
        });
        Ok(facts(&kept))
    }

    async fn kept_declarative(&self, node: &str) -> Result<Option<KeptDeclarative>, Failure> {
        Ok(self.look(|state| state.kept_declaratives.get(node).map(facts)))
    }

    async fn send_declarative(&self, node: &str) -> Result<String, Failure> {
        self.work(Work::Look, 0);
        self.admin_status(node).await?;
        let kept = self.look(|state| state.kept_declaratives.get(node).cloned());
        let kept = kept.ok_or_else(|| {
            let message = format!("nothing was kept of `{node}` that could be sent to it");
            Failure::new("kong.declarative.none", message)
                .hint("`kong::keep_declarative(node)` keeps it, while the node still has it")
        })?;
        let hash = kept
            .hash
            .clone()
            .unwrap_or_else(|| NO_CONFIGURATION.to_owned());
        self.change_node(node, |node| {
            if let Some(declared) = &mut node.declared {
                declared.hash = kept.hash;
                declared.entities = kept.entities;
            }
        })?;
        Ok(hash)
    }

    async fn export_database(&self, node: &str) -> Result<ExportedDatabase, Failure> {
        let name = self.database_of(node)?;
        let content = self.database(&name, Content::of)?;
        self.work(Work::Command, 0);
        let version = self.node(node, |node| node.installed)?;
        let exported = ExportedDatabase {
            node: node.to_owned(),
            version,
            digest: content.digest().configuration,
            bytes: 0,
            left_behind: Vec::new(),
        };
        Ok(self.change(|state| {
            let first = (exported, content);
            let kept = state.exported.entry(node.to_owned()).or_insert(first);
            kept.0.clone()
        }))
    }

    async fn exported_database(&self, node: &str) -> Result<Option<ExportedDatabase>, Failure> {
        self.work(Work::Look, 0);
        Ok(self.look(|state| state.exported.get(node).map(|(facts, _)| facts.clone())))
    }

    async fn import_database(
        &self,
        node: &str,
        exported: &ExportedDatabase,
    ) -> Result<(), Failure> {
        let name = self.database_of(node)?;
        self.want_postgres(&name)?;
        self.work(Work::Command, 0);
        let content = self.look(|state| state.exported.get(&exported.node).cloned());
        let (_, content) = content.ok_or_else(|| missing("export by", &exported.node))?;
        self.change_database(&name, |database| {
            database.entities = content.entities;
            database.writes += 1;
        })
    }

    async fn exportable_rows(&self, database: &str) -> Result<u64, Failure> {
        self.want_postgres(database)?;
        self.work(Work::Look, 0);
        self.database(database, |database| database.entities.values().sum())
    }
}

impl Simulated {
    /// Starts a node that has no database.
    pub(super) fn start_declared(&self, node: &str, installed: Version) -> Result<(), Failure> {
        let (role, declared) = self.node(node, |node| (node.role, node.declared.clone()))?;
        let mut declared = declared.unwrap_or_default();
        if let Some(words) = declared.refused_by.get(&installed) {
            let message = format!("kong start on `{node}`: {words} (exit code 1)");
            return Err(Failure::new("kong.command", message));
        }
        // What another minor version left in the prefix is thrown away.
        let is_own = (declared.sent_to).is_none_or(|before| {
            (before.major, before.minor) == (installed.major, installed.minor)
        });
        if !declared.from_file && role.is_none() && !is_own {
            declared.hash = None;
            declared.entities = BTreeMap::new();
        }
        declared.sent_to = Some(installed);
        self.now_runs(node, installed)?;
        if let Some(handed) = self.handed(node)? {
            declared.hash = Some(handed);
        }
        let lacks = declared.hash.is_none() && (declared.from_file || role.is_some());
        self.change_node(node, |node| node.declared = Some(declared))?;
        if lacks {
            let message = format!("`{node}` was started and is not ready: it has no configuration");
            return Err(Failure::new("kong.start.not_ready", message)
                .hint("look into its error log, `logs/error.log` under its prefix"));
        }
        Ok(())
    }

    /// The hash of what a control plane hands to a data plane that runs; none where none hands it anything.
    fn handed(&self, node: &str) -> Result<Option<String>, Failure> {
        let (role, running, cluster) = self.node(node, |node| {
            (node.role, node.running, node.cluster_database.clone())
        })?;
        let (Some(Role::DataPlane), Some(version), Some(cluster)) = (role, running, cluster) else {
            return Ok(None);
        };
        let hands = self.look(|state| {
            state.world.nodes.values().any(|node| {
                node.role == Some(Role::ControlPlane)
                    && node.cluster_database.as_ref() == Some(&cluster)
                    && node
                        .running
                        .is_some_and(|control| hands(&control, &version).hands)
            })
        });
        if !hands {
            return Ok(None);
        }
        let content = self.database(&cluster, Content::of)?.digest();
        Ok(Some(hash_of(&content.configuration)))
    }

    /// The hash that a node without a database says it has.
    pub(super) fn configuration_hash(&self, node: &str) -> Result<Option<String>, Failure> {
        let Some(declared) = self.node(node, |node| node.declared.clone())? else {
            return Ok(None);
        };
        let hash = self.handed(node)?.or(declared.hash);
        Ok(Some(hash.unwrap_or_else(|| NO_CONFIGURATION.to_owned())))
    }

    pub(super) fn declared_entities(
        &self,
        node: &str,
        declared: Declared,
    ) -> Result<BTreeMap<String, u64>, Failure> {
        if self.node(node, |node| node.role.is_some())? {
            let message = format!("`{node}` is a data plane and has no Admin API");
            return Err(Failure::new("kong.admin.none", message)
                .hint("ask a control plane of its cluster: `cluster.control_planes`"));
        }
        Ok(declared.entities)
    }
}

fn hash_of(digest: &str) -> String {
    digest.chars().take(NO_CONFIGURATION.len()).collect()
}

fn facts(declared: &Declared) -> KeptDeclarative {
    let text = declared.hash.clone().unwrap_or_default();
    KeptDeclarative {
        digest: sum(text.as_bytes()),
        bytes: text.len() as u64,
    }
}
