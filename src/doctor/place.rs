//! Checks of this machine and of what the environment file refers to.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Database, Facts};
use super::words::{named, size};
use crate::gateway::Tried;

/// Permission bits of group and others.
const FOREIGN_MODE: u32 = 0o077;

pub(super) const CHECKS: [Check; 8] = [
    Check {
        code: "doctor.storage_open",
        about: "the storage is open to others, or not ours",
        why: "journals and backups hold what Kong's database holds, and whoever can write there decides what a resumed run does",
        remedy: "`chmod 700 {storage}`, and `chown` it to the user that runs cutover",
        judge: Judge::Place(storage),
    },
    Check {
        code: "doctor.secret_absent",
        about: "a secret that the environment file refers to cannot be had",
        why: "the run would stop at the first step that needs it, possibly between two halves of the upgrade",
        remedy: "set the variable, file or command that the environment file names; a file has the mode 0600",
        judge: Judge::Place(secrets),
    },
    Check {
        code: "doctor.name_unknown",
        about: "the environment file names a host that has no address",
        why: "a name that resolves for Kong and not for cutover, or not any more, leads to a database or a load balancer that nobody reaches",
        remedy: "write the address, or add the name to DNS or /etc/hosts of this machine",
        judge: Judge::Place(names),
    },
    Check {
        code: "doctor.redis_unreachable",
        about: "a Redis of the environment does not answer",
        why: "counters there cannot be carried, so that limits would let their whole sum pass again",
        remedy: "start it, or correct `[redis]` of the environment file: host, port, tls, user, password",
        judge: Judge::Place(redis),
    },
    Check {
        code: "doctor.sandbox_partial",
        about: "the sandbox of a playbook's process lacks a layer here",
        why: "the other layers hold a playbook without it, with less to spare",
        remedy: "run cutover on a kernel with Landlock and seccomp; `--require-sandbox full` refuses to go on without",
        judge: Judge::Place(sandbox),
    },
    Check {
        code: "doctor.run_unfinished",
        about: "an earlier run of cutover is not finished here",
        why: "it keeps the environment closed to the next one, and what it changed is neither kept nor taken back",
        remedy: "`cutover why-down`, then `cutover resume RUN`, `rollback RUN` or `abandon RUN`",
        judge: Judge::Place(runs),
    },
    Check {
        code: "doctor.lock_held",
        about: "another runner holds the environment",
        why: "two runners would migrate at once, which is how columns come to be added twice",
        remedy: "wait for its end, or end it where it runs: a lock whose runner is gone is free by itself",
        judge: Judge::Database(lock),
    },
    Check {
        code: "doctor.copies_left",
        about: "databases of earlier runs are still on the server",
        why: "each takes as much disk as the database itself, and the next run's copies need that room",
        remedy: "look whether a way back still needs them, then `DROP DATABASE` those that none does",
        judge: Judge::Database(copies),
    },
];

fn storage(facts: &Facts) -> Judged {
    let storage = &facts.place.get()?.storage;
    let path = &storage.path;
    Ok(match storage.kept.get()? {
        None => Outcome::Fine(format!("`{path}` is still to be made")),
        Some(kept) if !kept.is_ours => Outcome::Wrong(format!("`{path}` belongs to another user")),
        Some(kept) if kept.mode & FOREIGN_MODE != 0 => {
            Outcome::Wrong(format!("`{path}` has the mode {:04o}", kept.mode))
        }
        Some(kept) => Outcome::Fine(format!("`{path}` has the mode {:04o}", kept.mode)),
    })
}

fn secrets(facts: &Facts) -> Judged {
    let tried = facts.place.get()?.secrets.get()?;
    Ok(judged(tried, "can be had"))
}

fn redis(facts: &Facts) -> Judged {
    let tried = facts.place.get()?.redis.get()?;
    Ok(judged(tried, "answer"))
}

fn judged(tried: &[Tried], verb: &str) -> Outcome {
    if tried.is_empty() {
        return Outcome::Fine("there is none".to_owned());
    }
    let failed = tried.iter();
    let failed =
        failed.filter_map(|one| Some(format!("`{}`: {}", one.name, one.trouble.as_ref()?)));
    let failed: Vec<String> = failed.collect();
    Outcome::wrong_if_any(&failed, &format!("all {} {verb}", tried.len()))
}

fn names(facts: &Facts) -> Judged {
    let found = facts.hosts.unresolved_with_owners()?;
    let fine = format!("{} resolve", facts.hosts.named.len());
    Ok(Outcome::wrong_if_any(&found, &fine))
}

fn sandbox(facts: &Facts) -> Judged {
    let lacking = facts.lacking_layers.get()?;
    Ok(Outcome::warning_if_any(lacking, "every layer is there"))
}

fn runs(facts: &Facts) -> Judged {
    let runs = facts.unfinished_runs.get()?;
    if runs.is_empty() {
        return Ok(Outcome::Fine("every run is finished".to_owned()));
    }
    Ok(Outcome::Wrong(format!("not finished: {}", named(runs))))
}

fn lock(_: &Facts, database: &Database) -> Judged {
    let holder = &database.administered.get()?.lock_holder;
    Ok(holder.as_ref().map_or_else(
        || Outcome::Fine("nobody holds it".to_owned()),
        |holder| Outcome::Wrong(format!("`{holder}` holds it")),
    ))
}

fn copies(_: &Facts, database: &Database) -> Judged {
    let copies = &database.administered.get()?.copies;
    let described = copies.iter().map(|copy| {
        let what = if copy.is_retired {
            "live until"
        } else {
            "made by"
        };
        let (name, run) = (&copy.name, &copy.run);
        format!("`{name}`, {what} the run `{run}`, {}", size(copy.bytes))
    });
    let described: Vec<String> = described.collect();
    Ok(Outcome::warning_if_any(&described, "none is there"))
}
