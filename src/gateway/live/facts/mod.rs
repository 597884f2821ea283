//! What there is to know of a node's host and of the Kong on it, asked of the host itself.
//!
//! What one question does not depend on is asked beside it, four at once: `sshd` lets ten sessions into a connection by its preset.
//! Each question has a deadline of its own, and what it does not answer is not known.

mod inquiry;
mod machine;
mod package;
mod people;
mod ports;
mod rpm;
mod settings;
mod unit;

use super::Live;
use super::preflight::pid_file;
use crate::gateway::{Facts, Failure, Kong as _, KongFacts, NodeFacts, PidFile};
use crate::kong::advisories::Known;
use crate::kong::{Version, conf};

use inquiry::Inquiry;

impl Facts for Live {
    async fn node_facts(&self, node: &str) -> Result<NodeFacts, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let asked = Inquiry {
            live: self,
            host: &host,
            name: node,
            node: &found,
        };
        // Alone: whatever is asked beside it makes the answer late.
        let clock = asked.clock().await;
        let (os, installed, version, unit) = tokio::join!(
            asked.os(),
            Box::pin(asked.package()),
            Box::pin(asked.version()),
            Box::pin(asked.unit()),
        );
        let (configuration, process, kong) = tokio::join!(
            Box::pin(asked.configuration(&version)),
            asked.process(),
            asked.kong(&version),
        );
        let (rocks, disk, sessions, (limits, ports)) = tokio::join!(
            asked.rocks(),
            asked.disk(),
            asked.sessions(),
            asked.of_process(&process, &configuration),
        );
        Ok(NodeFacts {
            os: told(os),
            installed: told(installed),
            kong,
            unit: told(unit),
            settings: told(asked.settings(&configuration)),
            plugins: told(configuration.as_ref().map(settings::plugins)),
            rocks: told(rocks),
            disk,
            clock: told(clock),
            limits: told(limits),
            sessions: told(sessions),
            ports: told(ports),
        })
    }
}

/// A part as it is handed on.
fn told<T>(asked: Result<T, impl ToString>) -> Known<T> {
    asked.map_or_else(|why| Known::unknown(why.to_string()), Known::Known)
}

impl Inquiry<'_> {
    async fn version(&self) -> Result<Version, String> {
        let told = self.live.installed_version(self.name).await;
        told.map_err(|failure| failure.message)
    }

    async fn kong(&self, version: &Result<Version, String>) -> KongFacts {
        let sha256 = self.digest(&self.node.packages.command()).await;
        KongFacts {
            version: told(version.as_ref().map(Version::to_string)),
            sha256: told(sha256),
            conf_sha256: told(self.digest(&self.node.conf).await),
        }
    }

    async fn configuration(
        &self,
        version: &Result<Version, String>,
    ) -> Result<conf::Configuration, String> {
        let read = self.live.settings_by(self.name, version.clone()?).await;
        read.map_err(|failure| failure.message)
    }

    /// The node's own process; nothing where it does not run.
    async fn process(&self) -> Result<Option<u32>, String> {
        match pid_file(self.host, &self.node.prefix).await {
            Ok(PidFile::Runs(process)) => Ok(Some(process)),
            Ok(_) => Ok(None),
            Err(error) => Err(format!(
                "its process cannot be told: `{}`: {error}",
                self.node.prefix.join("pids/nginx.pid").display()
            )),
        }
    }
}
