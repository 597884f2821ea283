//! Whether an old node still works on the database: by Admin API, by process, and by the sessions that it would hold.
//!
//! Each of them misses something. An old node that the inventory does not list answers no Admin API of ours; one on another host
//! is no process here; behind a pooler no session tells whose it is. What no look can rule out is answered as a doubt.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::Finish;
use crate::gateway::{Gateway, KongSessions, StrangeNode};
use crate::primitive::Failure;

impl Finish {
    /// Refuses while an old node is seen; answers why one that is not seen could be there all the same.
    ///
    /// Kong connects lazily and keeps idle sessions for a while, so one look is not enough: the sessions are looked at over several
    /// intervals in which every node asks its database for changes.
    pub(super) async fn require_no_old_node_at_work(
        &self,
        world: &impl Gateway,
    ) -> Result<Vec<String>, Failure> {
        let mut doubts = self.require_no_strange_process(world).await?;
        let mut strange = BTreeSet::new();
        let mut pooler = None;
        for sample in 0..self.samples.max(1) {
            if sample > 0 {
                world.pause(Duration::from_millis(self.interval)).await;
            }
            let KongSessions {
                through,
                from_elsewhere,
            } = world.kong_sessions(&self.database).await?;
            pooler = pooler.or(through);
            strange.extend(from_elsewhere);
        }
        if let Some(pooler) = pooler {
            doubts.push(format!(
                "Kong connects through the pooler `{pooler}`, so whose sessions these are cannot be seen"
            ));
        } else if !strange.is_empty() {
            let named: Vec<&str> = strange.iter().map(String::as_str).collect();
            return Err(Failure::new(
                "kong.finish.old_node",
                format!("sessions of Kong's role come from where no node of the environment is: {}", named.join("; ")),
            )
            .hint("stop the node that holds them, or add it to the environment; an old node loses what `finish` removes. Where addresses are translated on the way to the server, name what does that as `pooler` of the database")
            .details(json!(named)));
        }
        Ok(doubts)
    }

    async fn require_no_strange_process(
        &self,
        world: &impl Gateway,
    ) -> Result<Vec<String>, Failure> {
        let mut doubts = BTreeSet::new();
        for node in &self.nodes {
            for StrangeNode {
                described,
                shares_database,
            } in world.strange_nodes(node).await?
            {
                if shares_database == Some(true) {
                    return Err(Failure::new(
                        "kong.finish.old_node",
                        format!("a node that the environment does not list works on this database: {described}"),
                    )
                    .hint("stop it, or add it to the environment and upgrade it"));
                }
                doubts.insert(format!(
                    "whether it uses this database is not known: {described}"
                ));
            }
        }
        Ok(doubts.into_iter().collect())
    }
}
