//! What a package file says of itself. After `dpkg-deb(1)` and `deb-control(5)`; recorded from dpkg 1.21.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::host::facts::Architecture;
use crate::host::packages::order::DebianVersion;

/// The question for the fields of the package in `file`.
#[must_use]
pub fn fields(file: &str) -> [String; 4] {
    ["dpkg-deb", "--field", "--", file].map(str::to_owned)
}

/// What a package file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Archive {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: DebianVersion,
    /// Its processor; nothing where it is for all.
    pub architecture: Option<Architecture>,
    /// All its fields, as written.
    pub fields: BTreeMap<String, String>,
}

/// A text that is no package's fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// A field that every package has.
    #[error("the package has no field `{field}`")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A version that is none.
    #[error("`{text}` is not a version of a Debian package")]
    Version {
        /// What stands there.
        text: String,
    },
    /// A line that is no field.
    #[error("line {line} of the package's fields is not `Name: value`")]
    Line {
        /// The line, from 1.
        line: usize,
    },
}

impl Archive {
    /// Reads the answer to [`fields`].
    pub fn of_fields(answer: &str) -> Result<Self, ArchiveError> {
        let fields = read(answer)?;
        let field = |field: &'static str| {
            let value = fields.get(field).cloned();
            value.ok_or(ArchiveError::Missing { field })
        };
        let (package, version, architecture) =
            (field("Package")?, field("Version")?, field("Architecture")?);
        Ok(Self {
            package,
            version: version
                .parse()
                .map_err(|_| ArchiveError::Version { text: version })?,
            architecture: (architecture != "all").then(|| Architecture::of_package(&architecture)),
            fields,
        })
    }

    /// How many bytes its files take once they are unpacked, as whoever built it estimated; nothing where nobody did.
    #[must_use]
    pub fn unpacked(&self) -> Option<u64> {
        let kibibytes: u64 = self.fields.get("Installed-Size")?.parse().ok()?;
        kibibytes.checked_mul(1024)
    }

    /// Reads the answer of `dpkg-deb --info`, which has the same fields behind a list of what is in the file, each moved in by a blank.
    pub fn of_info(answer: &str) -> Result<Self, ArchiveError> {
        let is_field = |line: &&str| {
            let name = line
                .strip_prefix(' ')
                .and_then(|line| line.split_once(": "));
            let is_name = |name: &str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            name.is_some_and(|(name, _)| is_name(name))
        };
        let lines = answer.lines().skip_while(|line| !is_field(line));
        let fields: String = lines
            .flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"])
            .collect();
        Self::of_fields(&fields)
    }
}

/// Fields, whose values go on in lines that begin with a blank.
fn read(text: &str) -> Result<BTreeMap<String, String>, ArchiveError> {
    let mut fields = BTreeMap::new();
    let mut last: Option<String> = None;
    for (line, number) in text.lines().zip(1..) {
        if line.is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let before = last.as_ref().and_then(|name| fields.get_mut(name));
            let before: &mut String = before.ok_or(ArchiveError::Line { line: number })?;
            before.push('\n');
            before.push_str(line.trim());
            continue;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or(ArchiveError::Line { line: number })?;
        fields.insert(name.to_owned(), value.trim().to_owned());
        last = Some(name.to_owned());
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = include_str!("../../../../tests/fixtures/host/dpkg/field.txt");
    const INFO: &str = include_str!("../../../../tests/fixtures/host/dpkg/info.txt");

    #[test]
    fn recorded_answers_are_read() {
        let archive = Archive::of_fields(FIELDS).expect("read");
        assert_eq!(archive.package, "kong");
        assert_eq!(archive.version.to_string(), "3.4.2");
        assert_eq!(archive.architecture, Some(Architecture::X8664));
        assert_eq!(archive.fields["Depends"], "libc6");
        assert_eq!(archive.fields.len(), 9);
        assert_eq!(Archive::of_info(INFO), Ok(archive));
    }

    #[test]
    fn other_texts_are_errors() {
        let error = |text: &str| Archive::of_fields(text).expect_err("refused").to_string();
        assert_eq!(error(""), "the package has no field `Package`");
        assert_eq!(
            error(" x"),
            "line 1 of the package's fields is not `Name: value`"
        );
        let text = "Package: kong\nArchitecture: all\nVersion: x\nDescription: a\n b\n .\n";
        assert_eq!(error(text), "`x` is not a version of a Debian package");
        let whole =
            Archive::of_fields(&text.replace("Version: x", "Version: 1:2-3")).expect("read");
        assert_eq!(whole.architecture, None);
        assert_eq!(whole.unpacked(), None);
        assert_eq!(whole.fields["Description"], "a\nb\n.");
    }
}
