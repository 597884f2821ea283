//! What there is to know of a Cassandra as a database.

use super::Cluster;
use crate::gateway::live::databases::space;
use crate::gateway::{DatabaseFacts, Failure};
use crate::host::cassandra::backup::unready;

impl Cluster<'_> {
    /// Its version and size, and what keeps it from a backup and a restore now. Its sessions are not known.
    pub(in crate::gateway::live) async fn facts(&self) -> Result<DatabaseFacts, Failure> {
        let present = self.present().await?;
        let obstacles = unready(&present.seen);
        Ok(DatabaseFacts {
            server_version: format!("Cassandra {}", present.release()),
            bytes: self.bytes().await?,
            free_bytes: space::free_bytes_to_come(&self.live.backups_path())?,
            sessions: 0,
            swap_obstacles: obstacles.iter().map(ToString::to_string).collect(),
        })
    }

    /// Its version alone.
    pub(in crate::gateway::live) async fn version(&self) -> Result<String, Failure> {
        Ok(self.release().await?.to_string())
    }

    /// The bytes of the files that its tables have on all nodes: as many as a backup takes.
    pub(super) async fn bytes(&self) -> Result<u64, Failure> {
        let mut bytes = 0;
        for node in &self.settings.nodes {
            for data in &node.data {
                let directory = format!("{}/{}", data.display(), self.keyspace);
                let question = [
                    "find",
                    &directory,
                    "-type",
                    "f",
                    "-not",
                    "-path",
                    "*/snapshots/*",
                    "-not",
                    "-path",
                    "*/backups/*",
                    "-printf",
                    "%s\\n",
                ];
                let told = self.ask(node, &question).await?;
                bytes += told
                    .lines()
                    .filter_map(|line| line.parse::<u64>().ok())
                    .sum::<u64>();
            }
        }
        Ok(bytes)
    }
}
