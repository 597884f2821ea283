//! `packages`: which version of Kong is installed.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::arguments::{nodes, text};
use super::call;
use crate::primitive::{Archive, Available, Fetch, Install, Intent};

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

    /// Brings the package of a version to nodes and proves it, without installing it, so that the window does not wait for it. Answers
    /// the version and, of a file, its `sha256`; of several nodes a map by node.
    ///
    /// # Needs
    /// `packages.fetch`
    /// # Effect
    /// The package is kept on each node's host, and is what the environment file, a signed list or its signature says.
    /// # Undo
    /// It is kept no longer where it was not before.
    /// # On resume
    /// Proven again, and fetched where it is not there.
    /// # Errors
    /// `packages.fit`, `packages.install.unavailable`, `packages.digest`, `packages.unchecked`, `packages.archive`.
    /// # Example
    /// ```rhai
    /// packages::fetch(env::cluster("practice").nodes, "3.4.2");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn fetch(
        context: NativeCallContext,
        which: Dynamic,
        version: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Fetch(Fetch {
                nodes: nodes(which)?,
                version: text("the version", version)?,
            }),
        )
    }

    /// Keeps the package that is installed on nodes, so that it can be installed again once nobody has it any more. Answers the version
    /// and, of a file, its `sha256`; of several nodes a map by node.
    ///
    /// # Needs
    /// `packages.archive`
    /// # Effect
    /// The installed package is kept on each node's host, and is what the environment file, a signed list or its signature says.
    /// # Undo
    /// None: it stays kept.
    /// # On resume
    /// Proven again, and fetched where it is not there.
    /// # Errors
    /// `packages.install.unavailable`, `packages.digest`, `packages.unchecked`, `packages.archive`.
    /// # Example
    /// ```rhai
    /// packages::archive(env::cluster("practice").nodes);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn archive(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Archive(Archive {
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
    /// An installer that is still at work is waited for, 15 minutes from the beginning at most. Installed where `kong version` is another one
    /// then.
    /// # Errors
    /// `packages.fit`, `packages.install.unavailable`, `packages.install.running`, `packages.digest`, `packages.install.unfinished`,
    /// `packages.install.other_version`.
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
