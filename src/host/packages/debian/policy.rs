//! Which versions apt knows: the answers of `apt-cache policy` and `apt-cache madison`. After `apt-cache(8)`; recorded from apt 2.6.

use serde::Serialize;

use crate::host::packages::order::DebianVersion;

/// The question what apt would install of `package`. It exits 0 and prints nothing where apt does not know it.
#[must_use]
pub fn policy(package: &str) -> [String; 4] {
    ["apt-cache", "policy", "--", package].map(str::to_owned)
}

/// The question which versions of `package` repositories have.
#[must_use]
pub fn madison(package: &str) -> [String; 4] {
    ["apt-cache", "madison", "--", package].map(str::to_owned)
}

/// What apt knows of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// The package.
    pub package: String,
    /// The version that is installed.
    pub installed: Option<DebianVersion>,
    /// The version that apt would install without being told which.
    pub candidate: Option<DebianVersion>,
    /// The version that preferences ask for.
    pub pin: Option<String>,
    /// All versions, the first before the others.
    pub versions: Vec<Available>,
}

/// A version and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Available {
    /// The version.
    pub version: DebianVersion,
    /// How much apt wants it.
    pub priority: i32,
    /// Where it is. The list of what is installed is a place too, so a version that is only there cannot be installed again.
    pub sources: Vec<Source>,
}

/// A place of packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// How much apt wants what comes from there.
    pub priority: i32,
    /// The place: a repository's address, suite and component, or the list of what is installed.
    pub origin: String,
}

/// A version that a repository has, as `apt-cache madison` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// The package.
    pub package: String,
    /// The version.
    pub version: DebianVersion,
    /// The repository.
    pub origin: String,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `apt-cache` cannot be read: `{text}`")]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl Source {
    /// Whether it is the list of what is installed.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.origin.ends_with("/dpkg/status")
    }
}

impl Policy {
    /// Whether a repository has `version`, so that it can be installed, or installed again.
    #[must_use]
    pub fn offers(&self, version: &DebianVersion) -> bool {
        let found = self.versions.iter().find(|one| one.version == *version);
        found.is_some_and(|one| one.sources.iter().any(|source| !source.is_status()))
    }
}

/// Reads the answer to [`policy`], about one package or several.
pub fn policies(answer: &str) -> Result<Vec<Policy>, PolicyError> {
    let mut policies: Vec<Policy> = Vec::new();
    for (text, line) in answer.lines().zip(1..) {
        let taken = match text.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            Some(package) => {
                policies.push(Policy {
                    package: package.to_owned(),
                    installed: None,
                    candidate: None,
                    pin: None,
                    versions: Vec::new(),
                });
                Some(())
            }
            None => policies.last_mut().and_then(|policy| take(policy, text)),
        };
        taken.ok_or_else(|| PolicyError {
            line,
            text: text.to_owned(),
        })?;
    }
    Ok(policies)
}

/// Takes a line of a package, which is moved in the deeper the finer it is.
fn take(policy: &mut Policy, text: &str) -> Option<()> {
    let version = |text: &str| match text {
        "(none)" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let depth = text.len() - text.trim_start().len();
    let text = text.trim();
    if depth >= 8 {
        let (priority, origin) = text.split_once(' ')?;
        let priority = priority.parse().ok()?;
        let origin = origin.to_owned();
        policy
            .versions
            .last_mut()?
            .sources
            .push(Source { priority, origin });
    } else if let Some(text) = text.strip_prefix("Installed: ") {
        policy.installed = version(text)?;
    } else if let Some(text) = text.strip_prefix("Candidate: ") {
        policy.candidate = version(text)?;
    } else if let Some(text) = text.strip_prefix("Package pin: ") {
        policy.pin = Some(text.to_owned());
    } else if text != "Version table:" {
        // Before the installed version stand three stars, behind one that is rolled out step by step how far that is.
        let mut words = text.trim_start_matches("*** ").split_whitespace();
        policy.versions.push(Available {
            version: words.next()?.parse().ok()?,
            priority: words.next()?.parse().ok()?,
            sources: Vec::new(),
        });
    }
    Some(())
}

/// Reads the answer to [`madison`].
pub fn offers(answer: &str) -> Result<Vec<Offer>, PolicyError> {
    let lines = answer.lines().zip(1..);
    let read = |(text, line): (&str, usize)| {
        let mut fields = text.splitn(3, " | ").map(str::trim);
        let mut next = || fields.next();
        let offer = (|| {
            Some(Offer {
                package: next()?.to_owned(),
                version: next()?.parse().ok()?,
                origin: next()?.to_owned(),
            })
        })();
        offer.ok_or_else(|| PolicyError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}
