//! Checks of where the schema of a database stands.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Database, Facts, Node, Reach};
use super::words::named;
use crate::kong::migrations::told;
use crate::kong::repackage;

pub(super) const CHECKS: [Check; 5] = [
    Check {
        code: "doctor.migrations_pending",
        about: "migrations of an earlier upgrade are pending",
        why: "the next `up` refuses or does nothing until they are finished, and finishing them with another version drops what still is in use",
        remedy: "finish with the version that began them: `kong migrations finish`; or name that version with `--to`, and go on with it",
        judge: Judge::Database(pending),
    },
    Check {
        code: "doctor.migrations_new",
        about: "the installed version has migrations that the database has not seen",
        why: "the node goes on as it runs, and its next restart, for whatever reason, refuses to start",
        remedy: "install the version that the database is of on `{node}`, or upgrade with a playbook; `kong migrations list -c {conf}` lists them",
        judge: Judge::Node(new),
    },
    Check {
        code: "doctor.locks_stale",
        about: "Kong's lock on migrations has a row",
        why: "a migration runs somewhere, or was killed half-way: the next one waits for the lock, or begins with a schema in between two versions",
        remedy: "see that no `kong migrations` runs, compare `kong migrations list` on every node, then `DELETE FROM {schema}.locks WHERE key = 'migrations'`",
        judge: Judge::Database(locks),
    },
    Check {
        code: "doctor.workspace_missing",
        about: "there is no workspace `default`",
        why: "`finish` looks for it and fails half-way without",
        remedy: "restore it from a backup, with its old id: every entity refers to that; `SELECT DISTINCT ws_id FROM {schema}.services` shows it",
        judge: Judge::Database(workspace),
    },
    Check {
        code: "doctor.database_empty",
        about: "the database holds no schema of Kong's, or is not there",
        why: "`up` on an empty database refuses, and bootstrapping one that was to be restored begins with no configuration at all",
        remedy: "restore a backup into `{name}`, or let `blue-green` make it as a copy; is it the right name under `[databases.{database}]`?",
        judge: Judge::Database(empty),
    },
];

fn pending(facts: &Facts, database: &Database) -> Judged {
    let pending = database.pending.get()?;
    if pending.is_empty() {
        return Ok(Outcome::Fine("none is pending".to_owned()));
    }
    let evidence = format!("pending: {}", told(pending));
    let nodes = facts.nodes_on(database);
    let mut installed = nodes.filter_map(|node| node.installed.get().ok());
    let goes_on = facts
        .to
        .as_ref()
        .is_some_and(|to| installed.any(|installed| repackage::goes_on(pending, installed, to)));
    Ok(if goes_on {
        Outcome::Warning(format!(
            "{evidence}; an upgrade to that version goes on with them"
        ))
    } else {
        Outcome::Wrong(evidence)
    })
}

fn new(_: &Facts, node: &Node) -> Judged {
    let state = node.migrations.get()?;
    if state.needs_bootstrap {
        return Err("its database has no schema".to_owned());
    }
    if state.new.is_empty() {
        return Ok(Outcome::Fine(
            "the database has seen all of them".to_owned(),
        ));
    }
    Ok(Outcome::Wrong(format!("not run: {}", told(&state.new))))
}

fn locks(_: &Facts, database: &Database) -> Judged {
    let locks = &database.server.get()?.locks;
    let (over, held): (Vec<_>, Vec<_>) = locks.iter().partition(|lock| lock.is_over);
    let owners = |locks: &[&crate::gateway::KongLock]| named(locks.iter().map(|lock| &lock.owner));
    Ok(if !held.is_empty() {
        Outcome::Wrong(format!("held by {}", owners(&held)))
    } else if !over.is_empty() {
        let owners = owners(&over);
        Outcome::Warning(format!(
            "{owners} held it, did not give it back, and its time is over"
        ))
    } else {
        Outcome::Fine("nobody holds it".to_owned())
    })
}

fn workspace(_: &Facts, database: &Database) -> Judged {
    let server = database.server.get()?;
    Ok(match server.has_default_workspace {
        Some(true) => Outcome::Fine("it is there".to_owned()),
        None => Outcome::Fine("this schema has no workspaces".to_owned()),
        Some(false) => Outcome::Wrong("the table `workspaces` has no row `default`".to_owned()),
    })
}

fn empty(facts: &Facts, database: &Database) -> Judged {
    let absent = match database.reach.get()? {
        Reach::Absent => "its server has no such database",
        Reach::Refused(why) => return Err(why.clone()),
        Reach::Reached if database.server.get()?.has_tables => {
            return Ok(Outcome::Fine("Kong's tables are there".to_owned()));
        }
        Reach::Reached => "it has no tables of Kong's",
    };
    let running = facts
        .nodes_on(database)
        .filter(|node| node.runs.get() == Ok(&true));
    let running: Vec<&str> = running.map(|node| node.words.subject()).collect();
    Ok(if running.is_empty() {
        Outcome::Warning(format!("{absent}, and no node runs on it"))
    } else {
        Outcome::Wrong(format!("{absent}, while {} run on it", named(running)))
    })
}
