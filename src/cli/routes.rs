//! `cutover routes`: what becomes of the paths of routes on the way to Kong 3.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::exit::{CliError, Exit};
use super::{observe, output};
use crate::gateway::{Kong as _, Review as _};
use crate::kong::advisories::Known;
use crate::kong::routes::{ChangedPath, Era, Fit, Survey};
use crate::render::clean_lines;

/// Arguments of `cutover routes`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The cluster whose routes are read, in every workspace.
    #[arg(required_unless_present = "file")]
    cluster: Option<String>,
    /// A declarative file instead, of Kong's or decK's format.
    #[arg(long, value_name = "FILE", conflicts_with = "cluster")]
    file: Option<PathBuf>,
    /// The environment file, wanted with a cluster.
    #[arg(short, long, value_name = "FILE", env = "CUTOVER_ENVIRONMENT")]
    environment: Option<PathBuf>,
    /// The format on standard output.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

pub(super) async fn routes(arguments: Arguments) -> Result<Exit, CliError> {
    let (routes, era) = match (&arguments.file, &arguments.cluster) {
        (Some(file), _) => of_file(file)?,
        (None, Some(cluster)) => of_cluster(arguments.environment.as_deref(), cluster).await?,
        (None, None) => (Vec::new(), Era::Two),
    };
    let survey = Survey::of(routes.iter(), era);
    match arguments.output {
        Format::Text => output::data(&told(&survey)),
        Format::Json => {
            output::json(&serde_json::to_string_pretty(&survey).expect("plain data"));
        }
    }
    if survey.rejected().next().is_some() {
        return Ok(Exit::Refused);
    }
    Ok(Exit::Done)
}

/// Routes as they are written down, and for which router.
type Routes = (Vec<Map<String, Value>>, Era);

/// The routes of a declarative file: its own, and those of its services.
fn of_file(file: &Path) -> Result<Routes, CliError> {
    let unread = |why: String| CliError::usage(format!("cannot read `{}`: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| unread(error.kind().to_string()))?;
    let values: Value = serde_saphyr::from_str(&text).map_err(|error| unread(error.to_string()))?;
    let services = values["services"].as_array().into_iter().flatten();
    let lists = services.map(|service| &service["routes"]);
    let lists = lists.chain([&values["routes"]]);
    let routes = lists.filter_map(Value::as_array).flatten();
    let routes = routes.filter_map(|route| route.as_object().cloned());
    // As a number where nobody put quotes around it.
    let format = values["_format_version"].to_string();
    let era = if format.trim_matches('"').starts_with('3') {
        Era::Three
    } else {
        Era::Two
    };
    Ok((routes.collect(), era))
}

/// The routes of a cluster, as its Admin API has them.
async fn of_cluster(environment: Option<&Path>, cluster: &str) -> Result<Routes, CliError> {
    let (environment, live) = observe::named(environment)?;
    let told = |failure: crate::gateway::Failure| CliError::refused(failure.to_string());
    let mut evidence = live.world.evidence(cluster).await.map_err(told)?;
    let mut era = Era::Three;
    let nodes = environment.clusters.get(cluster).map(|of| &of.nodes);
    for node in nodes.into_iter().flatten() {
        let installed = live.world.installed_version(&node.name).await;
        if !installed.map_err(told)?.is_at_least(3, 0) {
            era = Era::Two;
        }
    }
    match evidence.entities.remove("routes") {
        Some(Known::Known(routes)) => Ok((routes.into_iter().map(|one| one.fields).collect(), era)),
        Some(Known::Unknown { unknown }) => Err(CliError::refused(format!(
            "the routes cannot be read: {unknown}"
        ))),
        None => Ok((Vec::new(), era)),
    }
}

fn told(survey: &Survey) -> String {
    let mut lines: Vec<String> = survey.changed.iter().flat_map(path).collect();
    lines.extend(survey.joined_otherwise.iter().map(|route| {
        format!(
            "route `{}`: `path_handling` v1, which the new router treats as v0",
            clean_lines(route)
        )
    }));
    let of = |is_meant: &dyn Fn(&Fit) -> bool| {
        survey
            .changed
            .iter()
            .filter(|path| is_meant(&path.fit))
            .count()
    };
    lines.push(format!(
        "{} routes with {} paths, {} of them expressions: {} not taken by the engine of Kong 3, {} that can match other requests",
        survey.routes,
        survey.paths,
        survey.expressions,
        survey.rejected().count(),
        of(&|fit| matches!(fit, Fit::Different { .. })),
    ));
    lines.join("\n")
}

fn path(path: &ChangedPath) -> Vec<String> {
    let stored = match &path.migrated {
        Some(stored) if *stored != path.path => format!(", stored as {}", clean_lines(stored)),
        Some(_) => String::new(),
        None => ", which cannot be stored".to_owned(),
    };
    let mut lines = vec![format!(
        "route `{}`: {}{stored}",
        clean_lines(&path.route),
        clean_lines(&path.path)
    )];
    match &path.fit {
        Fit::Same => {}
        Fit::Rejected { why } => lines.push(format!("  not taken: {}", clean_lines(why))),
        Fit::Different { by } => {
            lines.extend(by.iter().map(|difference| {
                let rarely = if difference.is_rare() {
                    " (beyond ASCII, or a newline)"
                } else {
                    ""
                };
                format!("  differs{rarely}: {difference}")
            }));
        }
    }
    lines
}
