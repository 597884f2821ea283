//! Paths of routes on the way to Kong 3: labelled patterns, each of which was played against both engines.

use cutover::kong::routes::{Fit, StoredPath};
use serde::Deserialize;

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
