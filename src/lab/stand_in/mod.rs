//! A stand-in for Kong Gateway 2.8.5, 3.4.2 and 3.9.1: not Kong, but its command line, Admin API and proxy as recorded from it.

pub mod conf;
pub mod node;
