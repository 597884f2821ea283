//! Copies that go live in the model, and the gap between them and their originals: nobody sends requests to a model, so nothing is counted.

use jiff::Timestamp;

use super::content::{Content, Copy};
use super::state::missing;
use super::{Happened, Simulated, Work};

use crate::gateway::{
    ContentDigest, CopyFacts, CopyFound, Counted, Failure, Gap, GapFacts, Given, Lacking,
    ScratchCopy, Sides, SyncRates, TableTotals, TableWrites, Totals,
};

impl Gap for Simulated {
    async fn copy_found(&self, to: &str) -> Result<CopyFound, Failure> {
        self.work(Work::Look, 0);
        self.look(|state| {
            let database = state.world.databases.get(to);
            let database = database.ok_or_else(|| missing("database", to))?;
            Ok(if database.absent {
                CopyFound::Absent
            } else if state.gaps.contains_key(to) {
                CopyFound::Ours
            } else {
                CopyFound::Foreign
            })
        })
    }

    async fn copy_taken_at(&self, database: &str) -> Result<Option<Timestamp>, Failure> {
        self.work(Work::Look, 0);
        self.database(database, |database| database.copy_taken_at)
    }

    async fn make_copy(&self, to: &str, from: &str) -> Result<CopyFacts, Failure> {
        let original = self.database(from, Clone::clone)?;
        let taken_at = self.look(|state| state.now);
        self.work(Work::Backup, original.bytes);
        self.work(Work::Restore, original.bytes);
        self.change(|state| {
            let copy = state.world.databases.get_mut(to);
            let copy = copy.ok_or_else(|| missing("database", to))?;
            let was = copy.clone();
            Content::of(&original).put_into(copy);
            copy.absent = false;
            copy.copy_taken_at = Some(taken_at);
            copy.sync_rates = original.sync_rates;
            copy.bytes = original.bytes;
            copy.free_bytes = original.free_bytes;
            copy.write_denial = original.write_denial;
            copy.server_version.clone_from(&original.server_version);
            // What an earlier attempt made is what is replaced.
            state.gaps.entry(to.to_owned()).or_insert(was);
            Ok::<_, Failure>(())
        })?;
        self.happen(Happened::Copied {
            database: from.to_owned(),
        });
        Ok(CopyFacts {
            taken_at,
            content: Content::of(&original).digest(),
            rows: original.entities.values().sum(),
            counters: std::collections::BTreeMap::new(),
            not_copied: Vec::new(),
        })
    }

    async fn drop_made_copy(&self, to: &str) -> Result<(), Failure> {
        self.work(Work::Drop, 0);
        self.change(|state| {
            if let Some(was) = state.gaps.remove(to) {
                state.world.databases.insert(to.to_owned(), was);
            }
        });
        Ok(())
    }

    async fn gap(&self, sides: &Sides) -> Result<GapFacts, Failure> {
        self.work(Work::Look, 0);
        self.database(&sides.from_database, |_| ())?;
        let taken_at = self.database(&sides.to_database, |copy| copy.copy_taken_at)?;
        let taken_at = taken_at.ok_or_else(|| no_gap(sides))?;
        Ok(GapFacts {
            taken_at,
            tables: Vec::new(),
            redis: Vec::new(),
            out_of_reach: Vec::new(),
            holes: Vec::new(),
        })
    }

    async fn sync_rates(&self, database: &str) -> Result<SyncRates, Failure> {
        self.work(Work::Look, 0);
        self.database(database, |database| database.sync_rates)
    }

    async fn lacking(&self, sides: &Sides) -> Result<Vec<Lacking>, Failure> {
        self.gap(sides).await.map(|_| Vec::new())
    }

    async fn counted(&self, sides: &Sides) -> Result<Vec<Counted>, Failure> {
        self.gap(sides).await.map(|_| Vec::new())
    }

    async fn carried_into(&self, database: &str) -> Result<Totals, Failure> {
        self.work(Work::Look, 0);
        self.database(database, |_| Totals::default())
    }

    async fn catch_up(&self, original: &str, copy: &str, _both: bool) -> Result<Given, Failure> {
        self.work(Work::Look, 0);
        self.database(original, |_| ())?;
        self.database(copy, |_| Given::default())
    }

    async fn carry(&self, _to: &str, sides: &Sides) -> Result<Vec<TableTotals>, Failure> {
        self.gap(sides).await.map(|_| Vec::new())
    }

    async fn take_back(&self, original: &str, copy: &str) -> Result<(), Failure> {
        self.work(Work::Look, 0);
        self.database(original, |_| ())?;
        self.database(copy, |_| ())
    }

    async fn copy_again(&self, from: &str, again: &ScratchCopy) -> Result<ContentDigest, Failure> {
        let original = self.database(from, Clone::clone)?;
        self.work(Work::Backup, original.bytes);
        self.work(Work::Restore, original.bytes);
        let (content, database) = (Content::of(&original), again.database.clone());
        let digest = content.digest();
        let copy = Copy { database, content };
        self.change(|state| state.copies.insert(again.copy.clone(), copy));
        self.happen(Happened::Copied {
            database: again.name(),
        });
        Ok(digest)
    }

    async fn bring_configuration(
        &self,
        copy: &str,
        again: &ScratchCopy,
    ) -> Result<Vec<TableWrites>, Failure> {
        let latest = Content::of(&self.scratch_database(again)?);
        let (held, bytes) = self.database(copy, |copy| (Content::of(copy), copy.bytes))?;
        self.work(Work::Digest, bytes);
        self.change_database(copy, |copy| latest.put_into(copy))?;
        // What came along nobody configured there.
        self.change(|state| {
            if let Some(noted) = state.baselines.get_mut(&noted(copy)) {
                noted.clone_from(&latest);
            }
        });
        Ok(latest.written_since(&held))
    }

    async fn note_configuration(&self, copy: &str) -> Result<(), Failure> {
        let (content, bytes) = self.database(copy, |copy| (Content::of(copy), copy.bytes))?;
        self.work(Work::Digest, bytes);
        self.change(|state| state.baselines.insert(noted(copy), content));
        Ok(())
    }

    async fn configured(&self, copy: &str) -> Result<Option<Vec<TableWrites>>, Failure> {
        let (now, bytes) = self.database(copy, |copy| (Content::of(copy), copy.bytes))?;
        self.work(Work::Digest, bytes);
        let held = self.look(|state| state.baselines.get(&noted(copy)).cloned());
        Ok(held.map(|held| now.written_since(&held)))
    }

    async fn close_gap(&self, original: &str, copy: &str) -> Result<(), Failure> {
        self.take_back(original, copy).await?;
        self.change_database(copy, |copy| copy.copy_taken_at = None)
    }
}

/// The name of the baseline of a copy.
fn noted(copy: &str) -> String {
    format!("{copy}-noted")
}

fn no_gap(sides: &Sides) -> Failure {
    let message = format!(
        "`{}` is no copy of `{}` whose counters were kept when it was made",
        sides.to_database, sides.from_database
    );
    Failure::new("gap.unknown", message).hint("make it with `database::clone_to`")
}
