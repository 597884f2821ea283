//! What a run keeps of the files that it adapts: what was there, and what it put there. They may hold secrets, so nobody else may read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::files::kind_of;
use crate::change_set::{File, Files, Location, Mode, Owner, Plan, ReleaseTemplate, Write};
use crate::gateway::Failure;
use crate::gateway::live::{Live, private_file};
use crate::kong::Version;

/// A file, as it is written down.
#[derive(Serialize, Deserialize)]
struct KeptFile {
    bytes: String,
    mode: Mode,
    owner: Owner,
}

/// A file before and after it was written.
#[derive(Serialize, Deserialize)]
struct KeptWrite {
    location: Location,
    before: Option<KeptFile>,
    after: Option<KeptFile>,
}

/// The files of a node at one moment, as they are written down.
#[derive(Serialize, Deserialize)]
struct KeptMark {
    version: Version,
    files: BTreeMap<Location, KeptFile>,
    #[serde(default)]
    templates: Vec<KeptTemplate>,
}

/// A release's template, as it is written down: where packages replace each other, it is gone with the next one.
#[derive(Serialize, Deserialize)]
struct KeptTemplate {
    name: String,
    version: Version,
    text: String,
}

/// The files of a node at one moment.
pub(super) struct Marked {
    /// The version that read them.
    pub(super) version: Version,
    pub(super) files: BTreeMap<Location, File>,
    /// The templates that it brings along and that files were made out of.
    pub(super) releases: Vec<ReleaseTemplate>,
}

impl KeptFile {
    fn of(file: &File) -> Self {
        Self {
            bytes: STANDARD.encode(&file.bytes),
            mode: file.mode,
            owner: file.owner.clone(),
        }
    }

    fn at(self, location: &Location) -> Result<File, String> {
        Ok(File {
            kind: kind_of(location),
            bytes: STANDARD
                .decode(self.bytes)
                .map_err(|error| error.to_string())?,
            mode: self.mode,
            owner: self.owner,
        })
    }
}

impl KeptTemplate {
    fn of(release: &ReleaseTemplate) -> Self {
        Self {
            name: release.name.clone(),
            version: release.version,
            text: release.text.clone(),
        }
    }

    fn release(self) -> ReleaseTemplate {
        ReleaseTemplate {
            name: self.name,
            version: self.version,
            text: self.text,
        }
    }
}

/// Keeps what is about to be written.
pub(super) fn keep_plan(path: &Path, plan: &Plan) -> Result<(), Failure> {
    let writes = plan.writes.iter().map(|write| KeptWrite {
        location: write.location.clone(),
        before: write.before.as_ref().map(KeptFile::of),
        after: write.after.as_ref().map(KeptFile::of),
    });
    keep(path, &writes.collect::<Vec<_>>())
}

/// What was about to be written, if anything was.
pub(super) fn kept_plan(path: &Path) -> Result<Option<Plan>, Failure> {
    let Some(kept) = read::<Vec<KeptWrite>>(path)? else {
        return Ok(None);
    };
    let write = |kept: KeptWrite| {
        let file = |file: Option<KeptFile>| file.map(|file| file.at(&kept.location)).transpose();
        Ok(Write {
            before: file(kept.before)?,
            after: file(kept.after)?,
            location: kept.location.clone(),
        })
    };
    let writes: Result<_, String> = kept.into_iter().map(write).collect();
    let writes = writes.map_err(|why| damaged(path, &why))?;
    Ok(Some(Plan { writes }))
}

/// Forgets it: what was written was taken back.
pub(super) fn forget_plan(path: &Path) -> Result<(), Failure> {
    std::fs::remove_file(path).map_err(|error| damaged(path, &error.to_string()))
}

impl Live {
    /// Keeps files as they are.
    pub(super) fn keep_mark(&self, node: &str, files: &Files) -> Result<(), Failure> {
        let kept = KeptMark {
            version: files.version,
            files: files
                .files
                .iter()
                .map(|(location, file)| (location.clone(), KeptFile::of(file)))
                .collect(),
            templates: files.releases.iter().map(KeptTemplate::of).collect(),
        };
        keep(&self.mark_file(node), &kept)
    }

    /// The files as they were kept, if they were.
    pub(super) fn kept_mark(&self, node: &str) -> Result<Option<Marked>, Failure> {
        let path = self.mark_file(node);
        let Some(kept) = read::<KeptMark>(&path)? else {
            return Ok(None);
        };
        let files = kept.files.into_iter().map(|(location, file)| {
            let file = file.at(&location)?;
            Ok((location, file))
        });
        let files: Result<_, String> = files.collect();
        let files = files.map_err(|why| damaged(&path, &why))?;
        Ok(Some(Marked {
            version: kept.version,
            files,
            releases: kept
                .templates
                .into_iter()
                .map(KeptTemplate::release)
                .collect(),
        }))
    }

    /// Where it is kept what a change set writes on a node.
    pub(super) fn adapted_file(&self, node: &str, change_set: &str) -> PathBuf {
        self.output
            .join("adapted")
            .join(node)
            .join(format!("{change_set}.json"))
    }

    /// Where it is kept what bringing a node's templates to another release writes.
    pub(super) fn rebased_file(&self, node: &str) -> PathBuf {
        self.output.join("rebased").join(format!("{node}.json"))
    }

    fn mark_file(&self, node: &str) -> PathBuf {
        self.output.join("marked").join(format!("{node}.json"))
    }
}

fn keep(path: &Path, kept: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_vec(kept).expect("plain data");
    private_file::write(path, text).map_err(|error| {
        let message = format!("cannot keep what files were in the storage: {error}");
        Failure::new("storage.unusable", message)
    })
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| damaged(path, &error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(damaged(path, &error.to_string())),
    }
}

fn damaged(path: &Path, why: &str) -> Failure {
    let message = format!(
        "what files were cannot be read from `{}`: {why}",
        path.display()
    );
    Failure::new("storage.unusable", message)
}
