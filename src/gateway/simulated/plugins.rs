//! Plugins on routes and services in the model. It has no list of those: a name is taken for one that is there.

use std::collections::BTreeSet;

use super::kong::not_answering;
use super::{Simulated, Work};
use crate::gateway::{AdminAccess, Failure, Plugin, PluginPlace, Plugins, WriteDenial};

/// The plugins of every Kong that playbooks put on routes, with the first version that has them.
const BUNDLED: [(&str, (u16, u16)); 2] = [("request-termination", (0, 0)), ("redirect", (3, 9))];

impl Plugins for Simulated {
    async fn available_plugins(&self, node: &str) -> Result<BTreeSet<String>, Failure> {
        self.ask_admin(node)?;
        let (running, own) = self.node(node, |node| (node.running, node.plugins.clone()))?;
        let running = running.ok_or_else(|| not_answering(node))?;
        let bundled = BUNDLED
            .into_iter()
            .filter(|(_, (major, minor))| running.is_at_least(*major, *minor));
        Ok(bundled
            .map(|(name, _)| name.to_owned())
            .chain(own)
            .collect())
    }

    async fn plugin(&self, node: &str, place: &PluginPlace) -> Result<Option<Plugin>, Failure> {
        self.ask_admin(node)?;
        let database = self.database_of(node)?;
        self.database(&database, |database| {
            database.plugins.get(&place.key()).cloned()
        })
    }

    async fn put_plugin(
        &self,
        node: &str,
        place: &PluginPlace,
        plugin: &Plugin,
    ) -> Result<(), Failure> {
        let database = self.writes_admit(node)?;
        self.change_database(&database, |database| {
            let found = database.plugins.insert(place.key(), plugin.clone());
            if found.is_none()
                && let Some(count) = database.entities.get_mut("plugins")
            {
                *count += 1;
            }
        })
    }

    async fn remove_plugin(
        &self,
        node: &str,
        place: &PluginPlace,
        _id: &str,
    ) -> Result<(), Failure> {
        let database = self.writes_admit(node)?;
        self.change_database(&database, |database| {
            let found = database.plugins.remove(&place.key());
            if found.is_some()
                && let Some(count) = database.entities.get_mut("plugins")
            {
                *count = count.saturating_sub(1);
            }
        })
    }

    async fn speaks(&self, node: &str, _: &str, _: &str) -> Result<bool, Failure> {
        self.ask_admin(node)?;
        Ok(true)
    }
}

impl Simulated {
    /// One request to a node's Admin API, which must answer.
    fn ask_admin(&self, node: &str) -> Result<(), Failure> {
        self.work(Work::Look, 0);
        let (running, access) = self.node(node, |node| (node.running, node.admin))?;
        match (running, access) {
            (None, _) => Err(not_answering(node)),
            (_, AdminAccess::Closed) => Err(AdminAccess::closed(node)),
            (Some(_), AdminAccess::Open { .. }) => Ok(()),
        }
    }

    /// The database into which a node's Admin API writes, if it admits that.
    fn writes_admit(&self, node: &str) -> Result<String, Failure> {
        self.ask_admin(node)?;
        let database = self.database_of(node)?;
        match self.database(&database, |database| database.write_denial)? {
            WriteDenial::Off => Ok(database),
            WriteDenial::On | WriteDenial::Suspended => Err(Failure::new(
                "kong.admin.status",
                format!("the Admin API of `{node}` answers 500: An unexpected error occurred"),
            )),
        }
    }
}
