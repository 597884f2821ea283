//! `cutover doctor`: what this machine has of what cutover builds on.

use super::exit::{CliError, Exit};
use super::output;
use crate::journal::Layer;
use crate::script::Host;

/// Arguments of `cutover doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) async fn doctor(_arguments: &Arguments) -> Result<Exit, CliError> {
    let sandbox = Host::probe().await?;
    output::data("The sandbox around a playbook's process:");
    for (name, layer) in sandbox.layers() {
        output::data(&match layer {
            Layer::Active => format!("  ✓ {name}"),
            Layer::Version(version) => format!("  ✓ {name} ({version})"),
            Layer::Absent(why) => format!("  ✗ {name}: {why}"),
        });
    }
    let lacking = sandbox.lacking().count();
    if lacking == 0 {
        return Ok(Exit::Done);
    }
    output::data(
        "The other layers hold without it. `--require-sandbox full` refuses to run a playbook like this.",
    );
    Ok(Exit::Refused)
}
