//! The only room that sees arguments, environment variables, the terminal and exit codes. It wires everything; nothing imports it.
//! One verb per file.

mod abandon;
mod adopt;
mod api;
mod approve;
mod bug;
mod change_set;
mod check;
mod compare;
mod curl;
mod demo;
mod doctor;
mod drill;
mod environment;
mod exit;
mod explain;
mod injection;
mod inventory;
mod journal;
mod kept_plan;
mod list;
mod needs;
mod new;
mod observe;
mod operator;
mod output;
mod path;
mod plan;
mod practice;
mod resume;
mod review;
mod rollback;
mod routes;
mod run;
mod runner;
mod runs;
mod sandbox;
mod settle;
mod shell;
mod show;
mod signals;
mod silence;
mod smoke;
mod telling;
mod test;
mod way_back;
mod why_down;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

pub use bug::ask_for_reports;
use exit::CliError;
pub use exit::Exit;

/// Upgrade playbooks for Kong Gateway, as code.
#[derive(Debug, Parser)]
#[command(
    name = "cutover",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs a playbook in an environment.
    Run(run::Arguments),
    /// Shows what a run would do, step by step, without doing any of it.
    Plan(plan::Arguments),
    /// Plays a playbook with each thing going wrong once, and says what is not safe.
    Drill(drill::Arguments),
    /// Runs unit tests of playbooks, each in a world that it describes.
    Test(test::Arguments),
    /// Looks at an environment, and writes the world that a plan begins with.
    Observe(observe::Arguments),
    /// Goes on with a run that was put down or interrupted.
    Resume(resume::Arguments),
    /// Attempts the failed step of a held run again, and goes on.
    Retry(resume::GoingOn),
    /// Takes a run back, undoing what it did in reverse.
    Rollback(rollback::Arguments),
    /// Approves what a run waits for.
    Approve(approve::Arguments),
    /// Says whether an interrupted step took effect, where the world does not tell.
    Settle(settle::Arguments),
    /// Gives a run up; the world stays as it is.
    Abandon(abandon::Arguments),
    /// Lists the runs of an environment.
    Runs(runs::Arguments),
    /// Shows how a run went, step by step.
    Show(show::Arguments),
    /// Says how production stands, and what to do about it.
    WhyDown(why_down::Arguments),
    /// Writes a small playbook to begin with.
    New(new::Arguments),
    /// Checks a playbook without running it.
    Check(check::Arguments),
    /// Looks for what would make an upgrade go wrong: in an environment, or without one in what this machine has for a sandbox.
    Doctor(doctor::Arguments),
    /// Lists the playbooks that ship, with their parameters.
    List(list::Arguments),
    /// Shows the reference of the language.
    Api(api::Arguments),
    /// Says what an upgrade must reckon with: the rules that it crosses, and where the cluster is concerned.
    Review(review::Arguments),
    /// Shows what becomes of the paths of routes on the way to Kong 3.
    Routes(routes::Arguments),
    /// Shows the steps from one version of Kong to another: what each needs, and which playbook goes it.
    Path(path::Arguments),
    /// Checks what a gateway answers: files of checks against a node, a cluster or a server.
    Smoke(smoke::Arguments),
    /// Compares an old gateway with a new one: what they are configured with, and what they answer.
    Compare(compare::Arguments),
    /// Shows a change set in words, for a person to judge before it is replayed
    ChangeSet(change_set::Arguments),
    /// Writes a curl command line as a check.
    Curl(curl::Arguments),
    /// Says what a code in a message means, and what to do about it.
    Explain(explain::Arguments),
    /// Looks after journals.
    #[command(subcommand)]
    Journal(journal::Verb),
    /// Looks after environment files.
    #[command(subcommand)]
    Environment(environment::Verb),
    /// Upgrades a practice cluster under load and takes it back, before your eyes.
    Demo(demo::Arguments),
    /// Writes what a shell needs to complete command lines.
    Completions(shell::Arguments),
    /// Writes the manual page.
    Man,
    /// A cluster to practise on: a stand-in for Kong on a private PostgreSQL.
    #[command(subcommand)]
    Practice(practice::Verb),
}

/// Where runs are kept.
#[derive(Debug, clap::Args)]
struct Place {
    /// The environment file.
    #[arg(short, long, value_name = "FILE", env = "CUTOVER_ENVIRONMENT")]
    environment: PathBuf,
}

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// Lines for people, on standard error; the verdict on standard output.
    Text,
    /// Each record of the journal as a line of JSON on standard output, and between them `{"progress": …}` with how far a step is.
    /// The verdict is a record; its sentence is on standard error.
    Ndjson,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    // Three words make the binary something else than a command line; they come before anything is set up.
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match words.first().map(String::as_str) {
        Some("script-host") => return crate::script::child_main(&words[1..]),
        Some("stand-in") => return crate::lab::stand_in::main(&words[1..]),
        Some("practice-process") => return crate::lab::practice::main(&words[1..]),
        _ => {}
    }
    // One provider, chosen before anything opens a connection; the second call of a process changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let ended = bug::caught(|| runtime.block_on(dispatch(arguments.verb)));
    let exit = ended.unwrap_or_else(Ok).unwrap_or_else(|error| {
        output::people(&error.to_string());
        error.exit()
    });
    // A terminal that is being read from would keep the runtime waiting.
    runtime.shutdown_background();
    ExitCode::from(exit as u8)
}

async fn dispatch(verb: Verb) -> Result<Exit, CliError> {
    match verb {
        Verb::Run(arguments) => Box::pin(run::run(arguments)).await,
        Verb::Resume(arguments) => Box::pin(resume::resume(arguments)).await,
        Verb::Retry(arguments) => Box::pin(resume::retry(arguments)).await,
        Verb::Plan(arguments) => Box::pin(plan::plan(arguments)).await,
        Verb::Test(arguments) => Box::pin(test::test(arguments)).await,
        Verb::Drill(arguments) => Box::pin(drill::drill(arguments)).await,
        Verb::Observe(arguments) => observe::run(arguments).await,
        Verb::Rollback(arguments) => Box::pin(rollback::rollback(arguments)).await,
        Verb::Approve(arguments) => approve::approve(&arguments),
        Verb::Settle(arguments) => settle::settle(&arguments),
        Verb::Abandon(arguments) => abandon::abandon(&arguments),
        Verb::Runs(arguments) => runs::runs(&arguments),
        Verb::Show(arguments) => show::show(&arguments),
        Verb::WhyDown(arguments) => why_down::why_down(&arguments),
        Verb::Check(arguments) => check::check(arguments).await,
        Verb::Doctor(arguments) => Box::pin(doctor::doctor(arguments)).await,
        Verb::List(arguments) => list::list(&arguments).await,
        Verb::New(arguments) => new::new(&arguments),
        Verb::Review(arguments) => Box::pin(review::review(arguments)).await,
        Verb::Routes(arguments) => Box::pin(routes::routes(arguments)).await,
        Verb::Path(arguments) => path::path(&arguments),
        Verb::Smoke(arguments) => Box::pin(smoke::smoke(arguments)).await,
        Verb::Compare(arguments) => Box::pin(compare::compare(arguments)).await,
        Verb::ChangeSet(arguments) => change_set::change_set(&arguments),
        Verb::Curl(arguments) => curl::curl(&arguments),
        Verb::Explain(arguments) => explain::explain(&arguments),
        Verb::Completions(arguments) => Ok(shell::completions(&arguments)),
        Verb::Man => shell::man(),
        Verb::Api(arguments) => Ok(api::api(&arguments)),
        Verb::Journal(verb) => journal::journal(&verb),
        Verb::Environment(verb) => environment::environment(&verb),
        Verb::Demo(arguments) => demo::demo(arguments).await,
        Verb::Practice(verb) => practice::practice(verb).await,
    }
}
