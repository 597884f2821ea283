//! `cutover doctor`: what this machine has of what cutover builds on, and what in an environment would make an upgrade go wrong.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::exit::{CliError, Exit};
use super::{observe, output};
use crate::doctor::{Report, look};
use crate::environment::Environment;
use crate::journal::{Layer, RunId, Sandbox, Store};
use crate::kong::Version;
use crate::kong::advisories::Known;
use crate::render;
use crate::script::Host;

/// Arguments of `cutover doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The clusters that are looked at; without one all of the environment.
    clusters: Vec<String>,
    /// The version to go to.
    #[arg(long, value_name = "VERSION")]
    to: Option<Version>,
    /// Also lists what is fine.
    #[arg(long)]
    all: bool,
    /// The environment file; without one this machine alone is looked at.
    #[arg(short, long, value_name = "FILE", env = "CUTOVER_ENVIRONMENT")]
    environment: Option<PathBuf>,
    /// The format on standard output, of a look at an environment.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// Each finding, also those that are fine.
    Json,
    /// `JUnit`, for build servers.
    Junit,
}

pub(super) async fn doctor(arguments: Arguments) -> Result<Exit, CliError> {
    match &arguments.environment {
        Some(path) => of_environment(&arguments, path).await,
        None if arguments.clusters.is_empty() => of_machine().await,
        None => Err(
            CliError::usage("no environment file says where the cluster is")
                .hint("name it with `--environment`, or in CUTOVER_ENVIRONMENT"),
        ),
    }
}

async fn of_machine() -> Result<Exit, CliError> {
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

async fn of_environment(arguments: &Arguments, path: &Path) -> Result<Exit, CliError> {
    let (environment, live) = observe::named(Some(path))?;
    let clusters = chosen(&environment, &arguments.clusters)?;
    let sandbox = Host::probe().await?;
    let mut facts = look(&environment, &clusters, arguments.to, &live.world).await;
    facts.lacking_layers = Known::Known(lacking(&sandbox));
    facts.unfinished_runs = unfinished(&environment)
        .map_or_else(|error| Known::unknown(error.to_string()), Known::Known);
    let report = Report::of(&facts);
    match arguments.output {
        Format::Text => output::data(&render::doctor_text(&report, arguments.all)),
        Format::Json => {
            output::json(&serde_json::to_string_pretty(&report).expect("plain data"));
        }
        Format::Junit => output::data(&render::junit_of_doctor(&environment.name, &report)),
    }
    if !matches!(arguments.output, Format::Text) {
        output::people(&render::doctor_verdict(&report));
    }
    Ok(if report.wrong().next().is_some() {
        Exit::Refused
    } else {
        Exit::Done
    })
}

/// The clusters that were named, or all.
fn chosen(environment: &Environment, named: &[String]) -> Result<BTreeSet<String>, CliError> {
    let known = &environment.clusters;
    if let Some(unknown) = named.iter().find(|name| !known.contains_key(*name)) {
        let known: Vec<&str> = known.keys().map(String::as_str).collect();
        let message = format!("the environment has no cluster `{unknown}`");
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(CliError::usage(message).hint(format!("it has {known}")));
    }
    Ok(if named.is_empty() {
        known.keys().cloned().collect()
    } else {
        named.iter().cloned().collect()
    })
}

fn lacking(sandbox: &Sandbox) -> Vec<String> {
    let layers = sandbox.layers();
    let absent = layers.filter_map(|(name, layer)| match layer {
        Layer::Absent(why) => Some(format!("{name}: {why}")),
        Layer::Active | Layer::Version(_) => None,
    });
    absent.collect()
}

/// The runs of this environment that are not closed. Asking makes no storage.
fn unfinished(environment: &Environment) -> Result<Vec<String>, CliError> {
    let Some(store) = Store::existing(&environment.storage.path)? else {
        return Ok(Vec::new());
    };
    let mut unfinished = Vec::new();
    for run in store.runs()? {
        if is_unfinished(&store, &run, environment)? {
            unfinished.push(run.0);
        }
    }
    Ok(unfinished)
}

fn is_unfinished(store: &Store, run: &RunId, environment: &Environment) -> Result<bool, CliError> {
    let (_, state) = store.find(run)?.read()?;
    let header = state.header.as_ref();
    let is_here = header.is_some_and(|header| header.environment == environment.name);
    Ok(is_here && !state.closed())
}
