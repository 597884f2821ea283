//! In which order plugins run: those with a higher priority first.
//!
//! Versions from 3.0 on tell the priorities, so they are among the recorded facts; 2.8's stand in its source only.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The plugins that the stand-in runs, with the priorities of 2.8 or, where that has no such plugin, of all versions.
const PLUGINS: [(&str, i64); 13] = [
    ("cors", 2000),
    ("key-auth", 1003),
    ("basic-auth", 1001),
    ("ip-restriction", 990),
    ("request-size-limiting", 951),
    ("acl", 950),
    ("rate-limiting", 901),
    ("request-transformer", 801),
    ("response-transformer", 800),
    ("redirect", 779),
    ("canary", 13),
    ("request-termination", 2),
    ("correlation-id", 1),
];

/// The names of the plugins as a version runs them that tells these priorities.
pub(super) fn order(told: &BTreeMap<String, Option<i64>>) -> Vec<&'static str> {
    let mut plugins = PLUGINS.map(|(name, older)| {
        let priority = told.get(name).copied().flatten();
        (priority.unwrap_or(older), name)
    });
    plugins.sort_by_key(|(priority, _)| Reverse(*priority));
    plugins.map(|(_, name)| name).to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::super::facts::Facts;
    use super::*;
    use crate::kong::Version;

    #[test]
    fn a_request_is_numbered_last_until_3_8_and_first_since() {
        let last_and_first = [
            (Version::new(2, 8, 5), ["cors", "correlation-id"]),
            (Version::new(3, 4, 2), ["cors", "correlation-id"]),
            (
                Version::new(3, 9, 1),
                ["correlation-id", "request-termination"],
            ),
        ];
        for (version, wanted) in last_and_first {
            let facts = Facts::of(&version).expect("recorded");
            let order = order(&facts.plugin_priorities);
            assert_eq!([order[0], order[order.len() - 1]], wanted, "{version}");
        }
    }
}
