//! `kong.check_leftovers`: what an earlier upgrade may have left in the way of the next.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::Gateway;
use crate::kong::migrations::{Verdict, told};
use crate::kong::{Version, repackage};
use crate::primitive::{Failure, Look};

/// Whether an earlier upgrade left something behind: pending migrations, a lock, a long transaction, a node that nobody lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckLeftovers {
    /// The cluster, for messages.
    pub cluster: String,
    /// The node whose `kong` is asked.
    pub node: String,
    /// The nodes on whose hosts others are looked for.
    #[serde(default)]
    pub nodes: Vec<String>,
    /// The cluster's database.
    pub database: String,
    /// The version that an upgrade is about to go to, where it may go on with what an earlier one left pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Version>,
}

impl CheckLeftovers {
    /// A node that is not upgraded with the others works on with tables that are not its own any more. One that has no session now, on a host
    /// of which nothing is known, is not seen; `kong.finish` looks again, and for longer.
    async fn refuse_unlisted(&self, world: &impl Gateway) -> Result<(), Failure> {
        let mut unlisted = Vec::new();
        for node in &self.nodes {
            let strange = world.strange_nodes(node).await?.into_iter();
            let here = strange.filter(|strange| strange.shares_database == Some(true));
            unlisted.extend(here.map(|strange| strange.described));
        }
        let sessions = world.kong_sessions(&self.database).await?;
        if sessions.through.is_none() {
            let sessions = sessions.from_elsewhere.iter();
            unlisted.extend(sessions.map(|session| format!("a session {session}")));
        }
        if unlisted.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the database of `{}` is used by what the environment does not list: {}",
            self.cluster,
            unlisted.join("; ")
        );
        Err(Failure::new("kong.leftovers.unlisted", message)
            .hint("list them in the environment file, so that they are upgraded with the others, or stop them; where addresses are translated on the way to the server, name what does that as `pooler` of the database")
            .details(json!(unlisted)))
    }

    /// The running version does not list what only a newer one knows: an upgrade that went back to the old package leaves such
    /// migrations, and the same upgrade goes on with them. Any other must not be begun on top.
    async fn refuse_foreign(&self, world: &impl Gateway) -> Result<(), Failure> {
        let pending = world.pending_migrations(&self.database).await?;
        if pending.is_empty() {
            return Ok(());
        }
        let running = world.installed_version(&self.node).await?;
        let hint = match &self.to {
            Some(to) if repackage::goes_on(&pending, &running, to) => return Ok(()),
            Some(to) => format!(
                "an upgrade to {to} cannot go on from there: upgrade to the version that left them, and finish"
            ),
            None => "an upgrade to the version that left them goes on with them".to_owned(),
        };
        let message = format!(
            "an earlier upgrade of `{}` to a newer version was not finished; pending: {}",
            self.cluster,
            told(&pending)
        );
        Err(Failure::new("kong.leftovers.pending", message)
            .hint(hint)
            .details(json!(pending)))
    }
}

/// A transaction this old would keep the migrations waiting for its locks.
const LONG: Duration = Duration::from_mins(1);

impl Look for CheckLeftovers {
    type Answer = ();
    const VERB: &'static str = "kong.check_leftovers";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        let state = world.migration_state(&self.node).await?;
        if state.verdict() != Verdict::UpToDate {
            let hint = match state.verdict() {
                Verdict::Pending | Verdict::PendingAndNew => {
                    "an earlier upgrade was not finished: `kong migrations finish` with the version that began it"
                }
                Verdict::New => {
                    "the running version's own migrations have not run: `kong migrations up`"
                }
                Verdict::NeedsBootstrap | Verdict::UpToDate => "is this the right database?",
            };
            let message = format!(
                "the database of `{}` is not up to date for the running version",
                self.cluster
            );
            return Err(Failure::new("kong.leftovers.migrations", message)
                .hint(hint)
                .details(json!(state)));
        }
        self.refuse_foreign(world).await?;
        self.refuse_unlisted(world).await?;
        if world.migration_lock(&self.database).await? {
            return Err(Failure::new("kong.leftovers.lock", "the lock on migrations is held")
                .hint("somebody migrates now, or a killed `kong migrations` left it behind; it expires by itself"));
        }
        let long = world.long_transactions(&self.database, LONG).await?;
        if !long.is_empty() {
            return Err(Failure::new(
                "kong.leftovers.transaction",
                format!("a long transaction is open: {}", long.join("; ")),
            )
            .hint("the migrations would wait for its locks; end it first"));
        }
        Ok(())
    }
}
