//! Any load balancer that commands of the operator's own can read and set.

use std::ffi::OsString;
use std::time::Duration;

use serde::Deserialize;

use super::super::Live;
use super::super::commands::login_environment;
use super::super::process::{self, Finished, Program};
use super::{Balancer, Told};
use crate::gateway::{Failure, Rotation, RotationState};

/// How long a command may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// What `status` prints.
#[derive(Deserialize)]
struct Status {
    weight: u16,
    state: RotationState,
    #[serde(default)]
    in_flight: u64,
    #[serde(default = "yes")]
    up: bool,
}

fn yes() -> bool {
    true
}

impl Live {
    pub(super) async fn told_by_command(
        &self,
        balancer: &Balancer,
        node: &str,
    ) -> Result<Told, Failure> {
        let program = program(&balancer.status, &[("{node}", node)]);
        // It only looks, as the environment says, so nobody need know of it after a crash.
        let finished = process::run(&program, |_| Ok(())).await?;
        let answer = succeeded(&program, finished)?;
        let status: Status = serde_json::from_str(&answer).map_err(|error| {
            let message = format!("`{}` told of `{node}` what is no status: {error}", words(&program));
            Failure::new("traffic.shape", message).hint(
                "it must print `{\"weight\": 100, \"state\": \"ready\", \"in_flight\": 0}`, the state `ready` or `drain`",
            )
        })?;
        Ok(Told {
            rotation: Rotation::by_weight(status.weight, status.state),
            in_flight: Some(status.in_flight),
            counted: "requests",
            is_up: status.up,
        })
    }

    pub(super) async fn tell_by_command(
        &self,
        balancer: &Balancer,
        node: &str,
        rotation: &Rotation,
    ) -> Result<(), Failure> {
        let state = match rotation.state {
            RotationState::Ready => "ready",
            RotationState::Drain => "drain",
        };
        let weight = rotation.weight.to_string();
        let program = program(
            &balancer.set,
            &[("{node}", node), ("{weight}", &weight), ("{state}", state)],
        );
        let written = words(&program);
        let finished = self.run_program(program).await?;
        succeeded_as(&written, finished).map(drop)
    }
}

/// A command of the environment with its holes filled. What is filled in is one word or a part of one: no shell reads it.
fn program(command: &[String], holes: &[(&str, &str)]) -> Program {
    let (first, arguments) = command
        .split_first()
        .expect("a checked environment has one");
    let filled = |word: &String| -> OsString {
        let fill = |word: String, (hole, text): &(&str, &str)| word.replace(hole, text);
        holes.iter().fold(word.clone(), fill).into()
    };
    let mut program = Program::new(first, DEADLINE);
    program.arguments = arguments.iter().map(filled).collect();
    program.environment = login_environment();
    program
}

fn words(program: &Program) -> String {
    let arguments = program
        .arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned());
    let all = std::iter::once(program.program.display().to_string()).chain(arguments);
    all.collect::<Vec<_>>().join(" ")
}

fn succeeded(program: &Program, finished: Finished) -> Result<String, Failure> {
    succeeded_as(&words(program), finished)
}

/// Standard output of a command that ended with 0.
fn succeeded_as(command: &str, finished: Finished) -> Result<String, Failure> {
    if finished.ending.is_success() {
        return Ok(finished.stdout);
    }
    let said = finished.stderr.trim();
    let message = format!("`{command}` failed ({}): {said}", finished.ending);
    Err(Failure::new("traffic.command", message)
        .hint("run it by hand; it is `status` or `set` under `[traffic]`"))
}
