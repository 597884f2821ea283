//! `clock`: time, journaled.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::{call, wrong_argument};
use crate::playbook::duration;
use crate::primitive::{Intent, Now, Pause};

#[export_module]
pub(super) mod clock {
    /// The time now, as a text such as `2026-11-22T02:00:00Z`.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded time is answered again.
    /// # Errors
    /// None.
    /// # Example
    /// ```rhai
    /// run::note(`begun at ${clock::now()}`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn now(context: NativeCallContext) -> Result<Dynamic, Box<EvalAltResult>> {
        call(&context, Intent::Now(Now {}))
    }

    /// Waits for a duration such as `30s`.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// A pause that ended is not repeated; one that was interrupted begins anew.
    /// # Errors
    /// `argument.value`: the text is not a duration.
    /// # Example
    /// ```rhai
    /// clock::pause("10ms");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn pause(
        context: NativeCallContext,
        duration_text: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let milliseconds = duration(duration_text)
            .map_err(|message| wrong_argument(message, "clock::pause(\"30s\")"))?;
        call(&context, Intent::Pause(Pause { milliseconds }))
    }
}
