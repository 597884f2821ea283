//! `http.compare`: whether an old gateway and a new one answer the same.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::generated::generated_checks;
use crate::checks::CheckDescription;
use crate::checks::compare::{Compared, Pace, Sameness, Scope, compare, pace};
use crate::checks::generated::{Coverage, Generated};
use crate::gateway::{Failure, Gateway, HttpAnswer, HttpRequest, Reach};
use crate::primitive::Look;

/// Sends the requests of checks to two nodes, twice each, and compares the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareAnswers {
    /// The nodes: the old one and the new one.
    pub nodes: [String; 2],
    /// The checks whose requests are sent; those that are made from the old node's routes and plugins where there are none.
    pub checks: Option<Vec<CheckDescription>>,
    /// What of the answers is compared.
    pub scope: Scope,
    /// How many answers of each side are taken for how long they take.
    pub samples: u32,
    /// How many times as slow the new one may be.
    pub slower: f64,
    /// How many requests are compared at once.
    pub at_once: u32,
}

/// What came of comparing two gateways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedAnswers {
    /// The worst verdict of all.
    pub verdict: Sameness,
    /// How many requests were compared.
    pub compared: usize,
    /// Those that were not the same, by the checks' names; the first of them where they are many.
    pub told: BTreeMap<String, Compared>,
    /// How many were not the same.
    pub not_same: usize,
    /// How much of the old gateway was reached, where the checks were made from it.
    pub coverage: Option<Coverage>,
    /// How long answers took, where enough were taken.
    pub pace: Option<Pace>,
}

/// Verdicts are told up to so many.
const TOLD: usize = 50;

/// Of so many requests it is told what was not the same.
const SHOWN: usize = 5;

impl ComparedAnswers {
    /// What was not the same between an old node and a new one, in a few lines.
    #[must_use]
    pub fn in_words(&self, [blue, green]: &[String; 2]) -> String {
        let told = self.told.iter().take(SHOWN);
        let mut told: Vec<String> = told
            .map(|(name, compared)| format!("{name}: {}", compared.told.join("; ")))
            .collect();
        if let Some(pace) = self.pace.filter(|pace| pace.is_slower == Some(true)) {
            told.push(format!(
                "answers take {} ms instead of {} ms",
                pace.green, pace.blue
            ));
        }
        let word = if self.verdict == Sameness::Different {
            "answer otherwise"
        } else {
            "cannot be told apart or the same"
        };
        format!(
            "`{blue}` and `{green}` {word} for {} of {} requests:\n{}",
            self.not_same,
            self.compared,
            told.join("\n")
        )
    }
}

impl CompareAnswers {
    /// Compares.
    pub async fn compare(&self, world: &impl Gateway) -> Result<ComparedAnswers, Failure> {
        let [blue, green] = &self.nodes;
        let (checks, coverage) = if let Some(checks) = &self.checks {
            (checks.clone(), None)
        } else {
            let made = generated_checks(world, blue).await?;
            let coverage = made.coverage();
            // What only the new one would take is found by its own routes.
            let theirs = generated_checks(world, green).await?;
            let mut checks: Vec<CheckDescription> = Vec::new();
            let all = [made, theirs].into_iter().flat_map(requests_of);
            for check in all {
                if checks.iter().all(|known| known.request != check.request) {
                    checks.push(check);
                }
            }
            (checks, Some(coverage))
        };
        let checks = under_one_name(checks, &world.proxy_url(blue).await?);
        let at_once = usize::try_from(self.at_once).unwrap_or(1).max(1);
        let comparing = checks.iter().map(|check| async move {
            let [one, other] = [blue, green].map(|node| Asking { world, node, check });
            // In turn, so that what changes with time falls on both sides.
            let first = (one.ask().await, other.ask().await);
            let second = (other.ask().await, one.ask().await);
            let blue = [first.0, second.1];
            let green = [first.1, second.0];
            (title(check), compare(&blue, &green, &self.scope))
        });
        let compared: Vec<(String, Compared)> = futures_util::stream::iter(comparing)
            .buffered(at_once)
            .collect()
            .await;
        let verdict = compared.iter().map(|(_, compared)| compared.verdict).max();
        let not_same: Vec<(String, Compared)> = compared
            .iter()
            .filter(|(_, compared)| compared.verdict != Sameness::Same)
            .cloned()
            .collect();
        let pace = self.pace(world, &checks).await;
        let is_slower = pace.is_some_and(|pace| pace.is_slower == Some(true));
        let verdict = verdict.unwrap_or(Sameness::Inconclusive);
        Ok(ComparedAnswers {
            verdict: if is_slower {
                Sameness::Different
            } else {
                verdict
            },
            compared: compared.len(),
            not_same: not_same.len(),
            told: not_same.into_iter().take(TOLD).collect(),
            coverage,
            pace,
        })
    }

    /// How long answers take, in turn from both sides.
    async fn pace(&self, world: &impl Gateway, checks: &[CheckDescription]) -> Option<Pace> {
        let (mut blue, mut green) = (Vec::new(), Vec::new());
        for place in 0..usize::try_from(self.samples).unwrap_or_default() {
            let check = checks.get(place % checks.len().max(1))?;
            for (node, times) in [(&self.nodes[0], &mut blue), (&self.nodes[1], &mut green)] {
                if let Ok(answer) = (Asking { world, node, check }).ask().await {
                    times.push(answer.milliseconds);
                }
            }
        }
        pace(blue, green, self.slower)
    }
}

fn requests_of(made: Generated) -> impl Iterator<Item = CheckDescription> {
    let checks = made.checks.into_iter().map(|made| made.check);
    checks.chain(made.further)
}

/// The same requests with the host that they are for: where none says it, both sides are asked by the old one's address, since a gateway
/// hands on to services what it was called.
fn under_one_name(mut checks: Vec<CheckDescription>, proxy: &str) -> Vec<CheckDescription> {
    let authority = proxy.split("://").last().unwrap_or_default();
    let authority = authority.trim_end_matches('/');
    for check in &mut checks {
        let headers = &mut check.request.headers;
        let says = headers.keys().any(|name| name.eq_ignore_ascii_case("host"));
        if check.request.url.starts_with('/') && !says {
            headers.insert("host".to_owned(), authority.into());
        }
    }
    checks
}

fn title(check: &CheckDescription) -> String {
    let request = || format!("{} {}", check.request.method, check.request.url);
    check.name.clone().unwrap_or_else(request)
}

/// One request to one side.
struct Asking<'a, World> {
    world: &'a World,
    node: &'a str,
    check: &'a CheckDescription,
}

impl<World: Gateway> Asking<'_, World> {
    async fn ask(&self) -> Result<HttpAnswer, Failure> {
        let request = HttpRequest {
            connect_to: None,
            ..self.check.request.clone()
        };
        let reach = Reach::Node(self.node.to_owned());
        self.world
            .request(&request, &reach, &self.check.expect)
            .await
    }
}

impl Look for CompareAnswers {
    type Answer = ComparedAnswers;
    const VERB: &'static str = "http.compare";

    fn targets(&self) -> Vec<String> {
        vec![self.nodes.join(" and ")]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<ComparedAnswers, Failure> {
        let compared = self.compare(world).await?;
        if compared.verdict != Sameness::Different {
            return Ok(compared);
        }
        let message = compared.in_words(&self.nodes);
        Err(Failure::new("http.compare.different", message)
            .hint("what is to differ is left out by `ignore`, as in `ignore: [\"header etag\", \"body /time\"]`")
            .details(json!(compared)))
    }
}
