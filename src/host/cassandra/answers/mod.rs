//! The answers of nodetool and cqlsh, and the exact vectors of the questions.
//!
//! Sources: `tools/nodetool/*.java`, `tools/NodeTool.java` and `bin/cqlsh.py` of Cassandra 2.2.19, 3.0.28, 3.11.14, 4.0.7 and 4.1.0. No
//! answer here is recorded: the fixtures were made by hand after those sources, except that of `DESCRIBE KEYSPACE`, which the Python
//! driver printed. nodetool formats its numbers by its locale, so it needs to run in English like everything else.

mod acts;
mod cluster;
mod cqlsh;
mod done;
mod failure;
mod information;
mod release;
mod ring;
mod rows;
mod scan;
mod scan_cql;
mod schema;
mod snapshots;
mod status;
mod streams;
mod tables;

pub use acts::{clear, flush, load, refresh, repair, take};
pub use cluster::{CLUSTER, Cluster, ClusterError};
pub use cqlsh::{Cqlsh, CqlshCause, CqlshFailure};
pub use done::{Repaired, passed_over, repaired, taken};
pub use failure::{Cause, Failure};
pub use information::{INFORMATION, Information, InformationError};
pub use release::{RELEASE, Release, ReleaseError};
pub use ring::{RING, Range, RingError, ring, token_map};
pub use rows::{RowsError, counted, rows};
pub use schema::{Kind, Schema, SchemaError, Statement};
pub use snapshots::{SNAPSHOTS, Snapshot, SnapshotsError, snapshots};
pub use status::{Liveness, Movement, NodeStatus, StatusError, nodes, status};
pub use streams::{STREAMS, Streams, StreamsError};
pub use tables::{Table, TablesError, tables};
