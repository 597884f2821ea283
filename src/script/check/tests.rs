//! What makes a source one of tests: functions whose names begin with `test_`, that take nothing.

use rhai::Position;

use super::{error, names};
use crate::playbook::Diagnostic;
use crate::script::child::Unit;

/// What the name of a test begins with.
const TEST: &str = "test_";

/// Checks a source of tests.
pub(in crate::script) fn tests(unit: &Unit) -> Vec<Diagnostic> {
    let taking = unit
        .ast
        .iter_functions()
        .filter(|function| function.name.starts_with(TEST) && !function.params.is_empty());
    let mut diagnostics: Vec<Diagnostic> = taking
        .map(|function| {
            let message = format!("the test `{}` takes arguments", function.name);
            let place = names::find(unit, function.name);
            let help = "nobody would give them; call what they share from a test that takes none";
            error(
                "test-arguments",
                &unit.name,
                place,
                function.name.len(),
                message,
                help,
            )
        })
        .collect();
    if diagnostics.is_empty() && tests_of(unit).is_empty() {
        let help = "write `fn test_…() { … }`; `cutover check` checks playbooks";
        let message = "there is no test in this file";
        diagnostics.push(error(
            "no-tests",
            &unit.name,
            Position::new(1, 1),
            1,
            message,
            help,
        ));
    }
    diagnostics
}

/// The names of the tests, in their order.
pub(in crate::script) fn tests_of(unit: &Unit) -> Vec<String> {
    let functions = unit.ast.iter_functions();
    let mut names: Vec<String> = functions
        .filter(|function| function.name.starts_with(TEST) && function.params.is_empty())
        .map(|function| function.name.to_owned())
        .collect();
    names.sort();
    names
}
