//! Kong's packages on nodes, by the driver that the environment file names.

mod archive;
mod debian;
mod directory;
mod driver;
mod known;
mod place;
mod prefix;
mod rpm;
mod steps;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use tokio::sync::Mutex;

use super::Live;
use super::hosts::Host;
use crate::environment::{Node, PackageDriver, Transport};
use crate::gateway::{Failure, KeptPackage, Kong as _, Packages, TRIAL_HINT};
use crate::host::facts::Format;
use crate::host::packages::rpm::Manager;
use crate::kong::Version;

use debian::Debian;
use place::Place;
use rpm::Rpm;

/// How Kong is installed on a node, ready to be worked with.
enum Installer<'a> {
    Prefix(&'a Path),
    Debian(Debian<'a>),
    Rpm(Rpm<'a>),
}

/// Where a version's own template of nginx's configuration is on a node whose `installed` version this is; none where that version is not there.
pub(super) fn template_file(
    node: &Node,
    installed: &Version,
    version: &Version,
    name: &str,
) -> Option<PathBuf> {
    let templates = |prefix: PathBuf| prefix.join("share/lua/5.1/kong/templates").join(name);
    match &node.packages {
        PackageDriver::Prefix(prefix) => Some(templates(prefix.join(format!("kong-{version}")))),
        _ => (installed == version).then(|| templates("/usr/local".into())),
    }
}

impl Packages for Live {
    async fn available_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let mut versions = match self.installer(&host, &found) {
            Installer::Prefix(prefix) => prefix::available(&host, prefix, node).await?,
            Installer::Debian(driver) => steps::available(&driver).await?,
            Installer::Rpm(driver) => steps::available(&driver).await?,
        };
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }

    async fn trial_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        let (cluster, found) = self.listed_node(node)?;
        let (_, place) = self.environment.place_of_trials(&cluster, &found);
        self.tried_at(place).await
    }

    async fn kept_versions(&self, node: &str) -> Result<Vec<Version>, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let mut versions = match self.installer(&host, &found) {
            Installer::Prefix(prefix) => prefix::available(&host, prefix, node).await?,
            Installer::Debian(driver) => steps::kept_versions(&driver).await?,
            Installer::Rpm(driver) => steps::kept_versions(&driver).await?,
        };
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }

    async fn admit_package(&self, node: &str, version: &Version) -> Result<(), Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        match self.installer(&host, &found) {
            Installer::Prefix(_) => Ok(()),
            Installer::Debian(driver) => steps::admit(&driver, version).await,
            Installer::Rpm(driver) => steps::admit(&driver, version).await,
        }
    }

    async fn package_is_whole(&self, node: &str, version: &Version) -> Result<bool, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        match self.installer(&host, &found) {
            // A link leads to one version or to another.
            Installer::Prefix(_) => Ok(true),
            Installer::Debian(driver) => steps::is_whole(&driver, version).await,
            Installer::Rpm(driver) => steps::is_whole(&driver, version).await,
        }
    }

    async fn keep_package(&self, node: &str, version: &Version) -> Result<KeptPackage, Failure> {
        let (_, found) = self.node(node).await?;
        let turn = self.turn_on(&found);
        let _turn = turn.lock().await;
        let host = self.host(&found).await?;
        match self.installer(&host, &found) {
            Installer::Prefix(prefix) => prefix::keep(&host, prefix, node, version).await,
            Installer::Debian(driver) => steps::keep(&driver, version).await,
            Installer::Rpm(driver) => steps::keep(&driver, version).await,
        }
    }

    async fn drop_package(&self, node: &str, version: &Version) -> Result<(), Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        match self.installer(&host, &found) {
            // Nothing was brought.
            Installer::Prefix(_) => Ok(()),
            Installer::Debian(driver) => steps::drop(&driver, version).await,
            Installer::Rpm(driver) => steps::drop(&driver, version).await,
        }
    }

    async fn install_package(&self, node: &str, version: &Version) -> Result<(), Failure> {
        let (_, found) = self.node(node).await?;
        let turn = self.turn_on(&found);
        let _turn = turn.lock().await;
        let host = self.host(&found).await?;
        match self.installer(&host, &found) {
            Installer::Prefix(prefix) => prefix::install(&host, prefix, version).await,
            Installer::Debian(driver) => steps::install(&driver, version).await,
            Installer::Rpm(driver) => steps::install(&driver, version).await,
        }
    }
}

impl Live {
    /// The `kong` command of a version that is tried at a place for that: one that stands beside the installed one, or is installed there.
    pub(super) async fn command_to_try(
        &self,
        place: &Node,
        version: &Version,
    ) -> Result<PathBuf, Failure> {
        let there = self.tried_at(place).await?;
        if there.contains(version) {
            return Ok(match &place.packages {
                PackageDriver::Prefix(prefix) => prefix::staged_command(prefix, version),
                packages => packages.command(),
            });
        }
        let there: Vec<String> = there.iter().map(ToString::to_string).collect();
        let message = format!(
            "{version} cannot be tried on the host of `{}`, where {} can",
            place.name,
            there.join(", ")
        );
        Err(Failure::new("packages.trial", message).hint(TRIAL_HINT))
    }

    /// The versions that can be tried at a place: with a package a host has one at a time.
    async fn tried_at(&self, place: &Node) -> Result<Vec<Version>, Failure> {
        match &place.packages {
            PackageDriver::Prefix(prefix) => {
                let host = self.host(place).await?;
                let mut there = prefix::available(&host, prefix, &place.name).await?;
                there.sort_unstable();
                Ok(there)
            }
            _ => Ok(vec![Box::pin(self.installed_version(&place.name)).await?]),
        }
    }

    /// What two installers on one host take turns by: they work on the same packages.
    fn turn_on(&self, node: &Node) -> Rc<Mutex<()>> {
        let host = match &node.transport {
            Transport::Local => String::new(),
            Transport::Ssh(destination) => destination.clone(),
        };
        let mut turns = self.installing.borrow_mut();
        turns.entry(host).or_default().clone()
    }

    fn installer<'a>(&'a self, host: &'a Host, node: &'a Node) -> Installer<'a> {
        match &node.packages {
            PackageDriver::Prefix(prefix) => Installer::Prefix(prefix),
            PackageDriver::Apt(packages) => Installer::Debian(Debian(Place::in_repositories(
                self,
                host,
                node,
                Format::Deb,
                packages,
            ))),
            PackageDriver::Deb(packages) => Installer::Debian(Debian(Place::in_files(
                self,
                host,
                node,
                Format::Deb,
                packages,
            ))),
            PackageDriver::Dnf(packages) => Installer::Rpm(Rpm(
                Place::in_repositories(self, host, node, Format::Rpm, packages),
                Manager::Dnf,
            )),
            PackageDriver::Yum(packages) => Installer::Rpm(Rpm(
                Place::in_repositories(self, host, node, Format::Rpm, packages),
                Manager::Yum,
            )),
            PackageDriver::Rpm(packages) => Installer::Rpm(Rpm(
                Place::in_files(self, host, node, Format::Rpm, packages),
                Manager::Dnf,
            )),
        }
    }
}
