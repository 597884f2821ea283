//! What a simulated Cassandra does not do, refused in the words of the real one.

use super::Simulated;
use crate::environment::DatabaseKind;
use crate::gateway::Failure;

impl Simulated {
    /// Refuses what cannot be asked of a Cassandra, as the real one does.
    pub(super) fn want_postgres(&self, database: &str) -> Result<(), Failure> {
        let is_cassandra = self.look(|state| {
            let found = state.world.databases.get(database);
            found.is_some_and(|found| found.kind == DatabaseKind::Cassandra)
        });
        if is_cassandra {
            return Err(Failure::of_cassandra(database));
        }
        Ok(())
    }

    /// Refuses where nodes run on a Cassandra, as the real one does.
    pub(super) fn want_stopped(&self, database: &str) -> Result<(), Failure> {
        if self.want_postgres(database).is_ok() {
            return Ok(());
        }
        let runs = self.look(|state| {
            let mut nodes = state.world.nodes.iter();
            let of_it = |node: &super::Node| node.cluster_database.as_deref() == Some(database);
            let found = nodes.find(|(_, node)| of_it(node) && node.running.is_some());
            found.map(|(name, _)| name.clone())
        });
        let Some(node) = runs else { return Ok(()) };
        let message = format!("the node `{node}` runs, and uses the Cassandra `{database}`");
        Err(Failure::new("database.in_use", message)
            .hint("stop every node of its clusters first: `kong::stop`"))
    }
}
