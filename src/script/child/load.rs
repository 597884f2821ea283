//! From a text to something that can run: parsed, its modules fetched, its header read, everything checked.

use std::collections::BTreeMap;

use rhai::{
    AST, ASTFlags, Dynamic, Engine, Expr, ParseError, ParseErrorType, Position, Scope, Stmt,
};

use super::link::SharedLink;
use super::read_header;
use crate::playbook::{Diagnostic, Header, Severity};
use crate::script::check;
use crate::script::protocol::{FromChild, Loaded, SourceKind, ToChild};

/// The name of the constant that is a playbook's header.
const HEADER: &str = "PLAYBOOK";

/// One parsed source with the imports that it begins with.
pub(in crate::script) struct Unit {
    /// The source's name.
    pub(in crate::script) name: String,
    /// The parsed text.
    pub(in crate::script) ast: AST,
    /// The text, for lines that messages quote.
    pub(in crate::script) text: String,
    /// Path of each imported module by the alias it is imported as.
    pub(in crate::script) imports: BTreeMap<String, String>,
}

/// A playbook with its modules.
pub(in crate::script) struct Parsed {
    /// The playbook first, then the modules; empty where the playbook cannot be parsed.
    pub(in crate::script) units: Vec<Unit>,
    pub(super) header: Option<Header>,
    about: String,
    pub(super) diagnostics: Vec<Diagnostic>,
    verbs: Vec<String>,
}

impl Parsed {
    pub(super) fn loaded(&self) -> Loaded {
        Loaded {
            header: self.header.clone(),
            about: self.about.clone(),
            diagnostics: self.diagnostics.clone(),
            verbs: self.verbs.clone(),
        }
    }

    /// The playbook, if nothing speaks against running it.
    pub(super) fn runnable(&self) -> Option<&AST> {
        let refused = self
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error);
        self.units
            .first()
            .filter(|_| !refused)
            .map(|unit| &unit.ast)
    }
}

/// Loads the playbook or the tests `name`, asking the supervisor for the modules.
pub(super) fn load(
    engine: &Engine,
    link: &SharedLink,
    kind: SourceKind,
    name: &str,
    text: &str,
) -> Parsed {
    let mut loader = Loader {
        engine,
        link,
        root: name,
        units: Vec::new(),
        diagnostics: Vec::new(),
    };
    loader.unit(name, text, kind == SourceKind::Playbook, &mut Vec::new());
    let Loader {
        mut units,
        mut diagnostics,
        ..
    } = loader;
    // Modules were finished before what imports them; the playbook goes first.
    units.reverse();
    let header = units
        .first()
        .filter(|unit| unit.name == name && kind == SourceKind::Playbook)
        .and_then(|unit| {
            header(unit)
                .map_err(|diagnostic| diagnostics.push(*diagnostic))
                .ok()
        });
    diagnostics.extend(check::check(engine, &units, header.as_ref()));
    if let (SourceKind::Tests, Some(unit)) = (kind, units.first()) {
        diagnostics.extend(check::tests(unit));
    }
    diagnostics.sort_by(|a, b| (&a.source, a.line, a.column).cmp(&(&b.source, b.line, b.column)));
    let diagnostics = bounded(diagnostics);
    let verbs = check::verbs(&units);
    Parsed {
        units,
        header,
        about: about(text),
        diagnostics,
        verbs,
    }
}

struct Loader<'a> {
    engine: &'a Engine,
    link: &'a SharedLink,
    /// What the modules are wanted for.
    root: &'a str,
    units: Vec<Unit>,
    diagnostics: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn unit(&mut self, name: &str, text: &str, playbook: bool, path: &mut Vec<String>) {
        if let Some(long) = long_line(name, text) {
            return self.diagnostics.push(long);
        }
        let mut scope = Scope::new();
        if playbook {
            scope.push_constant("params", Dynamic::UNIT);
        }
        let mut ast = match self.engine.compile_with_scope(&scope, text) {
            Ok(ast) => ast,
            Err(error) => return self.diagnostics.push(self.syntax(name, &error)),
        };
        ast.set_source(name);
        path.push(name.to_owned());
        let mut imports = BTreeMap::new();
        let wanted: Vec<(String, String, Position)> = check::top_imports(&ast);
        for (module, alias, position) in wanted {
            imports.insert(alias, module.clone());
            if path.contains(&module) {
                let cycle = format!("`{module}` imports itself, through {}", path.join(" → "));
                self.diagnostics.push(check::error(
                    "import-cycle",
                    name,
                    position,
                    1,
                    cycle,
                    "take one of the imports out",
                ));
            } else if self.units.iter().all(|unit| unit.name != module) {
                self.module(name, &module, position, path);
            }
        }
        path.pop();
        self.units.push(Unit {
            name: name.to_owned(),
            ast,
            text: text.to_owned(),
            imports,
        });
    }

    fn module(&mut self, importer: &str, module: &str, position: Position, path: &mut Vec<String>) {
        self.link.send(FromChild::NeedModule {
            of: self.root.to_owned(),
            path: module.to_owned(),
        });
        match self.link.receive() {
            Some(ToChild::Text {
                text: Some(text), ..
            }) => self.unit(module, &text, false, path),
            Some(ToChild::Text { problem, .. }) => {
                let message = format!(
                    "there is no module `{module}`: {}",
                    problem.unwrap_or_default()
                );
                let help =
                    "import `std/…`, or a file beside the playbook by its path without `.rhai`";
                self.diagnostics.push(check::error(
                    "unknown-module",
                    importer,
                    position,
                    1,
                    message,
                    help,
                ));
            }
            Some(_) | None => {}
        }
    }

    /// A parse error in our words: without the interpreter's own spelling of the place.
    fn syntax(&self, source: &str, error: &ParseError) -> Diagnostic {
        let at = |code, length, message, help| {
            check::error(code, source, error.position(), length, message, help)
        };
        match error.err_type() {
            ParseErrorType::ModuleUndefined(name) => {
                let message = format!("there is no module `{name}`");
                let help = check::nearest_namespace(self.engine, name)
                    .map_or_else(String::new, |near| format!("did you mean `{near}`?"));
                at("unknown-module", name.chars().count(), message, help)
            }
            ParseErrorType::VariableUndefined(name) => {
                let message = format!("there is no variable `{name}`");
                let help = "functions see their parameters and `global::NAME` of a constant";
                let length = name.chars().count();
                at("unknown-variable", length, message, help.to_owned())
            }
            other => {
                let message = other.to_string();
                let mut characters = message.chars();
                let message = characters
                    .next()
                    .map(|first| first.to_lowercase().chain(characters).collect())
                    .unwrap_or(message.clone());
                at("syntax", 1, message, String::new())
            }
        }
    }
}

/// The longest line of a source, in characters. Rhai's places end at 65,535, beyond which two calls look like one; and every
/// finding quotes its line.
const LONGEST_LINE: usize = 2_000;

fn long_line(name: &str, text: &str) -> Option<Diagnostic> {
    let long = |line: &str| line.len() > LONGEST_LINE && line.chars().count() > LONGEST_LINE;
    let number = text.lines().position(long)?;
    let position = Position::new(u16::try_from(number + 1).unwrap_or(u16::MAX), 1);
    let message = format!("the line is longer than {LONGEST_LINE} characters");
    let help = "break it: findings and failures are told by line and column";
    Some(check::error("long-line", name, position, 1, message, help))
}

/// The most findings that are told.
const MOST_FINDINGS: usize = 100;

/// Leaves out findings beyond what anybody reads, and says how many.
fn bounded(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let more = diagnostics.len().saturating_sub(MOST_FINDINGS);
    if more > 0 {
        // Errors first: what rejects a playbook is never left out for a warning.
        diagnostics.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
        diagnostics.truncate(MOST_FINDINGS);
        if let Some(last) = diagnostics.last_mut() {
            last.help = Some(format!("mend these first: there are {more} findings more"));
        }
    }
    diagnostics
}

/// The value of the constant `PLAYBOOK`.
fn header(unit: &Unit) -> Result<Header, Box<Diagnostic>> {
    let mut headers = unit
        .ast
        .statements()
        .iter()
        .filter_map(|statement| match statement {
            Stmt::Var(parts, flags, position) if parts.0.as_str() == HEADER => {
                Some((&parts.1, *flags, *position))
            }
            _ => None,
        });
    let (found, second) = (headers.next(), headers.next());
    let refused = |position, message: String| {
        let help = "begin the playbook with `const PLAYBOOK = #{ api: 1, params: #{}, needs: [] };`, all in literals";
        Box::new(check::error(
            "header", &unit.name, position, 1, message, help,
        ))
    };
    if let Some((_, _, position)) = second {
        return Err(refused(position, "there is a second header".to_owned()));
    }
    let Some((value, flags, position)) = found else {
        return Err(refused(
            Position::new(1, 1),
            "the playbook has no header".to_owned(),
        ));
    };
    if !flags.intersects(ASTFlags::CONSTANT) {
        return Err(refused(position, "the header is no constant".to_owned()));
    }
    let value: Option<Dynamic> = Expr::get_literal_value(value, None);
    let value = value.ok_or_else(|| {
        refused(
            position,
            "the header is not made of literals alone".to_owned(),
        )
    })?;
    read_header(&value).map_err(|problem| refused(position, problem))
}

/// The first lines of the playbook that begin with `//!`.
fn about(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    lines
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}
