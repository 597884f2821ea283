//! What a database's `schema_meta` holds, and what Kong's commands make of it. Pure: the rules behind `kong migrations` and
//! `kong start`, for worlds that are not there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Version;
use super::catalogue::{self, Migration};
use super::migrations::{MigrationState, Names, Verdict};

/// The names of the migrations that have run, by subsystem.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Those that have run to their end.
    pub executed: Names,
    /// Those that `up` has run and `finish` has not.
    pub pending: Names,
}

/// How a version of Kong gets on with a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It starts and serves.
    Serves,
    /// It refuses to start, since it knows migrations that have not run.
    RefusesToStart,
    /// It starts without a word and works on tables that a later version has finished with.
    Outdated,
}

/// Why a command of Kong's would end with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// There is no schema.
    #[error("Cannot migrate an uninitialized database; run 'kong migrations bootstrap' instead.")]
    Empty,
    /// An earlier `up` was not finished.
    #[error("Database has pending migrations; run 'kong migrations finish'")]
    Pending,
}

impl Schema {
    /// The schema after `bootstrap` with `version`, or after `up` and `finish`.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        let mut schema = Self::default();
        for (subsystem, migration) in known(version) {
            add(&mut schema.executed, subsystem, migration.name);
        }
        schema
    }

    /// Adds what one version of Kong saw.
    pub fn take_in(&mut self, state: &MigrationState) {
        for (from, into) in [
            (&state.executed, &mut self.executed),
            (&state.pending, &mut self.pending),
        ] {
            for (subsystem, names) in from {
                for name in names {
                    add(into, subsystem, name);
                }
            }
        }
    }

    /// What `kong migrations list` of `version` says. Migrations that it does not know it does not see.
    #[must_use]
    pub fn seen_by(&self, version: &Version) -> MigrationState {
        let mut state = MigrationState {
            needs_bootstrap: self.executed.is_empty() && self.pending.is_empty(),
            ..MigrationState::default()
        };
        if state.needs_bootstrap {
            return state;
        }
        for (subsystem, migration) in known(version) {
            let list = if has(&self.executed, subsystem, migration.name) {
                &mut state.executed
            } else if has(&self.pending, subsystem, migration.name) {
                &mut state.pending
            } else {
                &mut state.new
            };
            add(list, subsystem, migration.name);
        }
        state
    }

    /// `kong migrations up` of `version`, alone at the database.
    pub fn up(&mut self, version: &Version) -> Result<(), SchemaError> {
        let state = self.seen_by(version);
        match state.verdict() {
            Verdict::NeedsBootstrap => return Err(SchemaError::Empty),
            Verdict::Pending | Verdict::PendingAndNew => return Err(SchemaError::Pending),
            Verdict::UpToDate | Verdict::New => {}
        }
        for (subsystem, migration) in known(version) {
            if has(&state.new, subsystem, migration.name) {
                self.run_up(subsystem, &migration);
            }
        }
        Ok(())
    }

    /// The first migration of an `up` that then breaks off; whether there was one.
    pub fn begin_up(&mut self, version: &Version) -> bool {
        let new = self.seen_by(version).new;
        let first =
            known(version).find(|(subsystem, migration)| has(&new, subsystem, migration.name));
        if let Some((subsystem, migration)) = &first {
            self.run_up(subsystem, migration);
        }
        first.is_some()
    }

    /// `kong migrations finish` of `version`, alone at the database.
    pub fn finish(&mut self, version: &Version) -> Result<(), SchemaError> {
        let state = self.seen_by(version);
        if state.needs_bootstrap {
            return Err(SchemaError::Empty);
        }
        for (subsystem, names) in &state.pending {
            for name in names {
                if let Some(pending) = self.pending.get_mut(subsystem) {
                    pending.retain(|other| other != name);
                }
                add(&mut self.executed, subsystem, name);
            }
        }
        self.pending.retain(|_, names| !names.is_empty());
        Ok(())
    }

    /// How `version` gets on with this schema.
    #[must_use]
    pub fn fit(&self, version: &Version) -> Fit {
        let has_run = |subsystem, name| {
            has(&self.executed, subsystem, name) || has(&self.pending, subsystem, name)
        };
        let is_empty = self.executed.is_empty() && self.pending.is_empty();
        if is_empty || known(version).any(|(subsystem, one)| !has_run(subsystem, one.name)) {
            return Fit::RefusesToStart;
        }
        // Only a finished second half takes away what an older version uses; `up` is made to be shared.
        let foreign = catalogue::subsystems().any(|(subsystem, migration)| {
            migration.has_teardown
                && has(&self.executed, subsystem, migration.name)
                && !migration.is_known_to(version)
        });
        if foreign { Fit::Outdated } else { Fit::Serves }
    }

    fn run_up(&mut self, subsystem: &str, migration: &Migration) {
        let list = if migration.has_teardown {
            &mut self.pending
        } else {
            &mut self.executed
        };
        add(list, subsystem, migration.name);
    }
}

/// The migrations that a version knows, in the order in which it runs them.
fn known(version: &Version) -> impl Iterator<Item = (&'static str, Migration)> {
    catalogue::subsystems().filter(|(_, migration)| migration.is_known_to(version))
}

fn has(names: &Names, subsystem: &str, name: &str) -> bool {
    names
        .get(subsystem)
        .is_some_and(|list| list.iter().any(|other| other == name))
}

fn add(names: &mut Names, subsystem: &str, name: &str) {
    let list = names.entry(subsystem.to_owned()).or_default();
    if !list.iter().any(|other| other == name) {
        list.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Version = Version::new(2, 8, 5);
    const NEW: Version = Version::new(3, 4, 2);

    #[test]
    fn up_and_finish_lead_to_the_new_version_and_old_ones_notice_at_the_end() {
        let mut schema = Schema::of(&OLD);
        assert_eq!(schema.fit(&OLD), Fit::Serves);
        assert_eq!(schema.fit(&NEW), Fit::RefusesToStart);
        schema.up(&NEW).expect("nothing pending");
        assert_eq!(schema.seen_by(&NEW).verdict(), Verdict::Pending);
        assert_eq!(
            (schema.fit(&OLD), schema.fit(&NEW)),
            (Fit::Serves, Fit::Serves)
        );
        assert_eq!(schema.up(&NEW), Err(SchemaError::Pending));
        schema.finish(&NEW).expect("bootstrapped");
        assert_eq!(schema.seen_by(&NEW).verdict(), Verdict::UpToDate);
        assert_eq!(schema.fit(&OLD), Fit::Outdated);
        assert_eq!(schema.fit(&NEW), Fit::Serves);
    }

    #[test]
    fn a_broken_up_is_pending_and_new() {
        let mut schema = Schema::of(&OLD);
        assert!(schema.begin_up(&NEW));
        assert_eq!(schema.seen_by(&NEW).verdict(), Verdict::PendingAndNew);
        assert_eq!(schema.fit(&NEW), Fit::RefusesToStart);
    }

    #[test]
    fn the_older_binary_finishes_nothing_that_it_does_not_know() {
        let mut schema = Schema::of(&OLD);
        schema.up(&NEW).expect("nothing pending");
        let before = schema.clone();
        schema.finish(&OLD).expect("bootstrapped");
        assert_eq!(schema, before);
    }

    #[test]
    fn an_empty_database_is_not_migrated() {
        assert_eq!(Schema::default().up(&NEW), Err(SchemaError::Empty));
        assert_eq!(Schema::default().fit(&NEW), Fit::RefusesToStart);
    }
}
