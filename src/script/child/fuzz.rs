//! Fuzzing the check: whatever a playbook or a file of tests says, it is refused or loaded, and what was found can be shown.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::Engine;

use super::channel::{Channel, Gone};
use super::link::{Link, SharedLink};
use super::load::load;
use super::{confinement, engine};
use crate::environment::Budgets;
use crate::fuzzing::{Shape, Target, fuzz};
use crate::render;
use crate::script::Sources;
use crate::script::protocol::{FromChild, Numbered, SourceKind, Taken, ToChild};

const PLAYBOOKS: Target = Target {
    name: "playbooks",
    shape: Shape::Text,
    words: &[
        "const PLAYBOOK = #{",
        "import \"std/smoke\" as smoke;",
        "fn ",
        "=>",
        "switch",
        "||",
        "`${",
        "}`",
        "#{",
        "(?[",
        "?.",
        "..=",
        "/*",
        "*/",
        "//!",
        "\"\"\"",
        "0x",
        "1e999",
        "9223372036854775808",
        "global::",
        "this",
        "private",
        "try {",
        "} catch (e) {",
        "call",
        "curry",
        "Fn",
        "eval",
        "export",
        "test::",
        "run::on_rollback(\"x\", || ",
        "std/",
        "const ",
    ],
    executions: 60,
};

/// Gives modules as the supervisor does.
struct Modules {
    sources: RefCell<Sources>,
    wanted: RefCell<Option<String>>,
}

impl Channel for Rc<Modules> {
    fn send(&self, message: FromChild, _taken: Taken) -> Result<(), Gone> {
        if let FromChild::NeedModule { path, .. } = message {
            *self.wanted.borrow_mut() = Some(path);
        }
        Ok(())
    }

    fn receive(&self) -> Option<ToChild> {
        let path = self.wanted.borrow_mut().take()?;
        let (text, problem) = match self.sources.borrow_mut().module(&path) {
            Ok(text) => (Some(text), None),
            Err(problem) => (None, Some(problem)),
        };
        Some(ToChild::Text { text, problem })
    }
}

/// Loads and checks `input`; the kinds of what was found.
fn checked(engine: &Engine, link: &SharedLink, input: &[u8], kind: SourceKind) -> String {
    // What is no text is refused before it gets here.
    let Ok(text) = std::str::from_utf8(input) else {
        return "no text".to_owned();
    };
    let parsed = load(engine, link, kind, "fuzzed", text);
    let _ = parsed.runnable();
    let loaded = parsed.loaded();
    let source = |name: &str| (name == "fuzzed").then(|| text.to_owned());
    let _ = render::diagnostics(&loaded.diagnostics, source, false);
    let mut codes: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|found| found.code.clone())
        .collect();
    codes.dedup();
    if let Some(first) = loaded.diagnostics.first() {
        codes.push(first.message.chars().take(40).collect());
    }
    let message = Numbered {
        number: 1,
        taken: Taken::default(),
        message: FromChild::Loaded(loaded),
    };
    let mut line = serde_json::to_vec(&message).expect("messages are plain data");
    line.push(b'\n');
    assert_eq!(
        Numbered::read(&line),
        Some(message),
        "the supervisor reads it"
    );
    codes.join(" ")
}

#[test]
fn fuzz_playbooks() {
    // On a stack as large as the one that the check has in its process.
    let fuzzed = std::thread::Builder::new()
        .stack_size(confinement::STACK)
        .spawn(|| {
            let modules = Rc::new(Modules {
                sources: RefCell::new(Sources::find("hello").expect("it ships")),
                wanted: RefCell::new(None),
            });
            let link = SharedLink::new(Link::over(modules, Budgets::default()));
            let engine = engine(&link);
            fuzz(&PLAYBOOKS, |input| {
                let playbook = checked(&engine, &link, input, SourceKind::Playbook);
                let tests = checked(&engine, &link, input, SourceKind::Tests);
                format!("{playbook} {tests}")
            });
        });
    let ended = fuzzed.expect("a thread can be made").join();
    ended.unwrap_or_else(|problem| std::panic::resume_unwind(problem));
}
