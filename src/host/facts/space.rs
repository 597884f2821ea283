//! Room on the disk that a path lies on. After `df(1)`; recorded from coreutils 9.1.

use serde::Serialize;

/// The fields, the one that may have blanks in it last.
const FIELDS: &str = "--output=fstype,size,avail,itotal,iavail,target";

/// The question for the room at `path`, of one path at a time: the answer does not say which it is about.
#[must_use]
pub fn space(path: &str) -> [String; 5] {
    ["df", "--block-size=1", FIELDS, "--", path].map(str::to_owned)
}

/// The room on a file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Space {
    /// Its kind, `ext4`.
    pub kind: String,
    /// Where it is mounted: two paths of one mount share its room.
    pub mount: String,
    /// Its bytes.
    pub size: u64,
    /// The bytes that one who is not root can still write.
    pub available: u64,
    /// How many files there can be; nothing where the file system does not count them.
    pub files: Option<u64>,
    /// How many more there can be.
    pub available_files: Option<u64>,
}

/// An answer that tells of no file system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer of `df` tells of no file system: `{text}`")]
pub struct SpaceError {
    /// What stands there.
    pub text: String,
}

impl Space {
    /// Reads the answer to [`space`].
    pub fn of(answer: &str) -> Result<Self, SpaceError> {
        let mut lines = answer.lines().skip(1);
        let read = lines.next().and_then(row);
        // A name with a newline in it is printed with a `?`, so a file system is one line.
        read.filter(|_| lines.next().is_none())
            .ok_or_else(|| SpaceError {
                text: answer.trim_end().to_owned(),
            })
    }

    /// Whether `bytes` more can be written in so many `files`.
    #[must_use]
    pub fn takes(&self, bytes: u64, files: u64) -> bool {
        bytes <= self.available
            && self
                .available_files
                .is_none_or(|available| files <= available)
    }
}

fn row(text: &str) -> Option<Space> {
    let mut rest = text;
    let mut next = || {
        let (word, behind) = rest.trim_start().split_once(' ')?;
        rest = behind;
        Some(word)
    };
    let (kind, size, available) = (next()?, next()?, next()?);
    let (files, available_files) = (next()?, next()?);
    // `btrfs` counts no files and prints none, or 0 of 0.
    let count = |word: &str| word.parse().ok().filter(|_| files != "0");
    Some(Space {
        kind: kind.to_owned(),
        size: size.parse().ok()?,
        available: available.parse().ok()?,
        files: count(files),
        available_files: count(available_files),
        mount: rest.trim_start().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_answer_is_read() {
        let answer = "Type    1B-blocks       Avail   Inodes    IFree Mounted on\next4 270553174016 68919939072 16777216 16311226 /\n";
        let read = Space {
            kind: "ext4".to_owned(),
            mount: "/".to_owned(),
            size: 270_553_174_016,
            available: 68_919_939_072,
            files: Some(16_777_216),
            available_files: Some(16_311_226),
        };
        assert_eq!(Space::of(answer), Ok(read.clone()));
        assert!(
            read.takes(68_919_939_072, 1)
                && !read.takes(68_919_939_073, 1)
                && !read.takes(1, 16_311_227)
        );
    }

    #[test]
    fn a_recorded_mount_with_blanks_is_read() {
        let answer = "Type  1B-blocks   Avail  Inodes   IFree Mounted on\ntmpfs   1048576 1048576 3085510 3085509 /srv/a  b\n";
        assert_eq!(Space::of(answer).expect("read").mount, "/srv/a  b");
        // After df(1): a file system that does not count files.
        let answer = "Type  1B-blocks Avail Inodes IFree Mounted on\nbtrfs       100    50      0     0 /\nx";
        assert!(Space::of(answer).is_err());
        let read = Space::of(answer.trim_end_matches("\nx")).expect("read");
        assert_eq!(
            (read.files, read.available_files, read.takes(50, 9)),
            (None, None, true)
        );
    }

    #[test]
    fn other_answers_are_errors() {
        for text in [
            "",
            "df: /nothere: No such file or directory",
            "head\next4 - - - - /",
        ] {
            assert_eq!(
                Space::of(text),
                Err(SpaceError {
                    text: text.to_owned()
                })
            );
        }
    }
}
