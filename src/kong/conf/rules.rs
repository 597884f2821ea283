//! Settings that give others their values: other names for the same, and names that Kong has given up.
//!
//! Source: `alias` and `deprecated` of `conf_loader`, 2.8.5 to 3.9.3. Three of Kong's rules are left out, since they never take
//! effect: `router_consistency`, `router_update_frequency` and `privileged_worker` are in no version's table, so Kong does not see
//! them.

use super::{Origin, number};
use crate::kong::Version;

/// A rule: what is set for one key is set for another one that is not.
pub(super) struct Rule {
    /// The key that is set.
    pub(super) from: &'static str,
    /// The keys it gives a value.
    pub(super) to: &'static [&'static str],
    /// What becomes of the value on the way.
    pub(super) change: Change,
    /// A key that keeps it from being applied where it is set.
    pub(super) unless: Option<&'static str>,
    /// From which line of releases on, major and minor.
    since: (u16, u16),
    /// The first line of releases that no longer has it.
    until: Option<(u16, u16)>,
}

/// What becomes of a value on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Same,
    /// `0` is `NONE`, if it is a number already, as it is in a file.
    NoneForZero,
    /// `NONE` is `0`, and what is no number is nothing.
    Number,
    /// A time of nginx, in seconds.
    Seconds,
}

const fn alias(from: &'static str, to: &'static [&'static str], since: (u16, u16)) -> Rule {
    Rule {
        from,
        to,
        change: Change::Same,
        unless: None,
        since,
        until: None,
    }
}

const fn until_3(from: &'static str, to: &'static [&'static str], change: Change) -> Rule {
    Rule {
        from,
        to,
        change,
        unless: None,
        since: (2, 8),
        until: Some((3, 0)),
    }
}

/// The rules, in the order in which they are applied: one may go by what another has set.
const RULES: [Rule; 18] = [
    alias("nginx_user", &["nginx_main_user"], (2, 8)),
    alias("nginx_daemon", &["nginx_main_daemon"], (2, 8)),
    alias(
        "nginx_worker_processes",
        &["nginx_main_worker_processes"],
        (2, 8),
    ),
    alias("real_ip_header", &["nginx_proxy_real_ip_header"], (2, 8)),
    alias(
        "real_ip_recursive",
        &["nginx_proxy_real_ip_recursive"],
        (2, 8),
    ),
    alias(
        "opentelemetry_tracing",
        &["tracing_instrumentations"],
        (3, 2),
    ),
    alias(
        "opentelemetry_tracing_sampling_rate",
        &["tracing_sampling_rate"],
        (3, 2),
    ),
    until_3(
        "client_max_body_size",
        &["nginx_http_client_max_body_size"],
        Change::Same,
    ),
    until_3(
        "client_body_buffer_size",
        &["nginx_http_client_body_buffer_size"],
        Change::Same,
    ),
    until_3(
        "cassandra_consistency",
        &["cassandra_write_consistency", "cassandra_read_consistency"],
        Change::Same,
    ),
    until_3(
        "nginx_http_upstream_keepalive",
        &["nginx_upstream_keepalive"],
        Change::Same,
    ),
    Rule {
        unless: Some("nginx_upstream_keepalive"),
        ..until_3(
            "upstream_keepalive",
            &["nginx_http_upstream_keepalive"],
            Change::NoneForZero,
        )
    },
    until_3(
        "upstream_keepalive",
        &["nginx_upstream_keepalive"],
        Change::NoneForZero,
    ),
    until_3(
        "nginx_upstream_keepalive",
        &["upstream_keepalive_pool_size"],
        Change::Number,
    ),
    until_3(
        "nginx_http_upstream_keepalive_requests",
        &["nginx_upstream_keepalive_requests"],
        Change::Same,
    ),
    until_3(
        "nginx_upstream_keepalive_requests",
        &["upstream_keepalive_max_requests"],
        Change::Number,
    ),
    until_3(
        "nginx_http_upstream_keepalive_timeout",
        &["nginx_upstream_keepalive_timeout"],
        Change::Same,
    ),
    until_3(
        "nginx_upstream_keepalive_timeout",
        &["upstream_keepalive_idle_timeout"],
        Change::Seconds,
    ),
];

/// The rules of a version, in their order.
pub(super) fn rules(version: Version) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| {
        version.is_at_least(rule.since.0, rule.since.1)
            && rule
                .until
                .is_none_or(|(major, minor)| !version.is_at_least(major, minor))
    })
}

impl Change {
    /// The value a rule gives; `None` where it gives none.
    pub(super) fn of(self, value: &str, origin: &Origin) -> Option<String> {
        match self {
            Self::NoneForZero if value == "0" && matches!(origin, Origin::File { .. }) => {
                Some("NONE".to_owned())
            }
            Self::Same | Self::NoneForZero => Some(value.to_owned()),
            Self::Number if value == "NONE" => Some("0".to_owned()),
            Self::Number => number::printed(value),
            Self::Seconds => seconds(value).map(|seconds| seconds.to_string()),
        }
    }
}

/// `1m 30s`, `60`, `2h`: a time of nginx, in seconds.
fn seconds(text: &str) -> Option<u64> {
    let mut sum: u64 = 0;
    let mut digits = String::new();
    for letter in text.chars() {
        let unit = match letter {
            '0'..='9' => {
                digits.push(letter);
                continue;
            }
            's' | ' ' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 60 * 60 * 24,
            'w' => 60 * 60 * 24 * 7,
            'M' => 60 * 60 * 24 * 30,
            'y' => 60 * 60 * 24 * 365,
            _ => return None,
        };
        let count: u64 = match std::mem::take(&mut digits) {
            digits if digits.is_empty() && letter == ' ' => continue,
            digits => digits.parse().ok()?,
        };
        sum = sum.checked_add(count.checked_mul(unit)?)?;
    }
    if digits.is_empty() {
        return (!text.is_empty()).then_some(sum);
    }
    sum.checked_add(digits.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::{Change, Origin, rules};

    #[test]
    fn rules_are_a_versions() {
        let count = |version: &str| rules(version.parse().expect("a version")).count();
        assert_eq!(count("2.8.5"), 16);
        assert_eq!(count("3.1.1"), 5);
        assert_eq!(count("3.9.1"), 7);
    }

    #[test]
    fn values_change_on_the_way() {
        let file = Origin::File {
            path: "kong.conf".into(),
            line: 1,
        };
        let of = |change: Change, value| change.of(value, &file);
        assert_eq!(of(Change::NoneForZero, "0").as_deref(), Some("NONE"));
        assert_eq!(of(Change::NoneForZero, "60").as_deref(), Some("60"));
        let variable = Change::NoneForZero.of("0", &Origin::Default);
        assert_eq!(variable.as_deref(), Some("0"));
        assert_eq!(of(Change::Number, "NONE").as_deref(), Some("0"));
        assert_eq!(of(Change::Number, "60").as_deref(), Some("60"));
        assert_eq!(of(Change::Number, "many"), None);
        for (text, seconds) in [
            ("60s", "60"),
            ("60", "60"),
            ("1m 30s", "90"),
            ("2h", "7200"),
            ("1m30", "90"),
        ] {
            assert_eq!(
                of(Change::Seconds, text).as_deref(),
                Some(seconds),
                "{text}"
            );
        }
        assert_eq!(of(Change::Seconds, "soon"), None);
        assert_eq!(of(Change::Seconds, ""), None);
    }
}
