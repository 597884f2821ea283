//! Whole backups and restores against the stubs of Cassandra's tools.

mod backup;
pub(crate) mod cluster;
mod restore;
