//! Where a file of a snapshot lies below the keyspace's directory: `services-5b2c…/snapshots/kong_1/mc-5-big-Data.db`, or in
//! `.services_name_idx` below that for an index. After `Directories.java` of 2.2.19 to 4.1.0.
//!
//! Invariant: a place never leaves its keyspace's directory, whatever a host or a manifest says: each part is a name of its own kind.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{SstableFile, TableDirectory};
use crate::host::cassandra::{Name, Tag};

/// What Cassandra writes into a snapshot besides SSTables: the list of its SSTables, from 3.0 on the table's statements, and a marker of
/// snapshots that repairs make for themselves.
const BESIDES: [&str; 3] = ["manifest.json", "schema.cql", "ephemeral.snapshot"];

/// Where a file of a snapshot lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Place {
    /// The table's directory.
    pub directory: TableDirectory,
    /// The snapshot.
    pub tag: Tag,
    /// The index, if it is one's.
    pub index: Option<Name>,
    /// The file's name.
    pub file: String,
}

/// A path that is none of a snapshot's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no file of a snapshot: `<table>-<id>/snapshots/<tag>/<file>`")]
pub struct PlaceError(pub String);

impl Place {
    /// The SSTable's file that it is, if it is one of the table and not of an index.
    #[must_use]
    pub fn of_table(&self) -> Option<SstableFile> {
        let is_of_table = self.index.is_none();
        self.file.parse().ok().filter(|_| is_of_table)
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let read = || {
            let parts: Vec<&str> = text.split('/').collect();
            let (directory, tag, index, file) = match parts[..] {
                [directory, "snapshots", tag, file] => (directory, tag, None, file),
                [directory, "snapshots", tag, index, file] => {
                    (directory, tag, Some(index.strip_prefix('.')?), file)
                }
                _ => return None,
            };
            let is_besides = index.is_none() && BESIDES.contains(&file);
            let is_file = is_besides || file.parse::<SstableFile>().is_ok();
            let place = Self {
                directory: directory.parse().ok()?,
                tag: tag.parse().ok()?,
                index: index.map(str::parse).transpose().ok()?,
                file: file.to_owned(),
            };
            is_file.then_some(place)
        };
        read().ok_or_else(|| PlaceError(text.to_owned()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/snapshots/{}/", self.directory, self.tag)?;
        if let Some(index) = &self.index {
            write!(f, ".{index}/")?;
        }
        f.write_str(&self.file)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl TryFrom<String> for Place {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    const TABLE: &str = "services-5b2c1f707c3a11eeb9620242ac120002";

    #[test]
    fn places_are_read() {
        let data: Place = format!("{TABLE}/snapshots/kong_1/mc-5-big-Data.db")
            .parse()
            .expect("a place");
        assert_eq!(data.of_table().expect("a file").sstable.generation, "5");
        let index: Place = format!("{TABLE}/snapshots/kong_1/.services_name_idx/mc-2-big-Data.db")
            .parse()
            .expect("a place");
        assert_eq!(index.of_table(), None);
        let schema: Place = format!("{TABLE}/snapshots/kong_1/schema.cql")
            .parse()
            .expect("a place");
        assert_eq!(schema.of_table(), None);
    }

    #[test]
    fn what_leaves_the_directory_is_an_error() {
        for rest in [
            "",
            "/snapshots/kong_1",
            "/snapshots/kong_1/",
            "/snapshots/../mc-5-big-Data.db",
            "/snapshots/kong_1/../../mc-5-big-Data.db",
            "/snapshots/kong_1/../mc-5-big-Data.db",
            "/snapshots/kong_1/./mc-5-big-Data.db",
            "/snapshots/kong_1/passwd",
            "/snapshots/kong_1/.x/manifest.json",
            "/snapshots/kong_1/mc-5-big-Data.db\n",
            "/backups/mc-5-big-Data.db",
        ] {
            let text = format!("{TABLE}{rest}");
            assert_eq!(text.parse::<Place>(), Err(PlaceError(text)));
        }
        assert!("/etc/passwd".parse::<Place>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(table in "[a-z_]{1,20}", tag in "[a-z][a-z0-9_]{0,19}", index in prop::option::of("[a-z_]{1,20}"), file in "m[a-e]-[0-9]{1,9}-big-Data[.]db") {
            let index = index.map(|index| format!(".{index}/")).unwrap_or_default();
            let text = format!("{table}-5b2c1f707c3a11eeb9620242ac120002/snapshots/{tag}/{index}{file}");
            let place: Place = text.parse().expect("a place");
            prop_assert_eq!(place.to_string(), text);
        }

        #[test]
        fn no_place_leads_elsewhere(text in "[a-z0-9./-]{0,60}") {
            if let Ok(place) = text.parse::<Place>() {
                let is_plain = place.to_string().split('/').all(|part| !["", ".", ".."].contains(&part));
                prop_assert!(is_plain);
            }
        }
    }
}
