//! Closures that do something else than they seem to: stored in a loop, or calling primitives where their failures are lost.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, Position, Stmt};

use super::calls::{Found, as_call};
use super::error;
use crate::playbook::Diagnostic;
use crate::script::child::Unit;

/// Array methods that ignore what their closure raises.
const DEAF: [&str; 4] = ["sort", "dedup", "sort_by", "order_by"];

/// Array methods that call their closure at once.
const AT_ONCE: [&str; 12] = [
    "map",
    "filter",
    "for_each",
    "reduce",
    "reduce_rev",
    "some",
    "all",
    "find",
    "find_map",
    "index_of",
    "retain",
    "drain",
];

/// Checks the closures of `unit`.
pub(super) fn check(unit: &Unit) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    unit.ast.walk(&mut |path: &[ASTNode]| {
        let Some(node) = path.last() else { return true };
        if let Some(call) = as_call(node) {
            diagnostics.extend(deaf(unit, &call));
        }
        if let ASTNode::Expr(Expr::FnCall(call, position)) = node
            && call.name == "curry"
        {
            diagnostics.extend(loop_capture(unit, path, &call.args, *position));
        }
        true
    });
    diagnostics
}

/// A comparer's failure is passed over by the interpreter, so it must not call primitives.
fn deaf(unit: &Unit, call: &Found) -> Option<Diagnostic> {
    if !call.namespace.is_empty() || !DEAF.contains(&call.name.as_str()) {
        return None;
    }
    let acting = acting(unit);
    let acts = call
        .arguments
        .iter()
        .flat_map(functions_named_in)
        .any(|name| acting.contains(&name));
    let message = format!("a failure inside `{}` would be lost", call.name);
    acts.then(|| {
        error(
            "deaf-closure",
            &unit.name,
            call.position,
            call.name.len(),
            message,
            "call primitives before, and sort their answers",
        )
    })
}

/// The functions that an argument hands over: a closure, with or without captures, `Fn("name")`, or a function's bare name.
fn functions_named_in(argument: &Expr) -> Vec<String> {
    let mut names = Vec::new();
    argument.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
        match path.last() {
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                let closure = value.read_lock::<rhai::FnPtr>();
                names.extend(closure.map(|closure| closure.fn_name().to_owned()));
            }
            Some(ASTNode::Expr(Expr::StringConstant(name, _))) => names.push(name.to_string()),
            Some(ASTNode::Expr(Expr::Variable(parts, ..))) => names.push(parts.1.to_string()),
            _ => {}
        }
        true
    });
    names
}

/// The functions and closures of `unit` that call something in a namespace, by themselves or through one another.
fn acting(unit: &Unit) -> BTreeSet<String> {
    let functions: Vec<(String, Vec<Found>)> = unit
        .ast
        .iter_functions()
        .map(|function| (function.name.to_owned(), calls_of(unit, function.name)))
        .collect();
    let mut acting = BTreeSet::new();
    loop {
        let acts = |call: &Found| !call.namespace.is_empty() || acting.contains(&call.name);
        let more: Vec<String> = functions
            .iter()
            .filter(|(_, calls)| calls.iter().any(acts))
            .map(|(name, _)| name.clone())
            .collect();
        let before = acting.len();
        acting.extend(more);
        if acting.len() == before {
            return acting;
        }
    }
}

/// The calls in a function's body. Comparing places would not do: a body that is one expression has no end.
fn calls_of(unit: &Unit, function: &str) -> Vec<Found> {
    let mut alone = unit.ast.clone_functions_only();
    alone.retain_functions(|_, _, name, _| name == function);
    let mut calls = Vec::new();
    alone.walk(&mut |path: &[ASTNode]| {
        calls.extend(path.last().and_then(as_call));
        true
    });
    calls
}

/// A closure that is kept beyond the pass of the loop it was made in sees the variable's last value, since it shares it.
fn loop_capture(
    unit: &Unit,
    path: &[ASTNode],
    arguments: &[Expr],
    position: Position,
) -> Option<Diagnostic> {
    let captured: Vec<&str> = arguments
        .iter()
        .filter_map(|argument| match argument {
            Expr::Variable(parts, ..) => Some(parts.1.as_str()),
            _ => None,
        })
        .collect();
    let variable = path.iter().rev().find_map(|node| match node {
        ASTNode::Stmt(Stmt::For(parts, _)) => {
            let names = [
                Some(parts.0.as_str()),
                parts.1.as_ref().map(rhai::Ident::as_str),
            ];
            names
                .into_iter()
                .flatten()
                .find(|name| captured.contains(name))
                .map(str::to_owned)
        }
        _ => None,
    })?;
    // A closure that is handed straight to what calls it, or to `run::on_rollback`, which freezes it, is safe.
    let handed = path.iter().rev().skip(1).find_map(|node| match node {
        ASTNode::Expr(Expr::Stmt(_)) | ASTNode::Stmt(Stmt::Share(_) | Stmt::Expr(_)) => None,
        other => Some(as_call(other)),
    });
    let safe = handed.flatten().is_some_and(|call| {
        call.namespace == "run" || (call.method && AT_ONCE.contains(&call.name.as_str()))
    });
    let message =
        format!("this closure shares the loop's variable `{variable}` and will see its last value");
    let help = format!("copy it inside the loop first: `let own = {variable};`");
    (!safe).then(|| error("loop-capture", &unit.name, position, 1, message, help))
}
