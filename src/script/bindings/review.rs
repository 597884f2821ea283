//! `review`: what is known beforehand.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::arguments::{cluster, nodes, text};
use super::call;
use crate::primitive::{Intent, ReviewAdvisories, ReviewHands, ReviewPath};

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

    /// Whether a control plane of one version hands its configuration to a data plane of another: `hands` and `why`. A data plane that is handed
    /// nothing serves what it has.
    ///
    /// # Needs
    /// `review.hands`
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
    /// let pair = review::hands("3.4.2", "2.8.5");
    /// if !pair.hands { run::note(pair.why); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn hands(
        context: NativeCallContext,
        control_plane: &str,
        data_plane: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = ReviewHands {
            control_plane: text("the version of the control plane", control_plane)?,
            data_plane: text("the version of the data plane", data_plane)?,
        };
        call(&context, Intent::ReviewHands(intent))
    }

    /// What the upgrade of a cluster to a version must reckon with: `from`, `to`, how many `rules` the way crosses and how many of them are
    /// `absent`, and `findings`, the worst first. Each has `id`, `severity` (`blocker`, `warning` or `info`), `summary`, `action`, `is_found`,
    /// `places`, and `accepted` where the environment file says so. One that is not found could not be told: `places` says what is missing.
    ///
    /// # Needs
    /// `review.advisories`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `argument.value`: the text is no version.
    /// # Example
    /// ```rhai
    /// let review = review::advisories(env::cluster("practice"), "3.4.2");
    /// let blockers = review.findings.filter(|one| one.severity == "blocker" && one.is_found && one.accepted == ());
    /// run::note(`stand in the way: ${blockers.map(|one| one.id)}`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn advisories(
        context: NativeCallContext,
        which: Dynamic,
        to: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let nodes = nodes(which.clone())?;
        let cluster = cluster(which)?.name;
        let to = text("the version to go to", to)?;
        let review = ReviewAdvisories { cluster, nodes, to };
        call(&context, Intent::ReviewAdvisories(review))
    }
}
