//! Kong's Debian package through apt, from its repositories or from files.
//!
//! Exit codes of apt and dpkg prove nothing: a package that was killed while it was unpacked is left alone by `apt-get -f install`, which
//! exits with 0. What counts is the state that dpkg tells. Files too are installed by apt: it looks at what they depend on, hands dpkg a
//! path for its scripts through sudo, and goes on where its connection is cut, of which a dpkg alone dies.

use std::path::Path;

use super::driver::{Driver, Inside, Installed, PackageVersion as _, Word};
use super::place::{ANSWER, Place};
use crate::gateway::{Failure, PACKAGE_WORK};
use crate::host::packages::debian::{self, Archive};
use crate::host::packages::{DebianVersion, Edition};
use crate::kong::Version;

/// Nobody is asked anything, changed files of configuration are kept, and a lock is waited for, though not for ever.
const QUIETLY: [&str; 10] = [
    "apt-get",
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

/// Neither the scripts of packages ask anything, nor what restarts services after them.
const UNASKED: [(&str, &str); 2] = [
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("NEEDRESTART_SUSPEND", "1"),
];

/// Where packages' scripts find programs, if apt is not told otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a package's scripts start services with. For them there is nothing behind these names: who starts Kong is the playbook.
const STARTERS: [&str; 3] = ["invoke-rc.d", "service", "deb-systemd-invoke"];

/// A package for dpkg.
pub(super) struct Debian<'a>(pub(super) Place<'a>);

impl Driver for Debian<'_> {
    type Version = DebianVersion;

    fn place(&self) -> &Place<'_> {
        &self.0
    }

    async fn require_leave(&self) -> Result<(), Failure> {
        self.0.require_leave(&["apt-get"], &UNASKED).await?;
        self.0.require_leave(&["dpkg"], &UNASKED[..1]).await?;
        self.0.require_leave(&["apt-mark"], &[]).await
    }

    async fn installed(&self) -> Result<Option<Installed<DebianVersion>>, Failure> {
        let known = self.known(&[self.0.name]).await?.into_iter().next();
        Ok(known.filter(debian::Installed::is_there).and_then(|state| {
            Some(Installed {
                is_whole: state.is_ready(),
                version: state.version?,
            })
        }))
    }

    async fn installed_names(&self) -> Result<Vec<String>, Failure> {
        let names: Vec<&str> = Edition::packages().collect();
        let known = self.known(&names).await?.into_iter();
        let there = known.filter(debian::Installed::is_there);
        Ok(there.map(|state| state.package).collect())
    }

    async fn offered(&self) -> Result<Vec<DebianVersion>, Failure> {
        let offers = self.offers().await?.into_iter();
        Ok(offers.map(|offer| offer.version).collect())
    }

    async fn fetch(&self, version: &DebianVersion, directory: &Path) -> Result<(), Failure> {
        let named = format!("{}={version}", self.0.name);
        let authenticated = "APT::Get::AllowUnauthenticated=false";
        let words = ["apt-get", "-q", "-o", authenticated, "download", &named];
        let mut program = self.0.call(words, PACKAGE_WORK);
        program.directory = Some(directory.to_owned());
        self.0.succeeded(program).await.map(drop)
    }

    async fn inside(&self, file: &Path) -> Result<Option<Inside<DebianVersion>>, Failure> {
        let told = self
            .0
            .ask(debian::fields(&file.display().to_string()))
            .await?;
        let archive = Archive::of_fields(&told.stdout).ok();
        Ok(archive.map(|archive| Inside {
            unpacked: archive.unpacked(),
            package: archive.package,
            version: archive.version,
            architecture: archive.architecture,
        }))
    }

    /// The repository's list, whose signature apt has verified. apt itself looks at the length of a fetched file alone.
    async fn word(&self, version: &DebianVersion, _: &Path) -> Result<Word, Failure> {
        if self.0.directory.is_some() {
            return Ok(Word::Nobody);
        }
        let named = format!("{}={version}", self.0.name);
        // A version that is not known is an empty answer.
        let told = self.0.ask(["apt-cache", "show", &named]).await?;
        let mut lines = told.stdout.lines();
        let digest = lines.find_map(|line| line.strip_prefix("SHA256:"));
        Ok(digest.map_or(Word::Nobody, |digest| {
            Word::Digest(digest.trim().to_owned())
        }))
    }

    async fn refuse(&self, version: &Version) -> Result<(), Failure> {
        if self.0.directory.is_some() {
            return Ok(());
        }
        let offers = self.offers().await?.into_iter();
        let wanted = offers
            .filter(|offer| offer.version.kong().as_ref() == Some(version))
            .max_by(|one, other| one.version.cmp(&other.version));
        match wanted {
            // What the environment file says of it is more than a signature.
            Some(offer) if self.0.pinned(&offer.version).is_none() => {
                self.refuse_unsigned(&offer.origin).await
            }
            _ => Ok(()),
        }
    }

    async fn is_held(&self, _: &DebianVersion) -> Result<bool, Failure> {
        let told = self.0.succeeded(self.0.call(debian::HOLDS, ANSWER)).await?;
        Ok(debian::held(&told.stdout)
            .iter()
            .any(|name| name == self.0.name))
    }

    async fn hold(&self) -> Result<(), Failure> {
        let hold = self.0.call(["apt-mark", "hold", self.0.name], ANSWER);
        self.0.succeeded(hold).await.map(drop)
    }

    async fn install(
        &self,
        file: &Path,
        is_held: bool,
        before: Option<&Installed<DebianVersion>>,
    ) -> Result<(), Failure> {
        let path = self.quiet_path().await?;
        if before.is_some_and(|state| !state.is_whole) {
            self.repair(&path).await?;
        }
        let path = format!("DPkg::Path={path}");
        let file = file.display().to_string();
        let mut words: Vec<&str> = QUIETLY.to_vec();
        words.extend(["-o", &path, "--allow-downgrades", "--reinstall"]);
        if is_held {
            words.push("--allow-change-held-packages");
        }
        words.extend(["install", &file]);
        let mut program = self.0.call(words, PACKAGE_WORK);
        for (name, value) in UNASKED {
            program.environment.push((name.into(), value.into()));
        }
        self.0.succeeded(program).await.map(drop)
    }
}

impl Debian<'_> {
    /// What dpkg knows of packages.
    async fn known(&self, names: &[&str]) -> Result<Vec<debian::Installed>, Failure> {
        let told = self.0.ask(debian::query(names)).await?;
        debian::installed(&told.stdout).map_err(|error| self.0.unreadable(error))
    }

    /// What repositories have.
    async fn offers(&self) -> Result<Vec<debian::Offer>, Failure> {
        let question = self.0.call(debian::madison(self.0.name), ANSWER);
        let told = self.0.succeeded(question).await?;
        debian::offers(&told.stdout).map_err(|error| self.0.unreadable(error))
    }

    /// Refuses a repository whose lists apt is told to believe whoever signed them.
    async fn refuse_unsigned(&self, repository: &str) -> Result<(), Failure> {
        let question = self.0.call(debian::TARGETS, ANSWER);
        let told = self.0.succeeded(question).await?;
        let hint = "take `trusted=yes` away there and name the key, `signed-by=/usr/share/keyrings/kong.gpg`; or give the package's digest in the environment file";
        let Some(entry) = debian::entry_of(&told.stdout, repository) else {
            let message = format!(
                "on `{}` no entry of apt's sources names the repository `{repository}`, so whether it is believed without a signature cannot be told",
                self.0.node.name
            );
            return Err(Failure::new("packages.unchecked", message).hint(hint));
        };
        let text = self.0.host.read_text(&entry.file).await;
        let text = text.map_err(|error| self.0.unreadable(error))?;
        if !entry.is_believed_unsigned(&text) {
            return Ok(());
        }
        let message = format!(
            "apt on `{}` is told to believe the repository `{repository}` without a signature: `{}`, line {}",
            self.0.node.name,
            entry.file.display(),
            entry.line
        );
        Err(Failure::new("packages.unchecked", message).hint(hint))
    }

    /// Makes an end of what an earlier installer left half done, as far as it can be configured; the rest is installed over.
    async fn repair(&self, path: &str) -> Result<(), Failure> {
        let words = [
            "dpkg",
            "--force-confdef",
            "--force-confold",
            "--configure",
            "-a",
        ];
        let mut program = self.0.call(words, PACKAGE_WORK);
        program.environment.retain(|(name, _)| name != "PATH");
        program.environment.push(("PATH".into(), path.into()));
        let (name, value) = UNASKED[0];
        program.environment.push((name.into(), value.into()));
        // What it cannot configure makes it fail, and is what is installed again next.
        self.0.run(program).await.map(drop)
    }

    /// The path of programs for packages' scripts, in which nothing starts a service.
    async fn quiet_path(&self) -> Result<String, Failure> {
        let host = self.0.host;
        let nothing = self.0.live.temporary_on(host).await.join("starts-nothing");
        let unusable = |error: std::io::Error| {
            Failure::new(
                "packages.install",
                format!("cannot keep packages from starting services: {error}"),
            )
        };
        host.make_directory(&nothing).await.map_err(unusable)?;
        for name in STARTERS {
            let linked = host.link(&nothing, name, "/bin/true").await;
            linked.map_err(unusable)?;
        }
        let words = ["apt-config", "dump", "--format", "%v", "DPkg::Path"];
        let told = self.0.succeeded(self.0.call(words, ANSWER)).await?;
        let own = match told.stdout.trim() {
            "" => PATH,
            own => own,
        };
        Ok(format!("{}:{own}", nothing.display()))
    }
}
