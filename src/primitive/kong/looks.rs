//! Looking at nodes, entities and migrations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::{AdminStatus, Gateway};
use crate::kong::migrations::MigrationState;
use crate::primitive::{Failure, Look};

/// Makes a look over nodes that asks the gateway one question of each.
macro_rules! over_nodes {
    ($(#[$documentation:meta])* $name:ident = $verb:literal, $answer:ty, $question:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The nodes.
            pub nodes: Vec<String>,
        }

        impl Look for $name {
            type Answer = $answer;
            const VERB: &'static str = $verb;

            fn targets(&self) -> Vec<String> {
                self.nodes.clone()
            }

            async fn look(&self, world: &impl Gateway, target: &str) -> Result<$answer, Failure> {
                world.$question(target).await
            }
        }
    };
}

over_nodes! {
    /// The version of the installed `kong` command.
    Version = "kong.version", crate::kong::Version, installed_version
}
over_nodes! {
    /// What the Admin API says: version, database.
    Status = "kong.status", AdminStatus, admin_status
}
over_nodes! {
    /// How many milliseconds a node's clock is ahead of ours.
    ClockAhead = "kong.clock_ahead", i64, clock_ahead
}
over_nodes! {
    /// Whether Kong runs.
    Health = "kong.health", bool, is_running
}
over_nodes! {
    /// Whether the installed `kong` accepts the node's configuration.
    CheckConfiguration = "kong.check", (), check_configuration
}
over_nodes! {
    /// Whether the node's own settings lead to the database that the environment names.
    ProveDatabase = "kong.prove_database", (), prove_database
}

/// How many entities of each kind there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entities {
    /// The node that is asked.
    pub node: String,
}

impl Look for Entities {
    type Answer = BTreeMap<String, u64>;
    const VERB: &'static str = "kong.entities";

    fn targets(&self) -> Vec<String> {
        vec![self.node.clone()]
    }

    async fn look(
        &self,
        world: &impl Gateway,
        target: &str,
    ) -> Result<BTreeMap<String, u64>, Failure> {
        world.entities(target).await
    }
}

/// Compares the number of entities with an earlier count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// The node that is asked.
    pub node: String,
    /// The earlier count, as `kong.entities` answered it.
    pub before: BTreeMap<String, u64>,
}

impl Look for Compare {
    type Answer = BTreeMap<String, u64>;
    const VERB: &'static str = "kong.compare";

    fn targets(&self) -> Vec<String> {
        vec![self.node.clone()]
    }

    async fn look(
        &self,
        world: &impl Gateway,
        target: &str,
    ) -> Result<BTreeMap<String, u64>, Failure> {
        let after = world.entities(target).await?;
        let different: Vec<String> = self
            .before
            .iter()
            .filter(|(kind, count)| after.get(*kind) != Some(count))
            .map(|(kind, count)| {
                format!(
                    "{kind}: {count} before, {} now",
                    after.get(kind).copied().unwrap_or_default()
                )
            })
            .collect();
        if different.is_empty() {
            return Ok(after);
        }
        Err(Failure::new(
            "kong.compare.different",
            format!(
                "the configuration is not the same: {}",
                different.join("; ")
            ),
        )
        .hint("look at what is missing or new before going on; `kong::entities` shows the counts")
        .details(json!({ "before": self.before, "after": after })))
    }
}

/// The state of the migrations, as the installed `kong` of a node sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrations {
    /// The node whose `kong` is asked.
    pub node: String,
}

impl Look for Migrations {
    type Answer = MigrationState;
    const VERB: &'static str = "kong.migrations";

    fn targets(&self) -> Vec<String> {
        vec![self.node.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<MigrationState, Failure> {
        world.migration_state(target).await
    }
}
