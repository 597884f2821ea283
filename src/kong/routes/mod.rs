//! What becomes of routes' paths on the way from Kong 2 to Kong 3: which are expressions, how they are stored from then on, whether the
//! new router's engine takes them, and whether they match other requests there.
//!
//! Kong 2 matches with PCRE, over bytes and anchored; Kong 3 with the crate `regex`, over characters, with `^` in front. Sources: Kong's
//! `router.lua` of 2.8.5, its migration of paths and its `router/transform.lua` of 3.9.3; what the engines differ in was found by
//! playing requests against both.

mod difference;
mod fit;
mod fits;
mod migrate;
mod shape;
mod stored_path;
mod survey;
mod walk;

pub use difference::Difference;
pub use fit::{Fit, fit};
pub use fits::Fits;
pub use stored_path::StoredPath;
pub use survey::{ChangedPath, Era, Survey};
