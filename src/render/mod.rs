//! Records in, text out. No decisions: what is said here follows from the journal alone.

mod diagnostic;
mod production;
mod progress;
mod text;
mod verdict;

pub use diagnostic::{Excerpt, diagnostics, uncaught};
pub use production::{downtime, production};
pub use progress::record_line;
pub use text::{clean, duration};
pub use verdict::{Standing, standing, verdict};
