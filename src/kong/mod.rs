//! Knowledge of Kong: what its versions are called, which migrations they know, what their texts mean. Pure: no file, no
//! process, no socket.

pub mod addresses;
pub mod advisories;
pub mod catalogue;
pub mod changes;
pub mod clustering;
pub mod comparison;
pub mod conf;
pub mod migrations;
pub mod paths;
pub mod rate_limits;
pub mod redis_counters;
pub mod repackage;
pub mod router;
pub mod routes;
pub mod rows;
pub mod schema;
pub mod version;

pub use version::Version;
