//! What must hold whatever goes wrong.

use serde::{Deserialize, Serialize};

/// Something that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Where nothing goes wrong, the playbook runs to its end.
    RunsToItsEnd,
    /// A run that is over leaves each database as it was, or wholly migrated; never between.
    WholeSchema,
    /// A run that is over leaves nodes that serve; one that waits says that none does.
    ServedOrDeclared,
    /// No node runs a version older than what a database was finished for.
    NoOutdatedNode,
    /// No write is lost by a way back that nobody asked for.
    NoLostWrite,
    /// Before a migration there is a backup of exactly that, proven by restoring it.
    ProvenBackup,
    /// Before the point of no return every node that runs has answered as it should.
    ProvenNodes,
    /// What a run leaves behind it names.
    NothingUnnamed,
    /// The verdict tells the truth.
    TrueVerdict,
    /// A killed run that is resumed ends as if it had not been killed.
    SameAfterCrash,
    /// What the playbook itself wants to hold.
    Own,
}

impl Invariant {
    /// The word for it in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RunsToItsEnd => "runs_to_its_end",
            Self::WholeSchema => "whole_schema",
            Self::ServedOrDeclared => "served_or_declared",
            Self::NoOutdatedNode => "no_outdated_node",
            Self::NoLostWrite => "no_lost_write",
            Self::ProvenBackup => "proven_backup",
            Self::ProvenNodes => "proven_nodes",
            Self::NothingUnnamed => "nothing_unnamed",
            Self::TrueVerdict => "true_verdict",
            Self::SameAfterCrash => "same_after_crash",
            Self::Own => "own",
        }
    }
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// The step at which it was broken; none where it is about the end.
    pub step: Option<u32>,
    /// How, in a sentence.
    pub how: String,
}
