//! The verbs about copies that go live and the counters between them, in terms of [`super::postgres::gap`].

use super::Live;
use super::copying::{Becomes, Moment};
use super::postgres::gap::{self, Books};
use super::postgres::{self, Mark, MarkKind, PostgresError, Role};
use super::redis::{self, Direction, Limits, Pairs, Side};
use crate::gateway::{
    ContentDigest, CopyFacts, CopyFound, Counted, Failure, Gap, GapFacts, Given, Lacking,
    ScratchCopy, Sides, SyncRates, TableTotals, TableWrites, Totals,
};
use crate::kong::rate_limits::{limits, out_of_reach, sync_rates};

impl Gap for Live {
    async fn copy_found(&self, to: &str) -> Result<CopyFound, Failure> {
        let target = &*self.database(to)?;
        let session = postgres::connect(target, Role::Admin, None).await?;
        let found = postgres::describe(&session, &target.database).await;
        session.close().await;
        let Some(description) = found? else {
            return Ok(CopyFound::Absent);
        };
        // A creation that was killed before it was marked left a database that nobody has ever opened.
        let ours = match description.comment.as_deref() {
            None => !description.allows_connections,
            Some(comment) => Mark::parse(comment)
                .is_some_and(|mark| mark.kind == MarkKind::Created && mark.run == self.run),
        };
        Ok(if ours {
            CopyFound::Ours
        } else {
            CopyFound::Foreign
        })
    }

    async fn copy_taken_at(&self, database: &str) -> Result<Option<jiff::Timestamp>, Failure> {
        let found = gap::gap_of(&*self.database(database)?).await?;
        Ok(found.filter(|gap| gap.is_copy).map(|gap| gap.since))
    }

    async fn make_copy(&self, to: &str, from: &str) -> Result<CopyFacts, Failure> {
        let (source, target) = (&*self.database(from)?, &*self.database(to)?);
        if source.schema != target.schema {
            let message = format!(
                "`{from}` has its tables in the schema `{}`, and `{to}` wants them in `{}`",
                source.schema, target.schema
            );
            return Err(Failure::new("database.clone.schema", message).hint(
                "give both the same `schema` in the environment file: a dump names it everywhere",
            ));
        }
        // Known before the long work: a table whose counters could not be kept.
        gap::tables_of(source).await?;
        let made = self.copy_moment(source, target, Becomes::Live).await?;
        let Moment {
            taken,
            restored,
            content,
        } = made;
        // Nobody has counted in the copy yet, and it was proven to hold what the dump holds: so it holds what was counted at that moment.
        let gap = gap::Gap {
            id: taken.manifest_digest,
            since: taken.taken_at,
            copy: target.database.clone(),
            is_copy: true,
        };
        let counters = gap::begin(target, &gap).await?;
        gap::note_copied(target).await?;
        Ok(CopyFacts {
            taken_at: taken.taken_at,
            content,
            rows: restored.rows,
            counters: counters.into_iter().collect(),
            not_copied: restored.not_copied,
        })
    }

    async fn drop_made_copy(&self, to: &str) -> Result<(), Failure> {
        let target = &*self.database(to)?;
        self.remove_dumps()?;
        postgres::drop_created(target, &target.database, &self.run).await?;
        Ok(())
    }

    async fn gap(&self, sides: &Sides) -> Result<GapFacts, Failure> {
        let gap = self.gap_between(sides).await?;
        let original = &*self.database(&sides.from_database)?;
        let here = self.counting(&sides.from_database).await?;
        let there = self.counting(&sides.to_database).await?;
        let pairs = redis::pairs(&here, &there).await?;
        Ok(GapFacts {
            taken_at: gap.since,
            tables: gap::tables_of(original).await?,
            redis: pairs.carried.iter().map(redis::Pair::told).collect(),
            out_of_reach: out_of_reach(&here.plugins, |row| pairs.why_left(row)),
            holes: gap::holes_of(original).await?,
        })
    }

    async fn sync_rates(&self, database: &str) -> Result<SyncRates, Failure> {
        let plugins = gap::counting_plugins(&*self.database(database)?).await?;
        Ok(sync_rates(&plugins))
    }

    async fn lacking(&self, sides: &Sides) -> Result<Vec<Lacking>, Failure> {
        let gap = self.gap_between(sides).await?;
        let (original, copy) = (
            self.database(&sides.from_database)?,
            self.database(&sides.to_database)?,
        );
        let mut found = gap::lacking(&original, &copy, &gap).await?;
        let (pairs, limits) = self.redis_between(sides).await?;
        for pair in &pairs.carried {
            found.extend(redis::lacking(pair, &gap.short(), &limits).await?);
        }
        Ok(found)
    }

    async fn counted(&self, sides: &Sides) -> Result<Vec<Counted>, Failure> {
        let gap = self.gap_between(sides).await?;
        let (original, copy) = (
            self.database(&sides.from_database)?,
            self.database(&sides.to_database)?,
        );
        let mut found = gap::counted(&original, &copy, &gap).await?;
        let (pairs, limits) = self.redis_between(sides).await?;
        for pair in &pairs.carried {
            found.extend(redis::counted(pair, &gap.short(), &limits).await?);
        }
        Ok(found)
    }

    async fn carried_into(&self, database: &str) -> Result<Totals, Failure> {
        let counting = &*self.database(database)?;
        let mut all = vec![gap::carried_into(counting).await?];
        if !counting.redis.is_empty()
            && let Some(gap) = gap::gap_of(counting).await?
        {
            for place in self.counting(database).await?.places() {
                all.push(redis::carried_into(&place, &gap.short()).await?);
            }
        }
        Ok(all.into_iter().sum())
    }

    async fn catch_up(&self, original: &str, copy: &str, both: bool) -> Result<Given, Failure> {
        let sides = Sides {
            from_database: original.to_owned(),
            to_database: copy.to_owned(),
        };
        self.gap_between(&sides).await?;
        let (original, copy) = (self.database(original)?, self.database(copy)?);
        Ok(gap::catch_up(&original, &copy, both).await?)
    }

    async fn carry(&self, to: &str, sides: &Sides) -> Result<Vec<TableTotals>, Failure> {
        let gap = self.gap_between(sides).await?;
        let (from, direction) = if to == sides.to_database {
            (&sides.from_database, Direction::ToCopy)
        } else {
            (&sides.to_database, Direction::ToOriginal)
        };
        let (source, target) = (self.database(from)?, self.database(to)?);
        let mut added = gap::carry(&source, &target, &gap, &self.run).await?;
        let (pairs, _) = self.redis_between(sides).await?;
        for pair in &pairs.carried {
            added.push(TableTotals {
                table: pair.told(),
                totals: redis::carry(pair, &gap.short(), direction).await?,
            });
        }
        Ok(added)
    }

    async fn take_back(&self, original: &str, copy: &str) -> Result<(), Failure> {
        let (here, there) = (&*self.database(original)?, &*self.database(copy)?);
        let kept = gap::gap_of(here).await?;
        if let Some(gap) = kept.filter(|gap| !gap.is_copy && gap.copy == there.database) {
            // The books in the database last: it is by them that those in Redis are known.
            self.take_back_in_redis(original, &gap, redis::Books::Go)
                .await?;
            gap::take_back(here, Books::Go).await?;
        }
        match gap::take_back(there, Books::Stay).await {
            // It may be for this that the clients are to go back, and they wait for it; the copy is dropped later anyhow.
            Err(PostgresError::Connect { .. }) => return Ok(()),
            done => done?,
        }
        match gap::gap_of(there).await? {
            Some(gap) => {
                let done = self
                    .take_back_in_redis(copy, &gap, redis::Books::Stay)
                    .await;
                done.or_else(|failure| match failure.code.as_str() {
                    "gap.redis.unreachable" => Ok(()),
                    _ => Err(failure),
                })
            }
            None => Ok(()),
        }
    }

    async fn copy_again(&self, from: &str, again: &ScratchCopy) -> Result<ContentDigest, Failure> {
        let (source, target) = (&*self.database(from)?, &*self.database(&again.name())?);
        let made = self.copy_moment(source, target, Becomes::Scratch).await?;
        gap::note_copied(target).await?;
        Ok(made.content)
    }

    async fn bring_configuration(
        &self,
        copy: &str,
        again: &ScratchCopy,
    ) -> Result<Vec<TableWrites>, Failure> {
        let (copy, again) = (self.database(copy)?, self.database(&again.name())?);
        Ok(gap::bring_configuration(&copy, &again).await?)
    }

    async fn note_configuration(&self, copy: &str) -> Result<(), Failure> {
        Ok(gap::note_configuration(&*self.database(copy)?).await?)
    }

    async fn configured(&self, copy: &str) -> Result<Option<Vec<TableWrites>>, Failure> {
        Ok(gap::configured(&*self.database(copy)?).await?)
    }

    async fn close_gap(&self, original: &str, copy: &str) -> Result<(), Failure> {
        let (here, there) = (&*self.database(original)?, &*self.database(copy)?);
        // The copy's side last: it is by that that the original's is known. And before each what is known by it.
        if let Some(gap) = gap::gap_of(there).await? {
            let also = gap::gap_of(here).await?;
            if also.is_some_and(|also| also.id == gap.id) {
                self.take_back_in_redis(original, &gap, redis::Books::GoAlone)
                    .await?;
                gap::close(here).await?;
            }
            self.take_back_in_redis(copy, &gap, redis::Books::GoAlone)
                .await?;
        }
        Ok(gap::close(there).await?)
    }
}

impl Live {
    /// Where the plugins of a database count, as far as the environment tells.
    async fn counting(&self, database: &str) -> Result<Side<'_>, Failure> {
        let settings = &*self.database(database)?;
        let named = |name: &String| self.environment.redis.get_key_value(name);
        let stores = settings.redis.iter().filter_map(named);
        Ok(Side {
            plugins: gap::counting_plugins(settings).await?,
            stores: stores.map(|(name, store)| (name.as_str(), store)).collect(),
            access: self.access,
        })
    }

    /// The Redis of two sides that belong together, and the limits that count there.
    async fn redis_between(&self, sides: &Sides) -> Result<(Pairs, Limits), Failure> {
        let here = self.database(&sides.from_database)?;
        let there = self.database(&sides.to_database)?;
        if here.redis.is_empty() || there.redis.is_empty() {
            return Ok((Pairs::default(), Limits::default()));
        }
        let here = self.counting(&sides.from_database).await?;
        let there = self.counting(&sides.to_database).await?;
        let limits = Limits::of(limits(&here.plugins, "redis"));
        Ok((redis::pairs(&here, &there).await?, limits))
    }

    async fn take_back_in_redis(
        &self,
        database: &str,
        gap: &gap::Gap,
        then: redis::Books,
    ) -> Result<(), Failure> {
        if self.database(database)?.redis.is_empty() {
            return Ok(());
        }
        for place in self.counting(database).await?.places() {
            redis::take_back(&place, &gap.short(), then).await?;
        }
        Ok(())
    }

    async fn gap_between(&self, sides: &Sides) -> Result<gap::Gap, Failure> {
        let copy = &*self.database(&sides.to_database)?;
        let found = gap::gap_of(copy).await?;
        found.ok_or_else(|| no_gap(&sides.from_database, &sides.to_database))
    }
}

fn no_gap(from: &str, to: &str) -> Failure {
    let message =
        format!("`{to}` is no copy of `{from}` whose counters were kept when it was made");
    Failure::new("gap.unknown", message).hint("make it with `database::clone_to`")
}
