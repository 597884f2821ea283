//! `cutover drill PLAYBOOK NAME=VALUE…`: the playbook played with each thing going wrong once.

use super::exit::{CliError, Exit};
use super::output;
use super::plan::{Subject, SubjectArguments};
use crate::render;

/// Arguments of `cutover drill`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    subject: SubjectArguments,
    /// Play this fault alone, by its number, and tell its story.
    #[arg(long, value_name = "N")]
    fault: Option<usize>,
    /// How the answer is shown.
    #[arg(long, value_enum, default_value = "text")]
    output: Shown,
}

/// How the answer of a drill is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shown {
    /// Lines for people.
    Text,
    /// The whole report as JSON.
    Json,
    /// A `JUnit` report with a case for each fault.
    Junit,
}

pub(super) async fn drill(arguments: Arguments) -> Result<Exit, CliError> {
    let Some(Subject {
        mut host, scenario, ..
    }) = arguments.subject.load().await?
    else {
        return Ok(Exit::Rejected);
    };
    let tick = |done, of| {
        if output::at_terminal() {
            output::people(&format!("{done} of {of}"));
        }
    };
    let name = host.sources().name.clone();
    let report = host.drill(scenario, arguments.fault, tick).await?;
    match arguments.output {
        Shown::Junit => output::data(render::junit_of_drill(&name, &report).trim_end()),
        Shown::Text => output::data(render::drill(&report).trim_end()),
        Shown::Json => output::json(&serde_json::to_string_pretty(&report).expect("plain data")),
    }
    Ok(if report.unsafe_ones().next().is_none() {
        Exit::Done
    } else {
        Exit::Refused
    })
}
