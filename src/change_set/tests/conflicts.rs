//! Conflicts: each is told with place, base, found, wanted and remedy, and then nothing is planned.

use super::*;

fn conflicts(before: &str, after: &str, current: &str) -> Vec<Conflict> {
    let set = record(
        &kong_conf("3.4.2", before),
        &kong_conf("3.9.1", after),
        &seal(),
    );
    replay(&set, &kong_conf("3.4.2", current), &secrets(&[])).expect_err("it does not fit")
}

#[test]
fn every_conflict_is_told() {
    let before =
        "log_level = notice\npg_password = hunter2\nplugins = bundled\nok = 1\nadmin_gui_url = x\n";
    let after = "log_level = debug\npg_password = hunter3\nplugins = bundled,x\nok = 2\n";
    let current =
        "log_level = warn\npg_password = swordfish\nok = 1\nadmin_gui_url = http://a:hunter9@x/\n";
    let found = conflicts(before, after, current);
    assert_eq!(
        told(&found),
        [
            "`admin_gui_url` in `etc:kong.conf`: it is not as it was in the recording: a secret is there, \"x\" was expected, \
             nothing is wanted",
            "`log_level` in `etc:kong.conf`: it is not as it was in the recording: \"warn\" is there, \"notice\" was expected, \
             \"debug\" is wanted",
            "`pg_password` in `etc:kong.conf`: it is not as it was in the recording: a secret is there, a secret was expected, \
             a secret is wanted",
            "`pg_password` in `etc:kong.conf`: it is a secret, and the change set does not say where to get it",
            "`plugins` in `etc:kong.conf`: it is not as it was in the recording: nothing is there, \"bundled\" was expected, \
             \"bundled,x\" is wanted",
        ]
    );
    assert_eq!(
        found[1].remedy(),
        "find out who changed it; bring the node to the base, or write what it has into the change set's `before`, and have it \
         reviewed again"
    );
    assert_eq!(
        found[2].remedy(),
        "find out who changed it; where any secret may be replaced, write `secret = \"any\"` in the change set's `before`, and have \
         it reviewed again"
    );
    let json = serde_json::to_value(&found[1]).expect("JSON");
    let wanted = serde_json::json!({
        "subject": "setting", "location": "etc:kong.conf", "name": "log_level", "why": "differs",
        "base": {"text": "notice"}, "found": {"text": "warn"}, "wanted": {"text": "debug"},
    });
    assert_eq!(json, wanted);
}

#[test]
fn a_file_that_is_missing_broken_or_there_already_is_a_conflict() {
    let (none, some) = (node("3.4.2", &[]), kong_conf("3.4.2", "a = 1\n"));
    let set = record(&some, &kong_conf("3.9.1", "a = 2\n"), &seal());
    let refused = |set: &ChangeSet, current: &Files| {
        told(&replay(set, current, &secrets(&[])).expect_err("a conflict"))
    };
    assert_eq!(
        refused(&set, &none),
        ["`etc:kong.conf`: the file is not there"]
    );
    assert_eq!(
        refused(&set, &kong_conf("3.4.2", "[\na = 1\n")),
        ["`etc:kong.conf`: the file cannot be read: Kong breaks off reading it in line 1"]
    );
    let mut binary = some.clone();
    binary
        .files
        .values_mut()
        .for_each(|file| file.bytes = vec![0xff]);
    assert_eq!(
        refused(&set, &binary),
        ["`etc:kong.conf`: the file cannot be read: it is not text in UTF-8"]
    );

    let added = record(&none, &some, &seal());
    let other = kong_conf("3.4.2", "b = 1\n");
    assert_eq!(
        refused(&added, &other),
        ["`etc:kong.conf`: the file is there, and was not in the recording"]
    );
    // Where it says what it is to say already, nothing is in the way.
    assert!(
        replay(&added, &some, &secrets(&[]))
            .expect("it fits")
            .is_empty()
    );

    let removed = record(&some, &none, &seal());
    assert_eq!(
        refused(&removed, &kong_conf("3.4.2", "a = 1\nb = 2\n")),
        [
            "`b` in `etc:kong.conf`: it is not as it was in the recording: \"2\" is there, nothing was expected, nothing is wanted"
        ]
    );
}

#[test]
fn a_change_set_of_other_versions_or_under_another_seal_is_refused() {
    let set = record(
        &kong_conf("3.4.2", "pg_password = a\n"),
        &kong_conf("3.9.1", "pg_password = b\n"),
        &seal(),
    );
    let current = kong_conf("2.8.5", "pg_password = a\n");
    let mut other = secrets(&[]);
    other.seal = Seal::new(b"another");
    assert_eq!(
        told(&replay(&set, &current, &other).expect_err("refused")),
        [
            "the change set: Kong 2.8.5 reads its files otherwise than the versions of the recording",
            "the change set: its secrets are sealed with another key",
        ]
    );
}

#[test]
fn a_value_that_cannot_be_written_is_a_conflict() {
    let mut set = record(
        &kong_conf("3.4.2", "a = 1\n"),
        &kong_conf("3.9.1", "a = 2\n"),
        &seal(),
    );
    set.settings[0].change[0].after = Some(Stated::Plain("x\ny".to_owned()));
    let conflicts =
        replay(&set, &kong_conf("3.4.2", "a = 1\n"), &secrets(&[])).expect_err("refused");
    assert_eq!(
        told(&conflicts),
        [
            "`a` in `etc:kong.conf`: it cannot be written: the value of `a` has a line break, which kong.conf cannot hold"
        ]
    );
}
