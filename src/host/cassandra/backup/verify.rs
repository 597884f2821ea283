//! Whether a backup is what its manifest says, and whether what it says can be a backup at all: every node, every table, every file with its
//! digest, whole SSTables, and rows that have Cassandra's own checksum.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{File, Manifest};
use crate::host::cassandra::files::{Flaw, Place, flaws};
use crate::host::cassandra::plan::Source;
use crate::host::cassandra::{Id, Name};

/// The checksum of an SSTable's rows: the one beside them, and the one that they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// What stands in the file beside them.
    pub stored: u32,
    /// What was counted.
    pub counted: u32,
}

/// What was found of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Which tables each node lists for the snapshot; nodes that were not asked are left out.
    pub listed: BTreeMap<Id, BTreeSet<Name>>,
    /// The files.
    pub files: BTreeMap<Source, File>,
    /// The lists of components that could be read.
    pub tocs: BTreeMap<Source, String>,
    /// The checksums of rows, by the file that holds the checksum.
    pub checked: BTreeMap<Source, Checked>,
}

/// What is wrong with a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The manifest has another form.
    Format(u32),
    /// It has no node, or a node has no tokens: nothing can be brought back from it.
    Empty,
    /// A token is of two nodes.
    TokenTwice(String),
    /// The schema does not make a table, or says that it cannot.
    NotMade(Vec<String>),
    /// A node does not list a table's part.
    NotListed {
        /// The node.
        node: Id,
        /// The table.
        table: Name,
    },
    /// No file is there for a table of a node, not even the list that Cassandra writes for an empty one.
    NoFile {
        /// The node.
        node: Id,
        /// The table.
        table: Name,
    },
    /// A file is of a table or snapshot that the backup is not of.
    Foreign(Source),
    /// A file is gone.
    Missing(Source),
    /// A file is another.
    Differs(Source),
    /// A file is there that nobody copied.
    Unknown(Source),
    /// An SSTable is not whole.
    NotWhole {
        /// The node.
        node: Id,
        /// Why.
        flaw: Flaw,
    },
    /// Rows have another checksum than Cassandra gave them.
    Checksum {
        /// The file with the checksum.
        source: Source,
        /// Both checksums.
        checked: Checked,
    },
}

/// What is wrong; nothing where the backup is good.
#[must_use]
pub fn verify(manifest: &Manifest, found: &Found) -> Vec<Finding> {
    let mut findings = of_itself(manifest);
    let kept: BTreeMap<Source, &File> = manifest.files().collect();
    for (source, file) in &kept {
        findings.extend(match found.files.get(source) {
            None => Some(Finding::Missing(source.clone())),
            Some(found) => (found != *file).then(|| Finding::Differs(source.clone())),
        });
    }
    let unknown = found
        .files
        .keys()
        .filter(|source| !kept.contains_key(source));
    findings.extend(unknown.cloned().map(Finding::Unknown));
    for (node, listed) in &found.listed {
        let missing = manifest
            .tables
            .iter()
            .filter(|table| !listed.contains(&table.name));
        findings.extend(missing.map(|table| Finding::NotListed {
            node: *node,
            table: table.name.clone(),
        }));
    }
    for (node, files) in &manifest.nodes {
        for data in files.data.keys() {
            let is_here = |source: &&Source| source.node == *node && source.data == *data;
            let places: Vec<&Place> = found
                .files
                .keys()
                .filter(is_here)
                .map(|source| &source.place)
                .collect();
            let tocs = found.tocs.iter().filter(|(source, _)| is_here(source));
            let tocs = tocs
                .map(|(source, toc)| (source.place.clone(), toc.clone()))
                .collect();
            let flaws = flaws(places, &tocs).into_iter();
            findings.extend(flaws.map(|flaw| Finding::NotWhole { node: *node, flaw }));
        }
    }
    let broken = found
        .checked
        .iter()
        .filter(|(_, checked)| checked.stored != checked.counted);
    findings.extend(broken.map(|(source, checked)| Finding::Checksum {
        source: source.clone(),
        checked: *checked,
    }));
    findings
}

/// What is wrong with a manifest whatever was found.
fn of_itself(manifest: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    if manifest.format != Manifest::FORMAT {
        findings.push(Finding::Format(manifest.format));
    }
    if manifest.nodes.is_empty() || manifest.nodes.values().any(|node| node.tokens.is_empty()) {
        findings.push(Finding::Empty);
    }
    let mut tokens = BTreeSet::new();
    let all = manifest.nodes.values().flat_map(|node| &node.tokens);
    let twice = all.filter(|token| !tokens.insert(*token));
    findings.extend(twice.cloned().map(Finding::TokenTwice));
    let made: BTreeSet<&Name> = manifest.schema.tables().collect();
    let not_made = manifest
        .tables
        .iter()
        .filter(|table| !made.contains(&table.name));
    let not_made = not_made.map(|table| table.name.to_string());
    let not_made: Vec<String> = not_made.chain(manifest.schema.left_out.clone()).collect();
    if !not_made.is_empty() {
        findings.push(Finding::NotMade(not_made));
    }
    let ids: BTreeSet<(&Name, Id)> = manifest
        .tables
        .iter()
        .map(|table| (&table.name, table.id))
        .collect();
    let mut here = BTreeSet::new();
    for (source, _) in manifest.files() {
        let (directory, tag) = (&source.place.directory, &source.place.tag);
        here.insert((source.node, directory.table.clone()));
        if *tag != manifest.tag || !ids.contains(&(&directory.table, directory.id)) {
            findings.push(Finding::Foreign(source));
        }
    }
    for node in manifest.nodes.keys() {
        let missing = manifest
            .tables
            .iter()
            .filter(|table| !here.contains(&(*node, table.name.clone())));
        findings.extend(missing.map(|table| Finding::NoFile {
            node: *node,
            table: table.name.clone(),
        }));
    }
    findings
}
