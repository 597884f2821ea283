//! `cutover resume RUN --playbook FILE`: an edited playbook takes the place of the one that a run went by, if it would have gone
//! the same way so far. Everything is looked at before anything is written.

use super::check::refuse_rejected;
use super::exit::{CliError, Exit};
use super::inventory::inventory;
use super::needs::{self, refuse_denied};
use super::operator::login;
use crate::environment::Environment;
use crate::journal::{Actor, Adoption, Direction, Event, Header, RunDirectory, RunState};
use crate::playbook::resolve_again;
use crate::run::{Fault, retrace};
use crate::script::{Host, Sources, Terms};

/// What came of the wish to adopt a playbook.
pub(super) enum Edited {
    /// It can be adopted: its process, and the event that says so.
    Sound(Box<Host>, Box<Event>),
    /// The check rejects it, and has said why.
    Rejected(Exit),
}

/// Loads the playbook `name`, checks it like a new one, and lets it walk the recorded past of `state`.
pub(super) async fn edited(
    name: &str,
    state: &RunState,
    header: &Header,
    environment: &Environment,
    terms: Terms,
) -> Result<Edited, CliError> {
    if state.direction == Direction::Unwinding {
        return Err(
            CliError::refused("the run is on its way back, by what it has recorded")
                .hint("go on back with `cutover rollback`"),
        );
    }
    let (mut host, loaded) = Host::load(Sources::find(name)?, terms).await?;
    if let Some(exit) = refuse_rejected(&loaded, host.sources()) {
        return Ok(Edited::Rejected(exit));
    }
    let declared = loaded
        .header
        .as_ref()
        .expect("a playbook without a header is rejected");
    let declaring = Header {
        needs: Some(needs::written(&declared.needs)),
        ..header.clone()
    };
    refuse_denied(
        &loaded,
        &needs::permissions(environment, &declaring),
        &environment.name,
    )?;
    let clusters: Vec<&str> = environment.clusters.keys().map(String::as_str).collect();
    let databases = environment.database_names();
    let parameters = resolve_again(&declared.params, &header.parameters, &clusters, &databases)
        .map_err(|error| {
            CliError::usage(error.to_string())
                .hint("a run keeps the values that it has: give a new parameter a preset")
        })?;
    host.provide(parameters.clone(), inventory(environment));
    let mut past = state.clone();
    past.reopen_phases();
    retrace(&past, &mut host).await.map_err(refused)?;
    let adoption = Adoption {
        by: Actor::Person(login()),
        playbook: host.sources().name.clone(),
        api: declared.api,
        replaced: header.sources.clone(),
        sources: host.sources().digests(),
        parameters,
        needs: Some(needs::written(&declared.needs)),
    };
    let event = Event::PlaybookAdopted(Box::new(adoption));
    Ok(Edited::Sound(Box::new(host), Box::new(event)))
}

/// Stores the sources of an edited playbook beside those that `state` goes by.
pub(super) fn store_edited(
    host: &Host,
    directory: &RunDirectory,
    state: &RunState,
) -> Result<(), CliError> {
    Ok(host
        .sources()
        .store(directory, &state.next_sources_folder())?)
}

fn refused(fault: Fault) -> CliError {
    match fault {
        Fault::Journal(error) => error.into(),
        fault => CliError::refused(fault.to_string()).hint(
            "nothing was changed; what is recorded cannot be edited any more, only what comes after it",
        ),
    }
}
