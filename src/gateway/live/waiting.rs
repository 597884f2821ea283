//! Telling who keeps long work waiting, while it waits: a lock in the database names its holder instead of looking like slowness.

use std::time::Duration;

use super::Live;
use super::postgres::{Role, connect, who_blocks_whom};
use crate::environment::Database;

/// How often it is looked at what the work waits for.
const TICK: Duration = Duration::from_secs(1);

impl Live {
    /// Does `work` in `database`, called `name`, and tells meanwhile whom it waits for.
    ///
    /// Looking from the maintenance database, since the work may close its own. Not being able to look does not disturb it.
    pub(super) async fn telling_who_blocks<T>(
        &self,
        name: &str,
        database: &Database,
        work: impl Future<Output = T>,
    ) -> T {
        let watching = async {
            tokio::time::sleep(TICK).await;
            let session = connect(database, Role::Admin, None).await.ok();
            loop {
                if let Some(session) = &session {
                    let blocked = who_blocks_whom(session, &database.database).await;
                    for blocker in blocked.iter().flatten().flat_map(|found| &found.blockers) {
                        self.report.progress(&format!(
                            "{name} waits for process {} of `{}`: {}",
                            blocker.pid, blocker.user, blocker.query
                        ));
                    }
                }
                tokio::time::sleep(TICK).await;
            }
        };
        tokio::select! {
            done = work => done,
            () = watching => unreachable!("watching has no end of its own"),
        }
    }
}
