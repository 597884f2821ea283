//! The verbs, one trait per part of the trade, with the plain data that they answer.
//!
//! Everything is named as the environment names it. Answers hold no secrets and nothing that changes by itself from one look to the
//! next, so that two of them can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AdminAccess, AdminStatus, BaselineFacts, Expectation, Failure, HttpAnswer, HttpRequest,
    ProcessIdentity, Reach, ScratchCopy, Since, Writes,
};
use crate::kong::Version;
use crate::kong::changes::VisibleRows;
use crate::kong::migrations::{MigrationState, Names};
use crate::kong::rows::Row;

/// What a gateway tells while it works; the gate writes process starts into the journal, the terminal shows progress.
pub trait Report {
    /// A process was started. Where this fails, the process is ended at once.
    fn process_started(&self, program: &str, process: &ProcessIdentity) -> Result<(), Failure>;
    /// How far a long piece of work is, in words.
    fn progress(&self, text: &str);
}

/// Time.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// The time since a moment that stays the same for this gateway, by a clock that nobody sets: for deadlines and durations.
    fn elapsed(&self) -> Duration;
    /// Waits.
    async fn pause(&self, duration: Duration);
}

/// The step whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// Its number.
    pub step: u32,
    /// Its verb, such as `kong.stop`; on the way back, that of its undo.
    pub verb: &'a str,
    /// What it is about to do.
    pub kind: TurnKind,
    /// The step whose undo this is, or is part of, on the way back.
    pub undoes: Option<u32>,
}

/// What a step is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnKind {
    /// It looks.
    Looks,
    /// It changes something.
    Changes,
}

/// The processes that steps start.
pub trait Processes {
    /// Names the step that is about to act, so that what it starts and captures bears its number.
    fn turn_to(&self, turn: Turn<'_>);
    /// Says that the step has had its turn. Only a world that fails by step wants to know.
    fn turn_over(&self) {}
    /// Makes certain that a process of an earlier runner is gone, with its whole group: it may go on by itself for `time`, and is killed
    /// then.
    async fn end_process(&self, process: &ProcessIdentity, time: Duration) -> Result<(), Failure>;
    /// Removes what steps left in temporary directories, here and on the hosts of these nodes: those of a killed runner, or of one whose
    /// connection was cut, had no time to. What cannot be removed is told.
    async fn clear(&self, nodes: &BTreeSet<String>);
}

/// Small files in a directory of cutover's own.
pub trait Practice {
    /// The text of a practice file, if it exists.
    async fn read_practice_file(&self, name: &str) -> Result<Option<String>, Failure>;
    /// Writes a practice file, or removes it where `text` is `None`.
    async fn write_practice_file(&self, name: &str, text: Option<&str>) -> Result<(), Failure>;
}

/// Kong nodes and the `kong` command. A node is one of the environment, or a [`ScratchNode`](super::ScratchNode) by its name.
pub trait Kong {
    /// The version of the `kong` command that is installed on a node.
    async fn installed_version(&self, node: &str) -> Result<Version, Failure>;
    /// Whether Kong runs on a node, by its own `kong health`.
    async fn is_running(&self, node: &str) -> Result<bool, Failure>;
    /// Starts Kong, out of any rotation, and waits until its Admin API answers with the installed version and its database.
    async fn start_node(&self, node: &str) -> Result<(), Failure>;
    /// Stops Kong gracefully, giving requests in flight `patience` to finish, and waits until its process is gone.
    async fn stop_node(&self, node: &str, patience: Duration) -> Result<Stopped, Failure>;
    /// Makes Kong read its configuration again.
    async fn reload_node(&self, node: &str) -> Result<(), Failure>;
    /// SHA-256 of the files that decide what a node does: its configuration file and its `kong` command, by those names.
    async fn file_digests(&self, node: &str) -> Result<BTreeMap<String, String>, Failure>;
    /// Lets the installed `kong` judge the node's configuration.
    async fn check_configuration(&self, node: &str) -> Result<(), Failure>;
    /// What the node's Admin API says of it.
    async fn admin_status(&self, node: &str) -> Result<AdminStatus, Failure>;
    /// How many milliseconds the clock of a node is ahead of ours; below 0 where it is behind.
    async fn clock_ahead(&self, node: &str) -> Result<i64, Failure>;
    /// How many entities of each kind the Admin API lists.
    async fn entities(&self, node: &str) -> Result<BTreeMap<String, u64>, Failure>;
    /// Whether the node's Admin API takes requests.
    async fn admin_access(&self, node: &str) -> Result<AdminAccess, Failure>;
    /// Closes the node's Admin API until it is opened, through every start and reload; a node that does not run starts with it closed.
    async fn close_admin(&self, node: &str) -> Result<(), Failure>;
    /// Opens it again; a node that does not run opens it with its next start.
    async fn open_admin(&self, node: &str) -> Result<(), Failure>;
    /// Proves that a node's own settings lead to the database that the environment names for its cluster.
    async fn prove_database(&self, node: &str) -> Result<(), Failure>;
    /// The nodes of the environment whose cluster has this database.
    async fn nodes_on(&self, database: &str) -> Result<Vec<String>, Failure>;
    /// Kong nodes on the host of `node` that the environment does not list and that may use the same database as it.
    async fn strange_nodes(&self, node: &str) -> Result<Vec<StrangeNode>, Failure>;
    /// The state of the migrations of a cluster, as the `kong` of `node` sees it.
    async fn migration_state(&self, node: &str) -> Result<MigrationState, Failure>;
    /// Runs `kong migrations up` with the `kong` of `node`.
    async fn migrations_up(
        &self,
        node: &str,
        lock_timeout: Duration,
    ) -> Result<MigrationRun, Failure>;
    /// Runs `kong migrations finish` with the `kong` of `node`.
    async fn migrations_finish(
        &self,
        node: &str,
        lock_timeout: Duration,
    ) -> Result<MigrationRun, Failure>;
}

/// A running Kong node that the environment does not list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrangeNode {
    /// Which process it is, for people.
    pub described: String,
    /// Whether it uses the database of the node that was asked about; `None` where its settings cannot be read or followed.
    pub shares_database: Option<bool>,
}

/// How a node was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// Requests in flight were finished.
    Gracefully,
    /// The patience ran out and requests in flight were dropped; `kong quit` exits 0 all the same.
    Forcefully,
    /// It was not running.
    WasNotRunning,
}

/// What `kong migrations up` or `finish` did. Its exit code is not in here: it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationRun {
    /// Another node held the lock, and nothing was done.
    pub aborted: bool,
    /// Kong's own error, if it told of one.
    pub error: Option<String>,
}

/// A package that is kept on a node's host, or stands there beside others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPackage {
    /// Its version.
    pub version: Version,
    /// SHA-256 of its file, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// How long fetching or installing a package may take.
pub const PACKAGE_WORK: Duration = Duration::from_mins(15);

/// Kong's packages on nodes.
pub trait Packages {
    /// The versions that could be installed on a node now.
    async fn available_versions(&self, node: &str) -> Result<Vec<Version>, Failure>;
    /// The versions whose `kong` can be tried for a node while it has another one installed.
    async fn trial_versions(&self, node: &str) -> Result<Vec<Version>, Failure>;
    /// The versions that are kept on a node, whatever becomes of where they come from.
    async fn kept_versions(&self, node: &str) -> Result<Vec<Version>, Failure>;
    /// Refuses a version whose package does not fit the node, with the reason; says nothing about one that is not there.
    async fn admit_package(&self, node: &str, version: &Version) -> Result<(), Failure>;
    /// Whether `version` is installed as a whole, and no installer left it half done.
    async fn package_is_whole(&self, node: &str, version: &Version) -> Result<bool, Failure>;
    /// Keeps the package of `version` on a node, proven; of the installed version, just the package that is installed.
    async fn keep_package(&self, node: &str, version: &Version) -> Result<KeptPackage, Failure>;
    /// Keeps it no longer.
    async fn drop_package(&self, node: &str, version: &Version) -> Result<(), Failure>;
    /// Makes `version` the installed one.
    async fn install_package(&self, node: &str, version: &Version) -> Result<(), Failure>;
}

/// Databases, by their name in the environment, and copies of them by the name of a [`ScratchCopy`](super::ScratchCopy).
pub trait Databases {
    /// What there is to know of a database.
    async fn database_facts(&self, database: &str) -> Result<DatabaseFacts, Failure>;
    /// Digests of what a database holds.
    async fn content_digest(&self, database: &str) -> Result<ContentDigest, Failure>;
    /// Takes the backup of this step, and answers when everything of it is on disk.
    async fn back_up(&self, database: &str) -> Result<BackupFacts, Failure>;
    /// The backup of this step, if it is complete.
    async fn find_backup(&self, database: &str) -> Result<Option<BackupFacts>, Failure>;
    /// Proves a backup. With `keep`, the restored copy stays as the database of that name.
    async fn verify_backup(
        &self,
        database: &str,
        backup: &BackupFacts,
        tier: VerifyTier,
        keep: Option<&str>,
    ) -> Result<(), Failure>;
    /// Where proofs and rehearsals of a database run.
    async fn scratch_place(&self, database: &str) -> Result<ScratchPlace, Failure>;
    /// Restores a backup of `database` into a copy for a rehearsal, and proves that it holds what was dumped.
    async fn clone_backup(
        &self,
        database: &str,
        backup: &BackupFacts,
        copy: &ScratchCopy,
    ) -> Result<(), Failure>;
    /// What a person may see of a database's rows.
    async fn visible_rows(&self, database: &str) -> Result<VisibleRows, Failure>;
    /// The rows of a table of Kong's configuration, what may be secret sealed.
    async fn rows(&self, database: &str, table: &str) -> Result<Vec<Row>, Failure>;
    /// Whether a database that this run created is there.
    async fn has_copy(&self, database: &str, copy: &str) -> Result<bool, Failure>;
    /// Drops a database that this run created.
    async fn drop_copy(&self, database: &str, copy: &str) -> Result<(), Failure>;
    /// Brings back what a backup holds, by the kept copy if it is there, else by restoring. What was there is kept as the database
    /// `retired`.
    async fn restore_database(
        &self,
        database: &str,
        backup: &BackupFacts,
        copy: Option<&str>,
        retired: &str,
    ) -> Result<(), Failure>;
    /// Keeps what a database holds now, to compare later moments with.
    async fn take_baseline(&self, database: &str) -> Result<BaselineFacts, Failure>;
    /// What is different in a database from what it held.
    async fn writes_since(&self, database: &str, since: &Since) -> Result<Writes, Failure>;
    /// Ends sessions of a killed `kong migrations` and waits until none is left. Answers how many there were.
    async fn await_no_migration_session(&self, database: &str) -> Result<u64, Failure>;
    /// What `up` has run and `finish` has not, as the database itself says: an older `kong` does not list what it does not know.
    async fn pending_migrations(&self, database: &str) -> Result<Names, Failure>;
    /// Whether Kong's own lock on migrations is held.
    async fn migration_lock(&self, database: &str) -> Result<bool, Failure>;
    /// Takes away a lock on migrations that a killed command left behind.
    async fn clear_migration_lock(&self, database: &str) -> Result<(), Failure>;
    /// The sessions of Kong's role on its database that no listed node can hold.
    async fn kong_sessions(&self, database: &str) -> Result<KongSessions, Failure>;
    /// Whether the database denies writes to Kong's configuration.
    async fn write_denial(&self, database: &str) -> Result<WriteDenial, Failure>;
    /// Makes the database deny such writes, admit them for a while, or admit them.
    async fn set_write_denial(&self, database: &str, denial: WriteDenial) -> Result<(), Failure>;
    /// Whether a database lets nobody in.
    async fn is_fenced(&self, database: &str) -> Result<bool, Failure>;
    /// Closes a database for everybody and ends all sessions there, or opens it again.
    async fn set_fence(&self, database: &str, closed: bool) -> Result<(), Failure>;
    /// Transactions older than `age`, described for people.
    async fn long_transactions(
        &self,
        database: &str,
        age: Duration,
    ) -> Result<Vec<String>, Failure>;
}

/// What there is to know of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFacts {
    /// The server's version.
    pub server_version: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes free where backups are written.
    pub free_bytes: u64,
    /// Sessions other than ours.
    pub sessions: u64,
    /// Why a swap is not possible, one line a reason; empty where it is.
    pub swap_obstacles: Vec<String>,
}

/// Whether a database denies writes to Kong's configuration, whoever sends them. What traffic writes is never denied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteDenial {
    /// It does not.
    #[default]
    Off,
    /// It did and is to again: migrations are under way, or a part of the tables is open.
    Suspended,
    /// It does.
    On,
}

/// Who is connected to a database as Kong's role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KongSessions {
    /// The pooler through which Kong connects, where there is one: then addresses say nothing.
    pub through: Option<String>,
    /// Sessions from addresses where no listed node is, for people.
    pub from_elsewhere: Vec<String>,
}

/// Digests of what a database holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentDigest {
    /// Over the configuration tables.
    pub configuration: String,
    /// Over `schema_meta`.
    pub schema: String,
}

/// A backup, named by the digest of its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFacts {
    /// Its name, a directory under the storage.
    pub name: String,
    /// The digest of its manifest.
    pub manifest: String,
    /// When its snapshot was taken.
    pub taken_at: Timestamp,
    /// The digests of what it holds.
    pub content: ContentDigest,
    /// Its rows.
    pub rows: u64,
    /// Its bytes on disk.
    pub bytes: u64,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// Where proofs and rehearsals of a database run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScratchPlace {
    /// The database of the environment on whose server they run.
    pub database: String,
    /// Whether that is the server of the database itself, so that a full disk there is an outage.
    pub same_server: bool,
    /// Bytes free there; none where they cannot be seen from here.
    pub free_bytes: Option<u64>,
}

/// How far a backup is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyTier {
    /// Every file is as it was written.
    Checksum,
    /// Every file can be decoded.
    Decode,
    /// It was restored, and holds what was dumped.
    Restore,
}

/// Requests to HTTP servers.
pub trait Web {
    /// Sends one request, and answers what came back within its deadline. What the caller hopes for changes nothing where there are
    /// servers; a simulated world has none to ask.
    async fn request(
        &self,
        request: &HttpRequest,
        reach: &Reach,
        hoped: &Expectation,
    ) -> Result<HttpAnswer, Failure>;
    /// Whether a node answers clients, which a control plane does not.
    async fn answers_clients(&self, node: &str) -> Result<bool, Failure>;
    /// The base URL of a node's proxy.
    async fn proxy_url(&self, node: &str) -> Result<String, Failure>;
}

/// Commands of the operator's own on the hosts of nodes.
pub trait Commands {
    /// Runs a program with its arguments, without a shell: `kong` is the installed one of the node, another program an absolute path.
    /// The status that the caller hopes for changes nothing where there are hosts; a simulated world has none to ask.
    async fn execute(
        &self,
        node: &str,
        command: &[String],
        within: Duration,
        hoped: i32,
    ) -> Result<CommandAnswer, Failure>;
}

/// What a command that ended by itself left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandAnswer {
    /// Its exit code.
    pub status: i32,
    /// Its standard output, blacked out, at most 128 KiB of it: the beginning and the end.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}
