//! What a preflight found.

use serde::Serialize;

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Facts, Words};

/// What a check came to about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's code.
    pub code: &'static str,
    /// The thing, by its name in the environment.
    pub subject: String,
    /// What is found where it is not fine.
    pub about: &'static str,
    /// What it came to.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What goes wrong then.
    pub why: &'static str,
    /// What to do.
    pub remedy: String,
}

/// All that was found, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What each check came to about each thing.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Judges `facts`.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let findings = super::checks().flat_map(|check| judged(check, facts));
        Self {
            findings: findings.collect(),
        }
    }

    /// The findings that are wrong.
    pub fn wrong(&self) -> impl Iterator<Item = &Finding> {
        let is_wrong = |finding: &&Finding| matches!(finding.outcome, Outcome::Wrong(_));
        self.findings.iter().filter(is_wrong)
    }
}

fn judged(check: &'static Check, facts: &Facts) -> Vec<Finding> {
    let finding = |words: &Words, judged: Judged| Finding {
        code: check.code,
        subject: words.subject().to_owned(),
        about: check.about,
        outcome: judged.unwrap_or_else(Outcome::Unknown),
        why: check.why,
        remedy: words.fill(check.remedy),
    };
    match check.judge {
        Judge::Place(judge) => vec![finding(&facts.words, judge(facts))],
        Judge::Cluster(judge) => {
            let all = facts.clusters.iter();
            all.map(|one| finding(&one.words, judge(facts, one)))
                .collect()
        }
        Judge::Node(judge) => {
            let all = facts.nodes();
            all.map(|one| finding(&one.words, judge(facts, one)))
                .collect()
        }
        Judge::Database(judge) => {
            let all = facts.databases.iter();
            all.map(|one| finding(&one.words, judge(facts, one)))
                .collect()
        }
    }
}
