//! `cutover plan PLAYBOOK NAME=VALUE…`: what a run would do, step by step, without doing any of it.

use std::path::{Path, PathBuf};

use super::Place;
use super::check::refuse_rejected;
use super::environment;
use super::exit::{CliError, Exit};
use super::inventory::inventory;
use super::needs::{self, GrantArguments};
use super::output;
use super::run::{header_of, resolve_parameters};
use super::sandbox::SandboxArguments;
use super::{observe, telling};
use crate::environment::Environment;
use crate::gateway::simulated::Durations;
use crate::journal::{Ending, RunId, RunState, StepNo, Store};
use crate::plan::{KeptPlan, Plan, learn, runbook};
use crate::playbook::Header;
use crate::primitive::{FactsOfNode, Look};
use crate::render;
use crate::run::Scenario;
use crate::script::{Host, Sources};

/// A playbook with what it is played in.
#[derive(Debug, clap::Args)]
pub(super) struct SubjectArguments {
    /// A playbook that ships, by name, or the path of a `.rhai` file.
    playbook: String,
    /// Its parameters.
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// Begin with a world that was observed before, or described, instead of looking at the real one.
    #[arg(long, value_name = "FILE")]
    offline: Option<PathBuf>,
    #[command(flatten)]
    grants: GrantArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// A playbook that is ready to be played.
pub(super) struct Subject {
    pub(super) host: Host,
    pub(super) scenario: Scenario,
    pub(super) environment: Environment,
}

impl SubjectArguments {
    /// Loads the playbook and the world; nothing where the playbook is rejected, which has been said then.
    pub(super) async fn load(&self) -> Result<Option<Subject>, CliError> {
        let environment = environment::load(&self.place.environment)?;
        let (mut host, loaded) = Host::load(
            Sources::find(&self.playbook)?,
            self.sandbox.terms(&environment),
        )
        .await?;
        if refuse_rejected(&loaded, host.sources()).is_some() {
            return Ok(None);
        }
        let header = loaded
            .header
            .expect("a playbook without a header is rejected");
        let parameters = resolve_parameters(&header, &self.parameters, &environment)?;
        let world = match &self.offline {
            Some(path) => observe::read(path)?,
            None if asks_hosts(&header) => observe::look_at_hosts(&environment).await?,
            None => observe::look(&environment).await?,
        };
        let header = header_of(
            RunId("plan".to_owned()),
            &header,
            host.sources(),
            &parameters,
            &environment,
            &self.grants.grant,
        );
        let scenario = Scenario {
            permissions: needs::permissions(&environment, &header),
            header,
            world,
            durations: durations(&environment)?,
            on_failure: environment.on_failure,
        };
        host.provide(parameters, inventory(&environment));
        Ok(Some(Subject {
            host,
            scenario,
            environment,
        }))
    }
}

/// Whether a playbook may ask what there is to know of nodes' hosts. Where it does not, nobody waits for that.
fn asks_hosts(header: &Header) -> bool {
    let mut needs = header.needs.iter();
    needs.any(|need| need.speaks_of(<FactsOfNode as Look>::VERB))
}

/// How long things take in an environment: what is built in, and over that what its earlier runs took.
pub(super) fn durations(environment: &Environment) -> Result<Durations, CliError> {
    let mut durations = Durations::built_in();
    // Somebody who plans on a laptop has no store there, and gets none made.
    let Some(store) = Store::existing(&environment.storage.path)? else {
        return Ok(durations);
    };
    let mut runs: Vec<RunState> = Vec::new();
    for run in store.runs()? {
        let (_, state) = store.find(&run)?.read()?;
        let here = state.header.as_ref();
        if here.is_some_and(|header| header.environment == environment.name) {
            runs.push(state);
        }
    }
    runs.sort_by_key(|run| run.began);
    for run in &runs {
        learn(&mut durations, run);
    }
    Ok(durations)
}

/// Arguments of `cutover plan`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    subject: SubjectArguments,
    /// How the plan is shown.
    #[arg(long, value_enum, default_value = "text")]
    output: Shown,
    /// Keep the plan in this file, for `cutover run --plan`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the plan as a runbook to be followed by hand, in Markdown.
    #[arg(long, conflicts_with = "output")]
    runbook: bool,
    /// Exit with 10 when the run would change anything.
    #[arg(long)]
    detailed_exitcode: bool,
}

/// How a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shown {
    /// A table for people.
    Text,
    /// The plan as JSON.
    Json,
    /// The records that would be in the journal, each as a line of JSON.
    Ndjson,
}

pub(super) async fn plan(arguments: Arguments) -> Result<Exit, CliError> {
    let Some(Subject {
        mut host,
        scenario,
        environment,
    }) = arguments.subject.load().await?
    else {
        return Ok(Exit::Rejected);
    };
    let foreseen = host.foresee(scenario.clone()).await?;
    let plan = Plan::of(&foreseen, &scenario.world, &scenario.permissions);
    if let Some(path) = &arguments.out {
        keep(path, &arguments.subject.playbook, &scenario, &plan)?;
    }
    if arguments.runbook {
        let steps = runbook(&foreseen.played, &environment);
        output::data(render::runbook(&plan, &steps).trim_end());
        return Ok(Exit::Done);
    }
    match arguments.output {
        Shown::Text => output::data(render::plan(&plan).trim_end()),
        Shown::Ndjson => {
            let changes = plan.ways_changes();
            for record in &foreseen.played.records {
                output::json(&telling::line(record));
                let ended = record.event.outcome_of();
                for change in changes
                    .iter()
                    .filter(|change| ended == Some(StepNo(change.after)))
                {
                    output::json(&telling::ways_back_line(change));
                }
            }
        }
        Shown::Json => {
            output::json(&serde_json::to_string_pretty(&plan).expect("plain data"));
        }
    }
    Ok(match plan.ending {
        Ending::Done if arguments.detailed_exitcode && plan.changes() => Exit::Changes,
        Ending::Done => Exit::Done,
        _ => Exit::Refused,
    })
}

/// `cutover run --dry-run`.
pub(super) async fn dry_run(
    playbook: String,
    parameters: Vec<String>,
    place: Place,
    sandbox: SandboxArguments,
    grants: GrantArguments,
) -> Result<Exit, CliError> {
    plan(Arguments {
        subject: SubjectArguments {
            playbook,
            parameters,
            place,
            offline: None,
            sandbox,
            grants,
        },
        output: Shown::Text,
        out: None,
        runbook: false,
        detailed_exitcode: false,
    })
    .await
}

/// Writes a plan that a run can be held to.
fn keep(path: &Path, subject: &str, scenario: &Scenario, plan: &Plan) -> Result<(), CliError> {
    let kept = KeptPlan {
        format: crate::plan::FORMAT,
        subject: subject.to_owned(),
        header: scenario.header.clone(),
        world: scenario.world.clone(),
        plan: plan.clone(),
    };
    let text = serde_json::to_string_pretty(&kept).expect("plain data");
    std::fs::write(path, text + "\n")
        .map_err(|error| CliError::usage(format!("cannot write `{}`: {error}", path.display())))
}
