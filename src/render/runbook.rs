//! A runbook as Markdown, to be printed and followed by hand.

use std::fmt::Write as _;

use super::clean;
use super::plan::loss;
use super::text::{at_most, milliseconds};
use crate::plan::{Plan, PlannedWay, RunbookStep, WayWord};

/// The whole runbook.
#[must_use]
pub fn runbook(plan: &Plan, steps: &[RunbookStep]) -> String {
    let mut text = format!(
        "# Runbook: `{}` in `{}`\n\nMade from the world of {}. It takes about {}; clients go unserved for about {}. Point of no return: {}.\n\nSecrets are not in here: put the passwords of the databases into `~/.pgpass` first.\n",
        clean(&plan.playbook),
        clean(&plan.environment),
        plan.observed_at.strftime("%Y-%m-%d %H:%M UTC"),
        milliseconds(plan.milliseconds),
        plan.downtime.map_or_else(
            || "no time".to_owned(),
            |down| milliseconds(down.milliseconds)
        ),
        plan.point_of_no_return
            .map_or_else(|| "none".to_owned(), |step| format!("step {step}")),
    );
    let changes = plan.ways_changes();
    let mut phase = None;
    for step in steps {
        let now = step.phases.first();
        if now != phase {
            let _ = write!(
                text,
                "\n## {}\n",
                now.map_or("Between phases", String::as_str)
            );
            phase = now;
        }
        one(&mut text, step);
        let change = changes.iter().find(|change| change.after == step.number);
        if let Some(ways) = change.and_then(|change| ways_back(&change.ways)) {
            let _ = write!(text, "\n  **Ways back from here on:**\n{ways}\n");
        }
    }
    text.push_str("\n## If a step does not go as expected\n\nStop. Take back what was done in the reverse order, by the lines *take back* above, and check each as it is told there.\n");
    text
}

fn one(text: &mut String, step: &RunbookStep) {
    let _ = write!(
        text,
        "\n- [ ] **{}.** {}\n",
        step.number,
        clean(&step.title)
    );
    if !step.commands.is_empty() {
        let _ = write!(text, "\n  ```\n{}\n  ```\n", indented(&step.commands));
    }
    if let Some(expect) = &step.expect {
        let _ = write!(text, "\n  Expect: {}\n", clean(expect));
    }
    if let Some(stop) = &step.stop {
        let _ = write!(text, "\n  **Stop when:** {}\n", clean(stop));
    }
    if !step.undo.is_empty() {
        let _ = write!(
            text,
            "\n  Take back:\n\n  ```\n{}\n  ```\n",
            indented(&step.undo)
        );
    }
}

/// The ways back in a sentence; none while nothing is to be undone.
fn ways_back(ways: &[PlannedWay]) -> Option<String> {
    let told = ways.iter().filter(|way| !way.is_empty()).map(|way| {
        let does = match way.way {
            WayWord::Undo => "take back every step, the last one first",
            WayWord::Repackage => "the old package on the migrated database",
            WayWord::Swap => "the kept copy takes the place of the database",
            WayWord::Restore => "the backup is restored and takes the place of the database",
        };
        let name = way.way.word();
        if let Some(why) = &way.stuck {
            return format!("\n  - {name} would need a person: {}", clean(why));
        }
        format!(
            "\n  - {name}: {does}; within {}; {}",
            at_most(way.milliseconds),
            loss(&way.loses)
        )
    });
    let told: String = told.collect();
    (!told.is_empty()).then_some(told)
}

fn indented(lines: &[String]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("  {}", clean(line)))
        .collect();
    lines.join("\n")
}
