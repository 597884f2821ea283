//! What holds for the orders of versions, and that they are those of `dpkg` and `rpm` where these are installed.

use std::cmp::Ordering;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::{DebianVersion, RpmVersion};

fn debian() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-9][0-9a-c.+~-]{0,6}(-[0-2a.+~]{1,3})?"
        .prop_filter("a version", |text| text.parse::<DebianVersion>().is_ok())
}

fn rpm() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-9a-b._+~^]{1,7}-[0-2a.~^]{1,3}"
}

fn d(text: &str) -> DebianVersion {
    text.parse().expect("a version")
}

fn r(text: &str) -> RpmVersion {
    text.parse().expect("a version")
}

/// Whether a program is there and answers.
fn is_here(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let is_here = command.status().is_ok_and(|status| status.success());
    if !is_here {
        // Tests print what they leave out.
        std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("skipped: `{program}` is not installed\n").as_bytes(),
        )
        .expect("written");
    }
    is_here
}

/// What dpkg says of two versions.
fn of_dpkg(left: &str, right: &str) -> Ordering {
    let holds = |relation: &str| {
        let mut command = Command::new("dpkg");
        let command = command.args(["--compare-versions", left, relation, right]);
        command.status().expect("dpkg runs").success()
    };
    if holds("eq") {
        Ordering::Equal
    } else if holds("lt") {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// What rpm says of many pairs of versions.
fn of_rpm(pairs: &[(String, String)]) -> Vec<Ordering> {
    let calls = pairs
        .iter()
        .map(|(left, right)| format!("print(rpm.vercmp('{left}','{right}')..' ')"));
    let script = format!("%{{lua:{}}}", calls.collect::<Vec<_>>().join(";"));
    let output = Command::new("rpm")
        .args(["--eval", &script])
        .output()
        .expect("rpm runs");
    let text = String::from_utf8(output.stdout).expect("a text");
    let numbers = text
        .split_whitespace()
        .map(|one| one.parse::<i32>().expect("a number"));
    numbers.map(|number| number.cmp(&0)).collect()
}

#[test]
fn versions_of_debian_are_ordered() {
    let ordered = [
        "3.0.0~rc.1",
        "3.0.0",
        "3.0.0-1",
        "3.0.0-1+b1",
        "3.0.0a",
        "3.0.0+b",
        "3.4.2",
        "3.4.3.5",
        "3.10.0",
        "1:0.1",
    ];
    for pair in ordered.windows(2) {
        assert!(d(pair[0]) < d(pair[1]), "{} {}", pair[0], pair[1]);
    }
    for (left, right) in [("1.0", "1.00"), ("1.0", "1.0-0"), ("0:1", "1")] {
        assert_eq!(d(left), d(right));
    }
    for text in [
        "",
        "a",
        "1_2",
        "1:",
        "1-",
        "a:1",
        "1 2",
        "-1:2",
        "2147483648:1",
        "ü1",
    ] {
        assert!(text.parse::<DebianVersion>().is_err(), "{text}");
    }
}

#[test]
fn versions_of_rpm_are_ordered() {
    let ordered = [
        "3.0.0~rc1-1",
        "3.0.0-1",
        "3.0.0-1.el8",
        "3.0.0-2",
        "3.0.0^git1-1",
        "3.0.0.a-1",
        "3.0.0.1-1",
        "3.10.0-1",
        "1:0.1-1",
    ];
    for pair in ordered.windows(2) {
        assert!(r(pair[0]) < r(pair[1]), "{} {}", pair[0], pair[1]);
    }
    assert_eq!(r("1.0-1"), r("1_00-1"));
    assert_eq!(r("(none):1.0-1"), r("0:1.0-1"));
    for text in [
        "", "1", "1-", "-1", "a:1-1", "1-1-1", "1:1:1-1", "1 -1", "ü-1",
    ] {
        assert!(text.parse::<RpmVersion>().is_err(), "{text}");
    }
    assert_eq!(r("0:3.4.2-1.el8").to_string(), "3.4.2-1.el8");
}

#[test]
fn rpm_itself_orders_them_so() {
    if !is_here("rpm") {
        return;
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let pairs: Vec<(String, String)> = (0..2000)
        .map(|_| {
            (rpm(), rpm())
                .new_tree(&mut runner)
                .expect("a pair")
                .current()
        })
        .collect();
    for chunk in pairs.chunks(200) {
        for ((left, right), order) in chunk.iter().zip(of_rpm(chunk)) {
            assert_eq!(r(left).cmp(&r(right)), order, "{left} {right}");
        }
    }
}

#[test]
fn dpkg_itself_orders_them_so() {
    if !is_here("dpkg") {
        return;
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..300 {
        let (left, right) = (debian(), debian())
            .new_tree(&mut runner)
            .expect("a pair")
            .current();
        assert_eq!(
            d(&left).cmp(&d(&right)),
            of_dpkg(&left, &right),
            "{left} {right}"
        );
    }
}

proptest! {
    #[test]
    fn the_order_of_debian_is_total(a in debian(), b in debian(), c in debian()) {
        let (a, b, c) = (d(&a), d(&b), d(&c));
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        let mut all = [a, b, c];
        all.sort();
        prop_assert!(all[0] <= all[1] && all[1] <= all[2] && all[0] <= all[2]);
        if all[0] == all[1] {
            prop_assert_eq!(all[0].cmp(&all[2]), all[1].cmp(&all[2]));
        }
    }

    #[test]
    fn the_order_of_rpm_is_total(a in rpm(), b in rpm(), c in rpm()) {
        let (a, b, c) = (r(&a), r(&b), r(&c));
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        let mut all = [a, b, c];
        all.sort();
        prop_assert!(all[0] <= all[1] && all[1] <= all[2] && all[0] <= all[2]);
        if all[0] == all[1] {
            prop_assert_eq!(all[0].cmp(&all[2]), all[1].cmp(&all[2]));
        }
    }

    #[test]
    fn versions_are_printed_as_they_were_read(text in debian()) {
        prop_assert_eq!(d(&text).to_string(), text);
    }
}
