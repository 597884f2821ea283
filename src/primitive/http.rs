//! `http.check` and `http.poll`: what a server must answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Failure, Look, milliseconds_since};
use crate::gateway::{Expectation, Gateway, HttpAnswer, HttpRequest, Reach, at};

/// Sends one request and compares the answer with what it must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The node whose proxy is asked, where `request.url` is a path.
    pub node: Option<String>,
    /// The request.
    pub request: HttpRequest,
    /// What the answer must be.
    pub expect: Expectation,
}

impl Check {
    /// Asks once.
    async fn ask(&self, world: &impl Gateway) -> Result<HttpAnswer, Failure> {
        let mut request = self.request.clone();
        let reach = match &self.node {
            Some(node) => {
                request.url = at(&world.proxy_url(node).await?, &request.url)?;
                Reach::Environment
            }
            None => Reach::Outside,
        };
        let answer = world.request(&request, reach, &self.expect).await?;
        let wrong = differences(&self.expect, &answer);
        if wrong.is_empty() {
            return Ok(answer);
        }
        let message = format!(
            "`{} {}` answered wrongly: {}",
            request.method,
            request.url,
            wrong.join("; ")
        );
        Err(Failure::new("http.check.different", message)
            .details(json!({ "status": answer.status, "headers": shown(&answer) })))
    }
}

impl Look for Check {
    /// Status and time; bodies may hold what does not belong into a journal.
    type Answer = Value;
    const VERB: &'static str = "http.check";

    fn targets(&self) -> Vec<String> {
        vec![
            self.node
                .clone()
                .unwrap_or_else(|| self.request.url.clone()),
        ]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Value, Failure> {
        let answer = self.ask(world).await?;
        Ok(json!({ "status": answer.status, "milliseconds": answer.milliseconds }))
    }
}

/// Sends a request again and again until the answer is right several times in a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The check.
    pub check: Check,
    /// How many right answers in a row are wanted.
    pub passes: u32,
    /// How long it may take, in milliseconds.
    pub within: u64,
}

/// The pause after a right answer: long enough that another worker may answer next.
const AFTER_PASS: Duration = Duration::from_millis(50);

/// The pause after a wrong answer: what it waits for takes a while.
const AFTER_MISS: Duration = Duration::from_millis(200);

impl Look for Poll {
    type Answer = Value;
    const VERB: &'static str = "http.poll";

    fn targets(&self) -> Vec<String> {
        Look::targets(&self.check)
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Value, Failure> {
        let begun = world.elapsed();
        let (mut passes, mut asked) = (0, 0);
        // Counted beside the clock: one that does not go on, as at the end of time, would be waited for without end.
        let mut waited = Duration::ZERO;
        loop {
            asked += 1;
            let last = self.check.ask(world).await;
            passes = if last.is_ok() { passes + 1 } else { 0 };
            if passes >= self.passes {
                return Ok(json!({ "passes": passes, "asked": asked }));
            }
            let in_vain = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            if milliseconds_since(begun, world).max(in_vain) >= self.within {
                let (why, details) = match last {
                    Err(failure) => (failure.message, failure.details),
                    Ok(_) => (format!("only {passes} right answers in a row"), Value::Null),
                };
                let message = format!(
                    "not right within {} ms, asked {asked} times: {why}",
                    self.within
                );
                return Err(Failure::new("http.poll.timeout", message).details(details));
            }
            let pause = if passes > 0 { AFTER_PASS } else { AFTER_MISS };
            waited += pause;
            world.pause(pause).await;
        }
    }
}

/// Headers whose values let somebody in, and so do not belong into a journal.
const SECRET_HEADERS: [&str; 6] = [
    "set-cookie",
    "cookie",
    "authorization",
    "proxy-authorization",
    "apikey",
    "kong-admin-token",
];

/// The headers of an answer, as a journal may hold them.
fn shown(answer: &HttpAnswer) -> BTreeMap<&str, &str> {
    let headers = answer.headers.iter();
    headers
        .map(|(name, value)| {
            let shown = if is_secret(name) { "(hidden)" } else { value };
            (name.as_str(), shown)
        })
        .collect()
}

fn is_secret(header: &str) -> bool {
    SECRET_HEADERS
        .iter()
        .any(|secret| header.eq_ignore_ascii_case(secret))
}

/// What of an answer is not as it must be.
fn differences(expect: &Expectation, answer: &HttpAnswer) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(status) = expect.status.filter(|status| *status != answer.status) {
        wrong.push(format!("status {} instead of {status}", answer.status));
    }
    for (name, value) in &expect.headers {
        let found = answer.headers.get(&name.to_lowercase());
        if found != Some(value) {
            let found = match found {
                None => "missing".to_owned(),
                Some(_) if is_secret(name) => "another".to_owned(),
                Some(found) => format!("`{found}`"),
            };
            wrong.push(format!("header `{name}` is {found}"));
        }
    }
    for (pointer, value) in &expect.json {
        if answer.json.pointer(pointer) != Some(value) {
            wrong.push(format!("`{pointer}` in the body is not {value}"));
        }
    }
    if let Some(within) = expect.within.filter(|within| answer.milliseconds > *within) {
        wrong.push(format!(
            "took {} ms instead of at most {within} ms",
            answer.milliseconds
        ));
    }
    wrong
}
