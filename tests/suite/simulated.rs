//! What the tests of plans and drills share: a described world, its environment, and the command line over them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// A command of cutover that plays `playbook` in the described world: two nodes of 2.8.5 on a database of 300 MiB.
pub(crate) fn played(verb: &str, playbook: &str, further: &[&str]) -> Command {
    played_in("world", "environment", verb, playbook, further)
}

/// The same in another world of the fixtures.
pub(crate) fn played_in(
    world: &str,
    environment: &str,
    verb: &str,
    playbook: &str,
    further: &[&str],
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    command
        .env_clear()
        .args([verb, playbook])
        .arg("--offline")
        .arg(fixture(&format!("simulated/{world}.json")))
        .arg("--environment")
        .arg(fixture(&format!("simulated/{environment}.toml")))
        .args(further);
    command
}

/// The words of the shipped upgrade to 3.4.2.
pub(crate) const UPGRADE: [&str; 3] = ["cluster=practice", "to=3.4.2", "checks=/health=200"];

/// A file of the fixtures.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

/// Exit code, standard output, standard error.
pub(crate) fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}
