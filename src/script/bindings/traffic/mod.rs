//! `traffic`: which nodes get requests, and which routes and services pass them on.

mod nodes;
mod plugins;

use rhai::{Module, combine_with_exported_module};

/// The namespace, put together from its parts.
pub(super) fn namespace() -> Module {
    let mut namespace = Module::new();
    combine_with_exported_module!(&mut namespace, "nodes", nodes::nodes_module);
    combine_with_exported_module!(&mut namespace, "plugins", plugins::plugins_module);
    namespace
}
