//! Templates that are recorded against each release's own.

use super::*;

const TWO: &str = "server {\n    listen 80;\n    server_name kong;\n}\n";
const THREE: &str = "include x;\nserver {\n    listen 80;\n    server_name kong;\n}\n";

fn with(version: &str, text: &str, releases: &[(&str, &str)]) -> Files {
    let kind = Kind::Template {
        name: "nginx".to_owned(),
    };
    let mut files = node(version, &[("etc:nginx.template", kind, text)]);
    files.releases = releases
        .iter()
        .map(|(version, text)| ReleaseTemplate {
            name: "nginx".to_owned(),
            version: version.parse().expect("a version"),
            text: (*text).to_owned(),
        })
        .collect();
    files
}

fn ours(release: &str) -> String {
    release.replace("listen 80;", "listen 8080;")
}

fn set() -> (Files, Files, ChangeSet) {
    let before = with("2.8.5", &ours(TWO), &[("2.8.5", TWO)]);
    let after = with("3.9.1", &ours(THREE), &[("3.9.1", THREE)]);
    let set = record(&before, &after, &seal());
    (before, after, set)
}

#[test]
fn a_template_is_told_by_what_was_made_of_each_release() {
    let (_, _, set) = set();
    let [change] = &set.template[..] else {
        panic!("one template");
    };
    let (before, after) = (
        change.before.as_ref().expect("before"),
        change.after.as_ref().expect("after"),
    );
    assert_eq!(before.release, Digest::of(TWO.as_bytes()));
    assert_eq!(
        before.diff,
        "--- nginx of 2.8.5\n+++ the template\n@@ -1,4 +1,4 @@\n server {\n-    listen 80;\n+    listen 8080;\n     server_name kong;\n }\n"
    );
    assert_eq!(after.release, Digest::of(THREE.as_bytes()));
    assert_eq!(
        after.diff,
        "--- nginx of 3.9.1\n+++ the template\n@@ -1,5 +1,5 @@\n include x;\n server {\n-    listen 80;\n+    listen 8080;\n     \
         server_name kong;\n }\n"
    );
}

#[test]
fn a_template_is_made_anew_of_the_next_release() {
    let (_, after, set) = set();
    let current = with("2.8.5", &ours(TWO), &[("2.8.5", TWO), ("3.9.1", THREE)]);
    let plan = replay(&set, &current, &secrets(&[])).expect("it fits");
    assert_eq!(texts(&plan.applied_to(&current)), texts(&after));
    assert!(
        replay(&set, &after, &secrets(&[]))
            .expect("it is so")
            .is_empty()
    );
}

#[test]
fn a_template_of_another_base_or_without_its_release_is_a_conflict() {
    let (before, _, set) = set();
    let refused =
        |current: &Files| told(&replay(&set, current, &secrets(&[])).expect_err("a conflict"));
    assert_eq!(
        refused(&before),
        [
            "`etc:nginx.template`: the template `nginx` of 3.9.1 that it was adapted to is not at hand"
        ]
    );
    let other = with("2.8.5", TWO, &[("3.9.1", THREE)]);
    let [conflict] = &refused(&other)[..] else {
        panic!("one conflict");
    };
    assert!(
        conflict.starts_with("`etc:nginx.template`: it is not as it was in the recording: \""),
        "{conflict}"
    );
}

#[test]
fn a_template_whose_release_is_not_at_hand_or_that_holds_a_secret_is_a_file() {
    let (before, _, _) = set();
    let set = record(&before, &with("3.9.1", &ours(THREE), &[]), &seal());
    assert!(set.template.is_empty());
    assert!(matches!(set.content[0].after, Some(Content::Diff { .. })));
    let secret = format!("{THREE}proxy_set_header Authorization \"Basic aHVudGVyMg==\";\n");
    let set = record(
        &before,
        &with("3.9.1", &secret, &[("3.9.1", THREE)]),
        &seal(),
    );
    assert!(set.template.is_empty());
    assert!(matches!(set.content[0].after, Some(Content::Secret { .. })));
}
