//! All rules that an upgrade crosses, judged.

use serde::{Deserialize, Serialize};

use super::advisory::{Advisory, Kind, Severity};
use super::evidence::Evidence;
use super::judge::judge_with;
use super::verdict::Verdict;
use crate::kong::Version;
use crate::kong::routes::Fits;

/// What a review says of a cluster on its way from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The version that runs.
    pub from: Version,
    /// The version to go to.
    pub to: Version,
    /// What was found and what could not be told; what is absent is not named. The worst first.
    pub findings: Vec<Finding>,
    /// How many rules the way crosses.
    pub rules: usize,
    /// How many of them do not concern the cluster.
    pub absent: usize,
}

/// A rule that concerns the cluster, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's name.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing changed.
    pub kind: Kind,
    /// The thing that changed.
    pub subject: String,
    /// The release with which it did.
    pub since: Version,
    /// What changed.
    pub summary: String,
    /// What to do.
    pub action: String,
    /// Where that is known from.
    pub source: String,
    /// Whether the cluster is concerned; otherwise that is not known.
    pub is_found: bool,
    /// Where it was found; of what is not known, what is missing.
    pub places: Vec<String>,
    /// Why it is accepted, where it is.
    pub accepted: Option<String>,
}

impl Finding {
    /// Whether it stands in the way.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.severity == Severity::Blocker && self.is_found && self.accepted.is_none()
    }
}

impl Review {
    /// Judges rules.
    #[must_use]
    pub fn of(rules: &[Advisory], from: &Version, to: &Version, evidence: &Evidence) -> Self {
        let mut review = Self {
            from: *from,
            to: *to,
            findings: Vec::new(),
            rules: 0,
            absent: 0,
        };
        let fits = Fits::default();
        for rule in rules {
            let Some(verdict) = judge_with(&fits, rule, from, to, evidence) else {
                continue;
            };
            review.rules += 1;
            let (is_found, places) = match verdict {
                Verdict::Absent => {
                    review.absent += 1;
                    continue;
                }
                Verdict::Found { places } => {
                    (true, places.iter().map(ToString::to_string).collect())
                }
                Verdict::Unknown { missing } => (false, missing),
            };
            review.findings.push(Finding {
                id: rule.id.clone(),
                severity: rule.severity,
                kind: rule.kind,
                subject: rule.subject.clone(),
                since: rule.from,
                summary: rule.summary.clone(),
                action: rule.action.clone(),
                source: rule.source.clone(),
                is_found,
                places,
                accepted: evidence.accepted.get(&rule.id).cloned(),
            });
        }
        review
            .findings
            .sort_by_key(|finding| (!finding.is_found, finding.severity));
        review
    }

    /// Those that stand in the way.
    pub fn blockers(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.blocks())
    }
}
