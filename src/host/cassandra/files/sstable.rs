//! The files of an SSTable: `mc-5-big-Data.db`. After `Descriptor.java` and `Component.java` of 2.2.19, 3.11.14 and 4.1.0: the version, the
//! generation, the format and the component, with hyphens between. From 4.1 on a generation may be an id of 28 letters. Names of 2.1 and
//! before, which begin with the keyspace, are not taken.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An SSTable in its directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sstable {
    /// The version of its format, `mc`.
    pub version: String,
    /// What tells it from the others in its directory.
    pub generation: String,
}

/// What a file of an SSTable holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Component {
    /// The rows.
    Data,
    /// Where they are.
    Index,
    /// Which are not there.
    Filter,
    /// About them all.
    Statistics,
    /// A sample of the index.
    Summary,
    /// Where the compressed chunks are.
    CompressionInfo,
    /// Checksums of the chunks of rows that are not compressed.
    Crc,
    /// The checksum of the rows' file, CRC-32.
    DigestCrc32,
    /// The checksum of the rows' file, Adler-32: of 2.2.
    DigestAdler32,
    /// The names of all components.
    Toc,
    /// Something else: an index of SASI, or a checksum of an older version.
    Other(String),
}

/// A file of an SSTable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SstableFile {
    /// The SSTable.
    pub sstable: Sstable,
    /// What it holds of it.
    pub component: Component,
}

/// A name that is none of an SSTable's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a file of an SSTable: `<version>-<generation>-big-<component>`")]
pub struct SstableError(pub String);

/// The components that are known here.
const KNOWN: [(Component, &str); 10] = [
    (Component::Data, "Data.db"),
    (Component::Index, "Index.db"),
    (Component::Filter, "Filter.db"),
    (Component::Statistics, "Statistics.db"),
    (Component::Summary, "Summary.db"),
    (Component::CompressionInfo, "CompressionInfo.db"),
    (Component::Crc, "CRC.db"),
    (Component::DigestCrc32, "Digest.crc32"),
    (Component::DigestAdler32, "Digest.adler32"),
    (Component::Toc, "TOC.txt"),
];

impl Component {
    /// The component of that name; `None` where no component can have it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let known = KNOWN.iter().find(|(_, known)| *known == name);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.".contains(&byte);
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(is_plain);
        known.map_or_else(
            || is_name.then(|| Self::Other(name.to_owned())),
            |(known, _)| Some(known.clone()),
        )
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => KNOWN
                .iter()
                .find(|(one, _)| one == known)
                .map_or("", |(_, name)| name),
        }
    }
}

impl FromStr for SstableFile {
    type Err = SstableError;

    fn from_str(text: &str) -> Result<Self, SstableError> {
        let read = || {
            let mut parts = text.split('-');
            let (version, generation) = (parts.next()?, parts.next()?);
            let (format, component) = (parts.next()?, parts.next()?);
            let is_version =
                version.len() == 2 && version.bytes().all(|byte| byte.is_ascii_lowercase());
            let is_whole = parts.next().is_none()
                && is_version
                && is_generation(generation)
                && format == "big";
            let component = Component::named(component)?;
            is_whole.then(|| Self {
                sstable: Sstable {
                    version: version.to_owned(),
                    generation: generation.to_owned(),
                },
                component,
            })
        };
        read().ok_or_else(|| SstableError(text.to_owned()))
    }
}

/// A number, or `3g8w_00s4_56xhc2l8ylfgrb0qz4`.
fn is_generation(text: &str) -> bool {
    let is_number =
        !text.is_empty() && text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = |(at, byte): (usize, u8)| match at {
        4 | 9 => byte == b'_',
        _ => byte.is_ascii_digit() || byte.is_ascii_lowercase(),
    };
    is_number || text.len() == 28 && text.bytes().enumerate().all(is_letter)
}

impl fmt::Display for Sstable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-big", self.version, self.generation)
    }
}

impl fmt::Display for SstableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.sstable, self.component.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn names_are_read() {
        let read: SstableFile = "nb-3g8w_00s4_56xhc2l8ylfgrb0qz4-big-Digest.crc32"
            .parse()
            .expect("a name");
        assert_eq!(
            (read.sstable.version.as_str(), read.component),
            ("nb", Component::DigestCrc32)
        );
        let index: SstableFile = "mc-5-big-SI_name_idx.db".parse().expect("a name");
        assert_eq!(
            index.component,
            Component::Other("SI_name_idx.db".to_owned())
        );
    }

    #[test]
    fn other_names_are_errors() {
        for text in [
            "",
            "manifest.json",
            "kong-services-ka-1-Data.db",
            "mc-5-big",
            "mc-5-big-",
            "mc-5-big-../Data.db",
            "mc-5-big-.db",
            "mc-5-big-Data.db-x",
            "mc-+5-big-Data.db",
            "mc-12345678901-big-Data.db",
            "MC-5-big-Data.db",
            "da-5-bti-Data.db",
        ] {
            assert_eq!(
                text.parse::<SstableFile>(),
                Err(SstableError(text.to_owned()))
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(name in "[a-z]{2}-([0-9]{1,10}|[0-9a-z]{4}_[0-9a-z]{4}_[0-9a-z]{18})-big-[A-Z][A-Za-z0-9_.]{0,9}") {
            let read: SstableFile = name.parse().expect("a name");
            prop_assert_eq!(read.to_string(), name);
        }

        #[test]
        fn every_component_has_its_name(at in 0..KNOWN.len()) {
            let (component, name) = &KNOWN[at];
            prop_assert_eq!(component.as_str(), *name);
            prop_assert_eq!(Component::named(name), Some(component.clone()));
        }
    }
}
