//! A plan as people read it: phases and steps with what they take, then what matters most.

use std::fmt::Write as _;

use super::clean;
use super::text::milliseconds;
use crate::gateway::simulated::Basis;
use crate::plan::{Granted, Plan, PlannedStep};

/// The whole plan.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut text = format!(
        "plan of `{}` in `{}`, for the world of {}\n\n",
        clean(&plan.playbook),
        clean(&plan.environment),
        plan.observed_at.strftime("%Y-%m-%d %H:%M UTC")
    );
    let mut shown: &[String] = &[];
    for step in &plan.steps {
        let common = shown
            .iter()
            .zip(&step.phases)
            .take_while(|(one, other)| one == other)
            .count();
        for (depth, phase) in step.phases.iter().enumerate().skip(common) {
            let _ = writeln!(text, "{}{}", "  ".repeat(depth), clean(phase));
        }
        shown = &step.phases;
        line(&mut text, step);
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
}
