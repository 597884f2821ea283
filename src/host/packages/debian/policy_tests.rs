//! Answers of `apt-cache`, recorded from apt 2.6 with the repositories' addresses replaced; of the second package's sources, one is left.

use super::policy::{Available, Offer, Policy, Source, offers, policies};

fn source(priority: i32, origin: &str) -> Source {
    let origin = origin.to_owned();
    Source { priority, origin }
}

fn available(version: &str, sources: Vec<Source>) -> Available {
    Available {
        version: version.parse().expect("a version"),
        priority: 500,
        sources,
    }
}

#[test]
fn a_recorded_policy_is_read() {
    let (first, second) = (
        "https://packages.example/kong jammy/main amd64 Packages",
        "https://packages.example/old jammy/main amd64 Packages",
    );
    let kong = Policy {
        package: "kong".to_owned(),
        installed: Some("3.4.2".parse().expect("a version")),
        candidate: Some("3.9.2".parse().expect("a version")),
        pin: None,
        versions: vec![
            available("3.9.2", vec![source(500, first)]),
            available("3.9.1", vec![source(500, first), source(500, second)]),
            available(
                "3.4.2",
                vec![
                    source(500, first),
                    source(500, second),
                    source(100, "/var/lib/dpkg/status"),
                ],
            ),
        ],
    };
    let other = Policy {
        package: "kong-enterprise-edition".to_owned(),
        installed: None,
        candidate: Some("3.4.3.5".parse().expect("a version")),
        pin: None,
        versions: vec![available(
            "3.4.3.5",
            vec![source(100, "/var/lib/dpkg/status")],
        )],
    };
    let answer = include_str!("../../../../tests/fixtures/host/apt/policy.txt");
    assert_eq!(policies(answer), Ok(vec![kong.clone(), other.clone()]));
    assert_eq!(policies(""), Ok(vec![]));
    assert!(kong.offers(&"3.4.2".parse().expect("a version")));
    assert!(!kong.offers(&"3.0.0".parse().expect("a version")));
    assert!(
        !other.offers(&"3.4.3.5".parse().expect("a version")),
        "it is only installed"
    );
}

#[test]
fn a_pin_and_a_step_by_step_release_are_read() {
    // After apt_preferences(5) and the answers of Ubuntu, not recorded.
    let answer = "kong:\n  Installed: (none)\n  Candidate: 3.4.2\n  Package pin: 3.4.2\n  Version table:\n     3.9.1 -1 (phased 20%)\n        500 a b c Packages\n";
    let read = policies(answer).expect("read");
    assert_eq!(read[0].pin.as_deref(), Some("3.4.2"));
    assert_eq!(
        (
            read[0].versions[0].priority,
            read[0].versions[0].sources.len()
        ),
        (-1, 1)
    );
}

#[test]
fn recorded_offers_are_read() {
    let answer = "      kong |      3.9.2 | https://packages.example/kong jammy/main amd64 Packages\n      kong |      3.9.1 | https://packages.example/old jammy/main amd64 Packages\n";
    let offer = |version: &str, origin: &str| Offer {
        package: "kong".to_owned(),
        version: version.parse().expect("a version"),
        origin: format!("https://packages.example/{origin} jammy/main amd64 Packages"),
    };
    assert_eq!(
        offers(answer),
        Ok(vec![offer("3.9.2", "kong"), offer("3.9.1", "old")])
    );
    assert_eq!(offers(""), Ok(vec![]));
}

#[test]
fn other_lines_are_errors() {
    for text in [
        "N: Unable to locate package kong",
        "  Installed: 1",
        "kong:\n  Installed: x y\n",
        "kong:\n        500 a\n",
    ] {
        assert!(policies(text).is_err(), "{text}");
    }
    let error = offers("kong | 3.9.1").expect_err("refused");
    assert_eq!(
        error.to_string(),
        "line 1 of the answer of `apt-cache` cannot be read: `kong | 3.9.1`"
    );
}
