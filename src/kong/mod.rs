//! Knowledge.
mod version;
pub use version::*;
