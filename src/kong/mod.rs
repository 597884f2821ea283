//! Knowledge of Kong: what its versions are called and what its texts mean. Pure: no file, no process, no socket.

pub mod version;

pub use version::Version;
