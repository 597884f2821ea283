//! Which versions dnf knows: the answers of `dnf repoquery` and of `dnf list`. After `dnf(8)`; recorded from dnf 4.14. yum prints both alike.

use serde::Serialize;

use super::installed::{Installed, of};
use crate::host::facts::Architecture;

/// A version, and the repository that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Whether it is installed.
    pub section: Section,
    /// The package.
    #[serde(flatten)]
    pub package: Installed,
    /// The repository; of an installed one, that it came from, where dnf knows.
    pub repository: String,
}

/// What a version is listed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// It is installed.
    Installed,
    /// It is to be had.
    Available,
}

/// A line that tells of no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of the package manager tells of no version: `{text}`")]
pub struct ListedError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`Manager::available`](super::Manager::available).
pub fn offers(answer: &str) -> Result<Vec<Listed>, ListedError> {
    let lines = answer.lines().zip(1..).filter(|(text, _)| !text.is_empty());
    let read = |(text, line): (&str, usize)| {
        let fields = of(text).zip(text.rsplit_once('\t'));
        let listed = fields.map(|(package, (_, repository))| Listed {
            section: Section::Available,
            package,
            repository: repository.to_owned(),
        });
        listed.ok_or_else(|| ListedError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// Reads the answer to [`Manager::list`](super::Manager::list).
pub fn listed(answer: &str) -> Result<Vec<Listed>, ListedError> {
    let mut all = Vec::new();
    let mut section = None;
    // A line that is too long for 80 columns goes on in the next one.
    let mut words: Vec<&str> = Vec::new();
    for (text, line) in answer.lines().zip(1..) {
        let error = || ListedError {
            line,
            text: text.to_owned(),
        };
        match text.trim() {
            "Installed Packages" if words.is_empty() => section = Some(Section::Installed),
            "Available Packages" if words.is_empty() => section = Some(Section::Available),
            text => words.extend(text.split_whitespace()),
        }
        if let [name, version, repository] = words[..] {
            let section = section.ok_or_else(error)?;
            all.push(entry(section, name, version, repository).ok_or_else(error)?);
            words.clear();
        } else if words.len() > 3 {
            return Err(error());
        }
    }
    if words.is_empty() {
        return Ok(all);
    }
    Err(ListedError {
        line: answer.lines().count(),
        text: words.join(" "),
    })
}

/// `kong.x86_64`, `1:3.4.2-1`, `@kong`.
fn entry(section: Section, name: &str, version: &str, repository: &str) -> Option<Listed> {
    let (package, architecture) = name.rsplit_once('.')?;
    Some(Listed {
        section,
        package: Installed {
            package: package.to_owned(),
            version: version.parse().ok()?,
            architecture: (architecture != "noarch")
                .then(|| Architecture::of_package(architecture)),
            bytes: None,
        },
        repository: repository.trim_start_matches('@').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kong(section: Section, version: &str, architecture: Architecture) -> Listed {
        Listed {
            section,
            package: Installed {
                package: "kong".to_owned(),
                version: version.parse().expect("a version"),
                architecture: Some(architecture),
                bytes: None,
            },
            repository: "kong".to_owned(),
        }
    }

    #[test]
    fn recorded_answers_are_read() {
        let mut all = vec![
            kong(Section::Available, "3.4.2-1", Architecture::X8664),
            kong(Section::Available, "3.9.1-1", Architecture::X8664),
            kong(Section::Available, "3.9.2-1", Architecture::X8664),
            kong(Section::Available, "3.9.9-1", Architecture::Aarch64),
        ];
        let answer = "kong\t0\t3.4.2\t1\tx86_64\tkong\nkong\t0\t3.9.1\t1\tx86_64\tkong\nkong\t0\t3.9.2\t1\tx86_64\tkong\nkong\t0\t3.9.9\t1\taarch64\tkong\n";
        assert_eq!(offers(answer), Ok(all.clone()));
        all.insert(0, kong(Section::Installed, "3.4.2-1", Architecture::X8664));
        let answer = include_str!("../../../../tests/fixtures/host/dnf/list.txt");
        assert_eq!(listed(answer), Ok(all));
        assert_eq!(listed(""), Ok(vec![]));
    }

    #[test]
    fn a_long_line_is_read() {
        // After dnf's source: columns that do not fit go on in the next line.
        let answer = "Available Packages\nkong-enterprise-edition-fips.x86_64\n       3.4.3.5-1.el8       a-repository-with-a-very-long-name\n";
        let read = listed(answer).expect("read");
        assert_eq!(read[0].package.package, "kong-enterprise-edition-fips");
        assert_eq!(read[0].package.version.to_string(), "3.4.3.5-1.el8");
    }

    #[test]
    fn other_answers_are_errors() {
        for text in [
            "Error: No matching Packages to list",
            "kong.x86_64 3.4.2-1 kong",
            "Available Packages\nkong.x86_64 3.4.2-1\n",
        ] {
            assert!(listed(text).is_err(), "{text}");
        }
        let error = offers("Error: x").expect_err("refused");
        assert_eq!(
            error.to_string(),
            "line 1 of the answer of the package manager tells of no version: `Error: x`"
        );
    }
}
