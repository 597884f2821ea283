//! Paths of routes on the way to Kong 3: labelled patterns, each of which was played against both engines, and `cutover routes`.

use cutover::kong::routes::{Fit, StoredPath};
use serde::Deserialize;

use crate::practice_cluster::{PracticeCluster, cutover};

/// Each pattern with what 2.8 takes it for, what the migration makes of it, and what became of requests.
const PATTERNS: &str = include_str!("../fixtures/routes/patterns.toml");

#[derive(Deserialize)]
struct File {
    pattern: Vec<Pattern>,
}

#[derive(Deserialize)]
struct Pattern {
    path: String,
    kind: String,
    rewritten: String,
    verdict: String,
    why: String,
}

#[test]
fn no_incompatible_path_is_missed_and_hardly_any_other_is_named() {
    let patterns = toml::from_str::<File>(PATTERNS).expect("patterns").pattern;
    let (mut missed, mut falsely) = (Vec::new(), Vec::new());
    for pattern in &patterns {
        let path = StoredPath::of(&pattern.path);
        let kind = if path.is_expression() {
            "regex"
        } else {
            "prefix"
        };
        assert_eq!(kind, pattern.kind, "{}", pattern.path);
        let migrated = path.migrated();
        assert_eq!(
            migrated.as_deref(),
            Some(&*pattern.rewritten),
            "{}",
            pattern.path
        );
        let fit = path.fit();
        let found = match fit {
            Fit::Same => "same",
            Fit::Rejected { .. } => "rejected",
            Fit::Different { .. } => "different",
        };
        let told = format!("{} ({}): {fit:?}", pattern.path, pattern.why);
        match (&*pattern.verdict, found) {
            (label, found) if label == found => {}
            ("same", _) => falsely.push(told),
            _ => missed.push(told),
        }
    }
    let same = patterns
        .iter()
        .filter(|pattern| pattern.verdict == "same")
        .count();
    println!(
        "{} patterns: {} missed, {} of {same} named that are none",
        patterns.len(),
        missed.len(),
        falsely.len()
    );
    assert!(patterns.len() >= 300 && same >= 100);
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(50 * falsely.len() < same, "{}", falsely.join("\n"));
}

#[test]
fn what_a_path_can_match_otherwise_is_told() {
    let told = |path: &str| format!("{path}: {:?}", StoredPath::of(path).fit());
    let all = ["/a/b", "/users/(?!me)", "/a|/b", "~/v1/[^/]+/\\d+$", "/x.y"];
    insta::assert_snapshot!(all.map(told).join("\n"), @r#"
    /a/b: Same
    /users/(?!me): Rejected { why: "look-around, including look-ahead and look-behind, is not supported" }
    /a|/b: Different { by: [Anchor] }
    ~/v1/[^/]+/\d+$: Different { by: [FinalNewline, Unicode] }
    /x.y: Same
    "#);
}

/// Routes of a service, and of nobody's.
const FILE: &str = r#"
_format_version: "2.1"
services:
- name: users
  url: http://users
  routes:
  - name: ids
    paths: ["/users/(?!me)[a-z]+", "/users"]
  - name: either
    path_handling: v1
    paths: ["/a|/b", "/v/\\d+/x"]
routes:
- paths: ["/caf%E9.*", "/%7Eme/[^/]+"]
"#;

#[test]
fn routes_of_a_file_and_of_a_cluster_are_surveyed() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("kong.yaml");
    let run = |text: &str, further: &[&str]| {
        std::fs::write(&file, text).expect("written");
        let ended = cutover()
            .args(["routes", "--file"])
            .arg(&file)
            .args(further)
            .output();
        let ended = ended.expect("started");
        let told = String::from_utf8([ended.stdout, ended.stderr].concat()).expect("text");
        format!("{:?}\n{told}", ended.status.code())
    };
    insta::assert_snapshot!(run(FILE, &[]), @r"
    Some(4)
    route `ids`: /users/(?!me)[a-z]+, stored as ~/users/(?!me)[a-z]+
      not taken: look-around, including look-ahead and look-behind, is not supported
    route `either`: /a|/b, stored as ~/a|/b
      differs: only the first branch of `|` is held to the beginning of the path
    route `either`: /v/\d+/x, stored as ~/v/\d+/x
      differs (beyond ASCII, or a newline): `\d`, `\w`, `\s`, `\b` and letters of any case are those of all languages
    route `one without a name`: /caf%E9.*, which cannot be stored
      not taken: it has percent-encoded bytes that are no text
    route `one without a name`: /%7Eme/[^/]+, stored as ~/~me/[^/]+
    route `either`: `path_handling` v1, which the new router treats as v0
    3 routes with 6 paths, 5 of them expressions: 2 not taken by the engine of Kong 3, 2 that can match other requests
    ");
    // Since 3.0 what has no `~` is a prefix.
    let three = FILE.replace("2.1", "3.0").replace("\"/a|", "\"~/a|");
    insta::assert_snapshot!(run(&three, &[]), @r"
    Some(0)
    route `either`: ~/a|/b
      differs: only the first branch of `|` is held to the beginning of the path
    route `either`: `path_handling` v1, which the new router treats as v0
    3 routes with 6 paths, 1 of them expressions: 0 not taken by the engine of Kong 3, 1 that can match other requests
    ");
    assert!(run("- [", &[]).starts_with("Some(2)"));
    assert!(run(FILE, &["--output", "json"]).contains("\"fit\": \"rejected\""));

    let cluster = PracticeCluster::up();
    let environment = cluster.environment();
    let surveyed = cluster.cutover(&["routes", "practice"]);
    assert_eq!(surveyed.code, Some(0), "{}", surveyed.all);
    let verdict = "2 of them expressions: 0 not taken by the engine of Kong 3";
    assert!(
        surveyed.verdict.contains(verdict),
        "{} of {environment:?}",
        surveyed.all
    );
}
