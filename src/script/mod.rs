//! The only room that names Rhai: the child process that interprets a playbook, and the host's side of the pipe to it.
//!
//! A stranger's text is parsed and run in a child process of the same binary, never in the supervisor. The two talk in lines of
//! JSON over the child's standard input and output ([`protocol`]). The child performs nothing: every primitive is a request.

mod bindings;
mod check;
mod child;
#[cfg(test)]
mod fuzz;
mod host;
mod protocol;
mod reference;
mod soon;
mod sources;

pub use child::main as child_main;
pub use host::{Host, HostError, Terms};
pub use protocol::{Inventory, InventoryCluster, Loaded};
pub use reference::{Page, SECTIONS, pages};
pub use sources::{SourceError, Sources};
