//! After a restore: whether the rows are there again, and what of the backup, and of what was there before, is not.

use std::collections::BTreeMap;

use super::restoring::Restoring;
use super::{Cluster, held};
use crate::gateway::Failure;
use crate::gateway::live::private_file;
use crate::host::cassandra::Name;
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::restore::{Effect, differences, losses, refilled};

impl Cluster<'_> {
    /// The rows of configuration have to be there again: `refresh` says nothing of files that it could not take.
    pub(super) async fn prove_rows(&self, manifest: &Manifest) -> Result<(), Failure> {
        let now = self.counted(manifest.rows.keys()).await?;
        let is_proof = |name: &Name| {
            let mut tables = manifest.tables.iter();
            tables.any(|table| table.name == *name && held::is_configuration(table))
        };
        let mut proof = manifest.rows.clone();
        proof.retain(|name, _| is_proof(name));
        let lacking = match refilled(&proof, &now) {
            Effect::All => Vec::new(),
            Effect::None => proof.keys().cloned().collect(),
            Effect::Part(open) => open,
        };
        let told = |name: &Name| {
            let count = |rows: &BTreeMap<Name, u64>| {
                let count = rows.get(name);
                count.map_or_else(|| "an unknown number".to_owned(), ToString::to_string)
            };
            format!(
                "`{name}` has {} rows and had {}",
                count(&now),
                count(&manifest.rows)
            )
        };
        if !lacking.is_empty() {
            let told: Vec<String> = lacking.iter().map(told).collect();
            return Err(self.unrestored(&told.join("; ")));
        }
        let others = manifest.rows.iter().filter(|(name, _)| !is_proof(name));
        for (name, _) in others.filter(|(name, count)| now.get(name) != Some(count)) {
            self.progress(&format!("{}: some end by themselves", told(name)));
        }
        Ok(())
    }

    /// What the restore did not bring back, for whoever watches and, in a file of the run, for later.
    pub(super) async fn tell_losses(
        &self,
        manifest: &Manifest,
        restoring: &Restoring,
    ) -> Result<(), Failure> {
        let changed = differences(&manifest.schema, &self.schema().await?);
        let mut lines: Vec<String> = (losses(manifest, &changed).iter())
            .map(ToString::to_string)
            .collect();
        if let Some(tag) = &restoring.before {
            lines.push(format!(
                "what was there before is kept as the snapshot `{tag}` on every node: clear it when nobody needs it (`nodetool clearsnapshot -t {tag} {}`)",
                self.keyspace
            ));
        }
        lines.push("Cassandra itself keeps what was emptied as snapshots `truncated-…`, where `auto_snapshot` is on".to_owned());
        for line in &lines {
            self.progress(line);
        }
        let name = format!("step-{}-restore-{}.txt", self.live.step.get(), self.name);
        let path = self.live.output.join(name);
        private_file::write(&path, lines.join("\n") + "\n").map_err(|error| self.unkept(&error))
    }
}
