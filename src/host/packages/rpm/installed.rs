//! What rpm has installed, or has in a file. After `rpm(8)`; recorded from rpm 4.18.

use serde::Serialize;

use crate::host::facts::Architecture;
use crate::host::packages::order::RpmVersion;

/// A line for each package, its fields between tabs. rpm itself reads the escapes.
const FORMAT: &str =
    "--queryformat=%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{LONGSIZE}\\n";

/// The question which of `packages` are installed. It exits with 1 where one is not, and says so in a line.
#[must_use]
pub fn query(packages: &[&str]) -> Vec<String> {
    let fixed = ["rpm", "--query", FORMAT, "--"];
    fixed
        .iter()
        .chain(packages)
        .map(|&word| word.to_owned())
        .collect()
}

/// The question what is in the package of `file`. A text file is taken for a list of files, so an error may name another.
#[must_use]
pub fn in_file(file: &str) -> [String; 6] {
    ["rpm", "--query", "--package", FORMAT, "--", file].map(str::to_owned)
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: RpmVersion,
    /// Its processor; nothing where it is for all.
    pub architecture: Option<Architecture>,
    /// How many bytes its files take, where that was asked for.
    pub bytes: Option<u64>,
}

/// A line that tells of no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer tells of no package: `{text}`")]
pub struct InstalledError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`query`] or [`in_file`]. A package of which rpm says that it is not installed is left out.
pub fn installed(answer: &str) -> Result<Vec<Installed>, InstalledError> {
    let is_missing =
        |text: &str| text.starts_with("package ") && text.ends_with(" is not installed");
    let lines = answer
        .lines()
        .zip(1..)
        .filter(|(text, _)| !is_missing(text));
    let read = |(text, line): (&str, usize)| {
        let bytes = text.split('\t').nth(5).and_then(|field| field.parse().ok());
        let read = of(text).map(|one| Installed { bytes, ..one });
        read.ok_or_else(|| InstalledError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// Name, epoch, version, release and processor between tabs, with fields behind it or not.
pub(super) fn of(text: &str) -> Option<Installed> {
    let mut fields = text.split('\t');
    let mut next = || fields.next();
    let (package, epoch, version, release, architecture) =
        (next()?, next()?, next()?, next()?, next()?);
    Some(Installed {
        package: package.to_owned(),
        version: format!("{epoch}:{version}-{release}").parse().ok()?,
        architecture: (architecture != "noarch").then(|| Architecture::of_package(architecture)),
        bytes: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_lines_are_read() {
        let kong = Installed {
            package: "kong".to_owned(),
            version: "0:3.4.2-1".parse().expect("a version"),
            architecture: Some(Architecture::X8664),
            bytes: Some(8),
        };
        let answer =
            "kong\t0\t3.4.2\t1\tx86_64\t8\npackage kong-enterprise-edition is not installed\n";
        assert_eq!(installed(answer), Ok(vec![kong]));
        assert_eq!(installed("package kong is not installed\n"), Ok(vec![]));
    }

    #[test]
    fn other_lines_are_errors() {
        let error = installed("error: open of nothere.rpm failed: No such file or directory")
            .expect_err("refused");
        assert_eq!(error.line, 1);
        assert!(installed("kong\tx\t3.4.2\t1\tx86_64\n").is_err());
    }
}
