//! `database`: facts, backups, their proofs, and bringing back what they hold.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::arguments::{Options, data, database as database_name};
use super::gap::sides_of;
use super::{call, wrong_argument};
use crate::gateway::{BackupFacts, VerifyTier};
use crate::primitive::{
    Backup, CloneDatabase, CloneTo, Cloned, CopiedMoment, DropClone, DropCopy, Facts, Intent,
    Restore, Rows, Unchanged, Verify,
};

#[export_module]
pub(super) mod database {
    /// What there is to know: `server_version`, `bytes`, `free_bytes` (where backups go), `sessions`, `swap_obstacles`. Of a Cassandra the
    /// obstacles are what keeps it from a backup and a restore now, and its sessions are not known.
    ///
    /// # Needs
    /// `database.facts`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `database.unreachable`, `secret.unavailable`.
    /// # Example
    /// ```rhai
    /// let facts = database::facts(env::database("main"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn facts(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Facts(Facts {
                database: database_name(which)?,
            }),
        )
    }

    /// The rows of one of Kong's tables of configuration, at most 1,000, in the order of their ids: an array of maps by column. Names,
    /// ids and what routes requests is shown. Every other value is sealed: a text `sealed:…` with a digest under a key that stays in
    /// the storage. It says nothing, and two of them are the same where the values are, in this run or in another with the same
    /// storage. In a simulated world there are no rows.
    ///
    /// # Needs
    /// `database.rows`
    /// # Effect
    /// None. The first look makes the key.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `database.rows.unknown`, `database.rows.many`, `database.rows.seal`, `database.unreachable`.
    /// # Example
    /// ```rhai
    /// let keys = database::rows(env::database("main"), "keyauth_credentials");
    /// run::note(`${keys.len()} keys`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn rows(
        context: NativeCallContext,
        which: Dynamic,
        table: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Rows(Rows {
                database: database_name(which)?,
                table: table.to_owned(),
            }),
        )
    }

    /// Takes a backup: a dump and the digests of the same snapshot, with checksums of every file, on disk before this answers. The answer
    /// is the backup: `name`, `manifest`, `taken_at`, `content`, `rows`, `bytes`, `milliseconds`. Of a Cassandra it is a snapshot of all nodes or
    /// of none, copied off them and cleared there, while nobody writes configuration.
    ///
    /// # Needs
    /// `database.backup`
    /// # Effect
    /// A directory of its own under the storage. It holds private keys, so it is closed to others.
    /// # Undo
    /// None: a backup is kept, whatever becomes of the run.
    /// # On resume
    /// A backup with a manifest is whole; any other is taken again, elsewhere.
    /// # Errors
    /// `database.space`, `database.no_tool`, `database.unreachable`, `database.failed`; of a Cassandra `database.cassandra.unready`,
    /// `database.cassandra.snapshot`, `database.cassandra.written`, `database.cassandra.failed`.
    /// # Example
    /// ```rhai
    /// let backup = database::backup(env::database("main"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn backup(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Backup(Backup {
                database: database_name(which)?,
            }),
        )
    }

    /// Proves a backup. Options: `tier`, `"checksum"` (every file is as written), `"decode"` (every file decodes) or `"restore"` (restored,
    /// it holds what was dumped); `keep: true` keeps the restored copy as a standby, and its name is the answer.
    ///
    /// # Needs
    /// `database.verify`
    /// # Effect
    /// None; with `keep` a database beside the live one, marked as ours.
    /// # Undo
    /// A kept copy is dropped, unless it has gone live.
    /// # On resume
    /// Proven again: a proof that was not seen to end proves nothing.
    /// # Errors
    /// `database.backup.damaged`, `database.different`, `database.failed`. `database.cassandra`: there is no second cluster to restore into.
    /// # Example
    /// ```rhai
    /// let backup = database::backup(env::database("main"));
    /// let standby = database::verify(env::database("main"), backup, #{ tier: "restore", keep: true });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn verify(
        context: NativeCallContext,
        which: Dynamic,
        backup: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut options = Options::new(options);
        let tier = options
            .take("tier")
            .and_then(|tier| tier.into_string().ok())
            .unwrap_or_default();
        let keep = options.flag("keep")?;
        options.done()?;
        let tier = match tier.as_str() {
            "checksum" => VerifyTier::Checksum,
            "decode" => VerifyTier::Decode,
            "restore" => VerifyTier::Restore,
            _ => {
                return Err(wrong_argument(
                    "`tier` must be `checksum`, `decode` or `restore`",
                    "#{ tier: \"restore\" }",
                ));
            }
        };
        if keep && tier != VerifyTier::Restore {
            return Err(wrong_argument(
                "only a restored copy can be kept",
                "#{ tier: \"restore\", keep: true }",
            ));
        }
        let backup: BackupFacts = data("the backup", &backup)?;
        call(
            &context,
            Intent::Verify(Verify {
                database: database_name(which)?,
                backup,
                tier,
                keep,
            }),
        )
    }

    /// Restores a backup into a copy for a rehearsal, on the server that `scratch` in the environment file names, and proves that it holds
    /// what was dumped. Answers the copy: `database` (on whose server it is), `copy` (its name there), `milliseconds`.
    ///
    /// # Needs
    /// `database.clone`
    /// # Effect
    /// A database beside the others there, marked as ours.
    /// # Undo
    /// The copy is dropped.
    /// # On resume
    /// Made again: a copy that was not seen to be proven may hold anything.
    /// # Errors
    /// `database.scratch.unknown`: the environment names no place. `database.scratch.space`: on the
    /// database's own server less than three times its size is free; where that cannot be seen, a person is asked. `database.backup.damaged`,
    /// `database.different`, `database.failed`.
    /// # Example
    /// ```rhai
    /// let backup = database::backup(env::database("main"));
    /// let copy = database::clone(env::database("main"), backup);
    /// database::drop_copy(copy);
    /// ```
    #[rhai_fn(name = "clone", return_raw, volatile)]
    pub fn clone_database(
        context: NativeCallContext,
        which: Dynamic,
        backup: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let backup: BackupFacts = data("the backup", &backup)?;
        call(
            &context,
            Intent::CloneDatabase(CloneDatabase {
                database: database_name(which)?,
                backup,
            }),
        )
    }

    /// Drops a copy that `database::clone` made.
    ///
    /// # Needs
    /// `database.drop_copy`
    /// # Effect
    /// The copy is gone. A database without the mark of this run is never dropped.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Dropped if it is still there.
    /// # Errors
    /// `database.failed`
    /// # Example
    /// ```rhai
    /// let copy = database::clone(env::database("main"), database::backup(env::database("main")));
    /// database::drop_copy(copy);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn drop_copy(
        context: NativeCallContext,
        copy: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let Cloned { copy, .. } = data("the copy", &copy)?;
        call(
            &context,
            Intent::DropCopy(DropCopy {
                database: copy.database,
                copy: copy.copy,
            }),
        )
    }

    /// Makes the database `to_database` of the environment file as a copy of one moment of `from_database`, which goes on serving. A dump of one snapshot is
    /// restored and proven by digests, grants and settings are copied, what nodes told each other is emptied, and what the counters of rate
    /// limits held at that moment is kept, for `gap::open`. The answer has `taken_at`, `content` (digests of what both held then), `rows`, `counters` (how many, by table), `not_copied`
    /// (grants and settings that the server refused) and `milliseconds`.
    ///
    /// # Needs
    /// `database.clone_to`
    /// # Effect
    /// A database that bears this run's mark. The dump is removed again: it holds private keys.
    /// # Undo
    /// The copy is dropped.
    /// # On resume
    /// Dropped and made again: a copy that was not seen to be whole may hold anything.
    /// # Errors
    /// `database.clone.exists`: the database is there, and this run did not make it. `database.clone.schema`: the two are to have their
    /// tables in different schemas. `gap.layout`: a table of counters is not as Kong's are known to be. `database.space`,
    /// `database.different`, `database.failed`.
    /// # Example
    /// ```rhai
    /// let copy = database::clone_to(env::database("main"), env::database("green"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn clone_to(
        context: NativeCallContext,
        from_database: Dynamic,
        to_database: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let sides = sides_of(from_database, to_database)?;
        call(&context, Intent::CloneTo(CloneTo { sides }))
    }

    /// Refuses where the configuration of the database that was copied is not what it was then: what was written since is not in the copy. `made`
    /// is what `database::clone_to` or `kong::catch_up` answered. What traffic writes does not count.
    ///
    /// # Needs
    /// `database.unchanged`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `database.changed`
    /// # Example
    /// ```rhai
    /// let made = database::clone_to(env::database("main"), env::database("green"));
    /// database::unchanged(made);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn unchanged(
        context: NativeCallContext,
        made: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let CopiedMoment { sides, content } = data("the copy", &made)?;
        call(
            &context,
            Intent::Unchanged(Unchanged {
                database: sides.from_database,
                baseline: content,
            }),
        )
    }

    /// Drops a copy that `database::clone_to` made in this run.
    ///
    /// # Needs
    /// `database.drop_clone`
    /// # Effect
    /// The copy is gone. A database that this run did not make is refused.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Dropped if it is still there.
    /// # Errors
    /// `database.drop_clone.foreign`, `database.failed`.
    /// # Example
    /// ```rhai
    /// database::clone_to(env::database("main"), env::database("green"));
    /// database::drop_clone(env::database("green"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn drop_clone(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::DropClone(DropClone {
                database: database_name(which)?,
            }),
        )
    }

    /// Brings back what a backup holds, by restoring it beside the live database and swapping the two. Every node must be stopped, and
    /// started again afterwards: a running one goes on serving what it has cached. A Cassandra is restored in place: its tables are emptied and
    /// filled from the files of the backup; what that loses is told, and counters come back near to what they were.
    ///
    /// # Needs
    /// `database.restore`
    /// # Effect
    /// The database holds what the backup holds; what was there is kept under a dated name, of a Cassandra as a snapshot on every node.
    /// # Undo
    /// None.
    /// # On resume
    /// Every point of a swap is told apart by looking, and it goes on from there.
    /// # Errors
    /// `database.backup.damaged`, `database.in_use`, `database.restore.different`, `database.failed`; of a Cassandra
    /// `database.cassandra.unready` and `database.cassandra.restore`.
    /// # Example
    /// ```rhai
    /// let backup = database::backup(env::database("main"));
    /// database::restore(env::database("main"), backup);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn restore(
        context: NativeCallContext,
        which: Dynamic,
        backup: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let backup: BackupFacts = data("the backup", &backup)?;
        call(
            &context,
            Intent::Restore(Restore {
                database: database_name(which)?,
                backup,
                copy: None,
                finished_by: None,
            }),
        )
    }
}
