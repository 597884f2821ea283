//! What becomes of a comparison of two gateways that cannot be told: a person is asked, unless the playbook wants it to fail.

use rhai::{Dynamic, EvalAltResult, NativeCallContext};
use serde::Deserialize;

use super::arguments::data;
use super::call;
use crate::checks::compare::Sameness;
use crate::primitive::{Approve, CompareAnswers, ComparedAnswers, Failure, Intent};
use crate::script::child::{Raise as _, SharedLink, to_dynamic};

/// What is done where it cannot be told whether two gateways answer the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unclear {
    /// A person is asked before the run goes on.
    Hold,
    /// It is a failure.
    Fail,
}

/// Compares two gateways.
pub(super) fn compared(
    context: &NativeCallContext,
    intent: CompareAnswers,
    unclear: Unclear,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let nodes = intent.nodes.clone();
    let (_, answer) = SharedLink::of(context).call(context, Intent::CompareAnswers(intent))?;
    let outcome = answer.map_err(|failure| failure.raise())?;
    let compared: ComparedAnswers = data("what was compared", &to_dynamic(&outcome))?;
    if compared.verdict == Sameness::Inconclusive {
        let told = compared.in_words(&nodes);
        if unclear == Unclear::Fail {
            return Err(Failure::new("http.compare.inconclusive", told)
                .details(outcome)
                .raise());
        }
        let what = format!("go on although {told}");
        // That nobody refused is all that it answers.
        let _ = call(context, Intent::Approve(Approve { what }))?;
    }
    Ok(to_dynamic(&outcome))
}
