//! Kong's RPM package, from the repositories of dnf or yum, or from files.
//!
//! Exit codes of dnf and rpm prove nothing: after an installer was killed both versions are in the package database, and dnf has nothing
//! to do then. What counts is that one version is there, and that its files are as it brought them.

use std::cmp::Ordering;
use std::path::Path;

use super::driver::{Driver, Inside, Installed, PackageVersion as _, Word};
use super::place::{ANSWER, Place};
use crate::environment::Service;
use crate::gateway::live::process::Program;
use crate::gateway::{Failure, PACKAGE_WORK};
use crate::host::facts::Architecture;
use crate::host::packages::rpm::{self, Manager, Repositories, Signature};
use crate::host::packages::{Cause, Change, Edition, RpmVersion};
use crate::kong::Version;

/// A file is installed over whatever is there, an older version too. Changed configuration is kept where the package says that it is to be.
const OVER: [&str; 4] = ["rpm", "--upgrade", "--oldpackage", "--replacepkgs"];

/// For scripts of packages systemd is not there.
const OFFLINE: (&str, &str) = ("SYSTEMD_OFFLINE", "1");

/// A package for rpm, and who brings it from repositories.
pub(super) struct Rpm<'a>(pub(super) Place<'a>, pub(super) Manager);

impl Driver for Rpm<'_> {
    type Version = RpmVersion;

    fn place(&self) -> &Place<'_> {
        &self.0
    }

    async fn require_leave(&self) -> Result<(), Failure> {
        let programs: &[&str] = match (self.0.directory, self.1) {
            (Some(_), _) => &["rpm"],
            (None, Manager::Dnf) => &["dnf", "rpm"],
            (None, Manager::Yum) => &["yum", "yumdownloader", "rpm"],
        };
        self.0.require_leave(programs, &[OFFLINE]).await
    }

    async fn installed(&self) -> Result<Option<Installed<RpmVersion>>, Failure> {
        let mut known = self.known(&[self.0.name]).await?;
        if known.is_empty() {
            return Ok(None);
        }
        let is_alone = known.len() == 1;
        Ok(Some(Installed {
            version: known.swap_remove(0).version,
            is_whole: is_alone && self.is_as_it_was_brought().await?,
        }))
    }

    async fn installed_names(&self) -> Result<Vec<String>, Failure> {
        let names: Vec<&str> = Edition::packages().collect();
        let known = self.known(&names).await?.into_iter();
        Ok(known.map(|one| one.package).collect())
    }

    async fn offered(&self) -> Result<Vec<RpmVersion>, Failure> {
        let offers = self.offers().await?.into_iter();
        Ok(offers.map(|one| one.package.version).collect())
    }

    async fn fetch(&self, version: &RpmVersion, directory: &Path) -> Result<(), Failure> {
        let offers = self.offers().await?.into_iter();
        let offer = offers
            .into_iter()
            .find(|offer| offer.package.version == *version);
        // A version that no repository has is told by dnf.
        let architecture = offer
            .as_ref()
            .and_then(|one| one.package.architecture.clone());
        if let Some(offer) = &offer {
            self.refuse_unchecked(&offer.repository).await?;
        }
        let ending = architecture.map_or_else(String::new, |one| format!(".{}", one.rpm()));
        let named = format!("{}-{version}{ending}", self.0.name);
        let directory = directory.display().to_string();
        let words = self.1.download(&directory, &named);
        self.0
            .succeeded(self.0.call(words, PACKAGE_WORK))
            .await
            .map(drop)
    }

    async fn inside(&self, file: &Path) -> Result<Option<Inside<RpmVersion>>, Failure> {
        let told = self
            .0
            .ask(rpm::in_file(&file.display().to_string()))
            .await?;
        let mut known = rpm::installed(&told.stdout).unwrap_or_default();
        Ok((known.len() == 1).then(|| {
            let one = known.swap_remove(0);
            Inside {
                package: one.package,
                version: one.version,
                architecture: one.architecture,
                unpacked: one.bytes,
            }
        }))
    }

    /// Its own signature. Neither dnf nor rpm looks at that of a file by itself.
    async fn word(&self, _: &RpmVersion, file: &Path) -> Result<Word, Failure> {
        let shown = file.display().to_string();
        let told = self.0.ask(rpm::check_signature(&shown)).await?;
        match rpm::signature(&told.stdout) {
            Signature::Good => Ok(Word::Signed),
            Signature::Absent | Signature::Unknown(_) => Ok(Word::Nobody),
            Signature::Bad(why) => {
                let node = &self.0.node.name;
                let message = format!("`{shown}` on `{node}` is not what it must be: {why}");
                Err(Failure::new("packages.digest", message)
                    .hint("take it away, and fetch it again; if that brings the same one, somebody changed it on the way"))
            }
        }
    }

    async fn refuse(&self, version: &Version) -> Result<(), Failure> {
        if self.0.directory.is_some() {
            return Ok(());
        }
        let offers = self.offers().await?.into_iter();
        let wanted = offers
            .filter(|offer| offer.package.version.kong().as_ref() == Some(version))
            .max_by(|one, other| one.package.version.cmp(&other.package.version));
        if let Some(offer) = wanted {
            self.refuse_unchecked(&offer.repository).await?;
            self.is_held(&offer.package.version).await?;
        }
        Ok(())
    }

    async fn is_held(&self, wanted: &RpmVersion) -> Result<bool, Failure> {
        let name = self.0.name;
        let locks = self.locks().await?;
        let mut kept_out = locks.iter().filter(|lock| lock.is_exclusion);
        if let Some(lock) = kept_out.find(|lock| lock.concerns(name, wanted)) {
            let node = &self.0.node.name;
            let message = format!(
                "`{name}` {wanted} is kept out of `{node}` by a version lock: `!{name}-{}`",
                lock.version
            );
            let hint = format!(
                "ask who excluded it and why; `{} versionlock delete` takes it off the list",
                self.1.name()
            );
            return Err(Failure::new("packages.excluded", message).hint(hint));
        }
        let holds = |lock: &rpm::Lock| !lock.is_exclusion && lock.package == name;
        Ok(locks.iter().any(holds))
    }

    /// Locks that let the installed version be stay as they are; the others are put in its terms.
    async fn hold(&self) -> Result<(), Failure> {
        let name = self.0.name;
        let Some(now) = self.installed().await? else {
            return Ok(());
        };
        let own = |lock: &rpm::Lock| !lock.is_exclusion && lock.package == name;
        let locks: Vec<rpm::Lock> = self.locks().await?.into_iter().filter(own).collect();
        if locks.iter().any(|lock| lock.concerns(name, &now.version)) {
            return Ok(());
        }
        let Some(keeper) = self.keeper().await? else {
            return Ok(());
        };
        let add = keeper.lock(name, &with_epoch(&now.version));
        self.0.succeeded(self.0.call(add, ANSWER)).await?;
        for lock in locks {
            let delete = keeper.unlock(name, &lock.version);
            self.0.succeeded(self.0.call(delete, ANSWER)).await?;
        }
        Ok(())
    }

    async fn install(
        &self,
        file: &Path,
        _: bool,
        before: Option<&Installed<RpmVersion>>,
    ) -> Result<(), Failure> {
        // dnf has nothing to do where a killed call left the version in the database, nor where it is there already.
        let is_sound = before.is_none_or(|before| before.is_whole);
        let order = before
            .zip(self.inside(file).await?)
            .map(|(before, inside)| inside.version.cmp(&before.version));
        let installed = if self.0.directory.is_none() && is_sound && order != Some(Ordering::Equal)
        {
            self.by_manager(file, order == Some(Ordering::Less)).await
        } else {
            let program = self.installer(OVER, file);
            self.0.succeeded(program).await.map(drop)
        };
        if let Service::Systemd(_) = self.0.node.service {
            // Which the package's own script could not tell it.
            let mut reload = Program::new(&self.0.node.systemctl, ANSWER);
            reload.arguments.push("daemon-reload".into());
            self.0.succeeded(reload.on(self.0.node)).await?;
        }
        installed
    }
}

impl Rpm<'_> {
    /// Installs a file: without repositories, which may be gone, and with them for what it needs and is not there.
    async fn by_manager(&self, file: &Path, is_older: bool) -> Result<(), Failure> {
        let alone = self.1.install(is_older, Repositories::None);
        match self.0.tried(self.installer(alone, file)).await? {
            Ok(_) => Ok(()),
            Err(refused) if refused.cause == Cause::UnmetDependencies => {
                let with_others = self.1.install(is_older, Repositories::All);
                let program = self.installer(with_others, file);
                self.0.succeeded(program).await.map(drop)
            }
            Err(refused) => Err(refused.failure),
        }
    }

    /// A call that installs a file. For scripts of packages systemd is not there: who starts Kong is the playbook.
    fn installer(
        &self,
        words: impl IntoIterator<Item = impl Into<String>>,
        file: &Path,
    ) -> Program {
        let words = words.into_iter().map(Into::into);
        let file = file.display().to_string();
        let mut program = self.0.call(words.chain([file]), PACKAGE_WORK);
        let (name, value) = OFFLINE;
        program.environment.push((name.into(), value.into()));
        program
    }

    /// What the package database knows of packages.
    async fn known(&self, names: &[&str]) -> Result<Vec<rpm::Installed>, Failure> {
        let told = self.0.ask(rpm::query(names)).await?;
        rpm::installed(&told.stdout).map_err(|error| self.0.unreadable(error))
    }

    /// Whether all files of the package are what it brought, but for configuration, which is there to be changed.
    async fn is_as_it_was_brought(&self) -> Result<bool, Failure> {
        let told = self.0.ask(rpm::verify(self.0.name)).await?;
        let changed = rpm::verified(&told.stdout).map_err(|error| self.0.unreadable(error))?;
        let is_broken = |change: &Change| matches!(change, Change::Missing | Change::Content);
        let mut programs = changed.iter().filter(|file| !file.is_configuration);
        Ok(!programs.any(|file| is_broken(&file.change)))
    }

    /// What repositories have for this host's processor.
    async fn offers(&self) -> Result<Vec<rpm::Listed>, Failure> {
        let question = self.0.call(self.1.available(self.0.name), PACKAGE_WORK);
        let told = self.0.succeeded(question).await?;
        let offers = rpm::offers(&told.stdout).map_err(|error| self.0.unreadable(error))?;
        let machine = self.0.host.architecture().await;
        let machine = machine.map_err(|error| self.0.unreadable(error))?;
        let machine = Architecture::of_machine(&machine);
        let fits = |one: &rpm::Listed| {
            let package = one.package.architecture.as_ref();
            package.is_none_or(|architecture| *architecture == machine)
        };
        Ok(offers.into_iter().filter(fits).collect())
    }

    /// Refuses a repository whose packages' signatures are not to be checked.
    async fn refuse_unchecked(&self, repository: &str) -> Result<(), Failure> {
        let question = self.0.call(self.1.repository(repository), ANSWER);
        let told = self.0.succeeded(question).await?;
        if rpm::checks_signatures(&told.stdout) == Some(true) {
            return Ok(());
        }
        let node = &self.0.node.name;
        let message = format!(
            "{} on `{node}` does not check the signatures of the packages of the repository `{repository}`",
            self.1.name()
        );
        Err(Failure::new("packages.unchecked", message).hint(
            "set `gpgcheck=1` and `gpgkey` in the repository's file, and import the key with `rpm --import`",
        ))
    }

    /// Who keeps version locks: who brings packages, and where they are files, whoever is on the host.
    async fn keeper(&self) -> Result<Option<Manager>, Failure> {
        if self.0.directory.is_none() {
            return Ok(Some(self.1));
        }
        for manager in [Manager::Dnf, Manager::Yum] {
            let exists = self.0.host.exists(&self.0.tool(manager.name())).await;
            if exists.map_err(|error| self.0.unreadable(error))? {
                return Ok(Some(manager));
            }
        }
        Ok(None)
    }

    /// The version locks; none where the plugin is not there, or nobody who keeps them.
    async fn locks(&self) -> Result<Vec<rpm::Lock>, Failure> {
        let Some(keeper) = self.keeper().await? else {
            return Ok(Vec::new());
        };
        let told = self.0.ask(keeper.locks()).await?;
        if told.stderr.contains("No such command: versionlock") {
            return Ok(Vec::new());
        }
        if told.ending.is_success() {
            return rpm::locks(&told.stdout).map_err(|error| self.0.unreadable(error));
        }
        // Once more, for the reason to be told as it is everywhere.
        let told = self.0.succeeded(self.0.call(keeper.locks(), ANSWER));
        told.await.map(|_| Vec::new())
    }
}

/// The version with its epoch, also where that is 0, as the list of locks has it.
fn with_epoch(version: &RpmVersion) -> String {
    let written = version.to_string();
    if written.contains(':') {
        return written;
    }
    format!("0:{written}")
}
