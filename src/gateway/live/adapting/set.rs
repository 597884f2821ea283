//! Change sets of the environment: read, with the secrets that they refer to.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::change_set::{
    ChangeSet, Content, File, Files, Location, Reference, Seal, Secret, Secrets, Stated, Subject,
    needs,
};
use crate::environment::{ChangeSetFile, Node, SecretReference};
use crate::gateway::Failure;
use crate::gateway::live::{Live, secret};

/// A change set with what the environment says of it.
pub(super) struct NamedSet {
    pub(super) set: ChangeSet,
    /// SHA-256 of its text.
    pub(super) digest: String,
    name: String,
    listed: Vec<String>,
}

impl NamedSet {
    /// The parts by which code may run and that the environment file does not list.
    pub(super) fn unlisted_code(&self) -> Vec<String> {
        let needs = needs(&self.set).into_iter();
        let code = needs.filter_map(|need| Some((words(&need.subject), need.code?)));
        let unlisted = code.filter(|(words, _)| !self.listed.contains(words));
        unlisted
            .map(|(words, why)| format!("`{words}` {why}"))
            .collect()
    }

    /// Where the secrets that it sets are to be had.
    fn references(&self) -> impl Iterator<Item = &Reference> {
        let settings = self.set.settings.iter().flat_map(|change| &change.change);
        let settings = settings.filter_map(|setting| match &setting.after {
            Some(Stated::Secret(sealed)) => sealed.reference.as_ref(),
            _ => None,
        });
        let contents = self
            .set
            .content
            .iter()
            .filter_map(|change| match &change.after {
                Some(Content::Secret { reference, .. }) => reference.as_ref(),
                _ => None,
            });
        settings.chain(contents)
    }
}

/// A part of a change set as the environment file lists it.
fn words(subject: &Subject) -> String {
    match subject {
        Subject::ChangeSet => "the change set".to_owned(),
        Subject::Setting { location, name } => format!("{location} {name}"),
        Subject::File { location } => location.to_string(),
        Subject::Mode { location } => format!("mode of {location}"),
        Subject::Owner { location } => format!("owner of {location}"),
    }
}

impl Live {
    /// What the environment says of a change set.
    pub(super) fn named_change_set(&self, name: &str) -> Result<&ChangeSetFile, Failure> {
        self.environment.change_sets.get(name).ok_or_else(|| {
            let known: Vec<&str> = self
                .environment
                .change_sets
                .keys()
                .map(String::as_str)
                .collect();
            let message = format!("the environment has no change set `{name}`");
            Failure::new("environment.change_set", message).hint(format!(
                "it has: {}; name others under `[change_sets]`",
                known.join(", ")
            ))
        })
    }

    /// A change set that is there.
    pub(super) fn change_set(&self, name: &str) -> Result<NamedSet, Failure> {
        let named = self.named_change_set(name)?;
        let unusable = |why: String| {
            let message = format!("the change set `{}`: {why}", named.file.display());
            Failure::new("config.change_set", message)
        };
        let text = std::fs::read_to_string(&named.file).map_err(|error| {
            unusable(format!("it cannot be read: {error}"))
                .hint("`config::record` writes it where the upgrade is rehearsed")
        })?;
        let set = ChangeSet::from_toml(&text).map_err(|error| unusable(error.to_string()))?;
        Ok(NamedSet {
            set,
            digest: digest(&text),
            name: name.to_owned(),
            listed: named.code.clone(),
        })
    }

    /// The key under which its secrets are sealed.
    pub(super) async fn seal(&self, name: &str) -> Result<Seal, Failure> {
        let reference = &self.named_change_set(name)?.seal;
        let key = secret::resolve(reference)
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(Seal::new(key.expose().as_bytes()))
    }

    /// Its seal, and the secrets that it sets.
    pub(super) async fn secrets_of(&self, set: &NamedSet) -> Result<Secrets, Failure> {
        let mut values = BTreeMap::new();
        for reference in set.references() {
            let found = match reference {
                Reference::Env(name) => SecretReference::Env(name.clone()),
                Reference::File(path) => SecretReference::File(path.into()),
                Reference::Command(words) => SecretReference::Command(words.clone()),
            };
            let found = secret::resolve(&found)
                .await
                .map_err(|error| unavailable(&error))?;
            values.insert(reference.clone(), Secret::new(found.expose().as_bytes()));
        }
        Ok(Secrets {
            seal: self.seal(&set.name).await?,
            values,
        })
    }

    /// The files of a node that it touches.
    pub(super) async fn files_of_set(&self, node: &Node, set: &NamedSet) -> Result<Files, Failure> {
        let locations: Vec<Location> = set
            .set
            .touched()
            .map(|touched| touched.location.clone())
            .collect();
        let versions = [set.set.kong.before, set.set.kong.after];
        self.files_at(node, &locations, &versions).await
    }
}

/// By what a file is known again.
pub(super) fn told_of_file(file: &File) -> String {
    format!(
        "{} {} {}",
        hex::encode(Sha256::digest(&file.bytes)),
        file.mode,
        file.owner
    )
}

pub(super) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn unavailable(error: &secret::SecretError) -> Failure {
    Failure::new("secret.unavailable", error.to_string())
}
