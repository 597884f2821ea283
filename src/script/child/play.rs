//! Plays a playbook in a simulated world, inside the script's process.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use rhai::AST;

use super::inside::Inside;
use super::link::SharedLink;
use super::load::Unit;
use crate::run::{self, Played, Scenario, Trouble};
use crate::script::protocol::{FromChild, Job, Purpose};

/// Why no play waits for anything.
const UNHINDERED: &str = "a simulated world keeps nobody waiting";

/// How often the supervisor is told how far a drill is.
const TICK: Duration = Duration::from_millis(200);

/// Plays `job` with what was loaded, and hands back over `link` what happened.
pub(super) fn play(link: &SharedLink, units: &[Unit], playbook: &AST, job: Job) {
    let Job {
        parameters,
        inventory,
        scenario,
        purpose,
    } = job;
    let mut script = Inside::new(
        link.budgets(),
        units,
        playbook.clone(),
        parameters,
        inventory,
    );
    link.send(match purpose {
        Purpose::Plan => {
            let foreseen = run::foresee(&scenario, &mut script)
                .now_or_never()
                .expect(UNHINDERED);
            FromChild::Foreseen(Box::new(foreseen))
        }
        Purpose::Drill { only } => {
            let once = |scenario: &Scenario, trouble: &Trouble| -> Played {
                run::play_with(scenario, trouble, &mut script)
                    .now_or_never()
                    .expect(UNHINDERED)
            };
            let mut told = Instant::now();
            let tick = |done, of| {
                if told.elapsed() >= TICK {
                    told = Instant::now();
                    link.send(FromChild::Drilling { done, of });
                }
            };
            FromChild::Drilled(Box::new(crate::drill::drill(&scenario, only, once, tick)))
        }
    });
}
