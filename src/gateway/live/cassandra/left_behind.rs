//! What `kong config db_export` leaves behind in a Cassandra, with how many rows those are.

use super::Cluster;
use crate::gateway::{Failure, LeftBehind};
use crate::host::cassandra::export::{Era, omitted};

impl Cluster<'_> {
    /// The tables whose rows an export by a Kong of this era does not take along.
    pub(in crate::gateway::live) async fn left_behind(
        &self,
        era: Era,
    ) -> Result<Vec<LeftBehind>, Failure> {
        let tables = self.tables(&self.release().await?).await?;
        let stays = omitted(&tables, &std::collections::BTreeMap::new(), era);
        let rows = self.counted(stays.iter().map(|one| &one.table)).await?;
        let told = omitted(&tables, &rows, era).into_iter();
        Ok(told
            .map(|one| LeftBehind {
                table: one.table.to_string(),
                rows: one.rows,
                why: one.fate.meaning().to_owned(),
            })
            .collect())
    }
}
