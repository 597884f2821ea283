//! Closures that do something else than they seem to: stored in a loop, or calling primitives where their failures are lost.

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
    if !call.method || !DEAF.contains(&call.name.as_str()) {
        return None;
    }
    let acts = call.arguments.iter().any(calls_namespace_in(unit));
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

/// Whether an argument is a closure whose body calls something in a namespace.
fn calls_namespace_in(unit: &Unit) -> impl Fn(&Expr) -> bool {
    move |argument| {
        let name = match argument {
            Expr::DynamicConstant(value, _) => value
                .read_lock::<rhai::FnPtr>()
                .map(|closure| closure.fn_name().to_owned()),
            Expr::FnCall(call, _) if call.name == "curry" => {
                call.args.first().and_then(|first| match first {
                    Expr::DynamicConstant(value, _) => value
                        .read_lock::<rhai::FnPtr>()
                        .map(|closure| closure.fn_name().to_owned()),
                    _ => None,
                })
            }
            _ => None,
        };
        let Some(name) = name else { return false };
        let shared = unit.ast.shared_lib();
        let Some(function) = shared
            .iter_script_fn_info()
            .find(|function| function.4.name == name)
        else {
            return false;
        };
        let body = function.4.body.start_position()..=function.4.body.end_position();
        super::calls::in_unit(unit)
            .iter()
            .any(|call| !call.namespace.is_empty() && body.contains(&call.position))
    }
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
