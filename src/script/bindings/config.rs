//! `config`: what nodes go by.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::arguments::nodes;
use super::call;
use crate::primitive::{Intent, ReadSettings};

#[export_module]
pub(super) mod config {
    /// Reads what a node goes by, key by key: Kong's defaults, its kong.conf, and the environment of its process or unit, as the installed
    /// version reads them. Answers `version`, `settings` (by key `value` and `from`, such as `/etc/kong/kong.conf:12`), `unknown` (set for
    /// keys that the open-source version does not have) and `misspelt`; of several nodes a map by node. Of secrets it tells that there is
    /// one.
    ///
    /// # Needs
    /// `config.read`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `config.unreadable`: a file or the environment cannot be read, or the version's defaults are not known.
    /// # Example
    /// ```rhai
    /// let found = config::read(env::cluster("practice").nodes[0]);
    /// run::note(`the database's host is ${found.settings.pg_host.value}, by ${found.settings.pg_host.from}`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn read(context: NativeCallContext, which: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        let nodes = nodes(which)?;
        call(&context, Intent::ReadSettings(ReadSettings { nodes }))
    }
}
