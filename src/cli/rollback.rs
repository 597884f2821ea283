//! `cutover rollback RUN`: back, from wherever the run stands.

use std::io::Write as _;

use super::exit::{CliError, Exit};
use super::injection::Injection;
use super::inventory::inventory;
use super::runner::{Manner, Runner, TakenUp, lock_world, store, stored_environment};
use super::sandbox::{self, SandboxArguments};
use super::way_back::{WayArgument, choose};
use super::{OutputFormat, Place, output};
use crate::environment::Environment;
use crate::journal::{Ending, Mark, RunId, RunState, Way};
use crate::render::clean_lines;
use crate::run::{EnvironmentLock, roll_back};
use crate::script::{Host, Sources};

/// Arguments of `cutover rollback`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The run, or the beginning of its name.
    run: String,
    #[command(flatten)]
    place: Place,
    /// How a migrated database goes back; where none is named, by the kept copy if it is there, else by the backup.
    #[arg(long)]
    way: Option<WayArgument>,
    /// How the run is shown.
    #[arg(short, long, default_value = "text")]
    output: OutputFormat,
    /// The environment's name, typed to confirm the rollback of a run that clients have used; asked for at a terminal.
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    #[command(flatten)]
    injection: Injection,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

pub(super) async fn rollback(arguments: Arguments) -> Result<Exit, CliError> {
    let store = store(&Environment::load(&arguments.place.environment)?)?;
    let directory = store.find(&RunId(arguments.run))?;
    let environment = stored_environment(&directory)?;
    let _lock = EnvironmentLock::take(&store, &environment.name, &directory.run())?;
    EnvironmentLock::require_free(&store, &environment.name, Some(&directory.run()))?;
    let term = arguments.injection.term();
    let locks = lock_world(&environment, &directory.run().0, Mark::Rollback, term).await?;
    let (opened, state) = directory.open_journal()?;
    refuse(&state).map_err(|error| error.under(&state))?;
    EnvironmentLock::require_newest(&store, &environment.name, (&directory.run(), &state))?;
    let wanted = arguments.way.map(Way::from);
    let choice = choose(wanted, &state, &environment, &directory).await?;
    if let Some(choice) = &choice {
        output::people(&clean_lines(&choice.screen));
    }
    if state.admitted() || state.past_return() {
        confirm(&environment.name, arguments.confirm)?;
    }
    let header = state
        .header
        .clone()
        .ok_or_else(|| CliError::refused("the run ended before its first record"))?;
    let sources = Sources::stored(&directory, &state.sources_folder(), &header)?;
    let (mut host, _) = Host::load(sources, arguments.sandbox.terms(&environment)).await?;
    sandbox::warn(&host);
    host.provide(header.parameters.clone(), inventory(&environment));
    let manner = Manner {
        format: arguments.output,
        wait: false,
        approved: false,
        injection: arguments.injection,
    };
    let runner = Runner::attach(TakenUp {
        journal: opened.journal,
        state,
        begun: None,
        cut: opened.cut,
        directory: &directory,
        environment: &environment,
        mark: Mark::Rollback,
        manner,
        locks,
    })?;
    if let Some(choice) = choice {
        let recorded = runner
            .gate
            .recorder()
            .sync(jiff::Timestamp::now(), choice.event());
        recorded.map_err(|fault| CliError::usage(fault.to_string()))?;
    }
    runner
        .until_concluded(host, async |gate, host| {
            Box::pin(roll_back(gate, host, "a rollback was asked for")).await
        })
        .await
        .map(|exit| {
            // Asked for and done is success; when the run failed by itself the same ending is not.
            if exit == Exit::Undone {
                Exit::Done
            } else {
                exit
            }
        })
}

fn refuse(state: &RunState) -> Result<(), CliError> {
    let over = match state.ending {
        Some(Ending::Undone | Ending::UndoneUnverified) => "the run is undone already",
        Some(Ending::Refused) => "the run touched nothing",
        _ if state.abandoned => "the run was given up",
        _ => return Ok(()),
    };
    Err(CliError::refused(over))
}

/// Asks for the environment's name: what clients wrote since would be lost.
fn confirm(name: &str, given: Option<String>) -> Result<(), CliError> {
    let typed = match given {
        Some(typed) => typed,
        None if output::at_terminal() => {
            let _ = write!(
                std::io::stderr(),
                "Clients have used what this run changed. Type `{name}` to take it back: "
            );
            let mut line = String::new();
            let _ = std::io::stdin().read_line(&mut line);
            line.trim().to_owned()
        }
        None => String::new(),
    };
    if typed == name {
        return Ok(());
    }
    Err(CliError::refused(
        "clients have used what this run changed, and the rollback was not confirmed",
    )
    .hint(format!("confirm it with `--confirm {name}`")))
}
