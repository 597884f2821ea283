//! Settings of kong.conf: what is recorded, and what becomes of a text that is not the recording's.

use super::*;

/// Versions, the text before, the text after, a node's text, and what the replay makes of it.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[test]
fn settings_are_carried_into_the_text_of_another_node() {
    let cases: &[Case] = &[
        // A comment behind the value, the order and the node's own values stay.
        (
            "3.4.2 3.9.1",
            "pg_host = a # the database\nlog_level = notice\n",
            "pg_host = a # the database\nlog_level = debug\n",
            "# ours\nlog_level=notice  # quiet\npg_host = elsewhere\n",
            "# ours\nlog_level=debug  # quiet\npg_host = elsewhere\n",
        ),
        // Below the comment that names the default.
        (
            "3.4.2 3.9.1",
            "#log_level = notice\n#pg_host = 127.0.0.1\n",
            "#log_level = notice\nlog_level = debug\n#pg_host = 127.0.0.1\n",
            "x = 1\n#log_level = notice       # the level\ny = 2\n",
            "x = 1\n#log_level = notice       # the level\nlog_level = debug\ny = 2\n",
        ),
        // Windows line endings stay, and so does a last line that is not ended.
        (
            "3.4.2 3.9.1",
            "a = 1\nb = 2\n",
            "b = 3\nc = 4\n",
            "a = 1\r\nb = 2\r\nz = 9",
            "b = 3\r\nz = 9\r\nc = 4",
        ),
        // Of a key that stands twice, the last line counts, and both are taken out.
        (
            "3.4.2 3.9.1",
            "a = 0\na = 1\nb = 1\n",
            "a = 2\nb = 1\n",
            "a = 1\n",
            "a = 2\n",
        ),
        (
            "3.4.2 3.9.1",
            "a = 1\n",
            "",
            "a = 7\n# a = 1\na = 1\n",
            "# a = 1\n",
        ),
        // A value with the sign of comments, which the version before and the one after read otherwise: what was part of it does
        // not stay behind as a comment.
        (
            "2.8.5 3.9.1",
            "error_template_html = ab#c\n",
            "error_template_html = a\n",
            "error_template_html = ab#c\n",
            "error_template_html = a #c\n",
        ),
        (
            "2.8.5 3.9.1",
            "x = #a\n",
            "x = \\#a\n",
            "y = 1\nx = #a\n",
            "y = 1\nx = \\#a\n",
        ),
        // What already is as it is to be stays as it is written.
        (
            "3.4.2 3.9.1",
            "a = 1\n",
            "a = 2\n",
            "a   =   2 # ours\n",
            "a   =   2 # ours\n",
        ),
        ("3.4.2 3.9.1", "a = 1\n", "", "b = 1\n", "b = 1\n"),
        // Empty is not the same as absent: it takes the default away.
        ("3.4.2 3.9.1", "a = 1\n", "a =\n", "a = 1\n", "a = \n"),
    ];
    for (versions, before, after, current, replayed) in cases {
        let (old, new) = versions.split_once(' ').expect("two versions");
        let written = carried(
            &kong_conf(old, before),
            &kong_conf(new, after),
            &kong_conf(old, current),
        );
        assert_eq!(
            written["etc:kong.conf"], *replayed,
            "{before:?} → {after:?} on {current:?}"
        );
    }
}

fn recorded(before: &str, after: &str) -> Vec<SettingsChange> {
    record(
        &kong_conf("2.8.5", before),
        &kong_conf("3.9.1", after),
        &seal(),
    )
    .settings
}

fn setting(name: &str, before: Option<&str>, after: Option<&str>) -> Setting {
    let plain = |text: &str| Stated::Plain(text.to_owned());
    Setting {
        name: name.to_owned(),
        before: before.map(plain),
        after: after.map(plain),
    }
}

#[test]
fn settings_are_recorded_in_the_order_in_which_they_make_the_text() {
    let [change] = &recorded("z = 1\na = 1\n", "z = 1\nd = 4\nc = 3\n")[..] else {
        panic!("one file");
    };
    let made = [
        setting("a", Some("1"), None),
        setting("d", None, Some("4")),
        setting("c", None, Some("3")),
    ];
    assert_eq!(
        (&change.change[..], change.layout),
        (&made[..], Layout::Same)
    );
}

#[test]
fn what_comes_first_is_found_out_where_it_makes_a_difference() {
    let [change] = &recorded("a = 1", "b = 2")[..] else {
        panic!("one file");
    };
    let made = [setting("b", None, Some("2")), setting("a", Some("1"), None)];
    assert_eq!(
        (&change.change[..], change.layout),
        (&made[..], Layout::Same)
    );
}

#[test]
fn a_changed_comment_is_told_and_not_carried_over() {
    let [change] = &recorded("# pw: old\na = 1\n", "# pw: new\na = 2\n")[..] else {
        panic!("one file");
    };
    assert_eq!(change.change, [setting("a", Some("1"), Some("2"))]);
    assert_eq!(change.layout, Layout::Differs);
    assert_eq!(recorded("a = 1\n", "a = 1\n"), []);
}

#[test]
fn what_only_reads_otherwise_is_told_and_nothing_is_written() {
    let (before, after) = (
        kong_conf("2.8.5", "x = ab#c\n"),
        kong_conf("3.9.1", "x = ab#c\n"),
    );
    let set = record(&before, &after, &seal());
    assert_eq!(
        set.settings[0].change,
        [setting("x", Some("a"), Some("ab"))]
    );
    let plan = replay(&set, &before, &secrets(&[])).expect("it fits");
    assert!(plan.is_empty());
}

#[test]
fn a_file_that_kong_cannot_read_is_recorded_as_a_secret() {
    let set = record(
        &kong_conf("3.4.2", "[\na = 1\n"),
        &kong_conf("3.9.1", "a = 1\n"),
        &seal(),
    );
    assert!(set.settings.is_empty());
    assert!(matches!(set.content[0].after, Some(Content::Secret { .. })));
}

#[test]
fn a_kong_conf_is_added_and_taken_away() {
    let (none, some) = (node("3.9.1", &[]), kong_conf("3.9.1", "b = 1\na = 2\n"));
    assert_eq!(carried(&none, &some, &none), texts(&some));
    assert_eq!(carried(&some, &none, &some), texts(&none));
    // Added with comments, it has the settings, and it is told that there was more.
    let commented = kong_conf("3.9.1", "# ours\nb = 1\n");
    assert_eq!(
        carried(&none, &commented, &none)["etc:kong.conf"],
        "b = 1\n"
    );
    assert_eq!(
        record(&none, &commented, &seal()).settings[0].layout,
        Layout::Differs
    );
}
