//! Names that would silently mean something else: functions that collide, imports that take a reserved name or hide in a block.

use std::collections::BTreeMap;

use rhai::{ASTNode, Expr, Position, Stmt};

use super::error;
use super::known::Known;
use crate::playbook::Diagnostic;
use crate::script::child::Unit;

/// Checks the names of all sources together.
pub(super) fn check(units: &[Unit], known: &Known) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for unit in units {
        diagnostics.extend(imports(unit, known));
        diagnostics.extend(shadowing(unit, known));
    }
    diagnostics.extend(collisions(units));
    diagnostics
}

/// Imports must be literal, at the top, and not under the name of a built-in namespace, which they would replace.
fn imports(unit: &Unit, known: &Known) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let top: Vec<Position> = unit.ast.statements().iter().map(Stmt::position).collect();
    unit.ast.walk(&mut |path: &[ASTNode]| {
        let Some(ASTNode::Stmt(Stmt::Import(parts, position))) = path.last() else { return true };
        let alias = parts.1.as_str();
        if !matches!(parts.0, Expr::StringConstant(..)) {
            let help = "write the module's path as a literal, so that what a playbook consists of is known before it runs";
            diagnostics.push(error("import-literal", &unit.name, *position, 6, "an import needs a literal path", help));
        }
        if !top.contains(position) {
            let help = "move the import to the top of the file";
            diagnostics.push(error("import-nested", &unit.name, *position, 6, "an import must stand at the top level", help));
        }
        if known.namespaces.contains_key(alias) || alias == "global" {
            let message = format!("`{alias}` is the name of a built-in namespace, which this import would replace");
            let help = "import it under another name";
            diagnostics.push(error("import-reserved", &unit.name, parts.1.pos, alias.len(), message, help));
        }
        true
    });
    diagnostics
}

/// A function with the name and arity of a built-in one would silently replace it, also where it is called as a method.
fn shadowing(unit: &Unit, known: &Known) -> Vec<Diagnostic> {
    let functions = unit
        .ast
        .iter_functions()
        .filter(|function| !function.name.starts_with("anon$"));
    let shadowed = functions.filter(|function| {
        let natives = known.plain.get(function.name);
        let count = function.params.len();
        // Called as a method it is found with one argument more, of whatever type where it names none.
        let typed = function.this_type.is_some();
        let takes = |count: usize| natives.is_some_and(|takes| takes.contains(&count));
        takes(count + 1) || (!typed && takes(count))
    });
    let diagnostic = |function: rhai::ScriptFnMetadata<'_>| {
        let message = format!(
            "the function `{}` would replace a built-in one of the same name",
            function.name
        );
        error(
            "shadowing",
            &unit.name,
            find(unit, function.name),
            function.name.len(),
            message,
            "give it another name",
        )
    };
    shadowed.map(diagnostic).collect()
}

/// A closure does not carry the namespace it was made in: called in a module, it finds that module's functions first.
fn collisions(units: &[Unit]) -> Vec<Diagnostic> {
    let mut owners: BTreeMap<(String, usize), &Unit> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for unit in units.iter().rev() {
        for function in unit
            .ast
            .iter_functions()
            .filter(|function| !function.name.starts_with("anon$"))
        {
            let key = (function.name.to_owned(), function.params.len());
            match owners.get(&key) {
                None => {
                    owners.insert(key, unit);
                }
                Some(owner) => {
                    let message = format!(
                        "`{}` is a function of `{}` too; a closure could call the wrong one",
                        function.name, owner.name
                    );
                    let place = find(unit, function.name);
                    diagnostics.push(error(
                        "collision",
                        &unit.name,
                        place,
                        function.name.len(),
                        message,
                        "give one of them another name",
                    ));
                }
            }
        }
    }
    diagnostics
}

/// Where the function `name` is defined: the parsed form keeps the place of its body only.
pub(super) fn find(unit: &Unit, name: &str) -> Position {
    let place = unit.text.lines().enumerate().find_map(|(index, line)| {
        let start = line.find("fn ")? + 3;
        let rest = &line[start..];
        let own = rest
            .trim_start()
            .rsplit_once('.')
            .map_or(rest.trim_start(), |(_, own)| own);
        let named = rest.trim_start().starts_with(name) || own.starts_with(name);
        named.then(|| {
            (
                index + 1,
                line[..start + rest.find(name).unwrap_or(0)].chars().count() + 1,
            )
        })
    });
    let (line, column) = place.unwrap_or((1, 1));
    Position::new(
        u16::try_from(line).unwrap_or(u16::MAX),
        u16::try_from(column).unwrap_or(1),
    )
}
