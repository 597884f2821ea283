//! Names of Kong's package files, `kong_3.9.1_amd64.deb` and `kong-3.4.2.el8.amd64.rpm` and what they were before: read, and made for a
//! version that is looked for. After Kong's package repositories.

use serde::Serialize;

use super::edition::Edition;
use crate::host::facts::{Architecture, Format};
use crate::kong::Version;

/// What a file's name says of it. The package inside has the last word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageFile {
    /// The package.
    pub package: String,
    /// What it holds.
    pub edition: Edition,
    /// In which version.
    pub version: Version,
    /// For which tools.
    pub format: Format,
    /// For which processor; nothing where it says all of them, as before 1.4, and is for `x86_64` all the same.
    pub architecture: Option<Architecture>,
    /// For which distribution, where it says so: `bionic`, `el8`, `aws`.
    pub distribution: Option<String>,
}

/// What stands between the parts of a name.
const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// Words for processors in names of packages; Kong has used those of the first line.
const ARCHITECTURES: [&str; 12] = [
    "amd64", "x86_64", "arm64", "aarch64", "all", "noarch", //
    "i386", "i686", "armhf", "ppc64le", "ppc64el", "s390x",
];

/// A name that is none of Kong's package files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    /// Another extension.
    #[error("`{name}` is neither a .deb nor an .rpm file")]
    Format {
        /// The name.
        name: String,
    },
    /// Another package.
    #[error("`{name}` does not begin with the name of a package of Kong")]
    Package {
        /// The name.
        name: String,
    },
    /// No version where it should stand.
    #[error("`{name}` has no version of Kong")]
    Version {
        /// The name.
        name: String,
    },
    /// No processor where it should stand.
    #[error("`{name}` does not say which processor it is for")]
    Architecture {
        /// The name.
        name: String,
    },
}

impl PackageFile {
    /// Reads the name of a file, without folders before it.
    pub fn of(name: &str) -> Result<Self, FileNameError> {
        let told = || name.to_owned();
        let (stem, format) = match name.rsplit_once('.') {
            Some((stem, "deb")) => (stem, Format::Deb),
            Some((stem, "rpm")) => (stem, Format::Rpm),
            _ => return Err(FileNameError::Format { name: told() }),
        };
        // The version begins at the first digit behind a separator: no name of a package has one there.
        let starts = |package: &&str| {
            let rest = stem.strip_prefix(*package).unwrap_or_default();
            let mut letters = rest.chars();
            matches!(letters.next(), Some('_' | '-'))
                && letters.next().is_some_and(|one| one.is_ascii_digit())
        };
        let package = Edition::packages().find(starts);
        let package = package.ok_or_else(|| FileNameError::Package { name: told() })?;
        let edition = Edition::of_package(package);
        let edition = edition.ok_or_else(|| FileNameError::Package { name: told() })?;
        let rest = &stem[package.len() + 1..];
        let (version, tags) =
            version(rest).ok_or_else(|| FileNameError::Version { name: told() })?;
        let (tags, architecture) =
            architecture(tags).ok_or_else(|| FileNameError::Architecture { name: told() })?;
        // A number is the packagers' own count.
        let is_tag = |tag: &&str| tag.bytes().any(|byte| !byte.is_ascii_digit());
        let distribution = tags.split(SEPARATORS).find(is_tag);
        Ok(Self {
            package: package.to_owned(),
            edition,
            version,
            format,
            architecture: Some(architecture)
                .filter(|word| !matches!(*word, "all" | "noarch"))
                .map(Architecture::of_package),
            distribution: distribution.map(str::to_owned),
        })
    }
}

/// The version at the beginning of `text`, and what follows it.
fn version(text: &str) -> Option<(Version, &str)> {
    let parts = text
        .split('.')
        .take_while(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let whole: usize = parts.map(|part| part.len() + 1).sum();
    // The last number may end in a `-` or `_` instead of a dot.
    let rest = &text[whole.min(text.len())..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let ends_in_one = digits > 0 && rest[digits..].starts_with(['-', '_']);
    let end = if ends_in_one {
        whole + digits
    } else {
        whole.saturating_sub(1)
    };
    let version = text.get(..end)?.parse().ok()?;
    Some((version, &text[end..]))
}

/// The processor at the end of `tags`, and what stands before it.
fn architecture(tags: &str) -> Option<(&str, &'static str)> {
    let ends = |word: &'static str| {
        let before = tags.strip_suffix(word)?;
        before.ends_with(SEPARATORS).then_some((before, word))
    };
    ARCHITECTURES.into_iter().find_map(ends)
}

/// The names under which the package of a version may lie, the likelier before the others.
#[must_use]
pub fn candidates(
    edition: Edition,
    version: &Version,
    format: Format,
    architecture: &Architecture,
    distribution: Option<&str>,
) -> Vec<String> {
    let package = edition.package(version);
    let (debian, rpm) = (architecture.debian(), architecture.rpm());
    let tagged = |word: &str, ending: &str| {
        distribution.map(|tag| format!("{package}-{version}.{tag}.{word}.{ending}"))
    };
    // Before 1.4 there was one package for all, which ran on one processor.
    let is_early = !version.is_at_least(1, 4) && *architecture == Architecture::X8664;
    let names = match format {
        Format::Deb => [
            Some(format!("{package}_{version}_{debian}.deb")),
            tagged(debian, "deb"),
            tagged("all", "deb").filter(|_| is_early),
            None,
        ],
        Format::Rpm => [
            Some(format!("{package}-{version}-1.{rpm}.rpm")),
            tagged(rpm, "rpm"),
            tagged(debian, "rpm"),
            tagged("noarch", "rpm").filter(|_| is_early),
        ],
    };
    names.into_iter().flatten().collect()
}
