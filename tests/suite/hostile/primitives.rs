//! No script replaces a primitive, whichever it is: its name, in whatever form a script can give it to something of its own, leads
//! to the check or to the primitive all the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cutover::script::{Page, pages};

use super::super::harness::Test;
use super::super::simulated::{ended, played};

/// What a script's own word raises when it is called in a primitive's place.
const MINE: &str = "own.word";

/// The types that a method can be for.
const TYPES: [&str; 6] = ["Cluster", "Node", "string", "array", "map", "int"];

/// The namespace and the name of a function.
fn parts(page: &Page) -> (&str, &str) {
    page.name.split_once("::").expect("a namespace and a name")
}

/// What a function's parameter takes.
fn argument(parameter: &str) -> &'static str {
    match parameter {
        "which" | "serving" => "env::cluster(\"practice\")",
        "name" | "change_set" | "table" | "files" | "file" | "what" | "message" | "text"
        | "service" | "routes" => "\"practice\"",
        "from_nodes" | "blue" | "green" | "planes" => "env::cluster(\"practice\").nodes[0]",
        "line" => "\"curl http://127.0.0.1/\"",
        "to_nodes" => "env::cluster(\"practice\").nodes[1]",
        "from_database" | "database" => "env::database(\"main\")",
        "to_database" => "env::database(\"green\")",
        "percent" => "50",
        "options" | "backup" | "exported" | "copy" | "before" | "gap" | "made" => "#{}",
        "checks" => "[#{ path: \"/\", status: 200 }]",
        "request" => "\"/\"",
        "command" => "[0]",
        "expect" => "#{ status: 200 }",
        "version" | "from" | "control_plane" | "data_plane" => "\"2.8.5\"",
        "to" => "\"3.4.2\"",
        "window" => "\"any\"",
        "duration_text" | "settle" => "\"1s\"",
        "holds" | "closure" | "body" => "|| true",
        other => panic!("what does the parameter `{other}` take?"),
    }
}

/// The parameters that a script gives, with what it gives.
fn arguments(page: &Page) -> Vec<&'static str> {
    let given = page.parameters.iter().filter(|name| *name != "context");
    given.map(|name| argument(name)).collect()
}

/// A call of every function, one a line, each telling by a note what came of it, under the label `label`.
fn calls(label: &str, pages: &[Page]) -> String {
    let mut text = String::new();
    for page in pages {
        let call = format!("{}({})", page.name, arguments(page).join(", "));
        let called = format!("{label} {}/{}", page.name, arguments(page).len());
        let code = "if type_of(e) == \"map\" && \"code\" in e { e.code } else { `${e}` }";
        let line = format!(
            "try {{ {call}; run::note(\"{called}: no failure\"); }} catch (e) {{ run::note(\"{called}: \" + {code}); }}"
        );
        let _ = writeln!(text, "{line}");
    }
    text
}

/// A header that declares everything.
fn with_every_need(body: &str) -> String {
    format!("const PLAYBOOK = #{{ api: 1, needs: [\"*\"] }};\n{body}")
}

/// Functions of the script's own, one for each name and number of parameters; as methods where there is a type.
fn functions(kind: Option<&str>, pages: &[Page]) -> String {
    let counted = pages.iter().flat_map(|page| {
        let (name, count) = (parts(page).1, arguments(page).len());
        // As a method the first argument is `this`; a script may or may not count it.
        let fewer = kind.map(|_| count.saturating_sub(1));
        std::iter::once(count)
            .chain(fewer)
            .map(move |count| (name, count))
    });
    let shapes: BTreeSet<(&str, usize)> = counted.collect();
    let mut text = String::new();
    for (name, count) in shapes {
        let parameters: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
        let prefix = kind.map(|kind| format!("{kind}.")).unwrap_or_default();
        let _ = writeln!(
            text,
            "fn {prefix}{name}({}) {{ throw #{{ code: \"{MINE}\", message: \"{MINE}\" }} }}",
            parameters.join(", ")
        );
    }
    text
}

/// The same without those that the check refuses by themselves.
fn functions_that_pass(kind: Option<&str>, pages: &[Page]) -> String {
    let all = functions(kind, pages);
    let finished = Test::new().playbook(&with_every_need(&all)).check();
    let refused: Vec<&str> = finished
        .stderr
        .lines()
        .filter_map(|line| line.trim().strip_prefix("× the function `"))
        .filter_map(|line| line.strip_suffix("` would replace a built-in one of the same name"))
        .collect();
    let prefix = kind.map(|kind| format!("{kind}.")).unwrap_or_default();
    let passes = |line: &&str| {
        let is = |name: &&str| line.starts_with(&format!("fn {prefix}{name}("));
        !refused.iter().any(is)
    };
    all.lines().filter(passes).collect::<Vec<_>>().join("\n")
}

/// Variables of the script's own: closures with the functions' names, and maps of such closures with the namespaces' names.
fn variables(pages: &[Page]) -> String {
    let mut text = String::new();
    let mine = format!("throw #{{ code: \"{MINE}\", message: \"{MINE}\" }}");
    let names: BTreeSet<&str> = pages.iter().map(|page| parts(page).1).collect();
    for name in &names {
        let _ = writeln!(text, "let {name} = |a| {{ {mine} }};");
    }
    let namespaces: BTreeSet<&str> = pages.iter().map(|page| parts(page).0).collect();
    for namespace in namespaces {
        let members: Vec<String> = names.iter().map(|name| format!("{name}: {name}")).collect();
        let _ = writeln!(text, "const {namespace} = #{{ {} }};", members.join(", "));
    }
    text
}

/// Plays `text` in a described world, and answers the notes about the calls.
fn notes(text: &str) -> Vec<String> {
    let test = Test::new().playbook(text);
    let playbook = test.path("playbook.rhai").to_string_lossy().into_owned();
    let output = played("plan", &playbook, &[]).output().expect("started");
    let (status, stdout, stderr) = ended(&output);
    assert!(
        [Some(0), Some(10)].contains(&status),
        "{status:?}\n{stderr}\n{stdout}"
    );
    let notes = stdout
        .lines()
        .filter_map(|line| line.split_once("[called "));
    notes.map(|(_, note)| note.trim_end().to_owned()).collect()
}

/// Every function of `pages` was called, and what answered was the primitive.
fn all_are_primitives(label: &str, pages: &[Page], notes: &[String]) {
    for page in pages {
        let called = format!("{label}] {}/{}: ", page.name, arguments(page).len());
        let found: Vec<&str> = notes
            .iter()
            .filter_map(|note| note.strip_prefix(called.as_str()))
            .collect();
        let [came] = found.as_slice() else {
            panic!("{called}{found:?}\n{}", notes.join("\n"));
        };
        // A code of one word with a dot is a failure of the primitive; the interpreter's own say that they found nothing.
        let code = came.contains('.') && !came.contains(' ');
        assert!(*came == "no failure" || code, "{called}{came}");
        assert_ne!(*came, MINE, "{called}");
    }
}

#[test]
fn functions_of_a_primitives_name_are_not_called_in_its_place() {
    let pages = pages();
    let text = with_every_need(&format!(
        "{}\n{}\nfn inside() {{\n{}}}\ninside();\nlet inside_a_closure = || {{\n{}}};\ninside_a_closure.call();\n",
        functions_that_pass(None, &pages),
        calls("[called above]", &pages),
        calls("[called in a function]", &pages),
        calls("[called in a closure]", &pages),
    ));
    let notes = notes(&text);
    for label in ["above", "in a function", "in a closure"] {
        all_are_primitives(label, &pages, &notes);
    }
}

#[test]
fn methods_of_a_primitives_name_are_not_called_in_its_place() {
    let pages = pages();
    for kind in TYPES {
        let text = with_every_need(&format!(
            "{}\n{}",
            functions_that_pass(Some(kind), &pages),
            calls("[called above]", &pages)
        ));
        all_are_primitives("above", &pages, &notes(&text));
    }
}

#[test]
fn variables_of_a_primitives_name_are_not_called_in_its_place() {
    let pages = pages();
    let text = with_every_need(&format!(
        "{}\n{}",
        variables(&pages),
        calls("[called above]", &pages)
    ));
    all_are_primitives("above", &pages, &notes(&text));
}

#[test]
fn no_module_takes_the_name_of_a_namespace() {
    let pages = pages();
    let module = functions(None, &pages);
    let namespaces: BTreeSet<&str> = pages.iter().map(|page| parts(page).0).collect();
    let imports: Vec<String> = namespaces
        .iter()
        .map(|namespace| format!("import \"tools\" as {namespace};"))
        .collect();
    let finished = Test::new()
        .module("tools", &module)
        .playbook(&with_every_need(&imports.join("\n")))
        .check();
    assert_eq!(finished.status, 3, "{}", finished.stderr);
    for namespace in namespaces {
        let refused = format!("`{namespace}` is the name of a built-in namespace");
        assert!(finished.stderr.contains(&refused), "{}", finished.stderr);
    }
}

#[test]
fn no_longer_path_leads_to_something_else() {
    let pages = pages();
    let own = functions(None, &pages);
    // One of each namespace: what the interpreter's parser refuses, it refuses at the first.
    let mut namespaces = BTreeSet::new();
    for page in &pages {
        let (namespace, name) = parts(page);
        if !namespaces.insert(namespace) {
            continue;
        }
        let call = format!("{}({})", page.name, arguments(page).join(", "));
        let forms = [
            format!("{own}\nglobal::{call};"),
            format!("fn {namespace}::{name}() {{ 1 }}"),
        ];
        for form in forms {
            let finished = Test::new().playbook(&with_every_need(&form)).check();
            assert_eq!(finished.status, 3, "{form}\n{}", finished.stderr);
        }
    }
}
