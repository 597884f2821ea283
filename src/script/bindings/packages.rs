//! `packages`: which version of Kong is installed.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::arguments::{nodes, text};
use super::call;
use crate::primitive::{Available, Install, Intent};

#[export_module]
pub(super) mod packages {
    /// The versions that could be installed now; of several nodes a map by node.
    ///
    /// # Needs
    /// `packages.available`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `packages.prefix`: the directory of versions cannot be read.
    /// # Example
    /// ```rhai
    /// let versions = packages::available(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn available(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Available(Available {
                nodes: nodes(which)?,
            }),
        )
    }

    /// Installs a version on nodes that are stopped. What it replaces must be there to come back to.
    ///
    /// # Needs
    /// `packages.install`
    /// # Effect
    /// `kong version` on each node is the version.
    /// # Undo
    /// The version that was installed before is installed.
    /// # On resume
    /// Installed where `kong version` is another one.
    /// # Errors
    /// `packages.install.unavailable`, `packages.install.running`, `packages.install.other_version`.
    /// # Example
    /// ```rhai
    /// packages::install(env::cluster("practice").nodes, "3.4.2");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn install(
        context: NativeCallContext,
        which: Dynamic,
        version: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Install(Install {
                nodes: nodes(which)?,
                version: text("the version", version)?,
            }),
        )
    }
}
