//! `cutover routes`: what becomes of the paths of routes on the way to Kong 3, and of the requests of a log.

mod replay;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::exit::{CliError, Exit};
use super::{observe, output};
use crate::gateway::{Kong as _, Review as _};
use crate::kong::Version;
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
    /// Requests that are played to both routers: an access log, lines of JSON, or `METHOD URL` in each line; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    replay: replay::Replay,
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
    let found = match (&arguments.file, &arguments.cluster) {
        (Some(file), _) => of_file(file)?,
        (None, Some(cluster)) => of_cluster(arguments.environment.as_deref(), cluster).await?,
        (None, None) => return Err(CliError::usage("neither a cluster nor a file is named")),
    };
    if let Some(requests) = &arguments.requests {
        return replay::replay(
            &found,
            requests,
            &arguments.replay,
            matches!(arguments.output, Format::Json),
        );
    }
    let survey = Survey::of(found.routes.iter(), found.era());
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

/// Routes as they are written down, with their services.
struct Found {
    routes: Vec<Map<String, Value>>,
    services: Vec<Map<String, Value>>,
    /// The version that they are written for.
    version: Version,
}

impl Found {
    fn era(&self) -> Era {
        if self.version.is_at_least(3, 0) {
            Era::Three
        } else {
            Era::Two
        }
    }
}

/// The routes of a declarative file: its own, and those of its services.
fn of_file(file: &Path) -> Result<Found, CliError> {
    let unread = |why: String| CliError::usage(format!("cannot read `{}`: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| unread(error.kind().to_string()))?;
    let values: Value = serde_saphyr::from_str(&text).map_err(|error| unread(error.to_string()))?;
    let listed = |value: &Value| {
        let entities = value.as_array().into_iter().flatten();
        entities
            .filter_map(|one| one.as_object().cloned())
            .collect::<Vec<_>>()
    };
    let services = listed(&values["services"]);
    let mut routes = Vec::new();
    for service in &services {
        let name = service
            .get("name")
            .or(service.get("id"))
            .cloned()
            .unwrap_or_default();
        for mut route in listed(service.get("routes").unwrap_or(&Value::Null)) {
            route.entry("service").or_insert_with(|| name.clone());
            routes.push(route);
        }
    }
    routes.extend(listed(&values["routes"]));
    // As a number where nobody put quotes around it.
    let format = values["_format_version"].to_string();
    let version = if format.trim_matches('"').starts_with('3') {
        Version::new(3, 0, 0)
    } else {
        Version::new(2, 8, 5)
    };
    Ok(Found {
        routes,
        services,
        version,
    })
}

/// The routes of a cluster, as its Admin API has them.
async fn of_cluster(environment: Option<&Path>, cluster: &str) -> Result<Found, CliError> {
    let (environment, live) = observe::named(environment)?;
    let told = |failure: crate::gateway::Failure| CliError::refused(failure.to_string());
    let mut evidence = live.world.evidence(cluster).await.map_err(told)?;
    let mut version: Option<Version> = None;
    let nodes = environment.clusters.get(cluster).map(|of| &of.nodes);
    for node in nodes.into_iter().flatten() {
        let installed = live
            .world
            .installed_version(&node.name)
            .await
            .map_err(told)?;
        version = Some(version.map_or(installed, |oldest| oldest.min(installed)));
    }
    let mut taken = |kind: &str| match evidence.entities.remove(kind) {
        Some(Known::Known(found)) => Ok(found.into_iter().map(|one| one.fields).collect()),
        Some(Known::Unknown { unknown }) => Err(CliError::refused(format!(
            "the {kind} cannot be read: {unknown}"
        ))),
        None => Ok(Vec::new()),
    };
    Ok(Found {
        routes: taken("routes")?,
        services: taken("services")?,
        version: version.unwrap_or(Version::new(3, 0, 0)),
    })
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
