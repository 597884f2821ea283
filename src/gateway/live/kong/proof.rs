//! Which database does a node use? Proven by a lock that is taken on one side and seen on the other, not by comparing names.

use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::command::words_of;
use crate::environment::{Database, SecretReference};
use crate::gateway::Failure;
use crate::gateway::live::Live;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::postgres::{PostgresError, Role, connect, is_same_database};

/// The file in a prepared prefix that holds every setting as Kong understood it.
pub(super) const RENDERED: &str = ".kong_env";

impl Live {
    /// Renders the node's settings with its own `kong`, connects with them, and compares.
    pub(super) async fn prove_database_of(&self, node: &str) -> Result<(), Failure> {
        let (cluster, _) = self.node(node).await?;
        if let Some(old) = self.cassandra_of(&cluster)? {
            return old.prove_node(node, &self.prepared(node).await?);
        }
        let (name, ours) = self.database_of(&cluster)?;
        let settings = self.prepared(node).await?;
        let private = self.private_directory().await?;
        let host = self.host(&self.node(node).await?.1).await?;
        let theirs = as_database(&host, &ours, &settings, private.path()).await?;
        let schema = settings
            .get("pg_schema")
            .filter(|schema| !schema.is_empty())
            .map_or("public", String::as_str);
        let same = async {
            let one = connect(&theirs, Role::Owner, None).await?;
            let other = connect(&ours, Role::Owner, None).await?;
            is_same_database(&one, &other).await
        };
        let different = |why: String| {
            Failure::new("kong.wrong_database", format!("the node `{node}` does not use the database `{name}`: {why}"))
                .hint("compare `pg_*` in its kong.conf and its KONG_PG_* variables with `[databases]` of the environment file")
        };
        let told = |key: &str| settings.get(key).cloned().unwrap_or_default();
        let described = format!(
            "{}:{}/{}",
            told("pg_host"),
            told("pg_port"),
            theirs.database
        );
        match same.await {
            Ok(true) if schema == ours.schema => Ok(()),
            Ok(true) => Err(different(format!(
                "its schema is `{schema}`, not `{}`",
                ours.schema
            ))),
            Ok(false) => Err(different(format!("its settings lead to {described}"))),
            Err(error @ PostgresError::Connect { .. }) => {
                Err(different(format!("its settings lead nowhere: {error}")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Live {
    /// The settings that the node's own `kong` renders from its configuration, in a prefix that is not the node's.
    pub(in crate::gateway::live) async fn prepared(
        &self,
        node: &str,
    ) -> Result<BTreeMap<String, String>, Failure> {
        Ok(self.prepared_in(node).await?.1)
    }

    /// The same with the prefix, which is gone by then, and may stand in values.
    pub(in crate::gateway::live) async fn prepared_in(
        &self,
        node: &str,
    ) -> Result<(PathBuf, BTreeMap<String, String>), Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        self.in_private_prefix(&host, async |prefix| {
            let words = words_of("prepare", &found, prefix);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            self.kong(node, &words, super::COMMAND).await?.success()?;
            Ok((prefix.to_owned(), rendered(&host, prefix).await?))
        })
        .await
    }
}

/// The settings of a prepared prefix.
pub(in crate::gateway::live) async fn rendered(
    host: &Host,
    prefix: &Path,
) -> Result<BTreeMap<String, String>, Failure> {
    let text = host
        .read_text(&prefix.join(RENDERED))
        .await
        .map_err(|error| {
            Failure::new(
                "kong.prepare",
                format!("`kong prepare` left no `{RENDERED}`: {error}"),
            )
        })?;
    Ok(pairs(&text))
}

/// `key = value`, line by line. A `#` in a value has a backslash before it, since alone it would begin a comment.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.trim().to_owned(), value.trim().replace("\\#", "#")))
        .collect()
}

/// Kong's settings as a database of ours: its address and role, our protection of the connection.
///
/// An address is where the node's host finds it, which need not be where this machine does.
pub(super) async fn as_database(
    host: &Host,
    ours: &Database,
    settings: &BTreeMap<String, String>,
    private: &Path,
) -> Result<Database, Failure> {
    let setting = |key: &str| settings.get(key).cloned().unwrap_or_default();
    let unusable =
        |what: &str| Failure::new("kong.prepare", format!("`kong prepare` rendered {what}"));
    let password = setting("pg_password");
    let file = private.join("password");
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        std::io::Write::write_all(
            &mut options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&file)?,
            password.as_bytes(),
        )
    };
    if !password.is_empty() {
        write().map_err(|error| unusable(&format!("a password that cannot be used: {error}")))?;
    }
    let port = setting("pg_port");
    let port = port.parse().map_err(|_| unusable("no port"))?;
    let (address, port) = host.reached_database(setting("pg_host"), port).await?;
    Ok(Database {
        host: address,
        port,
        database: setting("pg_database"),
        user: setting("pg_user"),
        password: (!password.is_empty()).then_some(SecretReference::File(file)),
        ..ours.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_the_sign_of_a_comment_is_whole() {
        let settings = pairs("# made by kong\npg_user = kong\npg_password = it's\\#a=b\n");
        assert_eq!(settings["pg_password"], "it's#a=b");
        assert_eq!(settings["pg_user"], "kong");
    }
}
