//! The child process: it parses, checks and interprets, and asks the supervisor for everything else.
//!
//! Kernel confinement goes here, before the first line is read. Until then the child is held by what it is given: no environment,
//! no descriptor but the pipe, and no word of the language that acts by itself.

mod bench;
mod channel;
mod closures;
mod engine;
mod fault;
mod inside;
mod link;
mod load;
mod play;
mod raised;
mod resolver;
mod trial;
mod values;

use std::collections::BTreeMap;
use std::process::ExitCode;

use rhai::{AST, Dynamic, Engine, Scope};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::Value;

pub(super) use bench::SharedBench;
pub(super) use channel::StandardStreams;
pub(super) use closures::Kept;
pub(super) use engine::{WITHHELD, engine};
pub(super) use link::{Link, SharedLink};
pub(super) use load::Unit;
pub(super) use values::{Raise, text_argument, to_dynamic, to_json, values_argument};

use link::Wanted;

use super::protocol::{FromChild, Inventory, SourceKind, ToChild, VERSION};
use crate::playbook::Header;
use crate::run::Request;

/// The stack of the one thread that interprets. Deep values overflow an ordinary stack when they are dropped or printed, and a
/// stack that overflows aborts. It is virtual memory: only what is used is there.
const STACK: usize = 256 << 20;

/// The address space of the process, in bytes: the stack, the binary, and ample room for values.
const MEMORY: u64 = 1 << 30;

/// Runs the child until the supervisor closes the pipe.
#[must_use]
pub fn main() -> ExitCode {
    // Without a fixed seed the names of closures differ between processes, and could reach a record.
    let seeded = rhai::config::hashing::set_hashing_seed(Some([1, 2, 3, 4]));
    debug_assert!(seeded.is_ok(), "nothing was hashed before");
    if bound_memory().is_err() {
        return ExitCode::FAILURE;
    }
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(converse);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(_)) | Err(_) => ExitCode::FAILURE,
    }
}

/// What the process takes in all. The interpreter's limits are per value: closures hoard without ever reaching one. A process that
/// reaches this one aborts, which ends the script and nothing else.
fn bound_memory() -> rustix::io::Result<()> {
    let limit = |bytes| Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    setrlimit(Resource::As, limit(MEMORY))?;
    // A core file would hold what the playbook knew.
    setrlimit(Resource::Core, limit(0))
}

/// The conversation: load, then run or play.
fn converse() {
    let link = SharedLink::new(Link::over(StandardStreams::new()));
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
        Some(Wanted::Test) | None => {}
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
