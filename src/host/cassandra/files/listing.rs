//! Which files a snapshot has on a node, by `find`, and their digests, by `sha256sum`. After find(1) of findutils 4.9. `find` gets no path
//! from a shell, and a pattern only of letters, digits and underscores.

use super::{Place, PlaceError};
use crate::host::cassandra::{Name, Tag};

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it lies.
    pub place: Place,
    /// Its bytes.
    pub size: u64,
}

/// An answer that does not tell of files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// An entry is not of the form.
    #[error("the answer of `find` tells of no file: `{0}`")]
    Entry(String),
    /// A file is none of a snapshot.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

/// The question for the files of the snapshot in `data`, one of the node's data directories.
#[must_use]
pub fn list(data: &str, keyspace: &Name, tag: &Tag) -> Vec<String> {
    let mut vector = found(data, keyspace, tag);
    vector.extend(["-printf", "%s\\t%P\\0"].map(str::to_owned));
    vector
}

/// The question for the digests of the same files, in the form of `sha256sum`, with whole paths.
#[must_use]
pub fn digests(data: &str, keyspace: &Name, tag: &Tag) -> Vec<String> {
    let mut vector = found(data, keyspace, tag);
    vector.extend(["-exec", "sha256sum", "--", "{}", "+"].map(str::to_owned));
    vector
}

fn found(data: &str, keyspace: &Name, tag: &Tag) -> Vec<String> {
    let directory = format!("{data}/{keyspace}");
    let pattern = format!("*/snapshots/{tag}/*");
    let vector = ["find", &directory, "-type", "f", "-path", &pattern];
    vector.map(str::to_owned).into()
}

/// Reads the answer to [`list`].
pub fn listed(answer: &str) -> Result<Vec<Listed>, ListingError> {
    let mut files = Vec::new();
    let mut rest = answer;
    while !rest.is_empty() {
        let no = || ListingError::Entry(rest.chars().take(200).collect());
        // Without its end, the last name may be only a part of one.
        let (entry, behind) = rest.split_once('\0').ok_or_else(no)?;
        let (size, path) = entry.split_once('\t').ok_or_else(no)?;
        let size = size.parse().map_err(|_| no())?;
        let place = path.parse()?;
        files.push(Listed { place, size });
        rest = behind;
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "services-5b2c1f707c3a11eeb9620242ac120002/snapshots/kong_1/mc-5-big-Data.db";

    #[test]
    fn vectors_are_exact() {
        let (kong, tag) = (
            "kong".parse().expect("a name"),
            "kong_1".parse().expect("a tag"),
        );
        let data = "/var/lib/cassandra/data";
        let vector = [
            "find",
            "/var/lib/cassandra/data/kong",
            "-type",
            "f",
            "-path",
            "*/snapshots/kong_1/*",
            "-printf",
            "%s\\t%P\\0",
        ];
        assert_eq!(list(data, &kong, &tag), vector);
        assert_eq!(
            digests(data, &kong, &tag)[6..],
            ["-exec", "sha256sum", "--", "{}", "+"]
        );
    }

    #[test]
    fn an_answer_is_read() {
        let read = listed(&format!("12\t{FILE}\0")).expect("read");
        assert_eq!(
            (read[0].size, read[0].place.to_string()),
            (12, FILE.to_owned())
        );
        assert_eq!(listed(""), Ok(vec![]));
    }

    #[test]
    fn other_answers_are_errors() {
        for text in [
            "x",
            "12\tx\0",
            &format!("12\t{FILE}"),
            &format!("-1\t{FILE}\0"),
            &format!("12 {FILE}\0"),
        ] {
            assert!(listed(text).is_err(), "{text}");
        }
    }
}
