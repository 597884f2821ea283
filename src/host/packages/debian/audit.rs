//! Packages that are not wholly installed, as `dpkg --audit` tells them. After `dpkg(1)`; the paragraphs of the fixture are recorded from
//! dpkg 1.21, the others are those that its manual page and source have.

use serde::Serialize;

/// The question whether something is half done. It exits 0 also where something is.
pub const AUDIT: [&str; 2] = ["dpkg", "--audit"];

/// A package that is not wholly installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// The package.
    pub package: String,
    /// What is the matter.
    pub what: Unready,
}

/// What is the matter with a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unready {
    /// It is so broken that it must be installed again.
    MustBeReinstalled,
    /// It was unpacked and not configured.
    Unpacked,
    /// Configuring it failed.
    HalfConfigured,
    /// Installing it failed.
    HalfInstalled,
    /// It waits for another package, or another waits for it.
    Triggers,
    /// dpkg does not know its files, or their digests.
    ListMissing,
    /// Something else, in a paragraph that is not known here.
    Other,
}

/// What the paragraphs begin with, or soon say.
const PARAGRAPHS: [(&str, Unready); 8] = [
    ("in a mess", Unready::MustBeReinstalled),
    ("unpacked but not yet configured", Unready::Unpacked),
    ("only half configured", Unready::HalfConfigured),
    ("only half installed", Unready::HalfInstalled),
    ("awaiting processing of triggers", Unready::Triggers),
    ("have been triggered", Unready::Triggers),
    ("missing the list control file", Unready::ListMissing),
    ("missing the md5sums control file", Unready::ListMissing),
];

impl Unready {
    /// What to do.
    #[must_use]
    pub fn remedy(self, package: &str) -> String {
        match self {
            Self::MustBeReinstalled | Self::ListMissing => {
                format!("install `{package}` again: `apt-get install --reinstall {package}`")
            }
            Self::Unpacked | Self::HalfConfigured | Self::Triggers => {
                "run `dpkg --configure -a`".to_owned()
            }
            Self::HalfInstalled => format!("install `{package}` once more"),
            Self::Other => "see `dpkg --audit`".to_owned(),
        }
    }
}

/// Reads the answer to [`AUDIT`]. Nothing at all is well.
#[must_use]
pub fn unfinished(answer: &str) -> Vec<Unfinished> {
    let mut all = Vec::new();
    for paragraph in answer.split("\n\n") {
        // Packages are moved in by a blank, behind a text that is not.
        let (packages, text): (Vec<&str>, Vec<&str>) =
            paragraph.lines().partition(|line| line.starts_with(' '));
        let text = text.join(" ");
        let known = PARAGRAPHS
            .into_iter()
            .find(|(phrase, _)| text.contains(phrase));
        let what = known.map_or(Unready::Other, |(_, what)| what);
        let names = packages
            .iter()
            .filter_map(|line| line.split_whitespace().next());
        all.extend(names.map(|package| Unfinished {
            package: package.to_owned(),
            what,
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_paragraphs_are_read() {
        let answer = include_str!("../../../../tests/fixtures/host/dpkg/audit.txt");
        let read = [
            ("kong", Unready::MustBeReinstalled),
            ("kong-enterprise-edition", Unready::Unpacked),
            ("broken", Unready::HalfConfigured),
        ];
        let read = read.map(|(package, what)| Unfinished {
            package: package.to_owned(),
            what,
        });
        assert_eq!(unfinished(answer), read);
        assert_eq!(unfinished(""), []);
    }

    #[test]
    fn an_unknown_paragraph_is_not_passed_over() {
        let read = unfinished("The following packages are strange:\n kong  x\n");
        assert_eq!(read[0].what, Unready::Other);
    }
}
