//! `cutover run PLAYBOOK NAME=VALUE…`: a new run from its first step to its verdict.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::Place;
use super::check::refuse_rejected;
use super::environment;
use super::exit::{CliError, Exit};
use super::inventory::inventory;
use super::kept_plan::Held;
use super::needs::{self, GrantArguments, refuse_denied};
use super::runner::{ENVIRONMENT, MannerArguments, Runner, TakenUp, lock_world, store};
use super::sandbox;
use crate::environment::{Environment, Need};
use crate::journal::{
    Digest, Durability, Event, Header, Journal as _, Mark, RunId, RunState, Store,
};
use crate::playbook::{self, resolve};
use crate::run::{EnvironmentLock, conduct};
use crate::script::{Host, Sources};

/// Arguments of `cutover run`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A playbook that ships, by name, or the path of a `.rhai` file. A plan names its own.
    #[arg(required_unless_present = "plan")]
    playbook: Option<String>,
    /// Its parameters. A plan has its own.
    #[arg(value_name = "NAME=VALUE", conflicts_with = "plan")]
    parameters: Vec<String>,
    /// Hold the run to a plan that `cutover plan --out` wrote: refuse when anything has changed since. A plan is used once.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["playbook", "grant"])]
    plan: Option<PathBuf>,
    /// Show what the run would do and do nothing: the same as `cutover plan`.
    #[arg(long, conflicts_with = "plan")]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    manner: MannerArguments,
    /// The run's name, instead of one made from the time.
    #[arg(long, value_name = "RUN")]
    run_id: Option<String>,
    #[command(flatten)]
    grants: GrantArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, CliError> {
    if arguments.dry_run {
        let playbook = arguments.playbook.unwrap_or_default();
        return super::plan::dry_run(
            playbook,
            arguments.parameters,
            arguments.place,
            arguments.manner.sandbox,
            arguments.grants,
        )
        .await;
    }
    let environment = environment::load(&arguments.place.environment)?;
    let store = store(&environment)?;
    let held = arguments.plan.as_deref().map(Held::read).transpose()?;
    let playbook = match &held {
        Some(held) => held.kept.subject.clone(),
        None => arguments.playbook.unwrap_or_default(),
    };
    let (mut host, loaded) = Host::load(
        Sources::find(&playbook)?,
        arguments.manner.sandbox.terms(&environment),
    )
    .await?;
    if let Some(exit) = refuse_rejected(&loaded, host.sources()) {
        return Ok(exit);
    }
    let header = loaded
        .header
        .as_ref()
        .expect("a playbook without a header is rejected");
    let parameters = match &held {
        Some(held) => held.kept.header.parameters.clone(),
        None => resolve_parameters(header, &arguments.parameters, &environment)?,
    };
    let run = RunId(arguments.run_id.unwrap_or_else(new_run_id));
    let mut first = header_of(
        run.clone(),
        header,
        host.sources(),
        &parameters,
        &environment,
        &arguments.grants.grant,
    );
    if let Some(held) = &held {
        first.granted.clone_from(&held.kept.header.granted);
    }
    let permissions = needs::permissions(&environment, &first);
    refuse_denied(&loaded, &permissions, &environment.name)?;
    let manner = arguments.manner.manner(&environment)?;
    refuse_unusable(&run, &store)?;
    let _lock = EnvironmentLock::take(&store, &environment.name, &run)?;
    EnvironmentLock::require_free(&store, &environment.name, None)?;
    let locks = if touches_the_world(&loaded.verbs) {
        lock_world(&environment, &run.0, Mark::Run, manner.injection.term()).await?
    } else {
        None
    };

    first.sandbox = host.sandbox().cloned();
    needs::tell(&loaded, &permissions);
    sandbox::warn(&host);
    if let Some(held) = &held {
        held.refuse_drift(&first, &environment).await?;
        held.use_once(&store, &run)?;
        first.plan = Some(held.digest());
    }
    let directory = store.create(&run)?;
    host.sources()
        .store(&directory, &RunState::default().sources_folder())?;
    directory.store(ENVIRONMENT, &stored_form(&environment))?;
    if let Some(held) = &held {
        held.store(&directory)?;
    }
    let first = Event::Header(Box::new(first));
    let mut journal = directory.create_journal()?;
    let record = journal.append(Timestamp::now(), first, Durability::Synced)?;
    let state = RunState::of(std::slice::from_ref(&record)).expect("a header is a good beginning");
    host.provide(parameters, inventory(&environment));
    let runner = Runner::attach(TakenUp {
        journal,
        state,
        begun: Some(record),
        cut: 0,
        directory: &directory,
        environment: &environment,
        mark: Mark::Run,
        manner,
        locks,
    })?;
    let on_failure = environment.on_failure;
    runner
        .until_concluded(host, async |gate, host| {
            Box::pin(conduct(gate, host, on_failure)).await
        })
        .await
}

/// The first record of a run.
pub(super) fn header_of(
    run: RunId,
    declared: &playbook::Header,
    sources: &Sources,
    parameters: &BTreeMap<String, serde_json::Value>,
    environment: &Environment,
    granted: &[Need],
) -> Header {
    Header {
        run,
        playbook: sources.name.clone(),
        api: declared.api,
        sources: sources.digests(),
        parameters: parameters.clone(),
        environment: environment.name.clone(),
        environment_digest: Digest::of(stored_form(environment)),
        plan: None,
        needs: Some(needs::written(&declared.needs)),
        granted: needs::written(granted),
        sandbox: None,
    }
}

/// An environment as a run stores it.
fn stored_form(environment: &Environment) -> String {
    serde_json::to_string_pretty(environment).expect("plain data")
}

/// The values of the playbook's parameters.
pub(super) fn resolve_parameters(
    header: &playbook::Header,
    given: &[String],
    environment: &Environment,
) -> Result<BTreeMap<String, serde_json::Value>, CliError> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            CliError::usage(format!("`{text}` is not a parameter")).hint("write `NAME=VALUE`")
        })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    let given = given
        .iter()
        .map(pair)
        .collect::<Result<BTreeMap<_, _>, CliError>>()?;
    let clusters: Vec<&str> = environment.clusters.keys().map(String::as_str).collect();
    let databases = environment.database_names();
    Ok(resolve(&header.params, &given, &clusters, &databases)?)
}

/// Whether a playbook calls more than cutover's own toys, so that other machines' runners have to be kept out.
fn touches_the_world(verbs: &[String]) -> bool {
    verbs.iter().any(|verb| !verb.starts_with("practice."))
}

/// Refuses a name that could lead out of the store, or that a run has already.
fn refuse_unusable(run: &RunId, store: &Store) -> Result<(), CliError> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if run.0.is_empty() || !run.0.chars().all(plain) {
        return Err(CliError::usage(format!("`{run}` cannot be a run's name"))
            .hint("use letters, digits, `-` and `_`"));
    }
    if store.runs()?.contains(run) {
        return Err(CliError::usage(format!("there is a run `{run}` already"))
            .hint("leave out `--run-id`, and a name is made from the time"));
    }
    Ok(())
}

/// A name that sorts by time and is short enough to type.
fn new_run_id() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!(
        "{}-{}",
        Timestamp::now().strftime("%Y%m%d-%H%M%S"),
        &random[..4]
    )
}
