//! `cutover smoke CHECKS… --against WHERE`: checks of what a gateway answers, without a playbook around them.

mod hurl;
pub(super) mod read;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::rc::Rc;

use clap::ValueEnum;

use super::exit::{CliError, Exit};
use super::sandbox::SandboxArguments;
use super::{environment, observe, output};
use crate::environment::{Decision, Environment, is_safe_method};
use crate::gateway::Web as _;
use crate::gateway::live::Live;
use crate::primitive::{
    Against, Check, CheckAll, CheckDescription, Checked, Intent, generated_checks,
};
use crate::render;

/// Arguments of `cutover smoke`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files of checks (`.rhai`), Hurl files (`.hurl`, run by `hurl`, to which `{{base}}` is where they run), or checks written out, as in
    /// `/orders=200,/closed=503`.
    #[arg(required_unless_present = "generated")]
    checks: Vec<String>,
    /// Checks made from the routes and plugins of what they run against: how much of it they reach is told on standard error.
    #[arg(long, requires = "against")]
    generated: bool,
    /// What they run against: a node, every node of a cluster, or a server by its base URL; the server that each check names where
    /// nothing is said.
    #[arg(long, value_name = "WHERE")]
    against: Option<String>,
    /// How many right answers in a row each check wants, each over a connection of its own.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    passes: u32,
    /// How long each check may take until it has passed; asked once where nothing is said, and for 30 s where several passes are wanted.
    #[arg(long, value_name = "DURATION")]
    within: Option<String>,
    /// How many checks are on their way at once.
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    at_once: u32,
    /// The environment file; not wanted where only servers are named by their URLs.
    #[arg(short, long, value_name = "FILE", env = "CUTOVER_ENVIRONMENT")]
    environment: Option<PathBuf>,
    /// The format on standard output.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For build servers.
    Junit,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// For programs, all at the end.
    Json,
    /// For programs, a line for each check as it ends, and one for all of them.
    Ndjson,
}

pub(super) async fn smoke(arguments: Arguments) -> Result<Exit, CliError> {
    let words = arguments.checks.iter().cloned();
    let (files, words): (Vec<String>, Vec<String>) = words.partition(|word| hurl::is_one(word));
    let Some(descriptions) = read::checks(&words, &arguments.sandbox).await? else {
        return Ok(Exit::Rejected);
    };
    if descriptions.is_empty() && files.is_empty() && !arguments.generated {
        return Err(CliError::usage("there is no check in what was given")
            .hint("a file of checks ends with a list of them; no check proves nothing"));
    }
    let preset = if arguments.passes > 1 { "30s" } else { "0s" };
    let within = arguments.within.as_deref().unwrap_or(preset);
    let within = crate::playbook::duration(within)
        .map_err(|why| CliError::usage(why).hint("write it as in `--within 30s`"))?;
    let places = places(&arguments)?;
    let mut rounds = Vec::new();
    for place in &places.all {
        let mut checks = of_place(&descriptions, place)?;
        if arguments.generated {
            checks.extend(made_for(place, &places).await?);
        }
        rounds.push((name_of(place), checks));
    }
    let all = rounds.iter().flat_map(|(_, checks)| checks);
    let changing = all
        .clone()
        .any(|check| !is_safe_method(&check.request.method));
    if let Some(environment) = &places.environment {
        refuse_what_is_not_granted(environment, all)?;
    }
    let environment = places.environment.unwrap_or_else(nobodys);
    let looking = observe::for_looking(&environment)?;
    // What a Hurl file sends is not known before it is run.
    let acting = (changing || !files.is_empty()).then(|| looking.acting(environment.clone()));
    let world: &Live = acting.as_ref().unwrap_or(&looking.world);
    let begun = std::time::Instant::now();
    let mut ended = Vec::new();
    let total: usize = rounds.iter().map(|(_, checks)| checks.len()).sum();
    let shows_progress = arguments.output == Format::Text && std::io::stderr().is_terminal();
    let mut done = 0;
    for ((place, checks), against) in rounds.into_iter().zip(&places.all) {
        let all = CheckAll {
            node: checks.first().and_then(|check| check.node.clone()),
            checks,
            passes: arguments.passes,
            within,
            at_once: arguments.at_once,
        };
        let mut tell = |checked: &Checked| {
            done += 1;
            if arguments.output == Format::Ndjson {
                output::json(&render::checked_json(&place, checked).to_string());
            } else if shows_progress && (done % 100 == 0) {
                output::people(&format!("{done} of {total} checks"));
            }
        };
        let mut checked = all.play(world, &mut tell).await;
        for file in &files {
            let base = base_of(world, against).await?;
            let more = hurl::checked(world, file, base.as_deref()).await?;
            more.iter().for_each(&mut tell);
            checked.extend(more);
        }
        ended.push((place.clone(), checked));
    }
    let smoke = render::Smoke {
        places: ended,
        milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    match arguments.output {
        Format::Text => output::data(render::smoke_text(&smoke).trim_end()),
        Format::Junit => output::data(render::junit_of_smoke(&smoke).trim_end()),
        Format::Tap => output::data(render::smoke_tap(&smoke).trim_end()),
        Format::Json => output::json(&render::smoke_json(&smoke)),
        Format::Ndjson => output::json(&render::smoke_summary(&smoke).to_string()),
    }
    Ok(if smoke.passed() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// The base URL of what is checked, where it is one.
async fn base_of(world: &Live, against: &Against) -> Result<Option<String>, CliError> {
    Ok(match against {
        Against::Node(node) => {
            let url = world.proxy_url(node).await;
            let url = url.map_err(|failure| CliError::refused(failure.to_string()))?;
            Some(url.trim_end_matches('/').to_owned())
        }
        Against::Server(url) => Some(url.trim_end_matches('/').to_owned()),
        Against::Itself => None,
    })
}

/// The checks that are made from what a node is configured with; how much they reach, and what they do not, is told to people.
async fn made_for(place: &Against, places: &Places) -> Result<Vec<Check>, CliError> {
    let (Against::Node(node), Some(environment)) = (place, &places.environment) else {
        return Err(
            CliError::usage("checks are made from a node's configuration")
                .hint("name a node or a cluster of the environment behind `--against`"),
        );
    };
    let looking = observe::for_looking(environment)?;
    let made = generated_checks(&looking.world, node)
        .await
        .map_err(|failure| CliError::refused(failure.to_string()))?;
    output::people(&format!("{node}: {}", made.coverage()));
    for left in &made.left_out {
        output::people(&format!("  left out: {}: {}", left.what, left.why));
    }
    let descriptions: Vec<CheckDescription> =
        made.checks.into_iter().map(|made| made.check).collect();
    of_place(&descriptions, place)
}

/// What checks run against, and the environment that says where it is.
struct Places {
    all: Vec<Against>,
    environment: Option<Environment>,
}

fn places(arguments: &Arguments) -> Result<Places, CliError> {
    let environment = arguments
        .environment
        .as_deref()
        .map(environment::load)
        .transpose()?;
    let Some(against) = &arguments.against else {
        return Ok(Places {
            all: vec![Against::Itself],
            environment,
        });
    };
    if against.contains("://") {
        return Ok(Places {
            all: vec![Against::Server(against.clone())],
            environment,
        });
    }
    let Some(known) = &environment else {
        return Err(CliError::usage(format!("no environment file says where `{against}` is"))
            .hint("name it with `--environment`, or in CUTOVER_ENVIRONMENT; a server is named by its base URL"));
    };
    let nodes: Vec<Against> = if known.node(against).is_some() {
        vec![Against::Node(against.clone())]
    } else {
        let cluster = known.clusters.get(against);
        let nodes = cluster.iter().flat_map(|cluster| &cluster.nodes);
        nodes.map(|node| Against::Node(node.name.clone())).collect()
    };
    if nodes.is_empty() {
        let clusters = known.clusters.iter().flat_map(|(name, cluster)| {
            let nodes = cluster.nodes.iter().map(|node| node.name.clone());
            nodes.chain([name.clone()])
        });
        let names: Vec<String> = clusters.collect();
        return Err(CliError::usage(format!(
            "the environment has no node or cluster with nodes `{against}`"
        ))
        .hint(format!("there are: {}", names.join(", "))));
    }
    Ok(Places {
        all: nodes,
        environment,
    })
}

fn of_place(descriptions: &[CheckDescription], place: &Against) -> Result<Vec<Check>, CliError> {
    let against = |description: &CheckDescription| {
        place.check(description.clone()).map_err(|failure| {
            let name = description
                .name
                .as_ref()
                .unwrap_or(&description.request.url);
            let error = CliError::usage(format!("the check `{name}`: {failure}"));
            match failure.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        })
    };
    descriptions.iter().map(against).collect()
}

fn name_of(place: &Against) -> String {
    match place {
        Against::Node(name) => name.clone(),
        Against::Server(url) => url.clone(),
        Against::Itself => "the servers that the checks name".to_owned(),
    }
}

/// What a playbook would need a grant for is not done here without one. Where a person would be asked, the one who typed the command
/// has answered.
fn refuse_what_is_not_granted<'a>(
    environment: &Environment,
    checks: impl Iterator<Item = &'a Check>,
) -> Result<(), CliError> {
    let permissions = environment.permissions(Vec::new(), None);
    for check in checks {
        let intent = Intent::Check(check.clone());
        let wanted = intent.wanted().ok_or_else(|| {
            CliError::usage(format!("the check `{}` leads to no URL", check.title()))
        })?;
        let leave = permissions.decide(&wanted);
        if leave.decision == Decision::Deny {
            let lacking = leave
                .lacking
                .map_or_else(|| "http.check".to_owned(), |need| need.to_string());
            let message = format!(
                "the check `{}` needs `{lacking}`, which `{}` does not grant",
                check.title(),
                environment.name
            );
            return Err(CliError::refused(message).hint("add it to `allow` under `[grants]`"));
        }
    }
    Ok(())
}

/// The environment of somebody who has none: nothing in it can be named.
fn nobodys() -> Environment {
    let text = "name = \"none\"\n[storage]\npath = \".\"\n";
    Environment::parse(std::path::Path::new("none"), text).expect("it is written above")
}

impl observe::Looking {
    /// The same world for somebody who also acts.
    fn acting(&self, environment: Environment) -> Live {
        Live::new(
            environment,
            "smoke",
            self.directory().to_owned(),
            Rc::new(observe::Silent),
        )
    }
}
