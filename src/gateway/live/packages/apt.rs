//! Kong's Debian package through apt: fetched and proven before it is installed, and kept, so that it can be installed again.
//!
//! Exit codes of apt and dpkg prove nothing: a package that was killed while it was unpacked is left alone by `apt-get -f install`, which
//! exits with 0. What counts is the state that dpkg tells.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::Live;
use super::super::hosts::Host;
use super::super::process::{Finished, Program};
use crate::environment::{AptPackages, Node};
use crate::gateway::Failure;
use crate::host::facts::Format;
use crate::host::packages::DebianVersion;
use crate::host::packages::debian::{self, Installed};
use crate::kong::Version;

/// How long a question may take.
const ANSWER: Duration = Duration::from_mins(1);

/// How long fetching or installing may take.
const WORK: Duration = Duration::from_mins(15);

/// Nobody is asked anything, changed files of configuration are kept, and a lock is waited for, though not for ever.
const QUIETLY: [&str; 9] = [
    "-q",
    "-y",
    "--no-install-recommends",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "DPkg::Lock::Timeout=60",
];

/// Where packages' scripts find programs, if apt is not told otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a package's scripts start services with. For them there is nothing behind these names: who starts Kong is the playbook.
const STARTERS: [&str; 3] = ["invoke-rc.d", "service", "deb-systemd-invoke"];

/// The package of one node.
pub(super) struct Apt<'a> {
    pub(super) live: &'a Live,
    pub(super) host: &'a Host,
    pub(super) node: &'a Node,
    pub(super) packages: &'a AptPackages,
}

/// A package's file that is kept on the host.
struct Kept {
    path: PathBuf,
    version: DebianVersion,
}

impl Apt<'_> {
    /// The versions that could be installed: those that are kept, and those that a repository has.
    pub(super) async fn available(&self) -> Result<Vec<Version>, Failure> {
        let kept = self.kept().await?.into_iter().map(|kept| kept.version);
        let offered = self.offered().await?.into_iter();
        Ok(kept
            .chain(offered)
            .filter_map(|version| of_kong(&version))
            .collect())
    }

    /// Installs a version, once it and what it replaces are kept and proven.
    pub(super) async fn install(&self, version: &Version) -> Result<(), Failure> {
        let before = self.state().await?;
        if let Some(replaced) = before.as_ref().filter(|state| state.is_there())
            && let Some(installed) = &replaced.version
            && of_kong(installed).as_ref() != Some(version)
        {
            self.keep(installed).await?;
        }
        let wanted = self.debian_version(version).await?;
        let file = self.keep(&wanted).await?;
        let held = self.is_held().await?;
        let installed = self.run_installer(&file, held, before.as_ref()).await;
        if held {
            // apt forgets that it was held by installing over it, also where that fails half-way.
            let hold = self.program("apt-mark", ["hold", &self.packages.name], ANSWER);
            self.succeeded(hold).await?;
        }
        installed?;
        let after = self.state().await?;
        match after {
            Some(state) if state.is_ready() && state.version.as_ref() == Some(&wanted) => Ok(()),
            state => {
                let told = state.map_or_else(
                    || "dpkg does not know it".to_owned(),
                    |state| format!("dpkg has it as {:?}", state.state),
                );
                let message = format!(
                    "`{}` is not installed as {wanted} on `{}`: {told}",
                    self.packages.name, self.node.name
                );
                Err(Failure::new("packages.install.unfinished", message)
                    .hint("`cutover retry` installs it again over what is there"))
            }
        }
    }

    /// Makes an end of what an earlier installer left half done, as far as it can be configured; the rest is installed over.
    async fn repair(&self, path: &str) -> Result<(), Failure> {
        let words = ["--force-confdef", "--force-confold", "--configure", "-a"];
        let mut program = self.program("dpkg", words, WORK);
        program.environment.retain(|(name, _)| name != "PATH");
        program.environment.push(("PATH".into(), path.into()));
        program
            .environment
            .push(("DEBIAN_FRONTEND".into(), "noninteractive".into()));
        // What it cannot configure makes it fail, and is what is installed again next.
        self.live.run_program_on(self.host, program).await.map(drop)
    }

    /// The path of programs for packages' scripts, in which nothing starts a service.
    async fn quiet_path(&self) -> Result<String, Failure> {
        let nothing = self.live.temporary_on(self.host).join("starts-nothing");
        let unusable = |error: std::io::Error| {
            Failure::new(
                "packages.install",
                format!("cannot keep packages from starting services: {error}"),
            )
        };
        self.host.make_directory(&nothing).await.map_err(unusable)?;
        for name in STARTERS {
            self.host
                .link(&nothing, name, "/bin/true")
                .await
                .map_err(unusable)?;
        }
        let words = ["dump", "--format", "%v", "DPkg::Path"];
        let told = self
            .succeeded(self.program("apt-config", words, ANSWER))
            .await?;
        let own = match told.stdout.trim() {
            "" => PATH,
            own => own,
        };
        Ok(format!("{}:{own}", nothing.display()))
    }

    /// Installs a file, over whatever is there.
    async fn run_installer(
        &self,
        file: &Path,
        held: bool,
        before: Option<&Installed>,
    ) -> Result<(), Failure> {
        let path = self.quiet_path().await?;
        if before.is_some_and(|state| state.is_there() && !state.is_ready()) {
            self.repair(&path).await?;
        }
        let path = format!("DPkg::Path={path}");
        let file = file.display().to_string();
        let mut words: Vec<&str> = QUIETLY.to_vec();
        words.extend(["-o", &path, "--allow-downgrades", "--reinstall"]);
        if held {
            words.push("--allow-change-held-packages");
        }
        words.extend(["install", &file]);
        let mut program = self.program("apt-get", words, WORK);
        for (name, value) in [
            ("DEBIAN_FRONTEND", "noninteractive"),
            ("NEEDRESTART_SUSPEND", "1"),
        ] {
            program.environment.push((name.into(), value.into()));
        }
        self.succeeded(program).await.map(drop)
    }

    /// A version's file in the archive, fetched where it is not there, and proven.
    async fn keep(&self, version: &DebianVersion) -> Result<PathBuf, Failure> {
        let is_wanted = |kept: &&Kept| kept.version == *version;
        if let Some(kept) = self.kept().await?.iter().find(is_wanted) {
            self.prove(kept).await?;
            return Ok(kept.path.clone());
        }
        let made = self.host.make_directory(&self.packages.archive).await;
        made.map_err(|error| self.unusable(&error))?;
        let named = format!("{}={version}", self.packages.name);
        let mut program = self.program("apt-get", ["-q", "download", &named], WORK);
        program.directory = Some(self.packages.archive.clone());
        self.succeeded(program).await?;
        let kept = self
            .kept()
            .await?
            .into_iter()
            .find(|kept| kept.version == *version);
        let kept = kept.ok_or_else(|| {
            let message = format!(
                "apt fetched {named} on `{}`, and no such file is there",
                self.node.name
            );
            Failure::new("packages.fetch", message)
        })?;
        self.prove(&kept).await?;
        Ok(kept.path)
    }

    /// Compares a kept file with what the environment file, or else the repository's signed list, says of it. apt itself looks at the
    /// length alone.
    async fn prove(&self, kept: &Kept) -> Result<(), Failure> {
        let version = kept.version.to_string();
        let pinned = self.packages.sha256.get(&version).cloned();
        let wanted = match pinned {
            Some(pinned) => Some(pinned),
            None => self.listed_digest(&version).await?,
        };
        let wanted = match wanted {
            Some(wanted) => wanted,
            None => self.live.known_package(&self.packages.name, &version)?.ok_or_else(|| {
                let message = format!(
                    "nothing says what `{}` on `{}` must be: no repository has {version} any more",
                    kept.path.display(),
                    self.node.name
                );
                Failure::new("packages.digest", message)
                    .hint("give its digest in the environment file: `sha256 = { \"VERSION\" = \"…\" }` of its `packages`")
            })?,
        };
        let found = self
            .host
            .digest(&kept.path)
            .await
            .map_err(|error| self.unusable(&error))?;
        if found.eq_ignore_ascii_case(&wanted) {
            return self
                .live
                .remember_package(&self.packages.name, &version, &found);
        }
        let message = format!(
            "`{}` on `{}` is not what it must be: its SHA-256 is {found}, not {wanted}",
            kept.path.display(),
            self.node.name
        );
        Err(Failure::new("packages.digest", message)
            .hint("take it away, so that it is fetched again; if that brings the same one, somebody changed it on the way"))
    }

    /// What the repository's list says, whose signature apt has verified.
    async fn listed_digest(&self, version: &str) -> Result<Option<String>, Failure> {
        let named = format!("{}={version}", self.packages.name);
        let told = self
            .live
            .run_program_on(
                self.host,
                self.program("apt-cache", ["show", &named], ANSWER),
            )
            .await?;
        // A version that is not known is an empty answer.
        let mut lines = told.stdout.lines();
        Ok(lines
            .find_map(|line| line.strip_prefix("SHA256:"))
            .map(|digest| digest.trim().to_owned()))
    }

    /// The package's files in the archive.
    async fn kept(&self) -> Result<Vec<Kept>, Failure> {
        let names = match self.host.names(&self.packages.archive).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            names => names.map_err(|error| self.unusable(&error))?,
        };
        let mut kept = Vec::new();
        for name in names {
            // NAME_VERSION_ARCHITECTURE.deb, in which apt writes the colon of an epoch as `%3a`.
            let Some(version) = name
                .strip_suffix(".deb")
                .and_then(|name| name.strip_prefix(&format!("{}_", self.packages.name)))
                .and_then(|rest| rest.split_once('_'))
                .and_then(|(version, _)| version.replace("%3a", ":").parse().ok())
            else {
                continue;
            };
            kept.push(Kept {
                path: self.packages.archive.join(&name),
                version,
            });
        }
        Ok(kept)
    }

    /// The versions that repositories have.
    async fn offered(&self) -> Result<Vec<DebianVersion>, Failure> {
        let words = ["madison", "--", &self.packages.name];
        let told = self
            .succeeded(self.program("apt-cache", words, ANSWER))
            .await?;
        let offers =
            debian::offers(&told.stdout).map_err(|error| self.unreadable(&error.to_string()))?;
        Ok(offers.into_iter().map(|offer| offer.version).collect())
    }

    /// The version as the package's, of those that are kept or offered.
    async fn debian_version(&self, version: &Version) -> Result<DebianVersion, Failure> {
        let kept = self.kept().await?.into_iter().map(|kept| kept.version);
        let mut all: Vec<DebianVersion> = kept.chain(self.offered().await?).collect();
        all.sort();
        let newest = all
            .into_iter()
            .rev()
            .find(|one| of_kong(one).as_ref() == Some(version));
        newest.ok_or_else(|| {
            let message = format!(
                "no repository of `{}` has `{}` {version}, and it is not kept in `{}`",
                self.node.name,
                self.packages.name,
                self.packages.archive.display()
            );
            Failure::new("packages.install.unavailable", message)
                .hint("another minor version may be in another repository: set that up, then `apt-get update`")
        })
    }

    /// What dpkg knows of the package.
    async fn state(&self) -> Result<Option<Installed>, Failure> {
        let query = debian::query(&[&self.packages.name]);
        let words = query.iter().skip(1).map(String::as_str);
        let told = self
            .live
            .run_program_on(self.host, self.program("dpkg-query", words, ANSWER))
            .await?;
        let known =
            debian::installed(&told.stdout).map_err(|error| self.unreadable(&error.to_string()))?;
        Ok(known.into_iter().next())
    }

    async fn is_held(&self) -> Result<bool, Failure> {
        let told = self
            .succeeded(self.program("apt-mark", ["showhold"], ANSWER))
            .await?;
        Ok(debian::held(&told.stdout).contains(&self.packages.name))
    }

    fn program<'w>(
        &self,
        name: &str,
        words: impl IntoIterator<Item = &'w str>,
        deadline: Duration,
    ) -> Program {
        let mut program = Program::new(self.packages.programs.join(name), deadline);
        program.arguments = words.into_iter().map(Into::into).collect();
        program.environment = super::super::commands::login_environment();
        program.environment.push(("LC_ALL".into(), "C".into()));
        program.on(self.node)
    }

    async fn succeeded(&self, program: Program) -> Result<Finished, Failure> {
        let name = program.program.display().to_string();
        let finished = self.live.run_program_on(self.host, program).await?;
        if finished.ending.is_success() {
            return Ok(finished);
        }
        let why = debian::failure(&format!("{}\n{}", finished.stderr, finished.stdout));
        let told = why
            .told
            .clone()
            .unwrap_or_else(|| finished.ending.to_string());
        let message = format!(
            "`{name}` on `{}` failed: {}: {told}",
            self.node.name, why.cause
        );
        Err(Failure::new("packages.apt", message).hint(why.cause.remedy(Format::Deb)))
    }

    fn unreadable(&self, why: &str) -> Failure {
        Failure::new("packages.apt", format!("on `{}`: {why}", self.node.name))
    }

    fn unusable(&self, error: &std::io::Error) -> Failure {
        let message = format!(
            "the archive of packages `{}` on `{}` cannot be used: {error}",
            self.packages.archive.display(),
            self.node.name
        );
        Failure::new("packages.archive", message)
            .hint("`archive` of its `packages` in the environment file names it; it must be writable by whom commands run as there")
    }
}

/// Kong's version within a package's.
fn of_kong(version: &DebianVersion) -> Option<Version> {
    let upstream = version.upstream();
    // A snapshot's own mark stands behind a sign.
    upstream.split(['+', '~']).next()?.parse().ok()
}
