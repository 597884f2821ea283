//! What packages were while something still spoke of them, and which of them were held: the way back must not depend on a repository
//! that speaks for ever, nor on a runner that lives.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::super::{Live, private_file};
use crate::environment::Access;
use crate::gateway::Failure;

impl Live {
    /// The digests that a package was proven to have: packages of one version may differ between hosts.
    pub(super) fn known_package(&self, name: &str, version: &str) -> Result<Vec<String>, Failure> {
        // An epoch's colon is a letter like others in a name of a file.
        match std::fs::read_to_string(self.note(&format!("{name}_{version}.sha256"))) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(unusable(&error)),
        }
    }

    /// Keeps one; whoever only looks keeps nothing.
    pub(super) fn remember_package(
        &self,
        name: &str,
        version: &str,
        digest: &str,
    ) -> Result<(), Failure> {
        let mut known = self.known_package(name, version)?;
        if self.access == Access::Look || known.iter().any(|one| one == digest) {
            return Ok(());
        }
        known.push(digest.to_owned());
        let note = self.note(&format!("{name}_{version}.sha256"));
        private_file::write(&note, format!("{}\n", known.join("\n")))
            .map_err(|error| unusable(&error))
    }

    /// Whether the package was held on a node before an installer worked on it that did not end.
    pub(super) fn was_held(&self, node: &str, name: &str) -> bool {
        self.note(&format!("{node}_{name}.held")).exists()
    }

    /// Keeps that it is held, for as long as an installer works on it.
    pub(super) fn remember_hold(&self, node: &str, name: &str) -> Result<(), Failure> {
        let note = self.note(&format!("{node}_{name}.held"));
        private_file::write(&note, "").map_err(|error| unusable(&error))
    }

    /// It is held again.
    pub(super) fn forget_hold(&self, node: &str, name: &str) -> Result<(), Failure> {
        let note = self.note(&format!("{node}_{name}.held"));
        std::fs::remove_file(note).map_err(|error| unusable(&error))
    }

    fn note(&self, name: &str) -> PathBuf {
        self.environment.storage.path.join("packages").join(name)
    }
}

fn unusable(error: &std::io::Error) -> Failure {
    let message = format!("cannot keep in the storage what a package was: {error}");
    Failure::new("storage.unusable", message)
}
