//! Checks of sessions: whether there is room for more, and who is in the way.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Database, Facts, Node};
use super::words::named;
use crate::gateway::WriteDenial;

/// Sessions that a node keeps while nobody asks it anything, as was seen of real ones.
const IDLE: u64 = 3;

/// Sessions of cutover's own at most: a dump with two jobs, the lock, and looks.
const OURS: u64 = 5;

/// What a worker keeps open by Kong's preset (`lua_socket_pool_size`), where a node does not tell.
const POOL: u64 = 30;

pub(super) const CHECKS: [Check; 7] = [
    Check {
        code: "doctor.connections_few",
        about: "the server has fewer connections than all nodes together may open",
        why: "with both sides at work, requests that need the database fail on whichever node comes last: `sorry, too many clients already`",
        remedy: "`ALTER SYSTEM SET max_connections`, and a restart of the server; or `pg_max_concurrent_queries` in each kong.conf; or a pooler",
        judge: Judge::Database(room),
    },
    Check {
        code: "doctor.connections_limited",
        about: "Kong's role or its database is limited to fewer connections than the nodes need",
        why: "a limit that was right for one side refuses the second one, or the backup",
        remedy: "`ALTER ROLE {user} CONNECTION LIMIT -1`, and likewise `ALTER DATABASE {name}`",
        judge: Judge::Database(limit),
    },
    Check {
        code: "doctor.connections_taken",
        about: "nearly all connections of the server are taken",
        why: "an upgrade begins with looks, a dump and a second set of nodes, all at once",
        remedy: "`SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3` shows by whom",
        judge: Judge::Database(taken),
    },
    Check {
        code: "doctor.transactions_long",
        about: "a transaction has been open for a while",
        why: "a migration waits for its locks, everybody else waits for the migration, and clients with them",
        remedy: "find out whose it is, and end it: `SELECT pg_terminate_backend(PID)`",
        judge: Judge::Database(transactions),
    },
    Check {
        code: "doctor.transactions_prepared",
        about: "a prepared transaction was never ended",
        why: "it holds its locks through every restart of the server, and keeps the database from being renamed",
        remedy: "in `{name}`: `ROLLBACK PREPARED 'NAME'`, or `COMMIT PREPARED`",
        judge: Judge::Database(prepared),
    },
    Check {
        code: "doctor.sessions_foreign",
        about: "nodes that the environment does not list use the database",
        why: "they go on with the old schema after `finish`, write what the new version cannot read, and answer clients with errors",
        remedy: "add them under `[[clusters.NAME.nodes]]`, or stop them",
        judge: Judge::Database(foreign),
    },
    Check {
        code: "doctor.writes_denied",
        about: "the database denies writes to Kong's configuration",
        why: "an earlier freeze was not thawed: the Admin API and migrations are refused",
        remedy: "`cutover resume` or `rollback` the run that froze it; `cutover runs` lists them",
        judge: Judge::Database(denial),
    },
];

/// How many sessions nodes on one server want.
struct Wanted {
    nodes: u64,
    /// Idle.
    least: u64,
    /// At work.
    most: u64,
}

impl Wanted {
    fn of(facts: &Facts, database: &Database) -> Result<Self, String> {
        let clusters = facts.clusters_on(&database.server_address);
        let nodes: Vec<&Node> = clusters.flat_map(|cluster| &cluster.nodes).collect();
        let mut most = OURS;
        for node in &nodes {
            most += workers(node)? * pool(node);
        }
        let count = nodes.len() as u64;
        Ok(Self {
            nodes: count,
            least: OURS + count * IDLE,
            most,
        })
    }
}

/// A number among the settings in effect.
fn number(node: &Node, key: &str) -> Option<u64> {
    let value = node.told.running.get().ok()?.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// How many workers a node has, or will have by Kong's preset.
fn workers(node: &Node) -> Result<u64, String> {
    match number(node, "nginx_worker_processes") {
        Some(number) => Ok(number),
        None => node.host.get()?.processors.get().copied(),
    }
}

/// How many sessions a worker keeps.
fn pool(node: &Node) -> u64 {
    let limited = number(node, "pg_max_concurrent_queries").filter(|most| *most > 0);
    let kept = limited.or_else(|| number(node, "pg_pool_size"));
    kept.or_else(|| number(node, "lua_socket_pool_size"))
        .unwrap_or(POOL)
}

fn room(facts: &Facts, database: &Database) -> Judged {
    let free = database.server.get()?.seats.free_to_all;
    let wanted = Wanted::of(facts, database)?;
    let evidence = format!(
        "{free} for all; {} nodes and cutover keep {} when idle, and may open {}",
        wanted.nodes, wanted.least, wanted.most
    );
    Ok(match free {
        free if free < wanted.least => Outcome::Wrong(evidence),
        free if free < wanted.most => Outcome::Warning(evidence),
        _ => Outcome::Fine(evidence),
    })
}

fn limit(facts: &Facts, database: &Database) -> Judged {
    let Some(limit) = database.server.get()?.seats.limit else {
        return Ok(Outcome::Fine("neither is limited".to_owned()));
    };
    let wanted = Wanted::of(facts, database)?;
    let evidence = format!(
        "limited to {limit}; {} nodes and cutover keep {} when idle, and may open {}",
        wanted.nodes, wanted.least, wanted.most
    );
    Ok(match limit {
        limit if limit < wanted.least => Outcome::Wrong(evidence),
        limit if limit < wanted.most => Outcome::Warning(evidence),
        _ => Outcome::Fine(evidence),
    })
}

fn taken(_: &Facts, database: &Database) -> Judged {
    let seats = &database.server.get()?.seats;
    let evidence = format!("{} of {} are taken", seats.taken, seats.free_to_all);
    Ok(if seats.taken + OURS > seats.free_to_all {
        Outcome::Wrong(evidence)
    } else if seats.taken * 5 > seats.free_to_all * 4 {
        Outcome::Warning(evidence)
    } else {
        Outcome::Fine(evidence)
    })
}

fn transactions(_: &Facts, database: &Database) -> Judged {
    let open = database.transactions.get()?;
    let hidden = database.administered.get()?.hidden_sessions;
    if open.is_empty() && hidden > 0 {
        return Err(format!(
            "{hidden} sessions do not show their transactions to us; `GRANT pg_read_all_stats` to the administering role"
        ));
    }
    Ok(Outcome::wrong_if_any(open, "none is"))
}

fn prepared(_: &Facts, database: &Database) -> Judged {
    let prepared = &database.administered.get()?.prepared;
    Ok(if prepared.is_empty() {
        Outcome::Fine("there is none".to_owned())
    } else {
        Outcome::Wrong(named(prepared))
    })
}

fn foreign(_: &Facts, database: &Database) -> Judged {
    let sessions = database.sessions.get()?;
    if let Some(pooler) = &sessions.through {
        return Err(format!(
            "the pooler `{pooler}` hides where sessions come from"
        ));
    }
    Ok(Outcome::wrong_if_any(
        &sessions.from_elsewhere,
        "all come from hosts of listed nodes",
    ))
}

fn denial(_: &Facts, database: &Database) -> Judged {
    Ok(match database.denial.get()? {
        WriteDenial::Off => Outcome::Fine("it does not".to_owned()),
        WriteDenial::Suspended => Outcome::Warning("it did, and is to again".to_owned()),
        WriteDenial::On => Outcome::Wrong("it does".to_owned()),
    })
}
