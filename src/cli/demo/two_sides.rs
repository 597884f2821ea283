//! The demo with two sides: there, and back, with clients whose requests a rate limit counts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::exit::CliError;
use super::super::output;
use super::{FROM, RATE, Stage, TIMEOUT, TO, noticed};
use crate::journal::{RunId, RunState, StepResult, Store};
use crate::lab::client::Load;
use crate::lab::practice::{self, NAME};
use crate::primitive::Intent;

/// Requests a second that are counted.
const COUNTED: f64 = 20.0;

pub(super) async fn show(stage: &Stage<'_>) -> Result<(), CliError> {
    let practice = stage.practice;
    practice::prove(practice, &practice.nodes, &FROM).await?;
    let environment = practice.environment.display().to_string();
    let (checks, target) = (format!("checks={}", practice.checks), format!("to={TO}"));
    let common = |playbook: &'static str, run: &'static str| {
        let words = [
            "run",
            playbook,
            "--environment",
            &environment,
            "--approve",
            NAME,
        ];
        let sides = ["--run-id", run, "blue=practice", "green=green", &checks];
        [words.as_slice(), &sides, &["watch=2s", "settle=1s"]].concat()
    };
    let there = [
        common("blue-green", "there"),
        vec![&target, "bake=2s", "interval=1s"],
    ]
    .concat();
    let back = common("switch-back", "back");

    let counted = Load {
        url: format!("{}{}", practice.url, practice.seeded.limited_path),
        rate: COUNTED,
        headers: BTreeMap::from([("apikey".to_owned(), practice.seeded.keys[0].clone())]),
        timeout: TIMEOUT,
    };
    let counting = counted
        .start()
        .map_err(|error| CliError::usage(error.to_string()))?;
    let there = stage.act(&there, &practice.green, &TO).await?;
    let back = stage.act(&back, &practice.nodes, &FROM).await?;
    let counted = counting.stop().await;

    output::data(&format!(
        "\ndemo: Kong {FROM} to {TO} on a second side and back, clients at {RATE} requests a second, {COUNTED} more that a rate limit counts"
    ));
    for (word, run, act) in [("there", "there", &there), ("back", "back", &back)] {
        output::data(&format!("{word:<9} {:.1} s", act.took.as_secs_f64()));
        output::data(&format!("{:<9} {}", "", noticed(&act.clients)));
        output::data(&format!("{:<9} {}", "", over_admitted(stage, run)?));
    }
    output::data(&format!(
        "counted   {} requests, {} failed; longest outage {:.1} s",
        counted.sent,
        counted.failed(),
        Duration::from_millis(counted.longest_outage_ms).as_secs_f64()
    ));
    Ok(())
}

/// What the run reported of the rate limits.
fn over_admitted(stage: &Stage<'_>, run: &str) -> Result<String, CliError> {
    let store = Store::open(&stage.practice.directory.join("storage"))?;
    let (records, _) = store.find(&RunId(run.to_owned()))?.read()?;
    let state = RunState::of(&records).expect("what the gate wrote makes sense");
    let reported = state
        .steps
        .iter()
        .rev()
        .find_map(|step| match &step.result {
            StepResult::Finished(outcome) if matches!(step.intent, Intent::ReportGap(_)) => {
                outcome["over_admitted"].as_u64()
            }
            _ => None,
        });
    Ok(reported.map_or_else(
        || "the run tells nothing of rate limits".to_owned(),
        |over| format!("rate limits: {over} requests too many since the copy was made"),
    ))
}
