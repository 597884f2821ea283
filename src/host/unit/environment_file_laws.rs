//! What holds for every environment file and every edit of it, and what version 252 of systemd read in one.

use proptest::prelude::*;

use super::environment_file::{Comments, EnvironmentFile, EnvironmentFileError};

/// A file that a service started by systemd 252 was given; below is what that service found in its environment.
const RECORDED: &str = include_str!("../../../tests/fixtures/host/environment.env");

fn read(text: &str, comments: Comments) -> EnvironmentFile {
    EnvironmentFile::of(text, comments).expect("it has no zero byte")
}

/// Names, values and lines.
fn all(file: &EnvironmentFile) -> Vec<(String, String, usize)> {
    let all = file.assignments().into_iter();
    all.map(|one| (one.name, one.value.reveal().to_owned(), one.line))
        .collect()
}

#[test]
fn a_recorded_file_is_read_as_systemd_read_it() {
    let file = read(RECORDED, Comments::RunOn);
    let seen = [
        ("A", "plain value", 3),
        ("B", "spaced key", 4),
        ("C", "double \"q\" $HOME \\n \\ x", 5),
        ("D", "single \\ quoted\nover two lines", 6),
        ("E", "continued here", 8),
        ("G", "a\"b\"c # not a comment", 13),
        ("H", "abc \"d\"", 14),
        ("I", "", 15),
        ("K", "backslash ", 17),
        ("L", "cont x", 18),
        ("M", "last wins", 20),
        ("M", "really", 21),
        ("N", "ü", 22),
        ("Q", "a=b", 25),
        ("R", "`x` $y", 26),
        ("S", "unterminated\n", 27),
    ];
    let seen = seen.map(|(name, value, line)| (name.to_owned(), value.to_owned(), line));
    assert_eq!(all(&file), seen);
    assert_eq!(file.ignored(), [12, 23, 24]);
    assert_eq!(file.run_on_comments(), [1]);
    assert_eq!(file.get("M").map(|one| one.line), Some(21));
    assert_eq!(file.get("D").map(|one| one.last_line), Some(7));

    // Since 254, by its source: the second line is one of its own.
    let since = read(RECORDED, Comments::EndAtLine);
    assert_eq!(all(&since)[0].0, "HIDDEN");
    assert_eq!(all(&since)[1..], seen);
}

#[test]
fn edits_touch_one_assignment() {
    for (text, name, value, after) in [
        ("", "A", "1", "A=1\n"),
        ("B=2", "A", "1", "B=2\nA=1\n"),
        ("# A\nA = 1  \nB=2\n", "A", "3", "# A\nA = 3  \nB=2\n"),
        ("A=1\nB=2\nA=3\n", "A", "4", "A=1\nB=2\nA=4\n"),
        ("A='1'\r\nB=2\r\n", "A", "x y", "A='x y'\r\nB=2\r\n"),
        ("A='1'\n", "A", "it's", "A=\"it's\"\n"),
        ("A=\"1\"\n", "A", "$x", "A=\"\\$x\"\n"),
        ("A=1\\\n2\nB=3\n", "A", "4", "A=4\nB=3\n"),
        ("A=\nB=3\n", "A", "a b", "A=\"a b\"\nB=3\n"),
        ("A=\"x\" y\n", "A", "z", "A=\"z\"\n"),
        ("export A=1\n", "A", "2", "export A=1\nA=2\n"),
    ] {
        let mut file = read(text, Comments::RunOn);
        file.set(name, value).expect("it can be set");
        assert_eq!(file.text(), after, "{text:?}");
    }
    for (text, after, count) in [
        ("# A\nA=1\nB=2\n  A=3\n\n", "# A\nB=2\n\n", 2),
        ("B=2\r\nA=1\r\nC=3\r\n", "B=2\r\nC=3\r\n", 1),
        ("A='1\n2'\nB=2", "B=2", 1),
        ("B=2\nA=1", "B=2\n", 1),
        ("B=2\n", "B=2\n", 0),
    ] {
        let mut file = read(text, Comments::RunOn);
        assert_eq!(file.unset("A"), Ok(count), "{text:?}");
        assert_eq!(file.text(), after, "{text:?}");
    }
}

#[test]
fn a_text_without_an_end_is_not_edited() {
    for (text, comments, line) in [
        ("B=1\nA=\"x\nC=2\n", Comments::EndAtLine, 2),
        ("A='x", Comments::EndAtLine, 1),
        ("A=x\\", Comments::EndAtLine, 1),
        ("A=x\\\n", Comments::EndAtLine, 1),
        ("# x\\", Comments::RunOn, 1),
        ("B=1\n# x\\\n", Comments::RunOn, 2),
    ] {
        let mut file = read(text, comments);
        assert_eq!(
            file.set("Z", "1"),
            Err(EnvironmentFileError::Open { line }),
            "{text:?}"
        );
        assert_eq!(
            file.unset("A"),
            Err(EnvironmentFileError::Open { line }),
            "{text:?}"
        );
        assert_eq!(file.text(), text);
    }
    assert!(read("# x\\\n", Comments::EndAtLine).set("Z", "1").is_ok());
    let error = EnvironmentFile::of("A=1\nB=\0", Comments::RunOn).expect_err("refused");
    assert_eq!(error, EnvironmentFileError::ZeroByte { line: 2 });
}

/// Texts in which the characters that mean something are frequent.
fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => "[A-C]=[a-c \"'\\\\#;$`=\t\r]{0,6}\n",
        1 => "[A-C \"'\\\\#;=\n\r\t]{0,8}",
        1 => "[A-C] ?= ?\"[a-c\n\\\\$`' ]{0,5}\"\n",
        1 => "# [A-C]=1\\\\?\n",
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn comments() -> impl Strategy<Value = Comments> {
    prop_oneof![Just(Comments::RunOn), Just(Comments::EndAtLine)]
}

fn values() -> impl Strategy<Value = String> {
    "[a-c \"'\\\\#;$`=\t\n%ü😀]{0,8}"
}

proptest! {
    #[test]
    fn a_variable_is_what_it_was_set_to(text in texts(), value in values(), comments in comments()) {
        let mut file = read(&text, comments);
        prop_assert_eq!(file.text(), &text);
        let before = all(&file);
        let place = file.get("A").map(|one| (one.line, one.last_line));
        if file.set("A", &value).is_ok() {
            let set = file.get("A").expect("it is set");
            prop_assert_eq!(set.value.reveal(), &value);
            // All the others are what they were.
            let others = |all: Vec<(String, String, usize)>| {
                all.into_iter().filter(|one| one.0 != "A").map(|one| (one.0, one.1)).collect::<Vec<_>>()
            };
            prop_assert_eq!(others(all(&file)), others(before));
            // Twice is once.
            let once = file.text().to_owned();
            file.set("A", &value).expect("again");
            prop_assert_eq!(file.text(), &once);
            // The lines before and behind the assignment are what they were, to the byte.
            if let Some((place, ends)) = place {
                let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
                let (lines, set_lines) = (lines(&text), lines(&once));
                prop_assert_eq!(&lines[..place - 1], &set_lines[..place - 1]);
                prop_assert_eq!(&lines[ends..], &set_lines[set.last_line..]);
            }
        }
    }

    #[test]
    fn an_unset_variable_is_gone(text in texts(), comments in comments()) {
        let mut file = read(&text, comments);
        let others: Vec<_> = all(&file).into_iter().filter(|one| one.0 != "A").collect();
        if file.unset("A").is_ok() {
            prop_assert_eq!(file.get("A"), None);
            let left: Vec<_> = all(&file);
            let pairs = |all: &[(String, String, usize)]| all.iter().map(|one| (one.0.clone(), one.1.clone())).collect::<Vec<_>>();
            prop_assert_eq!(pairs(&left), pairs(&others));
            prop_assert_eq!(file.unset("A"), Ok(0));
        }
    }

    #[test]
    fn a_new_variable_leaves_the_text_and_taken_out_again_gives_it_back(text in texts(), value in values(), comments in comments()) {
        let mut file = read(&text, comments);
        if file.set("NEW", &value).is_ok() {
            let ended = if text.is_empty() || text.ends_with('\n') { text.clone() } else { format!("{text}\n") };
            prop_assert!(file.text().starts_with(&ended));
            prop_assert_eq!(file.unset("NEW"), Ok(1));
            prop_assert_eq!(file.text(), &ended);
        }
    }
}
