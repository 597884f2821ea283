//! What can be known to be wrong with a playbook before it runs.
//!
//! Rhai tells of an unknown function when it is called, which in an upgrade is in the middle of the night, and lets a `catch` hide
//! it. So every call is looked up here, in dead branches and closures too, with its place and the nearest name that exists.

mod calls;
mod closures;
mod known;
mod names;
mod needs;
mod tests;

use rhai::{AST, Engine, Expr, Position, Stmt};

use crate::playbook::{Diagnostic, Header, Severity};
use crate::script::child::Unit;

pub(super) use needs::{verbs, verbs_called};
pub(super) use tests::{tests, tests_of};

/// Checks the playbook, the first of `units`, and its modules.
pub(super) fn check(engine: &Engine, units: &[Unit], header: Option<&Header>) -> Vec<Diagnostic> {
    let known = known::Known::of(engine);
    let mut diagnostics = names::check(units, &known);
    for unit in units {
        let found = calls::in_unit(unit);
        diagnostics.extend(calls::check(unit, &found, units, &known));
        diagnostics.extend(closures::check(unit));
    }
    if let (Some(header), Some(playbook)) = (header, units.first()) {
        diagnostics.extend(needs::check(header, playbook, units));
    }
    for diagnostic in &mut diagnostics {
        diagnostic.phase = units
            .iter()
            .find(|unit| unit.name == diagnostic.source)
            .and_then(|unit| phase_around(&unit.ast, diagnostic.line));
    }
    diagnostics
}

/// The imports at the top level: module, alias, place. Paths that are not literals are left to [`names`].
pub(super) fn top_imports(ast: &AST) -> Vec<(String, String, Position)> {
    let imports = ast
        .statements()
        .iter()
        .filter_map(|statement| match statement {
            Stmt::Import(parts, _) => match &parts.0 {
                Expr::StringConstant(path, position) => {
                    Some((path.to_string(), parts.1.as_str().to_owned(), *position))
                }
                _ => None,
            },
            _ => None,
        });
    imports.collect()
}

/// An error at a place.
pub(super) fn error(
    code: &str,
    source: &str,
    position: Position,
    length: usize,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Diagnostic {
    let help: String = help.into();
    Diagnostic {
        code: code.to_owned(),
        severity: Severity::Error,
        message: message.into(),
        source: source.to_owned(),
        line: position
            .line()
            .and_then(|line| u32::try_from(line).ok())
            .unwrap_or(1),
        column: position
            .position()
            .and_then(|column| u32::try_from(column).ok())
            .unwrap_or(1),
        length: u32::try_from(length.max(1)).unwrap_or(1),
        phase: None,
        help: (!help.is_empty()).then_some(help),
    }
}

/// The nearest of `known` to `name`, if it is near enough to have been meant.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = if name.len() <= 3 { 1 } else { 2 };
    let near = known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()?;
    (near.0 <= allowed).then_some(near.1)
}

/// The built-in namespace that is nearest to `name`.
pub(super) fn nearest_namespace(engine: &Engine, name: &str) -> Option<String> {
    let known = known::Known::of(engine);
    nearest(name, known.namespaces.keys().map(String::as_str)).map(str::to_owned)
}

/// The name of the phase whose statement is around `line`. Phases are statements at the top level; the interpreter gives places
/// without ends, so a statement goes on until the next one.
fn phase_around(ast: &AST, line: u32) -> Option<String> {
    let begins = |statement: &&Stmt| {
        statement
            .position()
            .line()
            .is_some_and(|begin| begin <= line as usize)
    };
    let statement = ast.statements().iter().rfind(begins)?;
    let mut name = None;
    statement.walk(&mut Vec::new(), &mut |path| {
        if let Some(call) = path.last().and_then(calls::as_call)
            && call.namespace == "run"
            && call.name == "phase"
            && let Some(Expr::StringConstant(text, _)) = call.arguments.first()
        {
            name.get_or_insert_with(|| text.to_string());
        }
        true
    });
    name
}
