//! Where the text of playbooks and modules comes from: embedded in the binary, or one folder of the operator's.
//!
//! A module's path is plain words joined by `/`. `std/…` is embedded; everything else is looked for beside the playbook, through a
//! directory handle that leads nowhere else: neither `..` nor an absolute path nor a link gets out of it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use include_dir::include_dir;

use crate::journal::{Digest, Header, RunDirectory, Source};

static PLAYBOOKS: include_dir::Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/playbooks");
static STANDARD: include_dir::Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stdlib");

/// No module is longer than this, in bytes.
const LONGEST_SOURCE: u64 = 1 << 20;

/// A playbook's text, and where its modules are to be found.
#[derive(Debug)]
pub struct Sources {
    /// The playbook's name.
    pub name: String,
    /// The playbook's text.
    pub text: String,
    origin: Origin,
    /// Where the folder is, if there is one.
    folder: PathBuf,
    /// The modules that were asked for so far.
    pub modules: BTreeMap<String, String>,
}

#[derive(Debug)]
enum Origin {
    /// Shipped in the binary: only `std/…` exists.
    Shipped,
    /// A folder.
    Folder(Dir),
    /// The stored copies of a run.
    Stored,
}

/// Why a source cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such playbook.
    #[error("there is no playbook `{name}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownPlaybook {
        /// What was asked for.
        name: String,
        /// The nearest shipped one.
        near: Option<String>,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A copy that a run keeps is not what the journal says it was.
    #[error("the run's copy `{}` {problem}", file.display())]
    NotAsStored {
        /// The copy.
        file: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The stored copy of a run cannot be read.
    #[error(transparent)]
    Stored(#[from] crate::journal::JournalError),
}

impl Sources {
    /// The names of the shipped playbooks, with their texts.
    pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
        PLAYBOOKS
            .files()
            .filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)))
    }

    /// The tests of the shipped playbook `name`, with what they are called.
    #[must_use]
    pub fn shipped_tests(name: &str) -> Option<(String, Self)> {
        let file = PLAYBOOKS.get_file(format!("tests/{name}_test.rhai"))?;
        let text = file.contents_utf8()?.to_owned();
        let name = format!("{name}_test");
        Some((name.clone(), Self::new(&name, text, Origin::Shipped)))
    }

    /// The playbook that `name` means: a path to a `.rhai` file, or the name of a shipped one.
    pub fn find(name: &str) -> Result<Self, SourceError> {
        let path = Path::new(name);
        if path.extension().is_none_or(|extension| extension != "rhai") {
            let shipped = Self::shipped().find(|(known, _)| *known == name);
            let (name, text) = shipped.ok_or_else(|| SourceError::UnknownPlaybook {
                name: name.to_owned(),
                near: Self::shipped()
                    .map(|(known, _)| (strsim::damerau_levenshtein(name, known), known))
                    .min()
                    .filter(|(distance, _)| *distance <= 3)
                    .map(|(_, known)| known.to_owned()),
            })?;
            return Ok(Self::new(name, text.to_owned(), Origin::Shipped));
        }
        Self::open(path)
    }

    /// The playbook, or the tests, in the file `path`.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let unreadable = |source| SourceError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let beside = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let beside = beside.canonicalize().map_err(unreadable)?;
        let folder = Dir::open_ambient_dir(&beside, ambient_authority()).map_err(unreadable)?;
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        Ok(Self {
            folder: beside,
            ..Self::new(&name, text, Origin::Folder(folder))
        })
    }

    /// The playbook that a test beside these sources means: one in the same folder, in the folder above where the test stands in one
    /// called `tests`, or one that ships.
    pub(super) fn playbook(&self, name: &str) -> Result<Self, String> {
        if !plain(name) {
            return Err(format!("`{name}` is not the name of a playbook"));
        }
        let file = format!("{name}.rhai");
        if let Origin::Folder(_) = &self.origin {
            let above = self
                .folder
                .parent()
                .filter(|_| self.folder.ends_with("tests"));
            let folders = [Some(self.folder.as_path()), above];
            for folder in folders.into_iter().flatten() {
                let path = folder.join(&file);
                if path.is_file() {
                    return Self::open(&path).map_err(|error| error.to_string());
                }
            }
        }
        Self::find(name).map_err(|error| error.to_string())
    }

    /// The text of a file beside these sources.
    pub(super) fn beside(&self, path: &str) -> Result<String, String> {
        match &self.origin {
            Origin::Folder(folder) => read_in(folder, path),
            Origin::Shipped | Origin::Stored => {
                Err(format!("there is no file `{path}` beside what ships"))
            }
        }
    }

    /// The copies in `folder` that a run goes by. What is recorded was done by these and by nothing else, so each is compared with
    /// the digest in the journal.
    pub fn stored(
        directory: &RunDirectory,
        folder: &str,
        header: &Header,
    ) -> Result<Self, SourceError> {
        let mut texts = BTreeMap::new();
        for source in &header.sources {
            let name = stored_name(folder, &source.name);
            let not_as_stored = |problem| SourceError::NotAsStored {
                file: directory.path().join(&name),
                problem,
            };
            let text = directory.stored(&name)?;
            let text = text.ok_or_else(|| not_as_stored("is gone"))?;
            if Digest::of(&text) != source.digest {
                return Err(not_as_stored("was changed after it was stored"));
            }
            texts.insert(source.name.clone(), text);
        }
        let text = texts.remove(&header.playbook);
        let text = text.ok_or_else(|| SourceError::NotAsStored {
            file: directory.path().join(stored_name(folder, &header.playbook)),
            problem: "is not in the journal",
        })?;
        let mut stored = Self::new(&header.playbook, text, Origin::Stored);
        stored.modules = texts;
        Ok(stored)
    }

    /// The text of one copy in `folder`, for showing a line of it; none where it cannot be read.
    #[must_use]
    pub fn stored_text(directory: &RunDirectory, folder: &str, name: &str) -> Option<String> {
        directory.stored(&stored_name(folder, name)).ok().flatten()
    }

    /// Stores the playbook and its modules in `folder` of a run's directory.
    pub fn store(&self, directory: &RunDirectory, folder: &str) -> Result<(), SourceError> {
        for (name, text) in self.all() {
            directory.store(&stored_name(folder, name), text)?;
        }
        Ok(())
    }

    /// The playbook and its modules as the journal names them.
    #[must_use]
    pub fn digests(&self) -> Vec<Source> {
        let digest = |(name, text): (&str, &str)| Source {
            name: name.to_owned(),
            digest: Digest::of(text),
        };
        self.all().map(digest).collect()
    }

    /// The playbook and the modules that were asked for, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let modules = self
            .modules
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        std::iter::once((self.name.as_str(), self.text.as_str())).chain(modules)
    }

    /// The text of the module `path`, kept from now on. An error says why there is none.
    pub(super) fn module(&mut self, path: &str) -> Result<String, String> {
        // A fresh script in the middle of a run sees what the first one saw, whatever happened to the file.
        if let Some(kept) = self.modules.get(path) {
            return Ok(kept.clone());
        }
        if !path.split('/').all(plain) {
            return Err("a module's path is plain words joined by `/`".to_owned());
        }
        let text = match &self.origin {
            // What the run stored is kept already.
            Origin::Stored => return Err("the run has no copy of it".to_owned()),
            Origin::Shipped | Origin::Folder(_) if path.starts_with("std/") => {
                let file = format!("{}.rhai", &path["std/".len()..]);
                STANDARD
                    .get_file(file)
                    .and_then(|file| file.contents_utf8())
                    .ok_or("the standard library has no such module")?
                    .to_owned()
            }
            Origin::Shipped => {
                return Err("a shipped playbook imports from `std/` alone".to_owned());
            }
            Origin::Folder(folder) => read_in(folder, &format!("{path}.rhai"))?,
        };
        self.modules.insert(path.to_owned(), text.clone());
        Ok(text)
    }

    fn new(name: &str, text: String, origin: Origin) -> Self {
        Self {
            name: name.to_owned(),
            text,
            origin,
            folder: PathBuf::new(),
            modules: BTreeMap::new(),
        }
    }
}

/// Whether a word leads nowhere.
fn plain(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn stored_name(folder: &str, name: &str) -> String {
    format!("{folder}/{name}.rhai")
}

fn read_in(folder: &Dir, file: &str) -> Result<String, String> {
    let open = folder
        .open(file)
        .map_err(|error| format!("`{file}` beside the playbook cannot be read: {error}"))?;
    let mut text = String::new();
    open.take(LONGEST_SOURCE + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("`{file}` cannot be read: {error}"))?;
    if text.len() as u64 > LONGEST_SOURCE {
        return Err(format!("`{file}` is longer than {LONGEST_SOURCE} bytes"));
    }
    Ok(text)
}
