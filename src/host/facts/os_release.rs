//! Which distribution a host has. After `os-release(5)`, whose file systemd reads as it reads an environment file; recorded from Debian 12.

use serde::Serialize;

use crate::host::unit::{Comments, EnvironmentFile, EnvironmentFileError};

/// The file whose text [`OsRelease::of`] reads.
pub const OS_RELEASE: &str = "/etc/os-release";

/// The tools that packages are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// dpkg and apt.
    Deb,
    /// rpm and dnf.
    Rpm,
}

/// Distributions, and what those that come from them say that they are like.
const FORMATS: [(&str, Format); 10] = [
    ("debian", Format::Deb),
    ("ubuntu", Format::Deb),
    ("fedora", Format::Rpm),
    ("rhel", Format::Rpm),
    ("centos", Format::Rpm),
    ("rocky", Format::Rpm),
    ("almalinux", Format::Rpm),
    ("ol", Format::Rpm),
    ("amzn", Format::Rpm),
    ("suse", Format::Rpm),
];

/// A distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OsRelease {
    /// Its word for itself, `debian`.
    pub id: String,
    /// The words of those that it comes from, the nearest first.
    pub like: Vec<String>,
    /// Its release, `12`; nothing where it rolls on.
    pub version: Option<String>,
    /// The name of that, `bookworm`.
    pub codename: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
}

impl OsRelease {
    /// Reads the file.
    pub fn of(text: &str) -> Result<Self, EnvironmentFileError> {
        let file = EnvironmentFile::of(text, Comments::EndAtLine)?;
        let field = |name: &str| {
            let assignment = file.get(name)?;
            let value = assignment.value.reveal().to_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        let like = field("ID_LIKE").unwrap_or_default();
        Ok(Self {
            // What the manual page says of a file without it.
            id: field("ID").unwrap_or_else(|| "linux".to_owned()),
            like: like.split_whitespace().map(str::to_owned).collect(),
            version: field("VERSION_ID"),
            codename: field("VERSION_CODENAME"),
            name: field("PRETTY_NAME"),
        })
    }

    /// The tools of its packages; nothing where it is not known.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        let all = std::iter::once(&self.id).chain(&self.like);
        let known = |word: &String| FORMATS.iter().find(|(name, _)| name == word);
        all.filter_map(known).map(|(_, format)| *format).next()
    }

    /// The words for it in names of Kong's package files.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let major = self.version.as_deref().unwrap_or_default();
        let major = major.split('.').next().unwrap_or_default();
        let is_like = |word: &str| self.id == word || self.like.iter().any(|one| one == word);
        let mut tags: Vec<String> = self.codename.iter().cloned().collect();
        if is_like("amzn") {
            tags.extend([
                "aws".to_owned(),
                format!("amzn{major}"),
                format!("amazonlinux{major}"),
            ]);
        } else if is_like("rhel") || is_like("centos") {
            tags.extend([format!("el{major}"), format!("rhel{major}")]);
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_file_is_read() {
        let debian = OsRelease {
            id: "debian".to_owned(),
            like: vec![],
            version: Some("12".to_owned()),
            codename: Some("bookworm".to_owned()),
            name: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
        };
        assert_eq!(debian.format(), Some(Format::Deb));
        assert_eq!(debian.tags(), ["bookworm"]);
        let text = include_str!("../../../tests/fixtures/host/facts/os-release.txt");
        assert_eq!(OsRelease::of(text), Ok(debian));
    }

    #[test]
    fn others_are_told_by_what_they_are_like() {
        // After os-release(5) and what these distributions ship, not recorded.
        for (text, format, tags) in [
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.9\"\n",
                Some(Format::Rpm),
                vec!["el8", "rhel8"],
            ),
            (
                "ID='ubuntu'\nID_LIKE=debian\nVERSION_ID=22.04\nVERSION_CODENAME=jammy\n",
                Some(Format::Deb),
                vec!["jammy"],
            ),
            (
                "ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\n",
                Some(Format::Rpm),
                vec!["aws", "amzn2", "amazonlinux2"],
            ),
            (
                "ID=pop\nID_LIKE=\"ubuntu debian\"\nVERSION_CODENAME=noble\n",
                Some(Format::Deb),
                vec!["noble"],
            ),
            ("ID=nixos\n", None, vec![]),
            ("# nothing\n", None, vec![]),
        ] {
            let read = OsRelease::of(text).expect("read");
            assert_eq!(
                (read.format(), read.tags()),
                (format, tags.into_iter().map(str::to_owned).collect()),
                "{text}"
            );
        }
    }
}
