//! Adapting files in the model: what was observed of each change set is what it does.

use std::collections::BTreeMap;

use super::{Simulated, Work};
use crate::gateway::adapting::unmarked;
use crate::gateway::{Adaptation, Adapted, Adapting, Failure, Rebased, Recorded};
use crate::kong::Version;

impl Adapting for Simulated {
    async fn adaptation(&self, node: &str, change_set: &str) -> Result<Adaptation, Failure> {
        self.work(Work::Look, 0);
        let found = self.node(node, |node| node.adaptations.get(change_set).cloned())?;
        found.ok_or_else(|| {
            let message = format!(
                "nothing is known of the change set `{change_set}` on `{node}` in this world"
            );
            Failure::new("config.change_set", message).hint(
                "observe the environment again, with the change set where `[change_sets]` names it",
            )
        })
    }

    async fn adapt(&self, node: &str, change_set: &str) -> Result<Vec<String>, Failure> {
        self.work(Work::Command, 0);
        let found = self.adaptation(node, change_set).await?;
        if !found.conflicts.is_empty() {
            return Err(found.conflict(node, change_set));
        }
        let key = (node.to_owned(), change_set.to_owned());
        self.change(|state| {
            state.adapted.entry(key).or_insert_with(|| found.clone());
        });
        let mut done = found.clone();
        for written in std::mem::take(&mut done.writes) {
            done.files
                .insert(written, Some("as the change set says".to_owned()));
        }
        self.change_node(node, |node| {
            node.adaptations.insert(change_set.to_owned(), done);
        })?;
        Ok(found.writes)
    }

    async fn adapted(&self, node: &str, change_set: &str) -> Result<Adapted, Failure> {
        let key = (node.to_owned(), change_set.to_owned());
        let is_begun = self.look(|state| state.adapted.contains_key(&key));
        let left = self.adaptation(node, change_set).await?.writes;
        Ok(if is_begun && left.is_empty() {
            Adapted::Wholly
        } else {
            Adapted::NotAtAll
        })
    }

    async fn put_files_back(&self, node: &str, change_set: &str) -> Result<(), Failure> {
        self.work(Work::Command, 0);
        let key = (node.to_owned(), change_set.to_owned());
        let Some(before) = self.change(|state| state.adapted.remove(&key)) else {
            return Ok(());
        };
        self.change_node(node, |node| {
            node.adaptations.insert(change_set.to_owned(), before);
        })
    }

    async fn templates(&self, node: &str) -> Result<BTreeMap<String, Option<String>>, Failure> {
        self.work(Work::Look, 0);
        if self.marked_files(node).await?.is_none() {
            return Err(unmarked(node));
        }
        self.node(node, |node| {
            let told =
                |(name, of): (&String, &Version)| (name.clone(), Some(format!("made out of {of}")));
            node.templates.iter().map(told).collect()
        })
    }

    async fn rebase(&self, node: &str) -> Result<Rebased, Failure> {
        self.work(Work::Command, 0);
        let (before, installed) =
            self.node(node, |node| (node.templates.clone(), node.installed))?;
        let old = before.iter().filter(|(_, of)| **of != installed);
        let writes = old.map(|(name, _)| name.clone()).collect();
        self.change(|state| {
            state.rebased.entry(node.to_owned()).or_insert(before);
        });
        self.change_node(node, |node| {
            for of in node.templates.values_mut() {
                *of = node.installed;
            }
        })?;
        Ok(Rebased {
            writes,
            left: Vec::new(),
        })
    }

    async fn rebased(&self, node: &str) -> Result<Adapted, Failure> {
        let is_begun = self.look(|state| state.rebased.contains_key(node));
        Ok(if is_begun {
            Adapted::Wholly
        } else {
            Adapted::NotAtAll
        })
    }

    async fn put_templates_back(&self, node: &str) -> Result<(), Failure> {
        self.work(Work::Command, 0);
        let Some(before) = self.change(|state| state.rebased.remove(node)) else {
            return Ok(());
        };
        self.change_node(node, |node| node.templates = before)
    }

    async fn mark_files(&self, node: &str) -> Result<usize, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |_| ())?;
        self.change(|state| state.marked.insert(node.to_owned()));
        Ok(1)
    }

    async fn marked_files(&self, node: &str) -> Result<Option<usize>, Failure> {
        Ok(self.look(|state| state.marked.contains(node)).then_some(1))
    }

    async fn record_changes(&self, node: &str, change_set: &str) -> Result<Recorded, Failure> {
        self.work(Work::Look, 0);
        if self.marked_files(node).await?.is_none() {
            return Err(unmarked(node));
        }
        let digest = super::content::sum(change_set.as_bytes());
        self.change(|state| {
            for node in state.world.nodes.values_mut() {
                // Known from now on; what was observed or described of it stands.
                let known = node.adaptations.entry(change_set.to_owned());
                known.or_insert_with(|| Adaptation {
                    change_set: digest.clone(),
                    ..Adaptation::default()
                });
            }
        });
        Ok(Recorded {
            change_set: digest,
            files: 0,
            review: "nobody adapts files in a model\n".to_owned(),
        })
    }
}
