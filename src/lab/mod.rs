//! The practice cluster: a stand-in for Kong on a real, private PostgreSQL.

pub mod postgres;
pub mod stand_in;
