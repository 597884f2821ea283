//! `review`: what is known beforehand.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::arguments::text;
use super::call;
use crate::primitive::{Intent, ReviewPath};

#[export_module]
pub(super) mod review {
    /// Whether the vendor guarantees the upgrade from one version to another in one step: `guaranteed` and `why`.
    ///
    /// # Needs
    /// `review.path`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `argument.value`: one of the texts is not a version.
    /// # Example
    /// ```rhai
    /// let path = review::path("2.8.5", "3.4.2");
    /// run::note(path.why);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn path(
        context: NativeCallContext,
        from: &str,
        to: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let (from, to) = (
            text("the version that runs", from)?,
            text("the version to go to", to)?,
        );
        call(&context, Intent::ReviewPath(ReviewPath { from, to }))
    }
}
