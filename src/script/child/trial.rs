//! The conversation of a source of tests: each test in a world of its own, one after the other.

use std::time::Instant;

use rhai::{CallFnOptions, Dynamic, Engine, Scope};

use super::bench::SharedBench;
use super::engine;
use super::fault::Stop;
use super::link::{SharedLink, Wanted};
use super::load::{self, Parsed};
use crate::primitive::Failure;
use crate::run::Raised;
use crate::script::check;
use crate::script::protocol::{FromChild, SourceKind};
use crate::trial::Tested;

/// Loads the tests, runs them when asked to, and says what they reached.
pub(super) fn converse(link: &SharedLink, name: &str, text: &str) {
    let bench = SharedBench::new(link);
    let engine = engine::for_tests(link, &bench);
    let parsed = load::load(&engine, link, SourceKind::Tests, name, text);
    link.hold(&parsed.units);
    link.send(FromChild::Loaded(parsed.loaded()));
    let Some(unit) = parsed.units.first().filter(|_| parsed.runnable().is_some()) else {
        return;
    };
    let Some(Wanted::Test) = link.receive_wanted() else {
        return;
    };
    for test in check::tests_of(unit) {
        link.send(FromChild::Tested(Box::new(run(
            &engine, link, &bench, &parsed, test,
        ))));
    }
    let coverage = bench.coverage();
    link.send(FromChild::TestsEnded { coverage });
}

fn run(
    engine: &Engine,
    link: &SharedLink,
    bench: &SharedBench,
    parsed: &Parsed,
    test: String,
) -> Tested {
    let began = Instant::now();
    link.begin_anew();
    bench.begin_anew();
    let unit = parsed.units.first().expect("tests that run were parsed");
    // The source's own statements make its imports and constants anew for each test.
    let options = CallFnOptions::new().eval_ast(true);
    let result =
        engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), &unit.ast, &test, ());
    let raised = link.stopped(result).err().map(|stop| match stop {
        Stop::Raised(raised) => *raised,
        Stop::Budget(what) => given_up(format!("the test used up its budget of {what}")),
        Stop::Replayed | Stop::Abandoned | Stop::Gone => {
            given_up("nobody listens to the test any more".to_owned())
        }
    });
    Tested {
        name: test,
        milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        raised,
    }
}

fn given_up(message: String) -> Raised {
    Raised {
        failure: Failure::new("test.stopped", message),
        place: None,
        through: Vec::new(),
    }
}
