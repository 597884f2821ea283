//! Checks of room: for backups, for proofs of them, for nodes; and of the tools and tables that decide how much is needed.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Database, Facts, Node};
use super::words::{named, size};

/// What a node wants to have free: a day of logs, and what it buffers.
const FOR_A_NODE: u64 = 1 << 30;

/// Less than this, and a node may stop writing today.
const NOTHING: u64 = 100 << 20;

/// Files that a run and a backup make: one for each table, journals, captured output.
const FILES: u64 = 2_000;

/// Rows in a table of counters that no limit needs: most of them are over.
const MANY_COUNTERS: u64 = 5_000_000;

/// Tables that hold counters and events, and whose rows nothing but a cleanup takes away.
const COUNTERS: [&str; 5] = [
    "ratelimiting_metrics",
    "response_ratelimiting_metrics",
    "rl_counters",
    "cluster_events",
    "audit_requests",
];

/// A table smaller than this is no burden, whatever is dead in it.
const SMALL: u64 = 64 << 20;

pub(super) const CHECKS: [Check; 8] = [
    Check {
        code: "doctor.backup_space",
        about: "there is not enough room for a backup",
        why: "the backup is taken while clients are told to wait, and a full disk there is found out then",
        remedy: "free some space at `{storage}`, or name another `[storage]` in the environment file",
        judge: Judge::Database(backup),
    },
    Check {
        code: "doctor.scratch_space",
        about: "there is no room, or no place, for a proof of the backup",
        why: "a proof restores the whole database beside others; on the same server a full disk stops production too",
        remedy: "name a database, best on another server, as `scratch` of `[databases.{database}]`; or make room there",
        judge: Judge::Database(scratch),
    },
    Check {
        code: "doctor.storage_files",
        about: "the storage's file system can hold few files more",
        why: "a journal that cannot be written stops the run where it stands",
        remedy: "remove what is not needed: `df -i {storage}`",
        judge: Judge::Place(files),
    },
    Check {
        code: "doctor.storage_volatile",
        about: "the storage is in memory",
        why: "after a power failure in the middle of an upgrade neither the journal nor the backup is there",
        remedy: "name a `[storage]` on a disk in the environment file",
        judge: Judge::Place(volatile),
    },
    Check {
        code: "doctor.prefix_space",
        about: "a node's prefix has little room",
        why: "a node that cannot write its logs or its buffers fails requests, and the new version logs more while it warms up",
        remedy: "rotate the logs below the prefix of `{node}`: `df {prefix}`",
        judge: Judge::Node(prefix),
    },
    Check {
        code: "doctor.tools_old",
        about: "no client tools fit the database server",
        why: "`pg_dump` refuses a server that is newer than itself, so there is no backup",
        remedy: "install the tools of the server's major version, such as `postgresql-client-15`",
        judge: Judge::Database(tools),
    },
    Check {
        code: "doctor.counters_many",
        about: "tables of counters and events hold a great many rows",
        why: "they make up most of a dump and of the time that it takes, and connection storms were seen where they grew",
        remedy: "`DELETE FROM {schema}.ratelimiting_metrics WHERE ttl < now()`, then `VACUUM (ANALYZE)`; is Kong's own cleanup at work?",
        judge: Judge::Database(counters),
    },
    Check {
        code: "doctor.tables_bloated",
        about: "tables hold more dead rows than live ones",
        why: "migrations and dumps read through all of them, so that the outage lasts longer than the rehearsal said",
        remedy: "`VACUUM (ANALYZE) {schema}.TABLE`; if that changes nothing, a long transaction or a slot keeps autovacuum from it",
        judge: Judge::Database(bloated),
    },
];

fn enough(needed: u64, free: u64) -> Outcome {
    let evidence = format!("{} free, the database has {}", size(free), size(needed));
    if free < needed {
        Outcome::Wrong(evidence)
    } else if free < needed.saturating_mul(2) {
        Outcome::Warning(evidence)
    } else {
        Outcome::Fine(evidence)
    }
}

fn backup(_: &Facts, database: &Database) -> Judged {
    let sizes = database.sizes.get()?;
    Ok(enough(sizes.bytes, sizes.free_bytes))
}

fn scratch(_: &Facts, database: &Database) -> Judged {
    let Some(place) = database.scratch.get()? else {
        return Ok(Outcome::Wrong("nobody says where it may run".to_owned()));
    };
    let free = place.free_bytes.ok_or_else(|| {
        let server = &place.database;
        format!("the disk of the server of `{server}` cannot be seen from here")
    })?;
    Ok(enough(database.sizes.get()?.bytes, free))
}

fn files(facts: &Facts) -> Judged {
    let free = facts.place.get()?.storage.free_files.get()?;
    Ok(match *free {
        None => Outcome::Fine("its file system does not count them".to_owned()),
        Some(free) if free < FILES => Outcome::Wrong(format!("{free} files more")),
        Some(free) => Outcome::Fine(format!("{free} files more")),
    })
}

fn volatile(facts: &Facts) -> Judged {
    let storage = &facts.place.get()?.storage;
    let path = &storage.path;
    Ok(if *storage.is_volatile.get()? {
        Outcome::Warning(format!("`{path}` is gone with the machine's power"))
    } else {
        Outcome::Fine(format!("`{path}` is on a disk"))
    })
}

fn prefix(_: &Facts, node: &Node) -> Judged {
    let free = *node.host.get()?.free_bytes.get()?;
    let evidence = format!("{} free", size(free));
    Ok(match free {
        free if free < NOTHING => Outcome::Wrong(evidence),
        free if free < FOR_A_NODE => Outcome::Warning(evidence),
        _ => Outcome::Fine(evidence),
    })
}

fn tools(_: &Facts, database: &Database) -> Judged {
    let server = database.server.get()?;
    let installed: Vec<String> = server.tools.iter().map(ToString::to_string).collect();
    let installed = if installed.is_empty() {
        "none are installed".to_owned()
    } else {
        format!("installed are {}", installed.join(", "))
    };
    let evidence = format!("the server is of {}, {installed}", server.major);
    let fits = server.tools.iter().any(|tools| *tools >= server.major);
    Ok(if fits {
        Outcome::Fine(evidence)
    } else {
        Outcome::Wrong(evidence)
    })
}

fn counters(_: &Facts, database: &Database) -> Judged {
    let tables = database.server.get()?.tables.iter();
    let large = tables.filter(|(name, size)| {
        COUNTERS.contains(&name.as_str()) && size.rows + size.dead > MANY_COUNTERS
    });
    let large = large.map(|(name, table)| {
        format!(
            "`{name}` has {} rows in {}",
            table.rows + table.dead,
            size(table.bytes)
        )
    });
    let large: Vec<String> = large.collect();
    Ok(Outcome::warning_if_any(&large, "none does"))
}

fn bloated(_: &Facts, database: &Database) -> Judged {
    let tables = database.server.get()?.tables.iter();
    let bloated = tables.filter(|(_, table)| table.bytes > SMALL && table.dead > table.rows);
    let names: Vec<&String> = bloated.map(|(name, _)| name).collect();
    Ok(if names.is_empty() {
        Outcome::Fine("none does".to_owned())
    } else {
        Outcome::Warning(named(names))
    })
}
