//! The whole configuration of a gateway, to make checks from and to compare.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Failure;
use crate::environment::Credential;
use crate::kong::Version;
use crate::kong::advisories::{Entity, Known};
use crate::kong::conf;

/// What a gateway is configured with, as the Admin API of one of its nodes shows it. Credentials and keys are in it: it is looked at and
/// not handed on.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The version that shows it.
    pub version: Version,
    /// Its entities by their collections, in every workspace; or why they could not be read.
    pub entities: BTreeMap<String, Known<Vec<Entity>>>,
    /// What the environment file says lets requests in.
    pub credentials: Vec<Credential>,
}

/// Reading configurations.
pub trait Configurations {
    /// The entities of these collections. A version that does not have one has none of it.
    async fn configuration(&self, node: &str, kinds: &[&str]) -> Result<Configuration, Failure>;
    /// What a node goes by, key by key. Secrets are in it: it is looked at and not handed on.
    async fn node_settings(&self, node: &str) -> Result<conf::Configuration, Failure>;
    /// What the node's own `kong` makes of that, by key, where there is anything. Secrets are in it as well.
    async fn rendered_settings(&self, node: &str) -> Result<BTreeMap<String, String>, Failure>;
    /// What the version of a node says of its kinds and plugins, by the path below `/schemas/`. What it does not know is left out.
    async fn schemas(&self, node: &str, of: &[String]) -> Result<BTreeMap<String, Value>, Failure>;
}
