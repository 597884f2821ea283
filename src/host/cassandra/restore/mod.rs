//! Bringing a backup back: into the same nodes, file by file, or into another ring, row by row; what of it took effect; and what it does not
//! bring back.

mod create;
#[cfg(test)]
mod laws;
mod load;
mod losses;
mod refill;
#[cfg(test)]
mod refill_tests;
mod settle;
mod way;

pub use create::{Changed, create, differences};
pub use load::{Loading, load};
pub use losses::{Loss, losses};
pub use refill::{Refill, RefillError, files_in, lying, refill};
pub use settle::{Effect, refilled, truncated};
pub use way::{Obstacle, Way, way};
