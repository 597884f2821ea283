//! `cutover compare BLUE GREEN`: whether two gateways are configured the same and answer the same.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::exit::{CliError, Exit};
use super::sandbox::SandboxArguments;
use super::smoke::read;
use super::{observe, output};
use crate::checks::compare::{BodyCompared, Sameness, Scope};
use crate::environment::{Environment, is_safe_method};
use crate::kong::comparison::Comparison;
use crate::primitive::{CompareAnswers, CompareConfiguration, ComparedAnswers};
use crate::render;

/// Arguments of `cutover compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The old gateway: a node, or a cluster, of which the first node is asked.
    blue: String,
    /// The new one.
    green: String,
    /// Files of checks whose requests are sent to both; without one the checks are made from the old gateway's routes and plugins.
    checks: Vec<String>,
    /// What is left out of answers, such as `header etag` or `body /time`; a star at the end covers all that begin so.
    #[arg(long, value_name = "WHAT")]
    ignore: Vec<String>,
    /// The only headers that are compared; every one where none is named.
    #[arg(long, value_name = "NAME")]
    header: Vec<String>,
    /// How much of bodies is compared.
    #[arg(long, value_enum, default_value_t)]
    body: Body,
    /// How many answers of each side are timed; fewer than 20 say nothing.
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    samples: u32,
    /// How many times as slow the new one may be.
    #[arg(long, value_name = "TIMES", default_value_t = 2.0)]
    slower: f64,
    /// The environment file.
    #[arg(short, long, value_name = "FILE", env = "CUTOVER_ENVIRONMENT")]
    environment: PathBuf,
    /// The format on standard output.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Body {
    /// Every value, of JSON by its place.
    #[default]
    Values,
    /// Of JSON which places there are, and which kind of value each has.
    Shape,
    /// Nothing.
    None,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

pub(super) async fn compare(arguments: Arguments) -> Result<Exit, CliError> {
    let checks = if arguments.checks.is_empty() {
        None
    } else {
        match read::checks(&arguments.checks, &arguments.sandbox).await? {
            Some(checks) => Some(checks),
            None => return Ok(Exit::Rejected),
        }
    };
    let body = match arguments.body {
        Body::Values => BodyCompared::Values,
        Body::Shape => BodyCompared::Shape,
        Body::None => BodyCompared::None,
    };
    let headers = Some(arguments.header).filter(|names| !names.is_empty());
    let scope = Scope::of(arguments.ignore, headers, body);
    if let Some(problem) = scope.problem() {
        return Err(CliError::usage(problem));
    }
    let changing = checks
        .iter()
        .flatten()
        .find(|check| !is_safe_method(&check.request.method));
    if let Some(check) = changing {
        let message = format!(
            "`{} {}` may change something, and would be sent four times",
            check.request.method, check.request.url
        );
        return Err(CliError::usage(message)
            .hint("a playbook does that where it is granted: `cutover api http::compare`"));
    }
    let (environment, looking) = observe::named(Some(&arguments.environment))?;
    let nodes = [
        node_of(&environment, &arguments.blue)?,
        node_of(&environment, &arguments.green)?,
    ];
    let told = |failure: crate::gateway::Failure| CliError::refused(failure.to_string());
    let configuration = CompareConfiguration {
        nodes: nodes.clone(),
    };
    let configuration = configuration.compare(&looking.world).await.map_err(told)?;
    let answers = CompareAnswers {
        nodes,
        checks,
        scope,
        samples: arguments.samples,
        slower: arguments.slower,
        at_once: 4,
    };
    let answers = answers.compare(&looking.world).await.map_err(told)?;
    match arguments.output {
        Format::Text => output::data(render::compared(&configuration, &answers).trim_end()),
        Format::Json => {
            let whole = json!({ "configuration": configuration, "answers": answers });
            output::json(&serde_json::to_string_pretty(&whole).expect("plain data"));
        }
    }
    Ok(if is_same(&configuration, &answers) {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// What cannot be told is not the same.
fn is_same(configuration: &Comparison, answers: &ComparedAnswers) -> bool {
    configuration.differences.is_empty()
        && configuration.not_compared.is_empty()
        && answers.verdict == Sameness::Same
}

/// The node of a name, or the first one of a cluster.
fn node_of(environment: &Environment, name: &str) -> Result<String, CliError> {
    if environment.node(name).is_some() {
        return Ok(name.to_owned());
    }
    let cluster = environment.clusters.get(name);
    let first = cluster.and_then(|cluster| cluster.nodes.first());
    first.map(|node| node.name.clone()).ok_or_else(|| {
        let known: Vec<&str> = environment.clusters.keys().map(String::as_str).collect();
        CliError::usage(format!(
            "the environment has no node or cluster with nodes `{name}`"
        ))
        .hint(format!("its clusters: {}", known.join(", ")))
    })
}
