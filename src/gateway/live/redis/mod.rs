//! What rate limits count in Redis, between two sides that do not count in the same one.
//!
//! ```text
//! plugins of both sides ─► pairs: which Redis goes with which, and which are one
//!                            ├─► round: own of one, added to the other by a script that books it in the same breath
//!                            ├─► measure: the same counters, compared
//!                            └─► take_back: what came from the other side, down again
//! ```
//!
//! Beside each counter stands a book of ours with the same life: `s…`, how much of what the other side counted itself is in here, and
//! `c…`, how much of what is in the counter came from there. So what a side has counted itself is its counter less that. Redis runs a
//! script without anything in between: a counter and its book change together.

mod error;
mod measure;
mod pairs;
mod round;
mod scan;
mod store;
mod take_back;

pub use measure::{Limits, counted, lacking};
pub use pairs::{Pair, Pairs, Side, pairs};
pub use round::{Direction, carry};
pub use store::answers;
pub use take_back::{Books, carried_into, take_back};
