//! Looks, after a play, at what must hold.

use std::collections::BTreeSet;

use super::difference::{difference, essence, without_handed};
use super::serving::Serving;
use super::{Broken, Fault, Invariant};
use crate::gateway::simulated::{Happened, World};
use crate::journal::{Ending, Outage, Record, RunState};
use crate::kong::Version;
use crate::kong::schema::Schema;
use crate::primitive::Intent;
use crate::run::{self, Played, Scenario, Session};

/// Looks at every invariant of a play; `calm` is the play in which nothing goes wrong.
#[must_use]
pub fn judge(
    scenario: &Scenario,
    played: &Played,
    calm: &Played,
    fault: Option<&Fault>,
) -> Vec<Broken> {
    let mut judge = Judge {
        start: &scenario.world,
        played,
        broken: Vec::new(),
    };
    judge.on_the_way();
    for (at, session) in played.sessions.iter().enumerate() {
        let last = at + 1 == played.sessions.len();
        judge.at_the_end_of(session, last, fault);
    }
    judge.own();
    match fault {
        Some(Fault::Killed(_)) => judge.after_a_crash(calm),
        None => judge.when_all_is_well(),
        Some(_) => {}
    }
    judge.broken
}

struct Judge<'a> {
    start: &'a World,
    played: &'a Played,
    broken: Vec<Broken>,
}

impl Judge<'_> {
    fn broke(&mut self, invariant: Invariant, step: Option<u32>, how: String) {
        // The first time tells the story.
        if self.broken.iter().all(|one| one.invariant != invariant) {
            self.broken.push(Broken {
                invariant,
                step,
                how,
            });
        }
    }

    /// What must hold at every moment.
    fn on_the_way(&mut self) {
        let mut serving = Serving::of(self.start);
        for (at, happening) in self.played.happened.iter().enumerate() {
            let step = Some(happening.step);
            match &happening.what {
                Happened::MigratedUp {
                    database,
                    proven_backup: false,
                    ..
                } => self.broke(
                    Invariant::ProvenBackup,
                    step,
                    format!("`{database}` was migrated, and no backup of exactly what it held had been proven by restoring it"),
                ),
                Happened::Finished {
                    database,
                    proven_backup,
                    ..
                } => {
                    if !proven_backup {
                        self.broke(
                            Invariant::ProvenBackup,
                            step,
                            format!("`{database}` was finished without a proven backup of it"),
                        );
                    }
                    if !serving.all_proven() {
                        self.broke(
                            Invariant::ProvenNodes,
                            step,
                            format!("`{database}` was finished before every node that runs had answered as it should"),
                        );
                    }
                }
                Happened::Restored {
                    database,
                    lost_writes,
                    ..
                } if *lost_writes > 0 && !self.asked_for(at) => self.broke(
                    Invariant::NoLostWrite,
                    step,
                    format!("{lost_writes} writes to `{database}` were lost by a way back that nobody asked for"),
                ),
                _ => {}
            }
            if !serving.follow(&happening.what) {
                continue;
            }
            let outdated: Vec<String> = serving
                .outdated()
                .into_iter()
                .map(|(node, version)| format!("{version} on `{node}`"))
                .collect();
            if !outdated.is_empty() {
                self.broke(
                    Invariant::NoOutdatedNode,
                    step,
                    format!(
                        "the database is finished for a newer version than {}",
                        outdated.join(", ")
                    ),
                );
            }
        }
    }

    /// Whether the happening at this position belongs to a way back that a person asked for.
    fn asked_for(&self, at: usize) -> bool {
        self.played
            .sessions
            .iter()
            .find(|session| at < session.happened)
            .is_some_and(|session| session.mark == crate::journal::Mark::Rollback)
    }

    /// What must hold once a runner has put the run down.
    fn at_the_end_of(&mut self, session: &Session, last: bool, fault: Option<&Fault>) {
        let Some(conclusion) = &session.conclusion else {
            return;
        };
        let records = &self.played.records[..session.records];
        let state = RunState::of(records).expect("what the gate wrote makes sense");
        let mut serving = Serving::of(self.start);
        for happening in &self.played.happened[..session.happened] {
            serving.follow(&happening.what);
        }
        let served = !serving.serving().is_empty();
        let was_served = !Serving::of(self.start).serving().is_empty();
        let over = matches!(
            conclusion.ending,
            Ending::Done | Ending::Refused | Ending::Undone | Ending::UndoneUnverified
        );
        if over {
            if was_served && !served && !dies(fault) {
                let how = format!(
                    "the run ended {} and no node serves clients",
                    conclusion.ending.word()
                );
                self.broke(Invariant::ServedOrDeclared, None, how);
            }
            self.schemas(session);
        } else if was_served
            && !served
            && !dies(fault)
            && !Outage::of(&state).is_some_and(|outage| outage.whole)
        {
            let how = "no node serves clients, and the verdict does not say so".to_owned();
            self.broke(Invariant::ServedOrDeclared, None, how);
        }
        match conclusion.ending {
            Ending::Undone | Ending::Refused => self.as_found(session, &state, fault),
            Ending::Done => self.as_promised(session, fault),
            _ if last => {
                let how = format!(
                    "a person could not take the run back: it ended {}: {}",
                    conclusion.ending.word(),
                    conclusion.reason
                );
                self.broke(Invariant::TrueVerdict, None, how);
            }
            _ => {}
        }
        if over {
            self.named(session);
        }
    }

    /// Each database as it was, or wholly migrated for a version that a node has.
    fn schemas(&mut self, session: &Session) {
        for (name, database) in &session.world.databases {
            let Some(before) = self.start.databases.get(name) else {
                continue;
            };
            let mut whole: Vec<Schema> = vec![before.schema.clone()];
            // A database that was made is a copy of another one.
            let copied = self.start.databases.values().filter(|_| before.absent);
            for origin in copied.chain([before]) {
                for node in session.world.nodes.values() {
                    let mut schema = origin.schema.clone();
                    if schema.up(&node.installed).is_ok() {
                        whole.push(schema.clone());
                    }
                    if schema.finish(&node.installed).is_ok() {
                        whole.push(schema);
                    }
                }
            }
            if !whole.contains(&database.schema) {
                self.broke(
                    Invariant::WholeSchema,
                    None,
                    format!("the schema of `{name}` is neither what it was nor wholly migrated"),
                );
            }
        }
    }

    /// A run that says that nothing is changed has changed nothing, but what others changed.
    fn as_found(&mut self, session: &Session, state: &RunState, fault: Option<&Fault>) {
        let mut expected = self.start.clone();
        let mut found = session.world.clone();
        // What the way back leaves as it is, and says so; whether it is whole is looked at apart.
        for (undo, name, _) in state.left() {
            let left = found.databases.get(&name);
            if let (Some(left), Some(expected)) = (left, expected.databases.get_mut(&name)) {
                match undo.aspect() {
                    "database" => expected.schema = left.schema.clone(),
                    "gap" => expected.copy_taken_at = left.copy_taken_at,
                    _ => {}
                }
            }
        }
        for (name, node) in &mut found.nodes {
            if let Some(expected) = expected.nodes.get(name) {
                // A package that was kept of what is installed stays too.
                let stays = |version: &Version| *version != expected.installed;
                node.kept
                    .retain(|version| expected.kept.contains(version) || stays(version));
            }
        }
        for (name, database) in &mut found.databases {
            if let Some(expected) = expected.databases.get_mut(name) {
                // Backups stay, and take their room; what others do is theirs.
                database.free_bytes = expected.free_bytes;
                if matches!(fault, Some(Fault::Interferes(..))) {
                    database.writes = expected.writes;
                    database.entities.clone_from(&expected.entities);
                    database.migration_lock = expected.migration_lock;
                }
            }
        }
        if dies(fault) {
            for (name, node) in &mut found.nodes {
                if let Some(expected) = expected.nodes.get(name) {
                    node.running = expected.running;
                }
            }
        }
        without_handed(&mut expected);
        without_handed(&mut found);
        if found != expected {
            let how = format!(
                "the verdict says that the world is as found, and it is not: {}",
                difference(&expected, &found)
            );
            self.broke(Invariant::TrueVerdict, None, how);
        }
    }

    /// A run that says that it is done has left every node that ran running, on one version, with the weight that it had.
    fn as_promised(&mut self, session: &Session, fault: Option<&Fault>) {
        let mut wrong = Vec::new();
        for (name, before) in &self.start.nodes {
            let Some(after) = session.world.nodes.get(name) else {
                continue;
            };
            // One that gets no requests may be stopped, and meant.
            let rotation = after.rotation.as_ref();
            let is_drained = rotation.is_some_and(|rotation| !rotation.is_admitted());
            if before.running.is_some() && after.running.is_none() && !is_drained && !dies(fault) {
                wrong.push(format!("`{name}` does not run"));
            }
            if after
                .running
                .is_some_and(|running| running != after.installed)
            {
                wrong.push(format!("`{name}` does not run what is installed"));
            }
            if before.rotation != after.rotation && !self.moved().contains(name) {
                wrong.push(format!("`{name}` has another place at its load balancer"));
            }
        }
        if !wrong.is_empty() {
            let how = format!("the verdict says done, and {}", wrong.join(", "));
            self.broke(Invariant::TrueVerdict, None, how);
        }
    }

    /// The nodes between which the playbook moved clients, and meant it.
    fn moved(&self) -> BTreeSet<String> {
        let state = RunState::of(&self.played.records).expect("what the gate wrote makes sense");
        let splits = state.steps.iter().filter_map(|step| match &step.intent {
            Intent::Split(split) => Some(split.to_nodes.iter().chain(&split.from_nodes)),
            _ => None,
        });
        splits.flatten().cloned().collect()
    }

    /// Databases that are left beside others are named in the journal.
    fn named(&mut self, session: &Session) {
        if session.records != self.played.records.len() {
            return;
        }
        let names = |record: &Record, copy: &str| {
            let text = serde_json::to_string(&record.event).expect("plain data");
            text.contains(copy)
        };
        for copy in self.played.copies.keys() {
            // The verdict, which comes last, is where most are named.
            if !self
                .played
                .records
                .iter()
                .rev()
                .any(|record| names(record, copy))
            {
                let how = format!("the database `{copy}` is left behind, and nothing says so");
                self.broke(Invariant::NothingUnnamed, None, how);
            }
        }
    }

    /// What the playbook wants to hold wherever it ends, as the last look found it.
    fn own(&mut self) {
        let state = RunState::of(&self.played.records).expect("what the gate wrote makes sense");
        for (step, failure) in &state.broken {
            let name = state.step(*step).map(|step| step.intent.words());
            let how = run::broken(&name.unwrap_or_default(), failure.clone()).message;
            self.broke(Invariant::Own, Some(step.0), how);
        }
    }

    /// A playbook that cannot succeed is not safe: it is useless.
    fn when_all_is_well(&mut self) {
        let conclusion = self.played.sessions.first();
        let conclusion = conclusion.and_then(|session| session.conclusion.as_ref());
        if let Some(conclusion) = conclusion.filter(|one| one.ending != Ending::Done) {
            let how = format!(
                "nothing goes wrong, and yet the run ends {}: {}",
                conclusion.ending.word(),
                conclusion.reason
            );
            self.broke(Invariant::RunsToItsEnd, None, how);
        }
    }

    /// A run that was killed and resumed ends as the one that was not.
    fn after_a_crash(&mut self, calm: &Played) {
        let (one, other) = (calm.conclusion().ending, self.played.conclusion().ending);
        if one != other {
            let how = format!(
                "resumed it ended {} instead of {}: {}",
                other.word(),
                one.word(),
                self.played.conclusion().reason
            );
            self.broke(Invariant::SameAfterCrash, None, how);
        } else if essence(&calm.world) != essence(&self.played.world) {
            let how = format!(
                "resumed it left another world: {}",
                difference(&essence(&calm.world), &essence(&self.played.world))
            );
            self.broke(Invariant::SameAfterCrash, None, how);
        }
    }
}

/// Whether the fault itself takes a node away.
fn dies(fault: Option<&Fault>) -> bool {
    matches!(
        fault,
        Some(Fault::Interferes(_, crate::run::Interference::NodeDies(_)))
    )
}
