//! Merges of templates.

use proptest::prelude::*;

use super::*;

fn rebased(before: &str, operator: &str, after: &str) -> Result<String, Conflicted> {
    rebase(&Rebase {
        before,
        operator,
        after,
    })
}

#[test]
fn changes_in_different_places_are_put_together() {
    let cases = [
        // before, operator, after, together
        (
            "a\nb\nc\nd\ne\n",
            "a\nB\nc\nd\ne\n",
            "a\nb\nc\nd\nE\n",
            "a\nB\nc\nd\nE\n",
        ),
        (
            "a\nb\nc\n",
            "a\nb\nc\nours\n",
            "theirs\na\nb\nc\n",
            "theirs\na\nb\nc\nours\n",
        ),
        ("a\nb\nc\nd\n", "a\nc\nd\n", "a\nb\nc\nD\n", "a\nc\nD\n"),
        // Both did the same.
        ("a\nb\nc\n", "a\nx\nc\n", "a\nx\nc\n", "a\nx\nc\n"),
        // The operator's line endings stay, and so does a last line that is not ended.
        (
            "a\nb\nc\nd\n",
            "a\r\nB\r\nc\r\nd\r\n",
            "a\nb\nc\nD\n",
            "a\r\nB\r\nc\r\nD\r\n",
        ),
        ("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nd\ne", "A\nb\nc\nd\ne"),
    ];
    for (before, operator, after, together) in cases {
        assert_eq!(
            rebased(before, operator, after).as_deref(),
            Ok(together),
            "{operator:?}"
        );
    }
}

#[test]
fn changes_in_one_place_are_for_a_person() {
    let before = "http {\n    keepalive 60;\n    lua_shared_dict kong 5m;\n    charset UTF-8;\n}\n";
    let operator = "http {\n    keepalive 75;\n    lua_shared_dict kong 5m;\n    charset UTF-8;\n    gzip on;\n}\n";
    let after = "http {\n    keepalive 65;\n    lua_shared_dict kong 5m;\n    charset UTF-8;\n    server_tokens off;\n}\n";
    let conflicted = rebased(before, operator, after).expect_err("two places");
    assert_eq!(
        conflicted.marked,
        "\
http {
<<<<<<< your template
    keepalive 75;
||||||| template of the release before
    keepalive 60;
=======
    keepalive 65;
>>>>>>> template of the release after
    lua_shared_dict kong 5m;
    charset UTF-8;
<<<<<<< your template
    gzip on;
||||||| template of the release before
=======
    server_tokens off;
>>>>>>> template of the release after
}
"
    );
    let hunk = |line, before: &str, operator: &str, after: &str| Hunk {
        line,
        before: before.to_owned(),
        operator: operator.to_owned(),
        after: after.to_owned(),
    };
    let hunks = [
        hunk(
            2,
            "    keepalive 60;\n",
            "    keepalive 75;\n",
            "    keepalive 65;\n",
        ),
        hunk(11, "", "    gzip on;\n", "    server_tokens off;\n"),
    ];
    assert_eq!(conflicted.hunks, hunks);
    assert_eq!(
        conflicted.to_string(),
        "the template and the release's own change disagree in 2 place(s)"
    );
    assert_eq!(
        format!("{conflicted:?}"),
        "Conflicted([Hunk(line 2), Hunk(line 11)])"
    );
}

#[test]
fn what_is_deleted_here_and_changed_there_is_for_a_person() {
    let conflicted = rebased("{\na\n}\n", "{\n}\n", "{\na\nb\n}\n").expect_err("one place");
    assert_eq!(conflicted.hunks[0].operator, "");
    assert_eq!(conflicted.hunks[0].after, "a\nb\n");
}

#[test]
fn a_line_that_looks_like_a_mark_is_none() {
    let marks = "<<<<<<< x\n=======\n>>>>>>> y\n";
    let conflicted = rebased("a\n", &format!("b\n{marks}"), "c\n").expect_err("one place");
    assert_eq!(conflicted.hunks.len(), 1);
    assert_eq!(conflicted.hunks[0].operator, format!("b\n{marks}"));
    assert!(conflicted.marked.starts_with("<<<<<<<< your template\n"));
    // Without an end of the last line the mark still stands in one of its own.
    let conflicted = rebased("a", "b", "c").expect_err("one place");
    assert!(
        conflicted
            .marked
            .contains("\n>>>>>>> template of the release after"),
        "{}",
        conflicted.marked
    );
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec("[abc<=>|]{0,2}", 0..9).prop_map(|lines| lines.join("\n"))
}

/// A node with one template, and the releases' own.
fn templated(operator: &str, releases: &[(&str, &str)]) -> Files {
    let kind = Kind::Template {
        name: "nginx.lua".to_owned(),
    };
    let mut files = node("3.4.2", &[("template:nginx.lua", kind, operator)]);
    let release = |(version, text): &(&str, &str)| ReleaseTemplate {
        name: "nginx.lua".to_owned(),
        version: version.parse().expect("a version"),
        text: (*text).to_owned(),
    };
    files.releases = releases.iter().map(release).collect();
    files
}

#[test]
fn templates_are_made_anew_of_the_installed_release() {
    let old = ("2.8.5", "return [[\na\nb\nc\nd\n]]\n");
    let new = ("3.4.2", "return [[\na\nb\nc\nD\n]]\n");
    let from = "2.8.5".parse().expect("a version");
    let written = |operator: &str, releases: &[(&str, &str)]| {
        let made = rebase_templates(&templated(operator, releases), from);
        let texts = made
            .plan
            .writes
            .iter()
            .filter_map(|write| write.after.as_ref()?.text());
        let mut told: Vec<String> = texts.map(str::to_owned).collect();
        told.extend(made.left.iter().map(ToString::to_string));
        told
    };
    // As `--nginx-conf` wants it, and as it lies in the package.
    assert_eq!(written("x\na\nb\nc\nd\n", &[old, new]), ["x\na\nb\nc\nD\n"]);
    assert_eq!(
        written("return [[\nx\na\nb\nc\nd\n]]\n", &[old, new]),
        ["return [[\nx\na\nb\nc\nD\n]]\n"]
    );
    // Where the lines stand apart it changes nothing when it is done again.
    assert_eq!(
        written("x\na\nb\nc\nD\n", &[old, new]),
        Vec::<String>::new()
    );
    assert_eq!(
        written("a\nb\nc\nE\n", &[old, new]),
        [
            "`template:nginx.lua`: you and the release changed the same lines, at 4 of the marked text"
        ]
    );
    assert_eq!(
        written("a\n", &[new]),
        ["`template:nginx.lua`: the template of 2.8.5 that it goes with is not at hand"]
    );
}

proptest! {
    #[test]
    fn where_one_side_did_nothing_the_other_side_is_taken(base in text(), other in text()) {
        prop_assert_eq!(rebased(&base, &base, &other), Ok(other.clone()));
        prop_assert_eq!(rebased(&base, &other, &base), Ok(other.clone()));
        prop_assert_eq!(rebased(&base, &other, &other), Ok(other.clone()));
    }

    #[test]
    fn both_sides_are_treated_alike(base in text(), one in text(), other in text()) {
        let (here, there) = (rebased(&base, &one, &other), rebased(&base, &other, &one));
        prop_assert_eq!(here.is_ok(), there.is_ok());
        if let Ok(text) = here {
            prop_assert_eq!(Some(text), there.ok());
        }
    }

    #[test]
    fn a_difference_makes_the_one_of_the_other(one in text(), other in text()) {
        let diff = difference(&one, &other);
        prop_assert_eq!(patch::applied(&one, &diff), Some(other));
    }
}
