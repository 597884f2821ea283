//! A plan as people read it: phases and steps with what they take, then what matters most.

use std::fmt::Write as _;

use super::clean;
use super::text::{at_most, milliseconds};
use crate::gateway::simulated::Basis;
use crate::plan::{Granted, Loss, Plan, PlannedStep, PlannedWay};

/// The whole plan.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut text = format!(
        "plan of `{}` in `{}`, for the world of {}\n\n",
        clean(&plan.playbook),
        clean(&plan.environment),
        plan.observed_at.strftime("%Y-%m-%d %H:%M UTC")
    );
    let changes = plan.ways_changes();
    let mut shown: &[String] = &[];
    for step in &plan.steps {
        let common = shown
            .iter()
            .zip(&step.phases)
            .take_while(|(one, other)| one == other)
            .count();
        for (depth, phase) in step.phases.iter().enumerate().skip(common) {
            let _ = writeln!(text, "{}▸ {}", "  ".repeat(depth), clean(phase));
        }
        shown = &step.phases;
        line(&mut text, step);
        let change = changes.iter().find(|change| change.after == step.number);
        for way in change.iter().flat_map(|change| &change.ways) {
            way_back(&mut text, way, step.phases.len());
        }
    }
    text.push('\n');
    facts(&mut text, plan);
    text
}

fn line(text: &mut String, step: &PlannedStep) {
    let mark = match (&step.failure, step.irreversible, step.changes) {
        (Some(_), _, _) => '✗',
        (None, true, _) => '!',
        (None, false, true) => '~',
        (None, false, false) => '·',
    };
    let granted = match step.granted {
        Granted::Allow => "",
        Granted::Ask => "  (a person is asked)",
        Granted::Deny => "  (NOT GRANTED)",
    };
    let told = format!("{} {}", step.verb, clean(&step.words));
    let took = match step.basis {
        None => String::new(),
        Some(basis) => format!("{}{}", milliseconds(step.milliseconds), sign(basis)),
    };
    let indent = "  ".repeat(step.phases.len());
    let _ = writeln!(
        text,
        "{:<72} {took:>10}{granted}",
        format!("{indent}{:>3} {mark} {told}", step.number)
    );
    if let Some(failure) = &step.failure {
        let _ = writeln!(text, "{indent}      {}", clean(&failure.message));
        if let Some(hint) = &failure.hint {
            let _ = writeln!(text, "{indent}      help: {}", clean(hint));
        }
    }
}

/// A way back that there is from here on. While nothing is to be undone, nothing needs to be said.
fn way_back(text: &mut String, way: &PlannedWay, depth: usize) {
    if way.is_empty() {
        return;
    }
    let begin = format!("{}    ↩ {}", "  ".repeat(depth), way.way.word());
    if let Some(why) = &way.stuck {
        let _ = writeln!(text, "{begin} WOULD NEED A PERSON: {}", clean(why));
        return;
    }
    let took = match way.basis {
        None => String::new(),
        Some(basis) => format!("≤ {}{}", at_most(way.milliseconds), sign(basis)),
    };
    let told = format!("{begin}, {}", loss(&way.loses));
    let _ = writeln!(text, "{told:<72} {took:>10}");
}

/// What a way back loses, after its name.
pub(super) fn loss(loss: &Loss) -> String {
    match loss {
        Loss::Nothing { stays } if stays.is_empty() => "loses nothing".to_owned(),
        Loss::Nothing { .. } => "loses nothing, the new schema stays".to_owned(),
        Loss::Writes {
            since_step: Some(step),
            ..
        } => format!("loses what is written after the backup of step {step}"),
        Loss::Writes { since, .. } => format!(
            "loses what is written after {}",
            since.strftime("%H:%M:%S UTC")
        ),
    }
}

/// The sign of what a duration rests on; explained under the plan.
fn sign(basis: Basis) -> &'static str {
    match basis {
        Basis::BuiltIn => " ?",
        Basis::Measured => " =",
        Basis::Told => "  ",
    }
}

fn facts(text: &mut String, plan: &Plan) {
    let mut fact = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<22} {value}");
    };
    fact("takes", milliseconds(plan.milliseconds));
    fact(
        "clients unserved",
        match plan.downtime {
            None => "never".to_owned(),
            Some(down) => format!(
                "{}, from step {} to {}",
                milliseconds(down.milliseconds),
                down.from,
                down.to
                    .map_or_else(|| "the end".to_owned(), |to| format!("step {to}"))
            ),
        },
    );
    fact(
        "point of no return",
        plan.point_of_no_return
            .map_or_else(|| "none".to_owned(), |step| format!("step {step}")),
    );
    fact(
        "people are asked",
        match plan.questions.as_slice() {
            [] => "nothing".to_owned(),
            questions => {
                let steps: Vec<String> = questions
                    .iter()
                    .map(|question| question.step.to_string())
                    .collect();
                format!("before step {}", steps.join(", "))
            }
        },
    );
    fact(
        "disk",
        format!(
            "{} MiB for backups, {} MiB for copies on the database server",
            plan.disk.backups >> 20,
            plan.disk.copies >> 20
        ),
    );
    fact(
        "left behind",
        if plan.left.is_empty() {
            "nothing".to_owned()
        } else {
            plan.left.keys().cloned().collect::<Vec<_>>().join(", ")
        },
    );
    fact(
        "ends",
        format!("{}: {}", plan.ending.word(), clean(&plan.reason)),
    );
    let _ = writeln!(
        text,
        "\n~ changes something, ! has no way back of its own, ✗ fails; = measured here before, ? a rate that ships with cutover"
    );
    let _ = writeln!(
        text,
        "↩ a way back from here on, with the longest that it takes until the next ↩"
    );
}
