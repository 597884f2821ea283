//! `cutover review`: what an upgrade must reckon with, by the rules and what is known of a cluster.

use std::path::PathBuf;

use clap::ValueEnum;

use super::exit::{CliError, Exit};
use super::{observe, output};
use crate::environment::{Environment, Waiver};
use crate::gateway::{Kong as _, Review as _};
use crate::kong::Version;
use crate::kong::advisories::{Evidence, Known, Review, shipped};
use crate::render;

/// Arguments of `cutover review`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The cluster that is looked at; without one every rule of the way is told, and none is probed.
    cluster: Option<String>,
    /// The version that runs; without it the oldest that a node of the cluster has.
    #[arg(long, value_name = "VERSION")]
    from: Option<Version>,
    /// The version to go to.
    #[arg(long, value_name = "VERSION")]
    to: Version,
    /// The playbook by which the upgrade is to be made, for rules that depend on it.
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,
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
    /// The review as it is.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// `JUnit`, for build servers.
    Junit,
}

pub(super) async fn review(arguments: Arguments) -> Result<Exit, CliError> {
    let (from, evidence) = if let Some(cluster) = &arguments.cluster {
        looked_at(&arguments, cluster).await?
    } else {
        let from = arguments.from.ok_or_else(|| {
            CliError::usage("neither a version that runs nor a cluster is named")
                .hint("`cutover review --from 2.8.5 --to 3.4.2`, or the name of a cluster")
        })?;
        (from, Evidence::default())
    };
    let evidence = Evidence {
        strategy: match &arguments.playbook {
            Some(playbook) => Known::Known(playbook.clone()),
            None => evidence.strategy,
        },
        ..evidence
    };
    let review = Review::of(&shipped(), &from, &arguments.to, &evidence);
    match arguments.output {
        Format::Text => output::data(&render::review_text(&review)),
        Format::Json => {
            output::json(&serde_json::to_string_pretty(&review).expect("plain data"));
        }
        Format::Sarif => output::json(&render::review_sarif(&review)),
        Format::Junit => output::data(&render::junit_of_review(&review)),
    }
    if !matches!(arguments.output, Format::Text) {
        output::people(&render::review_verdict(&review));
    }
    if review.blockers().next().is_some() {
        return Ok(Exit::Refused);
    }
    Ok(Exit::Done)
}

/// Looks at a cluster, and at which version it has.
async fn looked_at(arguments: &Arguments, cluster: &str) -> Result<(Version, Evidence), CliError> {
    let (environment, live) = observe::named(arguments.environment.as_deref())?;
    let Some(of) = environment.clusters.get(cluster) else {
        let known: Vec<&str> = environment.clusters.keys().map(String::as_str).collect();
        let message = format!("the environment has no cluster `{cluster}`");
        return Err(CliError::usage(message).hint(format!("it has {}", known.join(", "))));
    };
    check_waivers(&environment)?;
    let told = |failure: crate::gateway::Failure| CliError::refused(failure.to_string());
    let mut oldest = arguments.from;
    if oldest.is_none() {
        for node in &of.nodes {
            let installed = live.world.installed_version(&node.name).await;
            let installed = installed.map_err(told)?;
            oldest = Some(oldest.map_or(installed, |oldest| oldest.min(installed)));
        }
    }
    let from =
        oldest.ok_or_else(|| CliError::usage(format!("the cluster `{cluster}` has no nodes")))?;
    let evidence = live.world.evidence(cluster).await.map_err(told)?;
    Ok((from, evidence))
}

/// Refuses waivers of rules that there are not, and tells of those whose time is over.
fn check_waivers(environment: &Environment) -> Result<(), CliError> {
    let rules = shipped();
    let today = jiff::Zoned::now().date();
    for Waiver {
        advisory, until, ..
    } in &environment.review.waivers
    {
        if !rules.iter().any(|rule| rule.id == *advisory) {
            let nearest = rules
                .iter()
                .min_by_key(|rule| strsim::damerau_levenshtein(&rule.id, advisory));
            let nearest = nearest.map_or("", |rule| rule.id.as_str());
            let message = format!("`[review]` waives `{advisory}`, which is no rule");
            return Err(CliError::usage(message).hint(format!("did you mean `{nearest}`?")));
        }
        if *until < today {
            output::people(&format!("the waiver of `{advisory}` ended on {until}"));
        }
    }
    Ok(())
}
