//! The words at the command line: every code explained, a playbook to begin with, completions, the manual page, and readable lists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::harness::{RUN, Test};

/// The files under `folder` of the crate whose names end in `ending`.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// Every code that the program or a shipped module can show: what failures are made with, and the findings of `check`.
fn codes() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut codes = BTreeSet::new();
    let mut collect = |folder: &str, ending: &str, pattern: &str| {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        for file in files(&root.join(folder), ending) {
            let text = fs::read_to_string(&file).expect("read");
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let found = pattern.captures_iter(text).map(|code| code[1].to_owned());
            codes.extend(found);
        }
    };
    collect(
        "src",
        ".rs",
        r#"(?:Failure::new|Self::new)\(\s*"([a-z_]+(?:\.[a-z_]+)+)""#,
    );
    // Where the kind of an error decides on the code.
    collect(
        "src/gateway",
        "failure.rs",
        r#"=> "([a-z_]+(?:\.[a-z_]+)+)""#,
    );
    collect(
        "src/script",
        ".rs",
        r#"(?:error|warning|at|finding)\(\s*"([a-z]+(?:-[a-z]+)*)","#,
    );
    for folder in ["stdlib", "playbooks"] {
        collect(folder, ".rhai", r#"code:\s*"([a-z_.]+)""#);
    }
    codes.extend(cutover::doctor::checks().map(|check| check.code.to_owned()));
    codes
}

#[test]
fn every_code_is_explained() {
    let listed = Test::new().cutover(&["explain"]).stdout;
    let explained: BTreeSet<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let codes = codes();
    assert!(
        codes.len() > 80,
        "the collection lost its patterns: {codes:?}"
    );
    let missing: Vec<&String> = codes
        .iter()
        .filter(|code| !explained.contains(code.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "without a line in `codes.toml`: {missing:?}"
    );
}

#[test]
fn a_code_is_explained_with_what_to_do() {
    let test = Test::new();
    insta::assert_snapshot!(test.cutover(&["explain", "kong.stop.running"]).stdout, @r"
    kong.stop.running: the node was stopped and still runs
    what to do: does something restart it? stop it through its supervisor
    ");
    insta::assert_snapshot!(test.cutover(&["explain", "kong.leftovers"]).stdout, @r"
    kong.leftovers.lock         somebody holds the lock of Kong's migrations, or died holding it
    kong.leftovers.migrations   migrations of an earlier upgrade are not finished
    kong.leftovers.pending      migrations of an earlier upgrade are pending
    kong.leftovers.transaction  a transaction is open in the database, and migrations would wait for it
    kong.leftovers.unlisted     what the environment does not list works on the database with the role of Kong: a node on a host, or a session from elsewhere
    ");
    let unknown = test.cutover(&["explain", "kong.stop.runing"]);
    assert_eq!(unknown.status, 2);
    insta::assert_snapshot!(unknown.stderr, @r"
    error: there is no code `kong.stop.runing`; did you mean `kong.stop.running`?
    help: `cutover explain` lists them; a playbook may raise codes of its own
    ");
}

#[test]
fn a_new_playbook_passes_the_check_and_takes_no_others_place() {
    let test = Test::new();
    assert_eq!(test.cutover(&["new", "mine"]).status, 0);
    let checked = test.cutover(&["check", "mine.rhai"]);
    assert_eq!((checked.status, checked.stderr.as_str()), (0, ""));
    let again = test.cutover(&["new", "mine"]);
    assert_eq!(again.status, 2, "{}", again.stderr);
    assert_eq!(test.cutover(&["new", "../mine"]).status, 2);
}

#[test]
fn shells_and_pagers_are_told_every_verb() {
    let test = Test::new();
    let help = test.cutover(&["--help"]).stdout;
    let verbs = help.lines().filter_map(|line| line.strip_prefix("  "));
    let verbs: Vec<&str> = verbs
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(verbs.len() > 15, "{help}");
    for arguments in [
        vec!["completions", "bash"],
        vec!["completions", "zsh"],
        vec!["completions", "fish"],
        vec!["man"],
    ] {
        let told = test.cutover(&arguments);
        assert_eq!(told.status, 0, "{arguments:?}");
        let text = told.stdout.replace('\\', "");
        let missing: Vec<_> = verbs.iter().filter(|verb| !text.contains(**verb)).collect();
        assert!(missing.is_empty(), "{arguments:?}: {missing:?}");
    }
}

#[test]
fn the_list_of_runs_keeps_its_columns_with_long_names() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");");
    assert_eq!(test.run().status, 0);
    let long = "a-name-that-somebody-gave-to-a-run-for-reasons-of-their-own";
    let second = ["run", "playbook.rhai", "--run-id", long];
    assert_eq!(test.cutover(&second).status, 0);
    let listed = test.cutover(&["runs"]).stdout;
    let column = |line: &str| line.find("playbook");
    let columns: Vec<_> = listed.lines().map(column).collect();
    assert_eq!(columns.len(), 2);
    assert_eq!(columns[0], columns[1], "{listed}");
    let shown = test.cutover(&["show", RUN]);
    assert!(
        shown.stdout.contains("1 ✓ practice.write one"),
        "{}",
        shown.stdout
    );
}
