//! Whether two gateways are configured the same: the entities of an old one (blue) against those of a new one (green), both as the
//! Admin API shows them.
//!
//! What the way from one version to the other makes of blue's entities is data (`changes.toml`) and applied before they are compared;
//! what green's version adds is told by green's own schemas. Whatever neither explains is a difference, so a change that nobody knows
//! of here is reported, never hidden. Secrets are compared and not told. Pure: this room asks nobody.

mod alias;
mod change;
mod compare;
mod entities;
mod equal;
mod field;
mod migrate;
mod path;
mod rewrite;
mod schemas;
mod secret;
#[cfg(test)]
mod tests;
mod verdict;
mod walk;

pub use compare::compare;
pub use entities::Entities;
pub use schemas::{SchemaError, Schemas, WITH_SUBSCHEMAS};
pub use verdict::{Comparison, Difference, Expected, Subject, What, Why};
