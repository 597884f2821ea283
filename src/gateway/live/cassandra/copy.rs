//! Copying snapshots off their nodes: each file as it is on its host, told by the digest that the host itself counted.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::try_join_all;

use super::present::Present;
use super::verify::{file_of, sums_of};
use super::{Cluster, failed};
use crate::environment::CassandraNode;
use crate::gateway::Failure;
use crate::host::cassandra::Tag;
use crate::host::cassandra::backup::{File, NodeFiles, Seen};
use crate::host::cassandra::files::{self, Listed};
use crate::host::cassandra::plan::Source;
use crate::host::cassandra::{Id, backup::Manifest};

/// How long the largest file may take.
const FILE: Duration = Duration::from_hours(2);

/// Where a file of a backup lies below its directory: its node, the number of the data directory in the manifest, its place.
pub(super) fn kept(manifest: &Manifest, source: &Source) -> PathBuf {
    let node = manifest.nodes.get(&source.node);
    let number = node.and_then(|node| node.data.keys().position(|data| *data == source.data));
    below(source.node, number.unwrap_or_default(), source)
}

fn below(node: Id, number: usize, source: &Source) -> PathBuf {
    let place = source.place.to_string();
    Path::new(&node.digits())
        .join(number.to_string())
        .join(place)
}

impl<'a> Cluster<'a> {
    /// Copies the snapshot of all nodes to `path`.
    pub(super) async fn copy(
        &self,
        present: &Present<'a>,
        tag: &Tag,
        path: &Path,
    ) -> Result<BTreeMap<Id, NodeFiles>, Failure> {
        let copying = present.seen.iter().map(|one| async move {
            let host = one.information.host;
            let node = present.nodes.get(&host).copied();
            let node = node.ok_or_else(|| failed(self.name, "the nodes", "one is not known"))?;
            let copied = self.copy_node(node, one, tag, path).await?;
            Ok::<_, Failure>((host, copied))
        });
        let copied: Vec<_> = try_join_all(copying).await?;
        Ok(copied.into_iter().collect())
    }

    async fn copy_node(
        &self,
        node: &CassandraNode,
        seen: &Seen,
        tag: &Tag,
        path: &Path,
    ) -> Result<NodeFiles, Failure> {
        let mut files = NodeFiles::of(&seen.information, &node.address);
        let mut data: Vec<String> = (node.data.iter())
            .map(|path| path.display().to_string())
            .collect();
        // As the manifest orders them.
        data.sort();
        data.dedup();
        for (number, directory) in data.into_iter().enumerate() {
            let told = self
                .ask(node, &files::list(&directory, &self.keyspace, tag))
                .await?;
            let listed = files::listed(&told).map_err(|error| self.unreadable(node, error))?;
            let told = self
                .ask(node, &files::digests(&directory, &self.keyspace, tag))
                .await?;
            let digests = sums_of(&told);
            let mut copied = BTreeMap::new();
            for Listed { place, size } in listed {
                let source = Source {
                    node: seen.information.host,
                    data: directory.clone(),
                    place,
                };
                let from = format!("{directory}/{}/{}", self.keyspace, source.place);
                let to = path.join(below(source.node, number, &source));
                self.fetch(node, &from, &to).await?;
                let file = file_of(&to).map_err(|error| self.unkept(&error))?;
                let is_same = digests.get(from.as_str()) == Some(&file.digest.as_str());
                if file.size != size || !is_same {
                    let what = format!("`{from}` on `{}`", node.name);
                    return Err(failed(
                        self.name,
                        &what,
                        "the copy is not what the host has",
                    ));
                }
                copied.insert(source.place, file);
            }
            files.data.insert(directory, copied);
        }
        Ok(files)
    }

    /// Fetches one file of a host.
    async fn fetch(&self, node: &CassandraNode, from: &str, to: &Path) -> Result<(), Failure> {
        let unkept = |error: io::Error| self.unkept(&error);
        let file = private(to).map_err(unkept)?;
        let mut into = tokio::fs::File::from_std(file);
        let poured = self
            .read(node, &["cat", "--", from], &mut into, FILE)
            .await?;
        if poured.code != Some(0) {
            return Err(self.refused(node, "cat", &poured.errors));
        }
        into.sync_all().await.map_err(unkept)
    }

    /// A file of the storage that cannot be written or read.
    pub(super) fn unkept(&self, error: &io::Error) -> Failure {
        let message = format!("cannot keep the backup of `{}`: {error}", self.name);
        match error.kind() {
            io::ErrorKind::StorageFull => Failure::new("database.space", message)
                .hint("free some space, or name another storage in the environment file"),
            _ => Failure::new("storage.unusable", message),
        }
    }
}

/// A new file that nobody else may read, in a directory that is made where it is not there.
fn private(path: &Path) -> io::Result<std::fs::File> {
    if let Some(directory) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// The bytes of all files.
pub(super) fn bytes(manifest: &Manifest) -> u64 {
    manifest.files().map(|(_, File { size, .. })| size).sum()
}
