//! Whether a node was proven out of rotation and then stood the test in rotation, read from what the run has done.
//!
//! Pure: it sees the finished steps and a point in time, and says what is missing.

use std::time::Duration;

use jiff::Timestamp;

use crate::primitive::{Intent, Past};

/// Right answers in a row that prove a node; a single one may come from one worker of many.
const PASSES: u32 = 2;

/// How far a node has come since the migration.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Nothing of it counts yet.
    Unproven,
    /// It answered rightly while no client reached it.
    ProvenOutside,
    /// Clients reach it with its present weight since then.
    Admitted(Timestamp),
    /// The same, and it has answered rightly since.
    ProvenInside(Timestamp),
}

/// How many right answers in a row a look has wanted.
fn right_answers(look: &Intent) -> u32 {
    match look {
        Intent::Poll(poll) => poll.passes,
        Intent::CheckAll(all) => all.passes,
        _ => 0,
    }
}

/// What is missing before `node` counts as proven at `now`, given the run's `steps` and the time that it has to `bake`.
///
/// A node is out of rotation from a `traffic.drain` on; an admission that nothing preceded proves nothing. Whatever replaces or
/// stops the process starts the proof anew.
pub(super) fn missing(
    node: &str,
    steps: &[Past],
    now: Timestamp,
    bake: Duration,
) -> Option<String> {
    let (mut outside, mut stage) = (false, Stage::Unproven);
    for step in steps {
        let concerns = step.intent.targets().iter().any(|target| target == node);
        match &step.intent {
            Intent::MigrateUp(_) | Intent::MigrateBeside(_) => stage = Stage::Unproven,
            _ if !concerns => {}
            Intent::Stop(_) | Intent::Start(_) | Intent::Install(_) => stage = Stage::Unproven,
            act if act.lets_have_requests(node) == Some(false) => {
                outside = true;
                if matches!(stage, Stage::Admitted(_) | Stage::ProvenInside(_)) {
                    stage = Stage::Unproven;
                }
            }
            act if act.lets_have_requests(node) == Some(true) => {
                outside = false;
                if !matches!(stage, Stage::Unproven) {
                    stage = Stage::Admitted(step.ended);
                }
            }
            look if right_answers(look) >= PASSES => {
                stage = match stage {
                    Stage::Unproven if outside => Stage::ProvenOutside,
                    Stage::Admitted(at) => Stage::ProvenInside(at),
                    other => other,
                }
            }
            _ => {}
        }
    }
    let admitted = match stage {
        Stage::Unproven => {
            return Some(format!(
                "`{node}` was not polled out of rotation, {PASSES} passes or more, since it was last started"
            ));
        }
        Stage::ProvenOutside => return Some(format!("`{node}` has not been admitted since then")),
        Stage::Admitted(_) => {
            return Some(format!(
                "`{node}` was not polled, {PASSES} passes or more, since it was admitted"
            ));
        }
        Stage::ProvenInside(at) => at,
    };
    let baked = Duration::try_from(now.duration_since(admitted)).unwrap_or_default();
    (baked < bake).then(|| {
        format!(
            "`{node}` has been in rotation for {} s of the {} s that it has to bake",
            baked.as_secs(),
            bake.as_secs()
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn history(intents: Vec<Value>) -> Vec<Past> {
        let past = |(second, intent)| Past {
            step: 1,
            intent: serde_json::from_value(intent).expect("an intent"),
            outcome: Value::Null,
            ended: Timestamp::from_second(second).expect("a time"),
        };
        (0..).zip(intents).map(past).collect()
    }

    fn proven_after(intents: Vec<Value>, now: i64, bake: u64) -> Option<String> {
        let now = Timestamp::from_second(now).expect("a time");
        missing("a", &history(intents), now, Duration::from_secs(bake))
    }

    fn drain() -> Value {
        json!({ "verb": "traffic.drain", "nodes": ["a"] })
    }

    fn start() -> Value {
        json!({ "verb": "kong.start", "nodes": ["a", "b"] })
    }

    fn admit() -> Value {
        json!({ "verb": "traffic.admit", "nodes": ["a"], "weight": null })
    }

    fn poll(node: &str, passes: u32) -> Value {
        let request = json!({ "method": "GET", "url": "/", "timeout": 1000 });
        let check = json!({ "node": node, "request": request, "expect": { "status": 200 } });
        json!({ "verb": "http.poll", "check": check, "passes": passes, "within": 1000 })
    }

    #[test]
    fn a_node_that_was_polled_outside_and_inside_and_baked_is_proven() {
        let steps = vec![drain(), start(), poll("a", 4), admit(), poll("a", 4)];
        assert_eq!(proven_after(steps.clone(), 13, 10), None);
        let early = proven_after(steps, 12, 10).expect("missing");
        assert!(early.contains("9 s of the 10 s"), "{early}");
    }

    #[test]
    fn each_part_of_the_proof_is_missed_by_name() {
        let cases = [
            (vec![], "not polled out of rotation"),
            (
                vec![start(), poll("a", 4), admit(), poll("a", 4)],
                "not polled out of rotation",
            ),
            (
                vec![drain(), start(), poll("a", 1), admit(), poll("a", 4)],
                "not polled out of rotation",
            ),
            (
                vec![drain(), start(), poll("b", 4), admit(), poll("a", 4)],
                "not polled out of rotation",
            ),
            (
                vec![drain(), start(), poll("a", 4)],
                "has not been admitted",
            ),
            (
                vec![drain(), start(), poll("a", 4), admit()],
                "since it was admitted",
            ),
            (
                vec![
                    drain(),
                    start(),
                    poll("a", 4),
                    admit(),
                    poll("a", 4),
                    start(),
                ],
                "not polled out of rotation",
            ),
            (
                vec![
                    drain(),
                    start(),
                    poll("a", 4),
                    admit(),
                    poll("a", 4),
                    admit(),
                ],
                "since it was admitted",
            ),
        ];
        for (steps, said) in cases {
            let found = proven_after(steps, 1_000, 0).expect("missing");
            assert!(found.contains(said), "{found} does not say {said}");
        }
    }
}
