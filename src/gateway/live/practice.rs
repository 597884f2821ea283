//! Practice files: written beside and renamed into place, so that a crash leaves the whole file or none.

use std::io;
use std::path::PathBuf;

use super::{Live, private_file};
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
        let write = || match text {
            Some(text) => private_file::write(&path, text),
            None => match std::fs::remove_file(&path) {
                Ok(()) => std::fs::File::open(self.practice())?.sync_all(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            },
        };
        write().map_err(|error| {
            Failure::new("practice.write", format!("cannot write `{name}`: {error}"))
        })
    }
}
