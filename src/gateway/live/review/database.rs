//! The server of a cluster's database.

use std::collections::BTreeSet;

use super::super::{Live, postgres};
use crate::environment::Cluster;
use crate::gateway::Failure;
use crate::kong::advisories::{Database, Known, counted_tables};

/// What a rule calls the privilege that Kong needs; in which schema it needs it is the environment's to say.
const MAY_CREATE: &str = "CREATE ON SCHEMA public";

impl Live {
    pub(super) async fn database_evidence(&self, cluster: &Cluster) -> Known<Database> {
        let Some(name) = &cluster.database else {
            return Known::unknown("the environment names no database of the cluster");
        };
        if let Some(old) = self.cassandra(name).ok().flatten() {
            let unasked = "this is not asked of a Cassandra";
            return Known::Known(Database {
                kind: "cassandra".to_owned(),
                version: match old.version().await {
                    Ok(version) => Known::Known(version),
                    Err(failure) => Known::unknown(failure.message),
                },
                settings: Known::unknown(unasked),
                privileges: Known::unknown(unasked),
                rows: Known::unknown(unasked),
            });
        }
        let Some(database) = self.environment.databases.get(name) else {
            return Known::unknown(format!("the environment does not describe `{name}`"));
        };
        match postgres::judged(database, &counted_tables()).await {
            Ok(judged) => Known::Known(Database {
                kind: "postgres".to_owned(),
                version: Known::Known(judged.version),
                settings: Known::Known(judged.settings),
                privileges: Known::Known(if judged.may_create {
                    BTreeSet::from([MAY_CREATE.to_owned()])
                } else {
                    BTreeSet::new()
                }),
                rows: Known::Known(judged.rows),
            }),
            Err(error) => Known::unknown(Failure::from(error).message),
        }
    }
}
