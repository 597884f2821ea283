//! Every call of a source, looked up.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::known::Known;
use super::{error, nearest};
use crate::playbook::{Diagnostic, Severity};
use crate::script::child::{Unit, WITHHELD};

/// One call in a source.
pub(super) struct Found {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Owned, since a walk lends its nodes for one call only.
    pub(super) arguments: Vec<Expr>,
    pub(super) position: Position,
    pub(super) method: bool,
}

/// The call that a node is, if it is one. Operators are calls to the interpreter, not to people.
pub(super) fn as_call(node: &ASTNode<'_>) -> Option<Found> {
    let (call, position, method): (&FnCallExpr, Position, bool) = match node {
        ASTNode::Expr(Expr::FnCall(call, position))
        | ASTNode::Stmt(Stmt::FnCall(call, position)) => (call, *position, false),
        ASTNode::Expr(Expr::MethodCall(call, position)) => (call, *position, true),
        _ => return None,
    };
    if call.op_token.is_some() {
        return None;
    }
    Some(Found {
        namespace: call.namespace.to_string().trim_end_matches("::").to_owned(),
        name: call.name.to_string(),
        arguments: call.args.to_vec(),
        position,
        method,
    })
}

/// All calls of a source, in closures and functions too.
pub(super) fn in_unit(unit: &Unit) -> Vec<Found> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    unit.ast.walk(&mut |path: &[ASTNode]| {
        if let Some(call) = path.last().and_then(as_call)
            && seen.insert((call.position, call.name.clone()))
        {
            found.push(call);
        }
        true
    });
    found
}

/// Looks up every call of `unit`.
pub(super) fn check(
    unit: &Unit,
    found: &[Found],
    units: &[Unit],
    known: &Known,
) -> Vec<Diagnostic> {
    found
        .iter()
        .filter_map(|call| look_up(unit, call, units, known))
        .collect()
}

fn look_up(unit: &Unit, call: &Found, units: &[Unit], known: &Known) -> Option<Diagnostic> {
    let given = call.arguments.len();
    let at = |code, message: String, help: String| {
        Some(error(
            code,
            &unit.name,
            call.position,
            call.name.chars().count(),
            message,
            help,
        ))
    };
    if call.namespace.is_empty() {
        if let Some((word, instead)) = WITHHELD.iter().find(|(word, _)| *word == call.name) {
            return at(
                "withheld",
                format!("`{word}` is not part of the language of playbooks"),
                (*instead).to_owned(),
            );
        }
        return look_up_plain(unit, call, known);
    }
    if let Some(functions) = known.namespaces.get(&call.namespace) {
        let shown = format!("{}::{}", call.namespace, call.name);
        let Some(takes) = functions.get(&call.name) else {
            let near = nearest(&call.name, functions.keys().map(String::as_str));
            let help = near.map_or_else(
                || format!("`cutover api {}` lists what there is", call.namespace),
                |near| format!("did you mean `{}::{near}`?", call.namespace),
            );
            return at(
                "unknown-function",
                format!("there is no function `{shown}`"),
                help,
            );
        };
        if !takes.contains(&given) {
            let help = format!("`cutover api {shown}` shows how it is called");
            return at(
                "arguments",
                format!("`{shown}` takes {}, not {given}", spell(takes)),
                help,
            );
        }
        return None;
    }
    if call.namespace == "global" {
        return None;
    }
    let Some(path) = unit.imports.get(&call.namespace) else {
        let names = known
            .namespaces
            .keys()
            .chain(unit.imports.keys())
            .map(String::as_str);
        let help = nearest(&call.namespace, names)
            .map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        return at(
            "unknown-module",
            format!("there is no module `{}`", call.namespace),
            help,
        );
    };
    let module = units.iter().find(|unit| unit.name == *path)?;
    let public = || {
        module
            .ast
            .iter_functions()
            .filter(|function| !function.access.is_private())
    };
    let takes: BTreeSet<usize> = public()
        .filter(|function| function.name == call.name)
        .map(|function| function.params.len())
        .collect();
    if takes.is_empty() {
        let names: Vec<String> = public().map(|function| function.name.to_owned()).collect();
        let near = nearest(&call.name, names.iter().map(String::as_str));
        let help = near.map_or_else(String::new, |near| {
            format!("did you mean `{}::{near}`?", call.namespace)
        });
        return at(
            "unknown-function",
            format!("the module `{path}` has no function `{}`", call.name),
            help,
        );
    }
    if !takes.contains(&given) {
        let shown = format!("{}::{}", call.namespace, call.name);
        return at(
            "arguments",
            format!("`{shown}` takes {}, not {given}", spell(&takes)),
            String::new(),
        );
    }
    None
}

fn look_up_plain(unit: &Unit, call: &Found, known: &Known) -> Option<Diagnostic> {
    let own = || {
        unit.ast
            .iter_functions()
            .filter(|function| !function.name.starts_with("anon$"))
    };
    let mut takes: BTreeSet<usize> = own()
        .filter(|function| function.name == call.name)
        .map(|function| function.params.len())
        .collect();
    // A method call passes its receiver as the first argument to natives, and as `this` to script functions.
    let natives = known.plain.get(&call.name).into_iter().flatten();
    takes.extend(natives.filter_map(|count| count.checked_sub(usize::from(call.method))));
    let at = |code, message: String, help: String| {
        error(
            code,
            &unit.name,
            call.position,
            call.name.chars().count(),
            message,
            help,
        )
    };
    if takes.is_empty() {
        let names: Vec<String> = own()
            .map(|function| function.name.to_owned())
            .chain(known.plain.keys().cloned())
            .collect();
        let withheld = |name: &str| WITHHELD.iter().any(|(word, _)| *word == name);
        let words = names.iter().map(String::as_str).filter(|name| {
            name.chars().all(|c| c.is_alphanumeric() || c == '_') && !withheld(name)
        });
        let help = nearest(&call.name, words)
            .map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        let mut diagnostic = at(
            "unknown-function",
            format!("there is no function `{}`", call.name),
            help,
        );
        if call.method {
            // The receiver may be a map that holds a closure of this name.
            diagnostic.severity = Severity::Warning;
        }
        return Some(diagnostic);
    }
    if !takes.contains(&call.arguments.len()) {
        let message = format!(
            "`{}` takes {}, not {}",
            call.name,
            spell(&takes),
            call.arguments.len()
        );
        return Some(at("arguments", message, String::new()));
    }
    None
}

/// "1 or 2 arguments".
fn spell(takes: &BTreeSet<usize>) -> String {
    let counts: Vec<String> = takes.iter().map(ToString::to_string).collect();
    let plural = if takes.iter().eq([&1]) {
        "argument"
    } else {
        "arguments"
    };
    format!("{} {plural}", counts.join(" or "))
}

/// Where the header stands.
pub(super) fn header_place(unit: &Unit) -> Position {
    let header = unit
        .ast
        .statements()
        .iter()
        .find_map(|statement| match statement {
            Stmt::Var(parts, _, position) if parts.0.as_str() == "PLAYBOOK" => Some(*position),
            _ => None,
        });
    header.unwrap_or(Position::new(1, 1))
}
