//! Checks of a database server: whether it can be used at all, and its settings.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Database, Facts, Reach};
use super::words::named;
use crate::kong::Version;

/// The first version whose driver is known to answer SCRAM.
const KNOWS_SCRAM: Version = Version::new(2, 7, 0);

/// A limit on time below which a migration of a large table may be cut off, in milliseconds.
const SHORT: u64 = 600_000;

/// Settings of a role or a database that cut off what takes long.
const LIMITS: [&str; 4] = [
    "statement_timeout",
    "lock_timeout",
    "transaction_timeout",
    "idle_in_transaction_session_timeout",
];

pub(super) const CHECKS: [Check; 7] = [
    Check {
        code: "doctor.database_unreachable",
        about: "the database cannot be reached from here",
        why: "cutover backs up, compares and restores over a connection of its own; without it a run is refused, or cannot find the way back",
        remedy: "is the server up, do `[databases.{database}]` and its secret fit it, and does pg_hba.conf let `{user}` in from here?",
        judge: Judge::Database(reach),
    },
    Check {
        code: "doctor.database_standby",
        about: "the server follows another one",
        why: "it takes no writes, so migrations fail there, and what is read there is late",
        remedy: "name the primary under `[databases.{database}]`",
        judge: Judge::Database(standby),
    },
    Check {
        code: "doctor.database_read_only",
        about: "sessions of Kong's role begin as read-only",
        why: "the first statement of a migration that writes is refused",
        remedy: "`ALTER ROLE {user} RESET default_transaction_read_only`, and likewise `ALTER DATABASE {name}`",
        judge: Judge::Database(read_only),
    },
    Check {
        code: "doctor.statement_timeout",
        about: "statements of Kong's role are cut off early",
        why: "a migration of a large table is ended half-way, and the lock stays",
        remedy: "`ALTER ROLE {user} SET statement_timeout = 0` until the upgrade is done, and likewise the other limits",
        judge: Judge::Database(timeouts),
    },
    Check {
        code: "doctor.password_encryption",
        about: "new passwords are encrypted in a way that an installed Kong does not know",
        why: "once the role's password is set anew, old nodes fail with `don't know how to auth: 10`",
        remedy: "keep `password_encryption = 'md5'` and the role's password until every node is of 2.7 or newer",
        judge: Judge::Database(password_encryption),
    },
    Check {
        code: "doctor.collation_changed",
        about: "the system's collation is another one than the database was made with",
        why: "indexes over texts are out of order: unique values can be inserted twice, and a restore that builds them anew then fails",
        remedy: "`REINDEX DATABASE {name}`, then `ALTER DATABASE {name} REFRESH COLLATION VERSION`",
        judge: Judge::Database(collation),
    },
    Check {
        code: "doctor.extensions_superuser",
        about: "the database has extensions that only a superuser can make",
        why: "a backup is restored without one, and would stop at `CREATE EXTENSION`",
        remedy: "drop what Kong does not need: `DROP EXTENSION NAME`; Kong itself needs none",
        judge: Judge::Database(extensions),
    },
];

fn reach(_: &Facts, database: &Database) -> Judged {
    Ok(match database.reach.get()? {
        Reach::Reached => Outcome::Fine("it answers".to_owned()),
        // That is another check's.
        Reach::Absent => Outcome::Fine("its server answers".to_owned()),
        Reach::Refused(why) => Outcome::Wrong(why.clone()),
    })
}

fn standby(_: &Facts, database: &Database) -> Judged {
    Ok(if database.server.get()?.is_standby {
        Outcome::Wrong("`pg_is_in_recovery()` is true".to_owned())
    } else {
        Outcome::Fine("it takes writes".to_owned())
    })
}

fn read_only(_: &Facts, database: &Database) -> Judged {
    let settings = &database.server.get()?.settings;
    let set = settings.get("default_transaction_read_only");
    let is_on = |value: &String| ["on", "true", "yes", "1"].contains(&value.as_str());
    Ok(if set.is_some_and(is_on) {
        Outcome::Wrong(
            "`default_transaction_read_only` is on for the role or the database".to_owned(),
        )
    } else {
        Outcome::Fine("neither role nor database sets it".to_owned())
    })
}

fn timeouts(_: &Facts, database: &Database) -> Judged {
    let settings = &database.server.get()?.settings;
    let short = LIMITS.iter().filter_map(|limit| {
        let value = settings.get(*limit)?;
        let is_short = milliseconds(value).is_none_or(|limit| limit > 0 && limit < SHORT);
        is_short.then(|| format!("`{limit}` is {value} for the role or the database"))
    });
    let short: Vec<String> = short.collect();
    let fine = "neither role nor database sets a short limit";
    Ok(Outcome::warning_if_any(&short, fine))
}

/// A time as PostgreSQL writes it, such as `30s`; without a unit it is milliseconds.
fn milliseconds(value: &str) -> Option<u64> {
    let value = value.trim();
    let end = value.find(|letter: char| !letter.is_ascii_digit());
    let (number, unit) = value.split_at(end.unwrap_or(value.len()));
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()?.saturating_mul(factor))
}

fn password_encryption(facts: &Facts, database: &Database) -> Judged {
    let encryption = &database.server.get()?.password_encryption;
    let mut old = Vec::new();
    for cluster in facts.clusters_on(&database.server_address) {
        for node in &cluster.nodes {
            if *node.installed.get()? < KNOWS_SCRAM {
                old.push(node.words.subject());
            }
        }
    }
    Ok(if encryption == "scram-sha-256" && !old.is_empty() {
        let old = named(old);
        Outcome::Wrong(format!(
            "`password_encryption` is {encryption}, and older than 2.7 are {old}"
        ))
    } else {
        Outcome::Fine(format!("`password_encryption` is {encryption}"))
    })
}

fn collation(_: &Facts, database: &Database) -> Judged {
    let differs = database.server.get()?.collation.get()?;
    Ok(differs.as_ref().map_or_else(
        || Outcome::Fine("it is the one that the database was made with".to_owned()),
        |versions| {
            let (recorded, found) = (&versions.recorded, &versions.found);
            Outcome::Warning(format!("made with {recorded}, and the system has {found}"))
        },
    ))
}

fn extensions(_: &Facts, database: &Database) -> Judged {
    let extensions = &database.server.get()?.extensions;
    Ok(if extensions.is_empty() {
        Outcome::Fine("it has none".to_owned())
    } else {
        Outcome::Warning(named(extensions))
    })
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn times_are_read_as_the_server_writes_them() {
        let read = ["0", "250", "30s", "5min", "1 h", "soon"].map(milliseconds);
        let times = [
            Some(0),
            Some(250),
            Some(30_000),
            Some(300_000),
            Some(3_600_000),
            None,
        ];
        assert_eq!(read, times);
    }
}
