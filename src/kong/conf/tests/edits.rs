//! What edits leave of a file, letter by letter.

use crate::kong::conf::{Document, Edit, EditError, Grammar, Standing};

fn document(text: &str) -> Document {
    Document::parse(text, Grammar::From32)
}

fn set(text: &str, key: &str, value: &str) -> String {
    let mut document = document(text);
    document.set(key, value).expect("an edit");
    let read = document.get(key).expect("set").value;
    assert_eq!(read, value, "{text}");
    document.to_string()
}

fn unset(text: &str, key: &str) -> String {
    let mut document = document(text);
    document.unset(key).expect("an edit");
    assert_eq!(document.get(key), None);
    document.to_string()
}

#[test]
fn a_value_is_replaced_and_nothing_else() {
    let cases = [
        // before, key, value, after
        ("a = 1\n", "a", "x", "a = x\n"),
        ("a=1", "a", "x", "a=x"),
        ("\ta\t=\t1\t# why\r\n", "a", "x", "\ta\t=\tx\t# why\r\n"),
        ("a = 1   # why\nb = 2\n", "a", "x", "a = x   # why\nb = 2\n"),
        ("a = 1#why\n", "a", "x", "a = x#why\n"),
        ("a = p\\#q # why\n", "a", "r#s", "a = r\\#s # why\n"),
        ("a = 1\na = 2\na = 2\n", "a", "x", "a = 1\na = 2\na = x\n"),
        ("a =\n", "a", "x", "a = x\n"),
        ("a=\n", "a", "x", "a=x\n"),
        ("a =   # why\n", "a", "x", "a = x  # why\n"),
        ("a =# why\n", "a", "x", "a = x # why\n"),
        ("a = 1 # why\n", "a", "", "a =  # why\n"),
        ("a = 1  \n", "a", "x", "a = x  \n"),
        (
            "a = 1\\\n# between\n  2\nb = 3\n",
            "a",
            "x",
            "a = x\n# between\nb = 3\n",
        ),
        ("a = 1\\\n  2", "a", "x", "a = x"),
        ("a-b = 1\n", "a_b", "x", "a-b = x\n"),
        ("a = 1\r", "a", "x", "a = x\r"),
    ];
    for (before, key, value, after) in cases {
        assert_eq!(set(before, key, value), after, "{before:?}");
    }
}

#[test]
fn what_kong_would_read_otherwise_is_kept_by_an_empty_comment() {
    assert_eq!(set("a = 1\n", "a", "0123"), "a = 0123 #\n");
    assert_eq!(set("a = 1 # why\n", "a", "0123"), "a = 0123 # why\n");
    assert_eq!(
        set("", "a", "12345678901234567"),
        "a = 12345678901234567 #\n"
    );
    assert_eq!(set("a = 1\nb = 2\n", "a", "x\\"), "a = x\\ #\nb = 2\n");
    assert_eq!(set("a = p#q\n", "a", "x\\"), "a = x\\ #q\n");
    assert_eq!(set("b = 1\n", "a", "64 kB"), "b = 1\na = 64 kB #\n");
    assert_eq!(set("a = 1\n", "a", "#"), "a = \\#\n");
    assert_eq!(set("a = 1\n", "a", "\\#"), "a = \\\\#\n");
}

#[test]
fn a_new_setting_goes_below_the_comment_with_its_default() {
    let cases = [
        (
            "#a = 1   # why\n#b = 2\n",
            "#a = 1   # why\na = x\n#b = 2\n",
        ),
        (
            "# a = 1 is what\n#b = 2\n#a = 1\n",
            "# a = 1 is what\n#b = 2\n#a = 1\na = x\n",
        ),
        ("# a = 1\r\n# b\r\n", "# a = 1\r\na = x\r\n# b\r\n"),
        ("#a = 1", "#a = 1\na = x"),
        ("b = 2\n", "b = 2\na = x\n"),
        ("b = 2", "b = 2\na = x"),
        ("b = 2\r\nc = 3", "b = 2\r\nc = 3\r\na = x"),
        ("", "a = x\n"),
        (
            "\u{feff}# no comment to Kong\n",
            "\u{feff}# no comment to Kong\na = x\n",
        ),
        ("\u{feff}a = 1\n", "\u{feff}a = 1\na = x\n"),
        // Where Kong would not read it, it stands elsewhere.
        ("b = 1\n[c]\nd = 2\n", "b = 1\na = x\n[c]\nd = 2\n"),
        ("b = 1\n[c]\n#a = 2\n", "b = 1\na = x\n[c]\n#a = 2\n"),
        ("[c]\na = 2\n", "a = x\n[c]\na = 2\n"),
        ("b = 1\\\n#a = 1\n2\n", "b = 1\\\n#a = 1\n2\na = x\n"),
        ("b = 1\\", "a = x\nb = 1\\"),
        ("A = 1\n", "A = 1\na = x\n"),
    ];
    for (before, after) in cases {
        assert_eq!(set(before, "a", "x"), after, "{before:?}");
        assert_eq!(unset(after, "a"), before, "{before:?}");
    }
}

#[test]
fn a_key_is_taken_out_with_all_its_lines() {
    assert_eq!(unset("a = 1\nb = 2\n a = 3", "a"), "b = 2");
    assert_eq!(unset("b = 2\na = 1\\\n# why\n2\n", "a"), "b = 2\n# why\n");
    assert_eq!(unset("b = 2\n", "a"), "b = 2\n");
    assert_eq!(unset("a = 1\n[c]\na = 2\n", "a"), "[c]\na = 2\n");
    let mut given = document("a = 1\r\nb = 2\na = 3\\\n4");
    let edit = given.comment_out("a").expect("an edit");
    assert_eq!(
        edit,
        Edit::Removed {
            lines: vec![1, 3, 4]
        }
    );
    assert_eq!(given.to_string(), "#a = 1\r\nb = 2\n#a = 3\\\n#4");
    assert_eq!(given.comment_out("a"), Ok(Edit::Nothing));
}

#[test]
fn an_edit_tells_what_it_did() {
    let mut given = document("#a = 1\nb = 2\n");
    assert_eq!(given.set("a", "x"), Ok(Edit::Added { line: 2 }));
    assert_eq!(given.set("a", "x"), Ok(Edit::Nothing));
    assert_eq!(given.set("a", "y"), Ok(Edit::Changed { line: 2 }));
    assert_eq!(given.unset("a"), Ok(Edit::Removed { lines: vec![2] }));
    assert_eq!(given.unset("a"), Ok(Edit::Nothing));
}

#[test]
fn the_older_grammar_is_written_as_it_is_read() {
    let set = |text: &str, value: &str| {
        let mut document = Document::parse(text, Grammar::Until31);
        document.set("a", value).map(|_| {
            assert_eq!(
                document.get("a").map(|setting| setting.value).as_deref(),
                Some(value)
            );
            document.to_string()
        })
    };
    assert_eq!(set("a = b#c\n", "x").as_deref(), Ok("a = x #c\n"));
    assert_eq!(set("a = b # c\n", "x").as_deref(), Ok("a = x # c\n"));
    assert_eq!(set("a = # c\n", "x").as_deref(), Ok("a = x\n"));
    assert_eq!(set("a = 1\n", "#x").as_deref(), Ok("a = \\#x\n"));
    let error = set("a = b # c\n", "").expect_err("the comment would be the value");
    assert_eq!(
        error.to_string(),
        "Kong would take the comment behind `a` in line 1 for its value"
    );
}

#[test]
fn until_31_a_text_of_digits_is_kept_from_being_refused_as_a_number() {
    let mut given = Document::parse("pg_user = 123\npg_port = 1\n", Grammar::Until31);
    assert_eq!(given.set("pg_user", "123"), Ok(Edit::Changed { line: 1 }));
    assert_eq!(given.set("pg_user", "123"), Ok(Edit::Nothing));
    assert_eq!(given.set("pg_port", "5432"), Ok(Edit::Changed { line: 2 }));
    assert_eq!(given.set("pg_database", "7"), Ok(Edit::Added { line: 3 }));
    assert_eq!(
        given.to_string(),
        "pg_user = 123 #\npg_port = 5432\npg_database = 7 #\n"
    );
    let mut given = Document::parse("pg_user = 123\n", Grammar::From32);
    assert_eq!(given.set("pg_user", "123"), Ok(Edit::Nothing));
}

#[test]
fn what_cannot_be_written_is_refused_without_naming_the_value() {
    let refused = |key: &str, value: &str| {
        let mut document = document("a = 1\n");
        let error = document.set(key, value).expect_err("refused");
        assert_eq!(document.to_string(), "a = 1\n");
        error.to_string()
    };
    assert_eq!(
        refused("a", "x\ny"),
        "the value of `a` has a line break, which kong.conf cannot hold"
    );
    assert_eq!(
        refused("a", "x\0"),
        "the value of `a` has a control character, which kong.conf should not hold"
    );
    assert_eq!(
        refused("a", " x"),
        "the value of `a` begins or ends with whitespace, which Kong takes away"
    );
    assert_eq!(
        refused("a", "x_blank_y"),
        "the value of `a` has `_blank_` in it, which Kong's reader takes for the separator of a list"
    );
    for key in ["", "A", "a-b", "#a", "[a", "a b", "é"] {
        assert_eq!(
            refused(key, "x"),
            EditError::Key {
                key: key.to_owned()
            }
            .to_string()
        );
    }
    let mut broken = document("[\na = 1\n");
    assert_eq!(broken.broken(), Some(1));
    assert_eq!(broken.settings(), []);
    assert_eq!(broken.set("a", "x"), Err(EditError::Broken { line: 1 }));
    assert_eq!(broken.unset("a"), Err(EditError::Broken { line: 1 }));
}

#[test]
fn settings_are_read_as_kong_reads_them() {
    let text = "; a comment\n  # another\nlog_level=debug\nPlugins = own\nplugins = bundled, \\\n# between\n own\nno setting\n\
                pg-host = one\npg_host = two\n= 3\n[kong]\npg_user = nobody\nplugins = none\n";
    let told: Vec<String> = document(text)
        .settings()
        .iter()
        .map(|setting| format!("{setting:?}"))
        .collect();
    assert_eq!(
        told,
        [
            "3: log_level = debug (Counts)",
            "4: Plugins = own (Counts)",
            "5: plugins = bundled,  own (Counts)",
            "9: pg_host = one (Repeated { by: 10 })",
            "10: pg_host = two (Counts)",
            "11:  = 3 (Counts)",
            "13: pg_user = nobody (InSection { since: 12 })",
            "14: plugins = none (InSection { since: 12 })",
        ]
    );
    assert_eq!(document(text).get("pg_user"), None);
    assert_eq!(
        Standing::Counts,
        document(text).get("plugins").expect("set").standing
    );
}

#[test]
fn a_debug_output_holds_no_password() {
    let document = document("pg_password = hunter2\n");
    assert!(!format!("{document:?}{:?}", document.settings()).contains("hunter2"));
}
