//! The practice cluster: a stand-in for Kong on a real, private PostgreSQL.

pub mod balancer;
pub mod client;
pub mod echo;
pub mod http;
pub mod postgres;
pub mod practice;
pub mod seed;
pub mod stand_in;
