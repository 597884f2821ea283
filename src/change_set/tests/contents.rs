//! Files that are changed as a whole.

use super::*;

const AT: &str = "plugins:x/handler.lua";

fn plugin(text: &str) -> Files {
    node("3.9.1", &[(AT, Kind::Other, text)])
}

#[test]
fn a_file_is_added_replaced_and_taken_away() {
    let (none, one, two) = (node("3.9.1", &[]), plugin("return 1\n"), plugin("return 2"));
    for (before, after) in [(&none, &one), (&one, &two), (&two, &none)] {
        assert_eq!(carried(before, after, before), texts(after));
        assert_eq!(carried(before, after, after), texts(after));
        let set = record(before, after, &seal());
        replay(&set, &plugin("return 3"), &secrets(&[])).expect_err("another one");
    }
}

#[test]
fn a_text_is_told_by_what_changes_and_bytes_in_base64() {
    let set = record(&plugin("a\nb\n"), &plugin("a\nc\n"), &seal());
    let Some(Content::Diff { diff, .. }) = &set.content[0].after else {
        panic!("a diff");
    };
    assert_eq!(diff, "--- before\n+++ after\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
    let mut bytes = plugin("");
    bytes
        .files
        .values_mut()
        .for_each(|file| file.bytes = vec![0, 0xff, 1]);
    let set = record(&plugin("a"), &bytes, &seal());
    let Some(Content::Binary { base64, .. }) = &set.content[0].after else {
        panic!("bytes");
    };
    assert_eq!(base64, "AP8B");
    let plan = replay(&set, &plugin("a"), &secrets(&[])).expect("it fits");
    assert_eq!(plan.applied_to(&plugin("a")), bytes);
}

#[test]
fn conflicts_of_files_tell_digests_and_of_secrets_none() {
    let set = record(&plugin("return 1\n"), &plugin("return 2\n"), &seal());
    let refused =
        |current: &Files| told(&replay(&set, current, &secrets(&[])).expect_err("another one"));
    assert_eq!(
        refused(&plugin("return 3\n")),
        [
            "`plugins:x/handler.lua`: it is not as it was in the recording: \"348e75238adc\" is there, \"0805bfdc02e8\" was expected, \
          \"b0de5faefd59\" is wanted"
        ]
    );
    let secret = node("3.9.1", &[(AT, Kind::Secret, "return 3\n")]);
    assert_eq!(
        refused(&secret),
        [
            "`plugins:x/handler.lua`: it is not as it was in the recording: a secret is there, \"0805bfdc02e8\" was expected, \
          \"b0de5faefd59\" is wanted"
        ]
    );
}

#[test]
fn a_content_that_was_tampered_with_is_not_written() {
    let mut set = record(&plugin("a\nb\n"), &plugin("a\nc\n"), &seal());
    if let Some(Content::Diff { diff, .. }) = &mut set.content[0].after {
        *diff = diff.replace("+c", "+d");
    }
    let conflicts = replay(&set, &plugin("a\nb\n"), &secrets(&[])).expect_err("damaged");
    assert_eq!(
        told(&conflicts),
        ["`plugins:x/handler.lua`: what the change set holds does not fit its own digest"]
    );
}

#[test]
fn a_secret_file_is_fetched() {
    let key = |text: &str| node("3.9.1", &[("etc:tls.key", Kind::Secret, text)]);
    let mut set = record(&key("one"), &key("two"), &seal());
    let at_hand = secrets(&[(env("KEY"), "three")]);
    let conflicts = replay(&set, &key("one"), &at_hand).expect_err("no reference");
    assert_eq!(
        told(&conflicts),
        ["`etc:tls.key`: it is a secret, and the change set does not say where to get it"]
    );
    // The secret of the recording is there already, so none is needed.
    assert!(
        replay(&set, &key("two"), &at_hand)
            .expect("it fits")
            .is_empty()
    );

    let Some(Content::Secret { reference, .. }) = &mut set.content[0].after else {
        panic!("a secret");
    };
    *reference = Some(env("KEY"));
    let plan = replay(&set, &key("one"), &at_hand).expect("it fits");
    assert_eq!(texts(&plan.applied_to(&key("one")))["etc:tls.key"], "three");
    assert!(
        replay(&set, &key("three"), &at_hand)
            .expect("it fits")
            .is_empty()
    );
    let conflicts = replay(&set, &key("one"), &secrets(&[])).expect_err("not fetched");
    assert_eq!(
        told(&conflicts),
        ["`etc:tls.key`: the secret was not fetched from env \"KEY\""]
    );
}
