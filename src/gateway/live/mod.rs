//! The real world: one file or folder per real system. Nothing here knows the journal, the script or the command line.

pub mod postgres;
pub mod process;
pub mod secret;
