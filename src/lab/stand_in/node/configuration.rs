//! The configuration of a node without a database: where the first one comes from, how another takes its place, and what stays of
//! it in the prefix.
//!
//! Kong 3 keeps it in LMDB, from 3.6 on under its minor version, so that another one finds nothing. Before 3.0 only a data plane
//! kept it, in a file of its own.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::conf::{Declarative, Role};
use super::declarative::{self, DeclarativeError};
use super::store::{EMPTY_HASH, Held, Source};
use super::{Node, NodeError};

/// What a node leaves in its prefix. The name and the place are Kong's, the content is the stand-in's own.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// `major.minor`, where the version writes it down.
    #[serde(default)]
    tag: Option<String>,
    held: Held,
}

/// The configuration in a file or a text, as a command and a node read it. A file's name tells its language.
pub(super) fn read(node: &Node, from: &Declarative) -> Result<Held, NodeError> {
    let (text, file) = match from {
        Declarative::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| {
                let reason = format!("{}: {source}", path.display());
                failed(from, &DeclarativeError::Unreadable(reason))
            })?;
            (text, Some(path.display().to_string()))
        }
        Declarative::Text(text) => (text.clone(), None),
    };
    let held = declarative::unserialise(&text, file.as_deref()).and_then(|object| {
        let hash = declarative::digest(text.as_bytes());
        declarative::parse(node, object, Some(hash))
    });
    held.map_err(|error| failed(from, &error))
}

fn failed(from: &Declarative, error: &DeclarativeError) -> NodeError {
    let what = match from {
        Declarative::File(path) => format!("config file {}", path.display()),
        Declarative::Text(text) => format!("string {text}"),
    };
    NodeError::Declarative(format!("error parsing declarative {what}:\n{error}"))
}

impl Node {
    /// What a node that starts begins with: the configuration it is told of, else what it had, else none.
    pub(super) async fn begin_with(&self, from: Option<&Declarative>) -> Result<(), NodeError> {
        let held = match from {
            Some(from) => {
                let mut held = read(self, from)?;
                // Kong 2.8 does not pass the hash on that it has just made.
                if !self.version.is_at_least(3, 0) {
                    EMPTY_HASH.clone_into(&mut held.hash);
                }
                Some(held)
            }
            None => self.kept(),
        };
        self.take_up(held.unwrap_or_default()).await;
        Ok(())
    }

    /// Puts `held` in the place of the configuration in effect, at once and for the next start.
    pub(super) async fn take_up(&self, held: Held) {
        let Source::Memory(memory) = &self.source else {
            return;
        };
        if let Err(error) = self.keep(&held) {
            tracing::error!("cannot keep the configuration: {error}");
        }
        memory.replace(held);
        self.credentials.forget_all();
        self.groups.forget_all();
        self.stale.all();
        self.rebuild_stale().await;
    }

    /// Where this version keeps it; none does not.
    fn place(&self) -> Option<PathBuf> {
        let prefix = &self.settings.prefix;
        match self.settings.role {
            _ if self.version.is_at_least(3, 0) => Some(prefix.join("dbless.lmdb/data.mdb")),
            Role::DataPlane => Some(prefix.join("config.cache.json.gz")),
            Role::Traditional | Role::ControlPlane => None,
        }
    }

    fn tag(&self) -> Option<String> {
        let version = &self.version;
        version
            .is_at_least(3, 6)
            .then(|| format!("{}.{}", version.major, version.minor))
    }

    /// What was kept, if this version takes it.
    fn kept(&self) -> Option<Held> {
        let kept = unpacked(&self.place()?)?;
        match self.tag() {
            Some(tag) if kept.tag.as_ref() != Some(&tag) => {
                tracing::warn!("the configuration kept by another version is thrown away");
                None
            }
            _ => Some(kept.held),
        }
    }

    fn keep(&self, held: &Held) -> std::io::Result<()> {
        let Some(path) = self.place() else {
            return Ok(());
        };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let kept = json!(Kept {
            tag: self.tag(),
            held: held.clone(),
        });
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(kept.to_string().as_bytes())?;
        let temporary = path.with_extension("tmp");
        std::fs::write(&temporary, packed.finish()?)?;
        std::fs::rename(&temporary, &path)
    }
}

fn unpacked(path: &Path) -> Option<Kept> {
    let packed = std::fs::read(path).ok()?;
    let mut text = String::new();
    let read = GzDecoder::new(packed.as_slice()).read_to_string(&mut text);
    let kept = read
        .map_err(|error| error.to_string())
        .and_then(|_| serde_json::from_str(&text).map_err(|error| error.to_string()));
    kept.inspect_err(|error| tracing::error!("cannot read `{}`: {error}", path.display()))
        .ok()
}
