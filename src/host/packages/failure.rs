//! Why a package was not installed, in one closed list for both families of tools, each with its remedy. Which sentence means what stands
//! in `debian` and `rpm`; this follows from those.

use std::fmt;

use serde::Serialize;

use crate::host::facts::Format;

/// A call of a package tool that did not do what it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// The tools' own words, the line that tells it; nothing where no line does.
    pub told: Option<String>,
}

/// A process that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its number.
    pub process: u32,
    /// Its name, where that is told.
    pub name: Option<String>,
}

/// Why a package was not installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Another process works on packages.
    Locked(Option<Holder>),
    /// An earlier call was broken off, or left something half done.
    Interrupted,
    /// The disk is full, or would be.
    NoSpace,
    /// Nobody known has signed the package or its repository.
    Unauthenticated,
    /// Something else must be installed, and cannot be.
    UnmetDependencies,
    /// Something is installed that excludes it.
    Conflict,
    /// The package is held, or locked in its version.
    Held,
    /// The version is older than what is installed, and nobody said that this is meant.
    Downgrade,
    /// No repository has the version.
    VersionNotFound,
    /// No repository has the package.
    PackageNotFound,
    /// It is for another processor.
    WrongArchitecture,
    /// It wants to know what to do with a changed file of configuration, and nobody is there to answer.
    ConfigurationQuestion,
    /// A file of it belongs to another package.
    FileOfAnother,
    /// A script of a package failed.
    ScriptFailed,
    /// The file could not be fetched.
    NotFetched,
    /// The file is not the one that the repository names.
    WrongChecksum,
    /// A repository's lists cannot be read.
    RepositoryUnreadable,
    /// The file is no package, or not a whole one.
    BadArchive,
    /// There is no such file.
    FileNotFound,
    /// One has to be root.
    NotAllowed,
    /// `sudo` does not make one root, or not with this environment.
    RefusedBySudo,
    /// Just this version is installed.
    AlreadyInstalled,
    /// The list of locked versions cannot be read.
    LocksUnreadable,
    /// None of these.
    Unknown,
}

impl Cause {
    /// Whether the same call can go through a little later.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::NotFetched)
    }

    /// What to do, on a host with the tools of `format`.
    #[must_use]
    pub fn remedy(&self, format: Format) -> String {
        let of_both = |debian: &str, rpm: &str| match format {
            Format::Deb => debian.to_owned(),
            Format::Rpm => rpm.to_owned(),
        };
        match self {
            Self::Locked(Some(Holder { process, .. })) => {
                format!("wait for process {process} to end; never remove its lock")
            }
            Self::Locked(None) => "wait for the other process to end; never remove its lock".to_owned(),
            Self::Interrupted => of_both("run `dpkg --configure -a`", "run `dnf history` and see what was not finished"),
            Self::NoSpace => of_both(
                "make room in /, /usr and /var; `apt-get clean` frees what was fetched",
                "make room in /, /usr and /var; `dnf clean packages` frees what was fetched",
            ),
            Self::Unauthenticated => of_both(
                "put the repository's key where its `signed-by` looks for it, then `apt-get update`",
                "import the repository's key with `rpm --import`",
            ),
            Self::UnmetDependencies => of_both(
                "see `apt-get install --simulate`; is this the package for this release of the distribution?",
                "see `dnf install --assumeno`; is this the package for this release of the distribution?",
            ),
            Self::Conflict => "remove the other edition first, once its configuration and database are backed up".to_owned(),
            Self::Held => of_both("release it with `apt-mark unhold`, and hold it again afterwards", "release it with `dnf versionlock delete`, and lock it again afterwards"),
            Self::Downgrade => of_both("say that it is meant with `--allow-downgrades`", "say that it is meant with `dnf downgrade`"),
            Self::VersionNotFound => of_both(
                "see `apt-cache madison`: another minor version may be in another repository, and old files may be gone",
                "see `dnf list --showduplicates`: another minor version may be in another repository, and old files may be gone",
            ),
            Self::PackageNotFound => of_both(
                "see `apt-cache policy`: is the repository set up, and its list fetched with `apt-get update`?",
                "see `dnf repolist`: is the repository set up and enabled?",
            ),
            Self::WrongArchitecture => "fetch the package for this host's processor".to_owned(),
            Self::ConfigurationQuestion => of_both(
                "run `dpkg --configure -a --force-confdef --force-confold` to keep the file, and give apt these options",
                "compare the `.rpmnew` files that were left",
            ),
            Self::FileOfAnother => "see whose file it is, and remove that package first".to_owned(),
            Self::ScriptFailed => of_both("see what the script printed, then `dpkg --configure -a`", "see what the script printed"),
            Self::NotFetched => of_both("run `apt-get update` and try again", "run `dnf makecache` and try again"),
            Self::WrongChecksum => of_both("run `apt-get clean` and `apt-get update`; is there a proxy between?", "run `dnf clean all`; is there a proxy between?"),
            Self::RepositoryUnreadable => "see whether the host reaches the repository, and whether its address has changed".to_owned(),
            Self::BadArchive => "fetch the file again and compare its digest".to_owned(),
            Self::FileNotFound => "see where the file was staged".to_owned(),
            Self::NotAllowed => "run it as root".to_owned(),
            Self::RefusedBySudo => "have sudo allow it without a password, and with an environment: `USER ALL=(root) NOPASSWD:SETENV: PROGRAM`".to_owned(),
            Self::AlreadyInstalled => "nothing, unless it is to be installed again".to_owned(),
            Self::LocksUnreadable => "create the list that the plugin `versionlock` is set up with; without it dnf does nothing".to_owned(),
            Self::Unknown => "see what the tool printed".to_owned(),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Locked(Some(Holder { process, name })) => {
                let name = name.as_deref().unwrap_or("another");
                return write!(out, "process {process} (`{name}`) works on packages");
            }
            Self::Locked(None) => "another process works on packages",
            Self::Interrupted => "an earlier call was broken off",
            Self::NoSpace => "there is not enough space",
            Self::Unauthenticated => "nobody known has signed the package",
            Self::UnmetDependencies => "it needs what cannot be installed",
            Self::Conflict => "something is installed that excludes it",
            Self::Held => "the package is held",
            Self::Downgrade => "it is older than what is installed",
            Self::VersionNotFound => "no repository has the version",
            Self::PackageNotFound => "no repository has the package",
            Self::WrongArchitecture => "it is for another processor",
            Self::ConfigurationQuestion => "it asks about a changed file of configuration",
            Self::FileOfAnother => "a file of it belongs to another package",
            Self::ScriptFailed => "a script of a package failed",
            Self::NotFetched => "the file could not be fetched",
            Self::WrongChecksum => "the file is not the one that the repository names",
            Self::RepositoryUnreadable => "a repository cannot be read",
            Self::BadArchive => "the file is no whole package",
            Self::FileNotFound => "there is no such file",
            Self::NotAllowed => "one has to be root",
            Self::RefusedBySudo => "sudo does not allow it",
            Self::AlreadyInstalled => "it is installed",
            Self::LocksUnreadable => "the list of locked versions cannot be read",
            Self::Unknown => "the tool does not say why",
        })
    }
}

/// Finds the line of `text` that tells why: the first for which one of `rules` has a cause, where later rules only count if no line
/// fits an earlier set.
pub(super) fn classify(text: &str, rules: &[fn(&str) -> Option<Cause>]) -> Failure {
    for rule in rules {
        let mut lines = text.lines();
        if let Some((cause, line)) = lines.find_map(|line| Some((rule(line)?, line))) {
            return Failure {
                cause,
                told: Some(line.trim().to_owned()),
            };
        }
    }
    Failure {
        cause: Cause::Unknown,
        told: None,
    }
}

/// What `sudo` says, which then started nothing.
pub(super) fn by_sudo(line: &str) -> Option<Cause> {
    line.starts_with("sudo: ").then_some(Cause::RefusedBySudo)
}

/// The cause of the first of `phrases` that stands in `line`.
pub(super) fn by_phrase(line: &str, phrases: &[(&str, Cause)]) -> Option<Cause> {
    let found = phrases.iter().find(|(phrase, _)| line.contains(phrase));
    found.map(|(_, cause)| cause.clone())
}

/// The number that stands behind `phrase`.
pub(super) fn process_behind(line: &str, phrase: &str) -> Option<u32> {
    let (_, rest) = line.split_once(phrase)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}
