//! What came of comparing two gateways.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{clean, counted};
use crate::checks::compare::Sameness;
use crate::kong::comparison::{Comparison, Why};
use crate::primitive::{ComparedAnswers, difference_words};

/// For people: what differs first, then what does not.
#[must_use]
pub fn compared(configuration: &Comparison, answers: &ComparedAnswers) -> String {
    let mut told = String::from("configuration\n");
    for difference in &configuration.differences {
        let _ = writeln!(told, "  DIFFERS {}", clean(&difference_words(difference)));
    }
    for (kind, why) in &configuration.not_compared {
        let _ = writeln!(told, "  UNKNOWN {kind}: {}", clean(why));
    }
    let kinds = configuration
        .compared
        .iter()
        .filter(|(_, count)| **count > 0);
    let kinds: Vec<String> = kinds
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let kinds = if kinds.is_empty() {
        "nothing".to_owned()
    } else {
        kinds.join(", ")
    };
    let _ = writeln!(
        told,
        "  compared: {kinds}; {}",
        counted(configuration.differences.len(), "difference")
    );
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for expected in &configuration.expected {
        *reasons.entry(reason(&expected.why)).or_default() += 1;
    }
    for (reason, count) in reasons {
        let _ = writeln!(told, "  expected: {} {reason}", counted(count, "field"));
    }
    told.push_str("answers\n");
    for (name, compared) in &answers.told {
        let word = if compared.verdict == Sameness::Different {
            "DIFFERS"
        } else {
            "UNCLEAR"
        };
        let _ = writeln!(told, "  {word} {}", clean(name));
        for line in &compared.told {
            let _ = writeln!(told, "          {}", clean(line));
        }
    }
    if answers.not_same > answers.told.len() {
        let _ = writeln!(told, "  and {} more", answers.not_same - answers.told.len());
    }
    if let Some(pace) = answers.pace {
        let verdict = match pace.is_slower {
            Some(true) => "slower",
            Some(false) => "no slower",
            None => "too few to say",
        };
        let _ = writeln!(
            told,
            "  pace: {} ms before, {} ms now, in the middle of {} answers each: {verdict}",
            pace.blue, pace.green, pace.of
        );
    }
    if let Some(coverage) = &answers.coverage {
        let _ = writeln!(told, "  made from the old gateway: {coverage}");
    }
    let _ = writeln!(
        told,
        "  compared: {}, {} the same",
        counted(answers.compared, "request"),
        answers.compared - answers.not_same
    );
    told
}

fn reason(why: &Why) -> &'static str {
    match why {
        Why::Default => "that the new version fills in",
        Why::Renamed { .. } => "that the new version calls otherwise",
        Why::Derived => "that the new version makes of others",
        Why::Removed => "that the new version does not have",
        Why::Volatile => "that changes by itself",
    }
}
