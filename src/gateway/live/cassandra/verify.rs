//! Proofs of a backup without a second cluster: every file is as it was copied, and its rows have the checksum that Cassandra gave them.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::copy::kept;
use super::kept::Kept;
use super::{Cluster, no_second_cluster};
use crate::gateway::{BackupFacts, Failure, VerifyTier};
use crate::host::cassandra::Digest;
use crate::host::cassandra::backup::{Checked, File, Finding, Found, Manifest, verify};
use crate::host::cassandra::files::{self, Checksum, Component, SstableFile};
use crate::host::cassandra::plan::Source;

/// How many bytes are read at once.
const ROUND: usize = 1 << 20;

/// The most findings that are told; the rest is counted.
const TOLD: usize = 10;

impl Cluster<'_> {
    /// Proves the backup in `path`.
    pub(in crate::gateway::live) fn verify(
        &self,
        path: &Path,
        backup: &BackupFacts,
        tier: VerifyTier,
    ) -> Result<(), Failure> {
        no_second_cluster(self.name, tier)?;
        let kept = Kept::of(path, backup)?;
        self.prove(path, &kept.cassandra, tier != VerifyTier::Checksum)
    }

    /// Proves the files in `path` by their manifest; where they are decoded, with what Cassandra itself wrote beside them.
    pub(super) fn prove(
        &self,
        path: &Path,
        manifest: &Manifest,
        decode: bool,
    ) -> Result<(), Failure> {
        let found = found(path, manifest, decode).map_err(|error| self.unkept(&error))?;
        let findings = verify(manifest, &found);
        if findings.is_empty() {
            return Ok(());
        }
        let mut told: Vec<String> = findings.iter().take(TOLD).map(words).collect();
        if findings.len() > TOLD {
            told.push(format!("and {} more", findings.len() - TOLD));
        }
        let message = format!(
            "the backup of the Cassandra `{}` in `{}` is not whole: {}",
            self.name,
            path.display(),
            told.join("; ")
        );
        Err(Failure::new("database.backup.damaged", message)
            .hint("do not restore it: take the copy that was kept, or an older backup"))
    }
}

/// What is there of a backup.
fn found(path: &Path, manifest: &Manifest, decode: bool) -> io::Result<Found> {
    let mut found = Found::default();
    for (source, _) in manifest.files() {
        let file = path.join(kept(manifest, &source));
        match file_of(&file) {
            Ok(is) => found.files.insert(source.clone(), is),
            // What is not there is a finding, not an error.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if decode {
            look_into(&file, source, &mut found)?;
        }
    }
    Ok(found)
}

fn look_into(path: &Path, source: Source, found: &mut Found) -> io::Result<()> {
    let Some(SstableFile { sstable, component }) = source.place.of_table() else {
        return Ok(());
    };
    if component == Component::Toc {
        let text = std::fs::read_to_string(path)?;
        found.tocs.insert(source, text);
        return Ok(());
    }
    let Some(mut sum) = Checksum::of(&component) else {
        return Ok(());
    };
    let data = path.with_file_name(format!("{sstable}-Data.db"));
    match in_rounds(&data, |bytes| sum.update(bytes)) {
        // The list of its components tells that it is missing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let counted = sum.value();
    // One that holds no number is no checksum of these rows.
    let stored = files::stored(&text).unwrap_or(!counted);
    found.checked.insert(source, Checked { stored, counted });
    Ok(())
}

/// The size and digest of a file.
pub(super) fn file_of(path: &Path) -> io::Result<File> {
    let (mut size, mut digest) = (0, Sha256::new());
    in_rounds(path, |bytes| {
        size += bytes.len() as u64;
        digest.update(bytes);
    })?;
    let digest = hex::encode(digest.finalize());
    let digest: Digest = digest.parse().map_err(io::Error::other)?;
    Ok(File { size, digest })
}

fn in_rounds(path: &Path, mut with: impl FnMut(&[u8])) -> io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0; ROUND];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        with(&buffer[..count]);
    }
}

/// Digests by path, from what `sha256sum` prints.
pub(super) fn sums_of(told: &str) -> BTreeMap<&str, &str> {
    let lines = told.lines();
    lines
        .filter_map(|line| line.split_once("  "))
        .map(|(digest, path)| (path, digest))
        .collect()
}

fn words(finding: &Finding) -> String {
    let of = |source: &Source| format!("`{}` of the node `{}`", source.place, source.node);
    match finding {
        Finding::Format(format) => format!("its manifest has the form {format}"),
        Finding::Empty => "a node of it has no tokens".to_owned(),
        Finding::TokenTwice(token) => format!("the token {token} is of two nodes"),
        Finding::NotMade(tables) => format!("its schema does not make `{}`", tables.join("`, `")),
        Finding::NotListed { node, table } => format!("`{node}` does not list `{table}`"),
        Finding::NoFile { node, table } => format!("`{node}` has no file of `{table}`"),
        Finding::Foreign(source) => format!("{} is of another table or snapshot", of(source)),
        Finding::Missing(source) => format!("{} is missing", of(source)),
        Finding::Differs(source) => format!("{} is another", of(source)),
        Finding::Unknown(source) => format!("nobody copied {}", of(source)),
        Finding::NotWhole { node, flaw } => format!(
            "an SSTable of `{node}` is not whole: {}",
            flaw_in_words(flaw)
        ),
        Finding::Checksum { source, checked } => format!(
            "the rows beside {} have the checksum {} and not {}",
            of(source),
            checked.counted,
            checked.stored
        ),
    }
}

fn flaw_in_words(flaw: &files::Flaw) -> String {
    match flaw {
        files::Flaw::Missing {
            directory,
            sstable,
            component,
        } => {
            format!("`{sstable}` in `{directory}` has no `{component}`")
        }
        files::Flaw::Unreadable { toc, line } => format!("`{toc}` names `{line}`"),
    }
}
