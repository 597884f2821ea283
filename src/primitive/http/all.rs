//! `http.check_all`: many checks at one place, several at once.

use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::Asked;
use super::{Check, Poll};
use crate::gateway::{Difference, Gateway, HttpAnswer};
use crate::primitive::{Failure, Look};

/// Sends the requests of many checks, each until its answer is right several times in a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckAll {
    /// The node whose proxy is asked, where it is one; each of the checks says the same.
    pub node: Option<String>,
    /// The checks.
    pub checks: Vec<Check>,
    /// How many right answers in a row are wanted of each.
    pub passes: u32,
    /// How long each may take, in milliseconds.
    pub within: u64,
    /// How many are on their way at once.
    pub at_once: u32,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// What was checked.
    pub check: Check,
    /// How many right answers there were in a row at the end.
    pub passes: u32,
    /// How often it was asked.
    pub asked: u32,
    /// How long it took, in milliseconds, pauses included.
    pub milliseconds: u64,
    /// The last answer, where there was one.
    pub answer: Option<HttpAnswer>,
    /// What of it was not as it must be.
    pub differences: Vec<Difference>,
    /// Why the check failed; nothing where it passed.
    pub failure: Option<Failure>,
}

impl Checked {
    pub(super) fn new(
        check: &Check,
        last: Asked,
        passes: u32,
        asked: u32,
        milliseconds: u64,
    ) -> Self {
        let (answer, differences, failure) = match last {
            Asked::Right(answer) => (Some(answer), Vec::new(), None),
            Asked::Wrong(answer, wrong) => {
                let failure = check.different(&answer, &wrong);
                (Some(answer), wrong, Some(failure))
            }
            Asked::None(failure) => (None, Vec::new(), Some(failure)),
        };
        Self {
            check: check.clone(),
            passes,
            asked,
            milliseconds,
            answer,
            differences,
            failure,
        }
    }

    /// The same where so many passes were wanted: too few of them fail.
    pub(super) fn wanting(mut self, passes: u32, within: u64) -> Self {
        if self.passes < passes && self.failure.is_none() {
            let message = format!(
                "only {} right answers in a row within {within} ms instead of {passes}",
                self.passes
            );
            self.failure = Some(Failure::new("http.check.different", message));
        }
        self
    }
}

impl CheckAll {
    /// Plays all checks, and tells `done` of each as it ends.
    pub async fn play(&self, world: &impl Gateway, mut done: impl FnMut(&Checked)) -> Vec<Checked> {
        let at_once = usize::try_from(self.at_once).unwrap_or(1).max(1);
        let polls = self.checks.iter().enumerate().map(|(place, check)| {
            let poll = Poll {
                check: check.clone(),
                passes: self.passes,
                within: self.within,
            };
            async move { (place, poll.ask(world).await) }
        });
        let mut waiting = futures_util::stream::iter(polls).buffer_unordered(at_once);
        let mut all = Vec::with_capacity(self.checks.len());
        while let Some((place, checked)) = waiting.next().await {
            done(&checked);
            all.push((place, checked));
        }
        // In the order in which they were written, whichever came first.
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, checked)| checked).collect()
    }

    /// What is asked: the node, or the server of the first check.
    pub(in crate::primitive) fn place(&self) -> String {
        let first = || self.checks.first().map(|check| check.request.url.clone());
        self.node.clone().or_else(first).unwrap_or_default()
    }

    /// What of it no playbook can mean.
    #[must_use]
    pub fn absurd(&self) -> Option<String> {
        let elsewhere = |check: &Check| check.node != self.node;
        if self.checks.iter().any(elsewhere) {
            return Some("`http.check_all` has checks of several places".to_owned());
        }
        let nothing = self.checks.is_empty() || self.passes == 0;
        nothing.then(|| "`http.check_all` checks nothing".to_owned())
    }
}

/// How many failed checks a message names.
const NAMED: usize = 5;

impl Look for CheckAll {
    /// How many checks passed, and how often was asked.
    type Answer = Value;
    const VERB: &'static str = "http.check_all";

    fn targets(&self) -> Vec<String> {
        vec![self.place()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Value, Failure> {
        let all = self.play(world, |_| {}).await;
        let asked: u32 = all.iter().map(|checked| checked.asked).sum();
        let failed: Vec<(&Check, &Failure)> = all
            .iter()
            .filter_map(|checked| Some((&checked.check, checked.failure.as_ref()?)))
            .collect();
        if failed.is_empty() {
            return Ok(json!({ "passed": all.len(), "asked": asked }));
        }
        let told = failed.iter().take(NAMED);
        let told: Vec<String> = told
            .map(|(check, failure)| format!("{}: {}", check.title(), failure.message))
            .collect();
        let more = failed.len() - told.len();
        let more = if more > 0 {
            format!("\nand {more} more")
        } else {
            String::new()
        };
        let message = format!(
            "{} of {} checks failed at {target}:\n{}{more}",
            failed.len(),
            all.len(),
            told.join("\n")
        );
        let details: Vec<Value> = failed
            .iter()
            .map(|(check, failure)| json!({ "check": check.title(), "code": failure.code, "details": failure.details }))
            .collect();
        Err(Failure::new("http.check_all.failed", message).details(json!(details)))
    }
}
