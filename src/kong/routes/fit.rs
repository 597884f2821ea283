//! Whether the engine of Kong 3's router takes an expression, and takes it for the same.

use regex::Regex;
use serde::Serialize;

use super::difference::Difference;
use super::walk::differences;

/// What the new router makes of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fit", rename_all = "snake_case")]
pub enum Fit {
    /// It matches what it matched.
    Same,
    /// The engine does not take it: the route is not built.
    Rejected {
        /// The engine's own words.
        why: String,
    },
    /// The engine takes it, and it can match other requests.
    Different {
        /// By what.
        by: Vec<Difference>,
    },
}

/// Judges an expression, as the new router stores it and without its `~`.
#[must_use]
pub fn fit(expression: &str) -> Fit {
    // Kong writes `?P<` for every `?<`, so that groups have names in the engine's way.
    let given = format!("^{}", expression.replace("?<", "?P<"));
    if let Err(error) = Regex::new(&given) {
        return Fit::Rejected {
            why: in_one_line(&error),
        };
    }
    let by = differences(expression);
    if by.is_empty() {
        Fit::Same
    } else {
        Fit::Different { by }
    }
}

/// The engine draws what it does not understand, and says in the last line why.
fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
