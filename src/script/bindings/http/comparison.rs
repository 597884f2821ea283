//! Comparing two gateways: what is asked for, and what becomes of an answer that tells nothing: a person is asked, unless the playbook
//! wants it to fail.

use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};
use serde::Deserialize;

use super::super::arguments::{Options, data};
use super::super::{call, wrong_argument};
use super::checks::{compared_checks, count};
use crate::checks::compare::{BodyCompared, Sameness, Scope};
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

/// What the arguments of `http::compare` ask for.
pub(super) fn asked(
    checks: Dynamic,
    nodes: [String; 2],
    options: Map,
) -> Result<(CompareAnswers, Unclear), Box<EvalAltResult>> {
    let mut options = Options::new(options);
    let at_once = count(&mut options, "at_once", 4)?;
    let samples = options.number("samples")?.unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "a few times as slow")]
    let whole = |number: i64| number as f64;
    let slower = match options.take("slower") {
        None => 2.0,
        Some(value) => value
            .as_float()
            .or_else(|_| value.as_int().map(whole))
            .map_err(|found| {
                wrong_argument(
                    format!("`slower` is a number, not a {found}"),
                    "#{ slower: 1.5 }",
                )
            })?,
    };
    let ignore: Vec<String> = match options.take("ignore") {
        None => Vec::new(),
        Some(names) => data("`ignore`", &names)?,
    };
    let headers: Option<Vec<String>> = options
        .take("headers")
        .map(|names| data("`headers`", &names))
        .transpose()?;
    let body: BodyCompared = match options.take("body") {
        None => BodyCompared::Values,
        Some(word) => data("`body`", &word)?,
    };
    let unclear: Unclear = match options.take("unclear") {
        None => Unclear::Hold,
        Some(word) => data("`unclear`", &word)?,
    };
    options.done()?;
    let scope = Scope::of(ignore, headers, body);
    if let Some(problem) = scope.problem() {
        return Err(wrong_argument(
            problem,
            "ignore: [\"header etag\", \"body /time\"]",
        ));
    }
    let samples = u32::try_from(samples)
        .ok()
        .filter(|samples| *samples <= 10_000);
    let samples =
        samples.ok_or_else(|| wrong_argument("`samples` is at most 10000", "#{ samples: 100 }"))?;
    let checks = if checks.is_string() {
        let word = checks.into_string().unwrap_or_default();
        if word != "generated" {
            return Err(wrong_argument(
                format!("`{word}` is no list of checks"),
                "a list, or \"generated\"",
            ));
        }
        None
    } else {
        Some(compared_checks(&checks, &nodes[0])?)
    };
    let intent = CompareAnswers {
        nodes,
        checks,
        scope,
        samples,
        slower,
        at_once,
    };
    Ok((intent, unclear))
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
