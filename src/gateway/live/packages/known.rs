//! What packages were when a repository's signed list still spoke of them: the way back must not depend on it speaking for ever.

use super::super::{Live, private_file};
use crate::gateway::Failure;

impl Live {
    /// The digest that a package had when it was kept.
    pub(super) fn known_package(
        &self,
        name: &str,
        version: &str,
    ) -> Result<Option<String>, Failure> {
        match std::fs::read_to_string(self.package_note(name, version)) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&error)),
        }
    }

    /// Keeps it.
    pub(super) fn remember_package(
        &self,
        name: &str,
        version: &str,
        digest: &str,
    ) -> Result<(), Failure> {
        let note = self.package_note(name, version);
        if note.exists() {
            return Ok(());
        }
        private_file::write(&note, format!("{digest}\n")).map_err(|error| unusable(&error))
    }

    fn package_note(&self, name: &str, version: &str) -> std::path::PathBuf {
        let storage = &self.environment.storage.path;
        // An epoch's colon is a letter like others in a name of a file.
        storage
            .join("packages")
            .join(format!("{name}_{version}.sha256"))
    }
}

fn unusable(error: &std::io::Error) -> Failure {
    let message = format!("cannot keep in the storage what a package was: {error}");
    Failure::new("storage.unusable", message)
}
