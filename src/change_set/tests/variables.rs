//! Variables of a service, in environment files, units and drop-ins.

use super::*;

const ENV: &str = "etc:kong.env";
const UNIT: &str = "units:kong.service.d/10-env.conf";

/// The text before, the text after, a node's text, and what the replay makes of it.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn check(at: &str, kind: &Kind, cases: &[Case]) {
    for (before, after, current, replayed) in cases {
        let [before, after, current] =
            [before, after, current].map(|text| node("3.9.1", &[(at, kind.clone(), text)]));
        let set = record(&before, &after, &seal());
        assert_eq!(set.settings.len(), 1, "{before:?}");
        assert_eq!(carried(&before, &after, &current)[at], *replayed);
    }
}

#[test]
fn variables_are_carried_into_another_environment_file() {
    let cases: &[Case] = &[
        (
            "KONG_A=1\nKONG_B=\"x y\"\n",
            "KONG_A=2\nKONG_B=\"x y\"\n",
            "# ours\nKONG_B=z\nKONG_A='1'\n",
            "# ours\nKONG_B=z\nKONG_A='2'\n",
        ),
        ("A=1\n", "A=1\nC=4\nB=3\n", "A=9", "A=9\nC=4\nB=3\n"),
        ("A=1\nB=1\n", "B=1\n", "A=0\nB=5\nA=1\n", "B=5\n"),
        ("A=1\n", "A=\"b # c\"\n", "A=1\n", "A=\"b # c\"\n"),
    ];
    check(ENV, &Kind::EnvironmentFile, cases);
}

#[test]
fn variables_are_carried_into_another_unit_file() {
    let cases: &[Case] = &[
        // In its own line.
        (
            "[Service]\nEnvironment=\"KONG_A=1\"\n",
            "[Service]\nEnvironment=\"KONG_A=2\"\n",
            "[Unit]\nDescription=ours\n\n[Service]\n# why\nEnvironment=KONG_A=1\nEnvironment=B=2\nRestart=always\n",
            "[Unit]\nDescription=ours\n\n[Service]\n# why\nEnvironment=\"KONG_A=2\"\nEnvironment=B=2\nRestart=always\n",
        ),
        // In a line of its own where it shares one, at the end of its section.
        (
            "[Service]\nEnvironment=\"A=1\"\n",
            "[Service]\nEnvironment=\"A=2\"\n",
            "[Service]\r\nEnvironment=A=1 B=2\r\nRestart=always\r\n\r\n[Install]\r\nWantedBy=x\r\n",
            "[Service]\r\nEnvironment=A=1 B=2\r\nRestart=always\r\nEnvironment=\"A=2\"\r\n\r\n[Install]\r\nWantedBy=x\r\n",
        ),
        // In a section of its own.
        (
            "[Unit]\nAfter=x\n",
            "[Unit]\nAfter=x\n\n[Service]\nEnvironment=\"A=50%%\"\n",
            "[Unit]\nAfter=y",
            "[Unit]\nAfter=y\n\n[Service]\nEnvironment=\"A=50%%\"\n",
        ),
        (
            "[Service]\nEnvironment=\"A=1\"\nEnvironment=\"B=1\"\n",
            "[Service]\nEnvironment=\"B=1\"\n",
            "[Service]\nEnvironment=A=1\nNice=1\nEnvironment=A=1\n",
            "[Service]\nNice=1\n",
        ),
    ];
    check(UNIT, &Kind::Unit, cases);
}

#[test]
fn a_drop_in_is_added_and_taken_away_by_its_variables() {
    let none = node("3.9.1", &[]);
    let some = node(
        "3.9.1",
        &[(
            UNIT,
            Kind::Unit,
            "[Service]\nEnvironment=\"KONG_A=a b\"\nEnvironment=\"C=1\"\n",
        )],
    );
    let set = record(&none, &some, &seal());
    assert_eq!((set.settings.len(), set.content.len()), (1, 0));
    assert_eq!(carried(&none, &some, &none), texts(&some));
    assert_eq!(carried(&some, &none, &some), texts(&none));
    // What says more is not taken away for the sake of its variables.
    let more = "[Service]\nNice=1\nEnvironment=\"KONG_A=a b\"\nEnvironment=\"C=1\"\n";
    let more = node("3.9.1", &[(UNIT, Kind::Unit, more)]);
    let conflicts = replay(&record(&some, &none, &seal()), &more, &secrets(&[])).expect_err("more");
    assert_eq!(
        told(&conflicts),
        ["`units:kong.service.d/10-env.conf`: it is not as it was in the recording"]
    );
}

#[test]
fn a_unit_in_which_more_changes_is_carried_as_a_whole() {
    let before = node(
        "3.9.1",
        &[(UNIT, Kind::Unit, "[Service]\nNice=1\nEnvironment=A=1\n")],
    );
    let after = node(
        "3.9.1",
        &[(UNIT, Kind::Unit, "[Service]\nNice=2\nEnvironment=A=1\n")],
    );
    let set = record(&before, &after, &seal());
    assert!(set.settings.is_empty());
    assert!(matches!(&set.content[0].after, Some(Content::Diff { .. })));
    assert_eq!(carried(&before, &after, &before), texts(&after));
    // With a secret in it, only by reference.
    let secret = node(
        "3.9.1",
        &[(
            UNIT,
            Kind::Unit,
            "[Service]\nNice=2\nEnvironment=KONG_PG_PASSWORD=hunter2\n",
        )],
    );
    let set = record(&before, &secret, &seal());
    assert!(matches!(
        &set.content[0].after,
        Some(Content::Secret {
            reference: None,
            ..
        })
    ));
}

#[test]
fn a_variable_that_shares_a_line_is_not_taken_out() {
    let text = "[Service]\nEnvironment=A=1 B=2\n";
    let before = node(
        "3.9.1",
        &[(UNIT, Kind::Unit, "[Service]\nEnvironment=\"A=1\"\nNice=1\n")],
    );
    let after = node("3.9.1", &[(UNIT, Kind::Unit, "[Service]\nNice=1\n")]);
    let set = record(&before, &after, &seal());
    let current = node("3.9.1", &[(UNIT, Kind::Unit, text)]);
    let conflicts = replay(&set, &current, &secrets(&[])).expect_err("shared");
    assert_eq!(
        told(&conflicts),
        [
            "`A` in `units:kong.service.d/10-env.conf`: it cannot be written: `A` cannot be changed without changing other variables"
        ]
    );
}
