//! What brought Kong to a host: a package of dpkg's, with its origin and what was changed of it, or versions side by side; and the rocks
//! beside it. What rpm knows of one is in `rpm.rs`.

use std::path::Path;
use std::time::Duration;

use super::inquiry::{ANSWER, Inquiry};
use super::told;
use crate::environment::PackageDriver;
use crate::gateway::live::process::Ending;
use crate::gateway::{ChangedFile, PackageFacts, Packages as _, RockFacts};
use crate::host::facts::{ROCKS, rocks};
use crate::host::packages::debian::{self, Installed};
use crate::host::packages::rpm::Manager;
use crate::host::packages::{Change, Changed, Edition};
use crate::kong::Version;
use crate::kong::advisories::Known;

/// How long comparing all files of a package may take: Kong's are some ten thousand.
pub(super) const COMPARING: Duration = Duration::from_mins(1);

/// A package, whoever brought it.
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    /// Where the programs are that are asked about it.
    pub(super) programs: &'a Path,
}

impl Inquiry<'_> {
    pub(super) async fn package(&self) -> Result<PackageFacts, String> {
        match &self.node.packages {
            PackageDriver::Prefix(_) => self.side_by_side().await,
            PackageDriver::Apt(of) => {
                let (name, programs) = (&of.name, &of.programs);
                self.of_dpkg("apt", &Named { name, programs }).await
            }
            PackageDriver::Deb(of) => {
                let (name, programs) = (&of.name, &of.programs);
                self.of_dpkg("deb", &Named { name, programs }).await
            }
            PackageDriver::Dnf(of) => {
                let (name, programs) = (&of.name, &of.programs);
                let named = Named { name, programs };
                self.of_rpm("dnf", Manager::Dnf, &named).await
            }
            PackageDriver::Yum(of) => {
                let (name, programs) = (&of.name, &of.programs);
                let named = Named { name, programs };
                self.of_rpm("yum", Manager::Yum, &named).await
            }
            PackageDriver::Rpm(of) => {
                let (name, programs) = (&of.name, &of.programs);
                let named = Named { name, programs };
                self.of_rpm("rpm", Manager::Dnf, &named).await
            }
        }
    }

    async fn side_by_side(&self) -> Result<PackageFacts, String> {
        let command = self.node.packages.command();
        // LINK/bin/kong.
        let link = command.ancestors().nth(2).unwrap_or(&command);
        let leads_to = self.host.canonical(link).await;
        let name = leads_to.file_name().unwrap_or_default().to_string_lossy();
        let version = name.strip_prefix("kong-").map(str::to_owned);
        let parsed: Option<Version> = version.as_deref().and_then(|text| text.parse().ok());
        let none = || "versions stand side by side, and no package brought them".to_owned();
        Ok(PackageFacts {
            driver: "prefix".to_owned(),
            name: None,
            ready: version.is_some(),
            version,
            edition: parsed.map(|version| match version.build {
                Some(_) => edition(Edition::Enterprise),
                None => edition(Edition::OpenSource),
            }),
            origin: Known::unknown(none()),
            held: Known::Known(false),
            changed: Known::unknown(none()),
            link: (leads_to != link).then(|| leads_to.display().to_string()),
            available: self.available().await,
        })
    }

    async fn of_dpkg(&self, driver: &str, apt: &Named<'_>) -> Result<PackageFacts, String> {
        let query = debian::query(&[apt.name]);
        let words: Vec<&str> = query.iter().skip(1).map(String::as_str).collect();
        // It ends with 1 where it does not know the package.
        let program = apt.programs.join("dpkg-query");
        let asked = self.finished(&program, &words, ANSWER).await?;
        let state = debian::installed(&asked.stdout).map_err(|error| error.to_string())?;
        let state = state.into_iter().next().filter(Installed::is_there);
        if !matches!(asked.ending, Ending::Exited(0 | 1)) {
            let said = asked.stderr.lines().next().unwrap_or_default();
            return Err(format!("`dpkg-query` failed ({}): {said}", asked.ending));
        }
        let version = state.as_ref().and_then(|state| state.version.as_ref());
        let version = version.map(ToString::to_string);
        let (origin, changed) = if state.is_some() {
            (told(self.origin(apt).await), told(self.changed(apt).await))
        } else {
            let absent = || format!("`{}` is not installed", apt.name);
            (Known::unknown(absent()), Known::unknown(absent()))
        };
        Ok(PackageFacts {
            driver: driver.to_owned(),
            name: Some(apt.name.to_owned()),
            edition: Edition::of_package(apt.name).map(edition),
            ready: state.as_ref().is_some_and(Installed::is_ready),
            origin,
            held: told(self.held(apt).await),
            changed,
            link: None,
            version,
            available: self.available().await,
        })
    }

    pub(super) async fn available(&self) -> Known<Vec<String>> {
        let available = self.live.available_versions(self.name).await;
        let text = |versions: Vec<Version>| versions.iter().map(Version::to_string).collect();
        told(available.map(text).map_err(|failure| failure.message))
    }

    /// What apt's or dpkg's own program says.
    pub(super) async fn of_program(
        &self,
        apt: &Named<'_>,
        question: &[impl AsRef<str>],
        within: Duration,
    ) -> Result<String, String> {
        let mut words = question.iter().map(AsRef::as_ref);
        let program = apt.programs.join(words.next().unwrap_or_default());
        let words: Vec<&str> = words.collect();
        self.answer(&program, &words, within).await
    }

    async fn origin(&self, apt: &Named<'_>) -> Result<Vec<String>, String> {
        let told = self
            .of_program(apt, &debian::policy(apt.name), ANSWER)
            .await?;
        let policies = debian::policies(&told).map_err(|error| error.to_string())?;
        let policy = policies.into_iter().next();
        let policy = policy.ok_or_else(|| format!("apt does not know `{}`", apt.name))?;
        let installed = policy.installed;
        let mut versions = policy.versions.into_iter();
        let installed = versions.find(|one| Some(&one.version) == installed.as_ref());
        let sources = installed.map(|one| one.sources).unwrap_or_default();
        let sources = sources.into_iter().filter(|source| !source.is_status());
        Ok(sources
            .map(|source| without_login(&source.origin))
            .collect())
    }

    async fn held(&self, apt: &Named<'_>) -> Result<bool, String> {
        let told = self.of_program(apt, &debian::HOLDS, ANSWER).await?;
        Ok(debian::held(&told).iter().any(|held| held == apt.name))
    }

    async fn changed(&self, apt: &Named<'_>) -> Result<Vec<ChangedFile>, String> {
        let question = debian::verify(apt.name);
        let told = self.of_program(apt, &question, COMPARING).await?;
        let changed = debian::verified(&told).map_err(|error| error.to_string())?;
        Ok(changed.into_iter().map(changed_file).collect())
    }

    pub(super) async fn rocks(&self) -> Result<Vec<RockFacts>, String> {
        let command = self.node.packages.command();
        let [name, words @ ..] = ROCKS;
        let told = self
            .answer(&command.with_file_name(name), &words, ANSWER)
            .await?;
        let rocks = rocks(&told).map_err(|error| error.to_string())?;
        let rocks = rocks.into_iter().map(|rock| RockFacts {
            name: rock.name,
            version: rock.version,
            tree: rock.tree,
        });
        Ok(rocks.collect())
    }
}

/// A repository's address may hold who logs in there, with the password.
fn without_login(origin: &str) -> String {
    let Some((scheme, rest)) = origin.split_once("://") else {
        return origin.to_owned();
    };
    let (place, path) = rest.split_at(rest.find(['/', ' ']).unwrap_or(rest.len()));
    let host = place.rsplit('@').next().unwrap_or(place);
    format!("{scheme}://{host}{path}")
}

pub(super) fn edition(edition: Edition) -> String {
    let word = match edition {
        Edition::OpenSource => "open_source",
        Edition::Enterprise => "enterprise",
        Edition::EnterpriseFips => "enterprise_fips",
    };
    word.to_owned()
}

pub(super) fn changed_file(changed: Changed) -> ChangedFile {
    let change = match changed.change {
        Change::Missing => "missing",
        Change::Content => "content",
        Change::Attributes(_) => "attributes",
        Change::Unreadable => "unreadable",
    };
    ChangedFile {
        path: changed.path,
        configuration: changed.is_configuration,
        change: change.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_login;

    #[test]
    fn a_repository_is_told_without_who_logs_in_there() {
        for (origin, told) in [
            (
                "https://ada:canary@packages.example/deb bookworm/main amd64 Packages",
                "https://packages.example/deb bookworm/main amd64 Packages",
            ),
            (
                "https://packages.example/a@b ./ Packages",
                "https://packages.example/a@b ./ Packages",
            ),
            ("copy:/srv/deb ./ Packages", "copy:/srv/deb ./ Packages"),
        ] {
            assert_eq!(without_login(origin), told);
        }
    }
}
