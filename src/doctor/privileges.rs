//! Checks of what our roles may do.

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Database, Facts, Reach};
use super::words::named;
use crate::gateway::Privilege;

pub(super) const CHECKS: [Check; 5] = [
    Check {
        code: "doctor.schema_create",
        about: "Kong's role may not create tables in its schema",
        why: "since PostgreSQL 15 nobody but the owner may in `public`, so the first migration that adds a table fails",
        remedy: "in `{name}`: `GRANT CREATE, USAGE ON SCHEMA {schema} TO {user}`",
        judge: Judge::Database(create_tables),
    },
    Check {
        code: "doctor.tables_owned",
        about: "Kong's role does not own all of its tables",
        why: "`ALTER TABLE` is for the owner alone, so a migration stops at the first table that is another's",
        remedy: "`REASSIGN OWNED BY OTHER TO {user}`, or `ALTER TABLE {schema}.TABLE OWNER TO {user}` for each",
        judge: Judge::Database(own_tables),
    },
    Check {
        code: "doctor.databases_create",
        about: "the administering role may not create databases",
        why: "without one beside it no backup can be proven, rehearsed on, or brought back",
        remedy: "`ALTER ROLE … CREATEDB` for the role under `admin` of `[databases.{database}]`, or for `{user}` where there is none",
        judge: Judge::Database(create_databases),
    },
    Check {
        code: "doctor.database_owned",
        about: "the administering role is no member of the database's owner",
        why: "only its owner renames a database, and a restore takes its place by renaming",
        remedy: "`GRANT {user} TO` the role under `admin` of `[databases.{database}]`, or `ALTER DATABASE {name} OWNER TO` it",
        judge: Judge::Database(own_database),
    },
    Check {
        code: "doctor.slots_logical",
        about: "logical replication slots hang on the database",
        why: "they would follow it when it is put aside, and feed nobody from the restored one; an unused one keeps the disk filling up",
        remedy: "end the subscriptions before the upgrade: `SELECT pg_drop_replication_slot(NAME)`",
        judge: Judge::Database(slots),
    },
];

fn create_tables(_: &Facts, database: &Database) -> Judged {
    owner(database, Privilege::CreateTables)
}

fn own_tables(_: &Facts, database: &Database) -> Judged {
    owner(database, Privilege::OwnTables)
}

fn create_databases(_: &Facts, database: &Database) -> Judged {
    admin(database, Privilege::CreateDatabases)
}

fn own_database(_: &Facts, database: &Database) -> Judged {
    if *database.reach.get()? == Reach::Absent {
        return Ok(Outcome::Fine("there is no such database yet".to_owned()));
    }
    admin(database, Privilege::OwnDatabase)
}

fn owner(database: &Database, privilege: Privilege) -> Judged {
    let lacks = database.server.get()?.lacks.contains(&privilege);
    Ok(judged(lacks, privilege))
}

fn admin(database: &Database, privilege: Privilege) -> Judged {
    let lacks = database.administered.get()?.lacks.contains(&privilege);
    Ok(judged(lacks, privilege))
}

fn judged(lacks: bool, privilege: Privilege) -> Outcome {
    let (has, lacks_it) = match privilege {
        Privilege::CreateTables => (
            "it may create tables there",
            "it has no `CREATE` on the schema",
        ),
        Privilege::OwnTables => ("it owns all of them", "some are another role's"),
        Privilege::CreateDatabases => ("it has `CREATEDB`", "it has no `CREATEDB`"),
        Privilege::OwnDatabase => ("it is one", "it is none"),
    };
    if lacks {
        Outcome::Wrong(lacks_it.to_owned())
    } else {
        Outcome::Fine(has.to_owned())
    }
}

fn slots(_: &Facts, database: &Database) -> Judged {
    let slots = &database.administered.get()?.slots;
    Ok(if slots.is_empty() {
        Outcome::Fine("there are none".to_owned())
    } else {
        Outcome::Warning(named(slots))
    })
}
