//! Laws of documents, for texts that nobody would write too.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::kong::conf::{Document, Edit, EditError, Grammar, Standing};

/// Keys to edit: some are in most fixtures, some in few, one in none.
pub(super) const KEYS: [&str; 6] = [
    "pg_host",
    "pg_password",
    "plugins",
    "log_level",
    "nginx_http_lua_shared_dict",
    "not_there",
];

/// Values to set: plain ones, and those that Kong would read otherwise if they were written as they are.
pub(super) const VALUES: [&str; 12] = [
    "x",
    "",
    "5432",
    "0042",
    "12345678901234567",
    "64 kB",
    "a#b",
    "# a",
    "a\\#b",
    "a\\",
    "a = b ; c",
    "größer",
];

type Settings = BTreeMap<String, String>;

fn counting(document: &Document) -> Settings {
    let settings = document.settings().into_iter();
    settings
        .filter(|setting| setting.standing == Standing::Counts)
        .map(|setting| (setting.key, setting.value))
        .collect()
}

/// The lines that do not belong to a key: what an edit of it may not touch.
fn other_lines(document: &Document, key: &str) -> Vec<String> {
    let statements = document.reading.statements.iter();
    let own: Vec<usize> = statements
        .filter(|statement| {
            let line = statement.lines[0] + 1;
            let mut settings = document.settings().into_iter();
            settings.any(|setting| setting.line == line && setting.key == key)
        })
        .flat_map(|statement| statement.lines.clone())
        .collect();
    let lines = document.lines.iter().enumerate();
    lines
        .filter(|(index, _)| !own.contains(index))
        .map(|(_, line)| line.text.clone())
        .collect()
}

macro_rules! law {
    ($holds:expr, $name:literal) => {
        if !$holds {
            return Err($name);
        }
    };
}

/// Whether all laws hold for a text and an edit of it; the name of the first that does not.
pub(super) fn hold(
    text: &str,
    key: &str,
    value: &str,
    grammar: Grammar,
) -> Result<(), &'static str> {
    let before = Document::parse(text, grammar);
    law!(before.to_string() == text, "parse and print");
    let mut after = before.clone();
    let edit = match after.set(key, value) {
        Ok(edit) => edit,
        Err(EditError::Broken { .. }) => {
            law!(before.broken().is_some(), "only a broken file is refused");
            law!(after == before, "a refused edit changes nothing");
            return Ok(());
        }
        Err(EditError::Comment { .. }) => {
            law!(value.is_empty(), "only nothing has a comment for a value");
            law!(grammar == Grammar::Until31, "a comment is one from 3.2 on");
            law!(after == before, "a refused edit changes nothing");
            return Ok(());
        }
        Err(_) => return Err("what can be written is written"),
    };
    let again = Document::parse(&after.to_string(), grammar);
    law!(again == after, "print and parse");
    let says = again.get(key).map(|setting| setting.value);
    law!(says.as_deref() == Some(value), "the value is set");
    let (mut told, mut had) = (counting(&after), counting(&before));
    told.remove(key);
    let given = had.remove(key);
    law!(told == had, "other settings are as they were");
    law!(
        other_lines(&after, key) == other_lines(&before, key),
        "other lines are as they were"
    );
    let mut twice = after.clone();
    law!(twice.set(key, value) == Ok(Edit::Nothing), "twice is once");
    law!(twice == after, "nothing is nothing");
    if edit == Edit::Nothing {
        law!(after.to_string() == text, "what is said already stays");
    }
    let mut gone = after.clone();
    law!(gone.unset(key).is_ok(), "what is set can be unset");
    law!(gone.get(key).is_none(), "unset is unset");
    if given.is_none() {
        law!(gone.to_string() == text, "unset takes back a new key");
    }
    let mut commented = after.clone();
    law!(
        commented.comment_out(key).is_ok(),
        "a line can be a comment"
    );
    law!(
        counting(&commented) == counting(&gone),
        "a comment sets nothing"
    );
    law!(
        commented.lines.len() == after.lines.len(),
        "no line is lost to comments"
    );
    Ok(())
}

/// Text of the pieces that mean something to a reader of kong.conf, in any order, and some that mean nothing.
fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "pg_host",
        "plugins",
        "not_there",
        " = ",
        "=",
        " ",
        "\t",
        "#",
        "\\",
        "\\\n",
        "\n",
        "\r\n",
        "\r",
        "# ",
        "\n#pg_host = 1",
        ";",
        "[",
        "]",
        "[a]\n",
        "x",
        "0042",
        "kB",
        "\u{feff}",
        "é",
        "\n\n",
        "\u{b}",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Values that can be written, the odd ones among them.
fn values() -> impl Strategy<Value = String> {
    let pieces = [
        "a", "0", "1", ".", "e", "x", "-", "#", "\\", " ", "=", "[", "]", ";", "\"", "kB", "é",
        "\t",
    ];
    let odd = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..8);
    prop_oneof![
        odd.prop_map(|pieces| pieces.concat()),
        "[ -~]{0,20}",
        "[0-9]{1,24}",
    ]
    .prop_map(|value| {
        let value = value.trim_matches(super::super::space::is_space);
        value.replace("_blank_", "")
    })
}

fn grammars() -> impl Strategy<Value = Grammar> {
    prop_oneof![Just(Grammar::Until31), Just(Grammar::From32)]
}

fn keys() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(KEYS.to_vec())
}

proptest! {
    #[test]
    fn any_text_is_printed_as_it_was(text in any::<String>(), grammar in grammars()) {
        prop_assert_eq!(Document::parse(&text, grammar).to_string(), text);
    }

    #[test]
    fn laws_hold_for_any_text(
        text in texts(),
        key in keys(),
        value in values(),
        grammar in grammars(),
    ) {
        prop_assert_eq!(hold(&text, key, &value, grammar), Ok(()));
    }

    #[test]
    fn edits_of_two_keys_commute(
        text in texts(),
        (one, first) in (Just("pg_host"), values()),
        (other, second) in (Just("plugins"), proptest::option::of(values())),
        grammar in grammars(),
    ) {
        let start = Document::parse(&text, grammar);
        let (mut left, mut right) = (start.clone(), start.clone());
        let edit = |document: &mut Document| match &second {
            Some(value) => document.set(other, value),
            None => document.unset(other),
        };
        let leftwards = (left.set(one, &first).is_ok(), edit(&mut left).is_ok());
        let rightwards = (edit(&mut right).is_ok(), right.set(one, &first).is_ok());
        prop_assert_eq!(leftwards, (rightwards.1, rightwards.0));
        prop_assert_eq!(counting(&left), counting(&right));
        // Two new keys at the end stand in the order in which they came, and of joined lines the ending of the first is left, which a
        // new line then takes over; otherwise not a byte differs.
        let joined = start.reading.statements.iter().any(|statement| statement.lines.len() > 1);
        if start.get(one).is_some() && !joined {
            prop_assert_eq!(left.to_string(), right.to_string());
        }
    }
}
