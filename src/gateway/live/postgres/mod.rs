//! PostgreSQL for real: sessions, facts, digests, backups, proofs, and the ways back.
//!
//! ```text
//! session ─► facts, identity, digest ─► backup ─► verify ─► restore ─► swap
//! ```
//!
//! Plain asynchronous functions with typed results that hold no secrets. This room knows Kong's table names (`class`) and nothing
//! else of Kong; it knows no journal, no step and no permission.

mod administered;
mod backup;
mod catalog;
mod class;
mod denial;
mod digest;
mod elsewhere;
mod error;
mod facts;
mod fence;
pub mod gap;
mod identity;
mod judged;
mod lease;
mod manifest;
mod mark;
mod privileges;
mod quote;
mod restore;
mod rows;
mod server;
mod session;
mod session_list;
mod starts;
mod sum;
mod swap;
mod table;
mod tls;
mod tools;
mod verify;
mod visible;
mod world_lock;

pub use administered::administered;
pub use backup::{Backup, BackupRequest, Progress, backup};
pub use catalog::{Description, Grant, Setting, describe};
pub use class::Class;
pub use denial::{denial, set_denial};
pub use digest::{DatabaseDigest, Difference, DigestOptions, TableDigest, digest};
pub use elsewhere::sessions_from_elsewhere;
pub use error::PostgresError;
pub use facts::{EstimatedTable, Facts, facts};
pub use fence::{is_fenced, set_fence};
pub use identity::{Identity, Nonce, identity, is_same_database};
pub use judged::{Judged, judged};
pub use lease::{Claim, Claimed, Lease, Leaseholder};
pub use manifest::{FileEntry, Manifest, TableEntry};
pub use mark::{Mark, MarkKind, drop_created, mark_of};
pub use privileges::{Obstacle, Privileges, Strategies, privileges};
pub(in crate::gateway::live) use quote::{identifier, qualified};
pub use restore::{RestoreRequest, Restored, restore_beside, restore_for_scratch};
pub use rows::{Baseline, baseline, writes};
pub use server::server_facts;
pub use session::{Role, Session, connect};
pub use session_list::{Blocked, OtherSession, Statement, sessions, who_blocks_whom};
pub use starts::Starts;
pub use swap::{SwapNames, SwapState, Swapped, swap, swap_state};
pub use table::{RowsError, TableRows, table_rows};
pub use tls::TlsError;
pub use verify::{Damage, Expectation, Tier, Verified, VerifyRequest, verify};
pub use visible::visible_rows;
pub use world_lock::{Acquisition, Holder, WorldLock, try_acquire};
