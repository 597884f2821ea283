//! Leaving Cassandra: what `kong config db_export` does not take along to PostgreSQL.
//!
//! Sources: `kong/db/declarative` (every entity whose schema does not say `db_export = false`), the schemas and migrations of Kong 2.8.5,
//! 3.0.2 and 3.3.1, and `kong/db/strategies/cassandra/connector.lua` for the tables of the strategy itself. Tables of the Enterprise edition
//! are not in those sources: their names are those of dumps and of general knowledge, and none of them is taken for exported.

mod fate;
mod omitted;

pub use fate::{Era, Fate, fate};
pub use omitted::{Omitted, omitted};
