//! The header against the body: parameters that are used and not declared, verbs that are called and not declared.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr};

use super::{calls, error, nearest};
use crate::playbook::{Diagnostic, Header, Severity};
use crate::primitive::Intent;
use crate::script::child::Unit;

/// Compares the header with what the playbook and its modules do.
pub(super) fn check(header: &Header, playbook: &Unit, units: &[Unit]) -> Vec<Diagnostic> {
    let mut diagnostics = parameters(header, playbook);
    let mut called = BTreeSet::new();
    for unit in units {
        for call in calls::in_unit(unit) {
            let verb = format!("{}.{}", call.namespace, call.name);
            if !Intent::VERBS.contains(&verb.as_str()) || !needs_declaring(&verb) {
                continue;
            }
            if !header.declares(&verb) && called.insert(verb.clone()) {
                let shown = format!("{}::{}", call.namespace, call.name);
                let message =
                    format!("`{shown}` is called and `{verb}` is not among the header's needs");
                let help = format!(
                    "add `\"{verb}\"` to `needs` in the header of `{}`",
                    playbook.name
                );
                diagnostics.push(error(
                    "undeclared-need",
                    &unit.name,
                    call.position,
                    call.name.len(),
                    message,
                    help,
                ));
            }
            called.insert(verb);
        }
    }
    let unused = header.needs.iter().filter(|need| {
        let declared = Header {
            needs: vec![(*need).clone()],
            ..header.clone()
        };
        !called.iter().any(|verb| declared.declares(verb))
    });
    diagnostics.extend(unused.map(|need| {
        let message = format!("the header declares the need `{need}`, and nothing calls it");
        let place = super::calls::header_place(playbook);
        let diagnostic = error(
            "unused-need",
            &playbook.name,
            place,
            1,
            message,
            "take it out; a reader grants what is declared",
        );
        Diagnostic {
            severity: Severity::Warning,
            ..diagnostic
        }
    }));
    diagnostics
}

/// The verbs that the sources call, of those that need a grant.
pub(in crate::script) fn verbs(units: &[Unit]) -> Vec<String> {
    let called = units
        .iter()
        .flat_map(calls::in_unit)
        .map(|call| format!("{}.{}", call.namespace, call.name));
    let known =
        called.filter(|verb| Intent::VERBS.contains(&verb.as_str()) && needs_declaring(verb));
    known.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Every call of a primitive in `unit`: its verb and its line.
pub(in crate::script) fn verbs_called(unit: &Unit) -> Vec<(String, u32)> {
    let calls = calls::in_unit(unit).into_iter().filter_map(|call| {
        let line = u32::try_from(call.position.line()?).ok()?;
        Some((format!("{}.{}", call.namespace, call.name), line))
    });
    calls
        .filter(|(verb, _)| Intent::VERBS.contains(&verb.as_str()))
        .collect()
}

/// The words about the run and the clock change nothing outside, and need no leave.
fn needs_declaring(verb: &str) -> bool {
    !verb.starts_with("run.") && !verb.starts_with("clock.")
}

/// `params.name` where the header declares no `name`.
fn parameters(header: &Header, playbook: &Unit) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    playbook.ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::Dot(parts, _, _))) = path.last()
            && let Expr::Variable(variable, ..) = &parts.lhs
            && variable.1.as_str() == "params"
        {
            let property = match &parts.rhs {
                Expr::Property(property, position) => Some((property, *position)),
                Expr::Dot(inner, _, _) => match &inner.lhs {
                    Expr::Property(property, position) => Some((property, *position)),
                    _ => None,
                },
                _ => None,
            };
            if let Some((property, position)) = property
                && !header.params.contains_key(property.2.as_str())
            {
                let name = property.2.as_str();
                let near = nearest(name, header.params.keys().map(String::as_str));
                let help = near.map_or_else(
                    || "declare it under `params` in the header".to_owned(),
                    |near| format!("did you mean `params.{near}`?"),
                );
                let message = format!("the header declares no parameter `{name}`");
                diagnostics.push(error(
                    "undeclared-parameter",
                    &playbook.name,
                    position,
                    name.len(),
                    message,
                    help,
                ));
            }
        }
        true
    });
    diagnostics
}
