//! What requests of playbooks and checks may use, each by its name: secrets, and whom to trust and to be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretReference;
use super::error::Problem;

/// A secret that requests may carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedSecret {
    /// Where it is to be found.
    pub from: SecretReference,
    /// The servers outside of the environment that it may be sent to, as `host` or `host:port`, and encrypted only. The proxies of the
    /// environment's nodes always may have it.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// Whom a client trusts and whom it shows itself to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsProfile {
    /// The certificate authorities to trust, PEM, instead of this machine's.
    pub ca: Option<PathBuf>,
    /// The client's own certificate, PEM.
    pub certificate: Option<PathBuf>,
    /// The key of it, PEM.
    pub key: Option<PathBuf>,
    /// Whether any certificate is taken, whosever it is. Whoever names this profile may be talking to anybody.
    #[serde(default)]
    pub insecure: bool,
}

impl TlsProfile {
    /// The same with paths that start at `base` where they are relative.
    #[must_use]
    pub(super) fn starting_at(self, base: &Path) -> Self {
        let from = |path: Option<PathBuf>| path.map(|path| base.join(path));
        Self {
            ca: from(self.ca),
            certificate: from(self.certificate),
            key: from(self.key),
            insecure: self.insecure,
        }
    }
}

/// What lets a request pass a plugin that asks who it is, so that checks that are made from a gateway get behind it. Keys of `key-auth`
/// the gateway shows itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// The plugin, such as `basic-auth`.
    pub plugin: String,
    /// The secret, by its name under `[secrets]`.
    pub secret: String,
    /// The user whose password the secret is, in HTTP's basic authentication.
    pub login: Option<String>,
    /// The header that bears the secret.
    pub header: Option<String>,
    /// The parameter of the query that bears it.
    pub query: Option<String>,
    /// What stands before the secret in a header, such as `Bearer `.
    #[serde(default)]
    pub before: String,
}

/// Where in a request a credential stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing<'a> {
    /// As the password of this user.
    Login(&'a str),
    /// In this header.
    Header(&'a str),
    /// In this parameter of the query.
    Query(&'a str),
}

impl Credential {
    /// Where it stands.
    #[must_use]
    pub fn bearing(&self) -> Bearing<'_> {
        match (&self.login, &self.header, &self.query) {
            (Some(user), ..) => Bearing::Login(user),
            (_, _, Some(parameter)) => Bearing::Query(parameter),
            (_, header, _) => Bearing::Header(header.as_deref().unwrap_or("authorization")),
        }
    }

    /// What the types alone cannot say.
    pub(super) fn check(&self, secrets: &BTreeMap<String, NamedSecret>) -> Result<(), Problem> {
        let places = [&self.login, &self.header, &self.query];
        if places.into_iter().flatten().count() != 1 {
            return Err(Problem::credential(&self.plugin));
        }
        if secrets.contains_key(&self.secret) {
            return Ok(());
        }
        let owner = format!("the credential for {}", self.plugin);
        Err(Problem::unknown(
            "secret",
            &self.secret,
            &owner,
            secrets.keys(),
        ))
    }
}
