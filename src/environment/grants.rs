//! What playbooks may do in an environment: deny before ask before allow, by globs over the verbs of primitives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was granted, by verb globs such as `kong.*`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Where true, nothing is granted that is not listed.
    #[serde(default)]
    pub protected: bool,
    /// Granted without a question.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Granted after a person agreed.
    #[serde(default)]
    pub ask: Vec<String>,
    /// Never granted, whatever else is listed.
    #[serde(default)]
    pub deny: Vec<String>,
}

/// What the grants say about one verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It may be done.
    Allow,
    /// A person is asked first.
    Ask,
    /// It may not be done.
    Deny,
}

/// Verbs that change nothing outside the journal, and so need no grant.
const FREE: [&str; 2] = ["run.", "clock."];

impl Grants {
    /// Decides about `verb`, a primitive's name such as `kong.stop`.
    #[must_use]
    pub fn decide(&self, verb: &str) -> Decision {
        let any = |globs: &[String]| globs.iter().any(|glob| matches(glob, verb));
        if FREE.iter().any(|room| verb.starts_with(room)) {
            // Nothing outside the journal is changed by these.
            Decision::Allow
        } else if any(&self.deny) {
            Decision::Deny
        } else if any(&self.ask) {
            Decision::Ask
        } else if any(&self.allow) || !self.protected {
            Decision::Allow
        } else {
            Decision::Deny
        }
    }
}

/// Whether `glob` covers `verb`: equal, `*`, or `room.*`.
fn matches(glob: &str, verb: &str) -> bool {
    match glob.strip_suffix('*') {
        Some(start) => verb.starts_with(start),
        None => glob == verb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(protected: bool, allow: &[&str], ask: &[&str], deny: &[&str]) -> Grants {
        let owned = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect();
        Grants {
            protected,
            allow: owned(allow),
            ask: owned(ask),
            deny: owned(deny),
        }
    }

    #[test]
    fn deny_comes_before_ask_before_allow() {
        let grants = grants(true, &["kong.*"], &["kong.finish"], &["kong.reset"]);
        assert_eq!(grants.decide("kong.stop"), Decision::Allow);
        assert_eq!(grants.decide("kong.finish"), Decision::Ask);
        assert_eq!(grants.decide("kong.reset"), Decision::Deny);
        assert_eq!(grants.decide("database.restore"), Decision::Deny);
    }

    #[test]
    fn an_unprotected_environment_grants_what_is_not_listed() {
        assert_eq!(
            grants(false, &[], &[], &["kong.reset"]).decide("database.restore"),
            Decision::Allow
        );
    }

    #[test]
    fn a_glob_ends_in_a_star() {
        assert!(
            matches("*", "kong.stop")
                && matches("kong.*", "kong.stop")
                && matches("kong.stop", "kong.stop")
        );
        assert!(!matches("kong", "kong.stop") && !matches("kong.st", "kong.stop"));
    }
}
