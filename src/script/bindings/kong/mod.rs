//! `kong`: nodes, their configuration and the migrations of their database.

mod copies;
mod declarative;
mod exports;
mod looks;
mod migrations;
mod nodes;
mod scratch;

use migrations::lock_timeout;
use rhai::{Module, combine_with_exported_module};

/// The namespace, put together from its parts.
pub(super) fn namespace() -> Module {
    let mut namespace = Module::new();
    combine_with_exported_module!(&mut namespace, "looks", looks::looks_module);
    combine_with_exported_module!(&mut namespace, "nodes", nodes::nodes_module);
    combine_with_exported_module!(
        &mut namespace,
        "declarative",
        declarative::declarative_module
    );
    combine_with_exported_module!(&mut namespace, "exports", exports::exports_module);
    combine_with_exported_module!(&mut namespace, "migrations", migrations::migrations_module);
    combine_with_exported_module!(&mut namespace, "copies", copies::copies_module);
    combine_with_exported_module!(&mut namespace, "scratch", scratch::scratch_module);
    namespace
}
