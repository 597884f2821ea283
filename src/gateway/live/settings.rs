//! What a node goes by: its files and its environment, as the installed version reads them.

use std::path::{Path, PathBuf};

use super::Live;
use super::hosts::Host;
use crate::environment::{Node, Service};
use crate::gateway::{Failure, Kong as _};
use crate::kong::Version;
use crate::kong::conf::{Configuration, Document, Grammar, Layers, Place, Variable, effective};

impl Live {
    pub(super) async fn settings_of(&self, node: &str) -> Result<Configuration, Failure> {
        let version = self.installed_version(node).await?;
        self.settings_by(node, version).await
    }

    /// The same where the installed version is known.
    pub(super) async fn settings_by(
        &self,
        node: &str,
        version: Version,
    ) -> Result<Configuration, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let unreadable = |why: String| {
            let message = format!("what `{node}` goes by cannot be told: {why}");
            Failure::new("config.unreadable", message)
        };
        let text = host.read_text(&found.conf).await.map_err(|error| {
            unreadable(format!("cannot read `{}`: {error}", found.conf.display()))
        })?;
        let document = Document::parse(&text, Grammar::of(version));
        let environment = match &found.service {
            Service::Systemd(unit) => self.variables_of_unit(&host, &found, unit).await?,
            Service::Kong => of_process(&host, &found).await.map_err(unreadable)?,
        };
        let layers = Layers {
            version,
            file: Some((&found.conf, &document)),
            environment,
        };
        effective(&layers).map_err(|error| unreadable(error.to_string()))
    }
}

/// What the environment of a node's process sets; nothing where it does not run, since nobody knows with what it will be started.
async fn of_process(host: &Host, node: &Node) -> Result<Vec<Variable>, String> {
    let unread =
        |path: &Path, error: &std::io::Error| format!("cannot read `{}`: {error}", path.display());
    let file = node.prefix.join("pids/nginx.pid");
    let pid = match host.read_text(&file).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        pid => pid.map_err(|error| unread(&file, &error))?,
    };
    let path = PathBuf::from(format!("/proc/{}/environ", pid.trim()));
    let bytes = match host.read(&path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        bytes => bytes.map_err(|error| unread(&path, &error))?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    let variable = |(name, value): (&str, &str)| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        place: Place::Process,
    };
    Ok(pairs.map(variable).collect())
}
