//! Practice files: written beside and renamed into place, so that a crash leaves the whole file or none.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use super::Live;
use crate::gateway::{Failure, Practice};

impl Live {
    /// The directory of practice files.
    fn practice(&self) -> PathBuf {
        self.environment.storage.path.join("practice")
    }

    /// The path of a practice file; names that could lead out of the directory are refused.
    fn practice_file(&self, name: &str) -> Result<PathBuf, Failure> {
        let plain =
            |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            return Err(Failure::new(
                "practice.name",
                format!("`{name}` is not a plain file name"),
            )
            .hint("use letters, digits, `-`, `_` and `.`"));
        }
        Ok(self.practice().join(name))
    }
}

impl Practice for Live {
    async fn read_practice_file(&self, name: &str) -> Result<Option<String>, Failure> {
        match std::fs::read_to_string(self.practice_file(name)?) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::new(
                "practice.read",
                format!("cannot read `{name}`: {error}"),
            )),
        }
    }

    async fn write_practice_file(&self, name: &str, text: Option<&str>) -> Result<(), Failure> {
        let path = self.practice_file(name)?;
        let write = || -> io::Result<()> {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(self.practice())?;
            match text {
                Some(text) => {
                    // One name for each file: what a killed write left there, the next one takes over.
                    let beside = self.practice().join(format!(".{name}.new"));
                    let mut file = OpenOptions::new()
                        .write(true)
                        .create(true)
                        .truncate(true)
                        .mode(0o600)
                        .open(&beside)?;
                    file.write_all(text.as_bytes())?;
                    file.sync_all()?;
                    std::fs::rename(&beside, &path)?;
                }
                None => match std::fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                },
            }
            std::fs::File::open(self.practice())?.sync_all()
        };
        write().map_err(|error| {
            Failure::new("practice.write", format!("cannot write `{name}`: {error}"))
        })
    }
}
