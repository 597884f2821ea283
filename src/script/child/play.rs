//! Plays a playbook in a simulated world, inside the script's process.

use futures_util::FutureExt as _;
use rhai::AST;

use super::inside::Inside;
use super::link::SharedLink;
use crate::run;
use crate::script::protocol::{FromChild, Job};

/// Plays `job` with the sources that `loaded` holds, and hands back what happened.
pub(super) fn play(loaded: &SharedLink, playbook: &AST, job: Job) {
    let Job {
        parameters,
        inventory,
        scenario,
    } = job;
    let mut script = Inside::new(loaded, playbook.clone(), parameters, inventory);
    let played = run::play(&scenario, &mut script);
    let played = played
        .now_or_never()
        .expect("a simulated world keeps nobody waiting");
    loaded.send(FromChild::Played(Box::new(played)));
}
