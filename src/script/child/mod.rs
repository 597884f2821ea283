//! The child process: it parses, checks and interprets, and asks the supervisor for everything else.
//!
//! Before it reads a line it confines itself ([`confinement`]). Besides, it is held by what it is given: no environment, no
//! descriptor but the pipe, and no word of the language that acts by itself.

mod bench;
mod channel;
mod checks;
mod closures;
mod comparing;
mod confinement;
mod engine;
mod fault;
#[cfg(test)]
mod fuzz;
mod inside;
mod link;
mod load;
mod memory;
mod play;
mod raised;
mod resolver;
mod trial;
mod values;

use std::collections::BTreeMap;
use std::process::ExitCode;

use rhai::{AST, Dynamic, Engine, Scope};
use serde_json::Value;

pub(super) use bench::SharedBench;
pub(super) use channel::StandardStreams;
pub(super) use closures::{Kept, truth_of};
pub(super) use engine::{WITHHELD, engine};
pub(super) use link::{Link, SharedLink};
pub(super) use load::Unit;
pub(super) use values::{Raise, text_argument, to_dynamic, to_json, values_argument};

use link::Wanted;

use super::protocol::{FromChild, Inventory, SourceKind, ToChild, VERSION};
use crate::environment::Budgets;
use crate::journal::Sandbox;
use crate::playbook::Header;
use crate::run::Request;

/// Runs the child until the supervisor closes the pipe. `words` follow the word that made the binary the child: its budgets.
#[must_use]
pub fn main(words: &[String]) -> ExitCode {
    let Some(Ok(budgets)) = words.first().map(|word| serde_json::from_str(word)) else {
        return ExitCode::FAILURE;
    };
    // Without a fixed seed the names of closures differ between processes, and could reach a record.
    let seeded = rhai::config::hashing::set_hashing_seed(Some([1, 2, 3, 4]));
    debug_assert!(seeded.is_ok(), "nothing was hashed before");
    match confinement::confined(budgets, move |sandbox| converse(budgets, sandbox)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The conversation: load, then run or play.
fn converse(budgets: Budgets, sandbox: Sandbox) {
    memory::bound(budgets.memory_bytes());
    let link = SharedLink::new(Link::over(StandardStreams::new(), budgets));
    link.send(FromChild::Confined { sandbox });
    let Some(ToChild::Load {
        version: VERSION,
        kind,
        name,
        text,
    }) = link.receive()
    else {
        return;
    };
    if kind == SourceKind::Tests {
        return trial::converse(&link, &name, &text);
    }
    if kind == SourceKind::Checks {
        return checks::converse(&link, &name, &text);
    }
    let engine = engine(&link);
    let parsed = load::load(&engine, &link, kind, &name, &text);
    link.hold(&parsed.units);
    link.send(FromChild::Loaded(parsed.loaded()));
    let Some(playbook) = parsed.runnable() else {
        return;
    };
    match link.receive_wanted() {
        Some(Wanted::Run(parameters, inventory)) => {
            run(&engine, &link, playbook, &parameters, inventory);
        }
        Some(Wanted::Play(job)) => play::play(&link, &parsed.units, playbook, *job),
        Some(Wanted::Test | Wanted::List) | None => {}
    }
}

/// The conversation of a script whose gate is elsewhere: begin, closures.
fn interpret(engine: &Engine, link: &SharedLink, playbook: &AST) {
    if let Some(Wanted::Run(parameters, inventory)) = link.receive_wanted() {
        run(engine, link, playbook, &parameters, inventory);
    }
}

fn run(
    engine: &Engine,
    link: &SharedLink,
    playbook: &AST,
    parameters: &BTreeMap<String, Value>,
    inventory: Inventory,
) {
    link.set_inventory(inventory);
    let mut scope = Scope::new();
    let parameters = parameters
        .iter()
        .map(|(name, value)| (name.as_str().into(), values::to_dynamic(value)));
    scope.push_constant("params", Dynamic::from_map(parameters.collect()));
    let result = engine.eval_ast_with_scope::<Dynamic>(&mut scope, playbook);
    link.send(FromChild::Request(match link.stopped(result) {
        Ok(()) => Request::Done,
        Err(fault::Stop::Raised(raised)) => Request::Raised(*raised),
        Err(fault::Stop::Replayed) => Request::Replayed,
        Err(fault::Stop::Budget(what)) => {
            link.send(FromChild::Budget { what });
            return closures::serve(engine, link);
        }
        // The supervisor asks for a closure instead of answering: it has given up on the playbook.
        Err(fault::Stop::Abandoned) => return closures::serve(engine, link),
        Err(fault::Stop::Gone) => return,
    }));
    closures::serve(engine, link);
}

/// Reads the header from the playbook's constant, or says what is wrong with it.
fn read_header(value: &Dynamic) -> Result<Header, String> {
    let value = values::to_json(value)?;
    Header::read(&value).map_err(|error| error.to_string())
}
