//! The configuration of DB-less nodes that were sent it: kept with the run, and sent again.
//!
//! A node keeps what it was sent in its prefix, and another minor version throws that away. It holds credentials and private keys, so the
//! kept one is ours alone to read, and only its digest is told.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::gateway::live::{Live, private_file};
use crate::gateway::{Failure, KeptDeclarative, Kong as _, NO_CONFIGURATION};

/// Where Kong shows and takes the whole configuration.
const CONFIG: &str = "/config";

impl Live {
    pub(super) async fn keep_configuration(&self, node: &str) -> Result<KeptDeclarative, Failure> {
        if let Some(kept) = self.kept_configuration(node)? {
            return Ok(kept);
        }
        let shown = self.admin_get(node, CONFIG).await?;
        let text = shown["config"].as_str().ok_or_else(|| {
            let message = format!("the Admin API of `{node}` shows no configuration (`{CONFIG}`)");
            Failure::new("kong.admin.shape", message).hint("is `database` in its kong.conf `off`?")
        })?;
        private_file::write(&self.kept_file(node), text).map_err(|error| unusable(node, &error))?;
        Ok(facts(text))
    }

    pub(super) fn kept_configuration(
        &self,
        node: &str,
    ) -> Result<Option<KeptDeclarative>, Failure> {
        Ok(self.kept_text(node)?.as_deref().map(facts))
    }

    pub(super) async fn send_configuration(&self, node: &str) -> Result<String, Failure> {
        let text = self.kept_text(node)?.ok_or_else(|| {
            let message = format!("nothing was kept of `{node}` that could be sent to it");
            Failure::new("kong.declarative.none", message)
                .hint("`kong::keep_declarative(node)` keeps it, while the node still has it")
        })?;
        let body = json!({ "config": text });
        let answer = self
            .admin_send(node, Method::POST, CONFIG, Some(&body))
            .await?;
        let status = answer.status().as_u16();
        if status != 201 {
            let said: Value = answer.json().await.unwrap_or_default();
            let said = said["message"].as_str().unwrap_or("no message").to_owned();
            let message = format!("`{node}` does not take its configuration: {status}, {said}");
            return Err(Failure::new("kong.declarative.refused", message)
                .hint("`kong config parse` of its version tells more; send it what it can read"));
        }
        let hash = self.admin_status(node).await?.configuration_hash;
        hash.filter(|hash| hash != NO_CONFIGURATION).ok_or_else(|| {
            let message = format!("`{node}` took its configuration and has none");
            Failure::new("kong.declarative.refused", message)
        })
    }

    fn kept_text(&self, node: &str) -> Result<Option<String>, Failure> {
        match std::fs::read_to_string(self.kept_file(node)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(node, &error)),
        }
    }

    fn kept_file(&self, node: &str) -> PathBuf {
        self.output.join("declarative").join(format!("{node}.yml"))
    }
}

fn facts(text: &str) -> KeptDeclarative {
    KeptDeclarative {
        digest: hex::encode(Sha256::digest(text)),
        bytes: text.len() as u64,
    }
}

fn unusable(node: &str, error: &std::io::Error) -> Failure {
    let message = format!("cannot keep the configuration of `{node}` in the storage: {error}");
    Failure::new("storage.unusable", message)
}
