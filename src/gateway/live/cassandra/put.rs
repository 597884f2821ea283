//! Putting files of a backup into the directories of tables, for the user that Cassandra runs as: whole, and into their place in one step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Cluster;
use super::copy::kept;
use super::present::Present;
use super::verify::sums_of;
use crate::environment::CassandraNode;
use crate::gateway::Failure;
use crate::gateway::live::hosts::Host;
use crate::host::cassandra::Id;
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::plan::{Act, Source, Stage};
use crate::host::cassandra::restore::lying;

/// How long a node may take to remove the files of tables that were emptied, which it does by itself.
const REMOVING: Duration = Duration::from_mins(1);

/// How long the largest file may take to another host.
const FILE: Duration = Duration::from_hours(2);

/// How many files one program puts: its words have to fit into one line of ssh.
const AT_ONCE: usize = 100;

/// A file of the backup, and where it is to lie.
struct Placed<'s> {
    source: &'s Source,
    target: &'s str,
}

fn placed(stage: &Stage) -> impl Iterator<Item = (Id, Placed<'_>)> {
    stage.steps.iter().filter_map(|step| match &step.act {
        Act::Put { source, target } => Some((step.node, Placed { source, target })),
        Act::Run(_) => None,
    })
}

impl<'a> Cluster<'a> {
    /// Waits until no file lies where files are put, but those of the backup itself, which an attempt that was killed has put.
    pub(super) async fn look(
        &self,
        path: &Path,
        manifest: &Manifest,
        present: &Present<'a>,
        look: &Stage,
        put: &Stage,
    ) -> Result<(), Failure> {
        let mut ours: BTreeSet<(Id, String, String)> = BTreeSet::new();
        for (node, file) in placed(put) {
            let digest = super::verify::file_of(&path.join(kept(manifest, file.source)));
            let digest = digest.map_err(|error| self.unkept(&error))?.digest;
            ours.insert((node, file.target.to_owned(), digest.to_string()));
        }
        let begun = Instant::now();
        loop {
            let mut others = Vec::new();
            for step in &look.steps {
                let (Act::Run(vector), Some(node)) = (&step.act, present.nodes.get(&step.node))
                else {
                    continue;
                };
                others.extend(self.strange_files(node, step.node, vector, &ours).await?);
            }
            let Some(first) = others.first() else {
                return Ok(());
            };
            if begun.elapsed() > REMOVING {
                let why = format!(
                    "{} files lie where the backup's belong, such as {first}",
                    others.len()
                );
                return Err(self.unrestored(&why));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn strange_files(
        &self,
        node: &CassandraNode,
        id: Id,
        vector: &[String],
        ours: &BTreeSet<(Id, String, String)>,
    ) -> Result<Vec<String>, Failure> {
        let told = self.ask(node, vector).await?;
        let files = lying(&told);
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let mut strange = Vec::new();
        for some in files.chunks(AT_ONCE) {
            let question = [&["sha256sum", "--"][..], some].concat();
            // One that is gone in between is looked for again.
            let told = self.attempt(node, &question).await?;
            let told = told.unwrap_or_default();
            let digests = sums_of(&told);
            strange.extend(some.iter().filter_map(|file| {
                let digest = digests.get(file).copied().unwrap_or_default();
                let is_ours = ours.contains(&(id, (*file).to_owned(), digest.to_owned()));
                (!is_ours).then(|| format!("`{file}` on `{}`", node.name))
            }));
        }
        Ok(strange)
    }

    /// Puts all files of a stage.
    pub(super) async fn put(
        &self,
        path: &Path,
        manifest: &Manifest,
        present: &Present<'a>,
        stage: &Stage,
    ) -> Result<(), Failure> {
        let mut places: BTreeMap<(Id, &str), Vec<Placed<'_>>> = BTreeMap::new();
        for (node, file) in placed(stage) {
            let directory = file
                .target
                .rsplit_once('/')
                .map_or("/", |(directory, _)| directory);
            places.entry((node, directory)).or_default().push(file);
        }
        for ((node, directory), files) in places {
            let Some(node) = present.nodes.get(&node) else {
                continue;
            };
            for some in files.chunks(AT_ONCE) {
                self.put_into(path, manifest, node, directory, some).await?;
            }
        }
        Ok(())
    }

    async fn put_into(
        &self,
        path: &Path,
        manifest: &Manifest,
        node: &CassandraNode,
        directory: &str,
        files: &[Placed<'_>],
    ) -> Result<(), Failure> {
        let host = self.host(node).await?;
        let told = self
            .ask(node, &["stat", "-L", "-c", "%u %g", "--", directory])
            .await?;
        let (user, group) = told.trim().split_once(' ').unwrap_or_default();
        let staging = self.live.temporary_on(&host).await.join("cassandra");
        let mut staged = Vec::new();
        for file in files {
            let from = path.join(kept(manifest, file.source));
            staged.push(match host {
                Host::Here => from,
                Host::There(_) => self.staged(&host, node, &from, &staging).await?,
            });
        }
        let beside = format!("{directory}/.cutover");
        let words = |fixed: &[&str], paths: &[PathBuf]| -> Vec<String> {
            let fixed = fixed.iter().map(|word| (*word).to_owned());
            fixed
                .chain(paths.iter().map(|path| path.display().to_string()))
                .collect()
        };
        let whole: Vec<PathBuf> = (staged.iter())
            .filter_map(|path| Some(Path::new(&beside).join(path.file_name()?)))
            .collect();
        let install = [
            "install", "-D", "-m", "0644", "-o", user, "-g", group, "-t", &beside, "--",
        ];
        for vector in [
            words(&install, &staged),
            words(&["mv", "-f", "-t", directory, "--"], &whole),
            words(&["rm", "-rf", "--", &beside], &[]),
        ] {
            let finished = self.act(node, &vector).await?;
            if !finished.ending.is_success() {
                let failure = self.refused(node, &vector[0], &finished.stderr);
                return Err(failure.hint(
                    "where only root may write there, list `/usr/bin/install *`, `/usr/bin/mv *` and `/usr/bin/rm *` under `sudo` of the node",
                ));
            }
        }
        if matches!(host, Host::There(_)) {
            host.remove(&staging)
                .await
                .map_err(|error| self.unreadable(node, error))?;
            self.live.tidy(&host).await;
        }
        Ok(())
    }

    /// A file that the host was given, whole.
    async fn staged(
        &self,
        host: &Host,
        node: &CassandraNode,
        from: &Path,
        directory: &Path,
    ) -> Result<PathBuf, Failure> {
        let unusable = |error: std::io::Error| self.unreadable(node, error);
        let name = from
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        host.stage(from, directory, &name, FILE)
            .await
            .map_err(unusable)?;
        Ok(directory.join(&name))
    }

    /// Gives a host all files of a stage where they are to lie, for whoever sends their rows from there.
    pub(super) async fn stage_all(
        &self,
        path: &Path,
        manifest: &Manifest,
        host: &Host,
        stage: &Stage,
    ) -> Result<(), Failure> {
        for (_, file) in placed(stage) {
            let (directory, name) = file.target.rsplit_once('/').unwrap_or_default();
            let from = path.join(kept(manifest, file.source));
            let staged = host.stage(&from, Path::new(directory), name, FILE).await;
            staged.map_err(|error| self.unkept(&error))?;
        }
        Ok(())
    }
}
