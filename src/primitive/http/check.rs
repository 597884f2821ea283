//! `http.check`: one request, and what its answer must be.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::told;
use crate::gateway::{
    Difference, Expectation, Gateway, HttpAnswer, HttpRequest, Reach, differences,
};
use crate::primitive::{Failure, Look};

/// Sends one request and compares the answer with what it must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What it is called; its request where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The node whose proxy is asked; none where `request.url` says it all.
    pub node: Option<String>,
    /// The request.
    pub request: Box<HttpRequest>,
    /// What the answer must be.
    pub expect: Box<Expectation>,
    /// How often it is asked again while the answer is wrong.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The pause before a request is sent again.
const BEFORE_RETRY: Duration = Duration::from_millis(200);

/// What came of asking once.
pub(super) enum Asked {
    /// The answer is as it must be.
    Right(HttpAnswer),
    /// It is not.
    Wrong(HttpAnswer, Vec<Difference>),
    /// There is none.
    None(Failure),
}

impl Check {
    /// The check's name, or its request.
    #[must_use]
    pub fn title(&self) -> String {
        let request = || format!("{} {}", self.request.method, self.request.url);
        self.name.clone().unwrap_or_else(request)
    }

    /// Where it leads.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.node.clone().map_or(Reach::Outside, Reach::Node)
    }

    /// Asks once.
    pub(super) async fn ask(&self, world: &impl Gateway) -> Asked {
        let reach = self.reach();
        match world.request(&self.request, &reach, &self.expect).await {
            Err(failure) => Asked::None(failure),
            Ok(answer) => {
                let wrong = differences(&self.expect, &answer);
                if wrong.is_empty() {
                    Asked::Right(answer)
                } else {
                    Asked::Wrong(answer, wrong)
                }
            }
        }
    }

    /// The failure of an answer that is not as it must be.
    pub(super) fn different(&self, answer: &HttpAnswer, wrong: &[Difference]) -> Failure {
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        let message = format!(
            "`{} {}` answered wrongly: {}",
            self.request.method,
            answer.url,
            wrong.join("; ")
        );
        Failure::new("http.check.different", message)
            .details(json!({ "status": answer.status, "headers": told::headers(answer) }))
    }

    /// Asks once, and fails where the answer is not as it must be.
    pub(super) async fn demand(&self, world: &impl Gateway) -> Result<HttpAnswer, Failure> {
        match self.ask(world).await {
            Asked::Right(answer) => Ok(answer),
            Asked::Wrong(answer, wrong) => Err(self.different(&answer, &wrong)),
            Asked::None(failure) => Err(failure),
        }
    }
}

impl Look for Check {
    /// Status, time and how often it was asked; bodies may hold what does not belong into a journal.
    type Answer = Value;
    const VERB: &'static str = "http.check";

    fn targets(&self) -> Vec<String> {
        let url = || self.request.url.clone();
        vec![self.node.clone().unwrap_or_else(url)]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Value, Failure> {
        let mut asked = 0;
        loop {
            asked += 1;
            match self.demand(world).await {
                Ok(answer) => {
                    return Ok(json!({
                        "status": answer.status, "milliseconds": answer.milliseconds, "asked": asked,
                    }));
                }
                Err(failure) if asked > self.retries => {
                    if asked == 1 {
                        return Err(failure);
                    }
                    let message = format!("asked {asked} times: {}", failure.message);
                    return Err(Failure { message, ..failure });
                }
                Err(_) => world.pause(BEFORE_RETRY).await,
            }
        }
    }
}
