//! Files of one's own that the environment file names.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::kong::advisories::{Known, TextFile};

/// The largest file that is looked at.
const LARGEST: u64 = 64 << 20;

/// How many files are looked at before something else than a list of one's own must be meant.
const MOST: usize = 20_000;

/// The texts of a list under `[review]`; of directories all files, or those that end as wanted.
pub(super) fn texts(
    list: Option<&[PathBuf]>,
    key: &str,
    ending: Option<&str>,
) -> Known<Vec<TextFile>> {
    let Some(list) = list else {
        return Known::unknown(format!(
            "`{key}` under `[review]` names them; `{key} = []` says that there are none"
        ));
    };
    let mut files = Vec::new();
    for path in list {
        if let Err((path, error)) = gather(path, ending, &mut files) {
            return Known::unknown(format!("cannot read `{}`: {error}", path.display()));
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Known::Known(files)
}

/// The same of YAML or JSON, each file's values by its name.
pub(super) fn values(list: Option<&[PathBuf]>, key: &str) -> Known<BTreeMap<String, Value>> {
    let files = match texts(list, key, None) {
        Known::Known(files) => files,
        Known::Unknown { unknown } => return Known::Unknown { unknown },
    };
    let mut values = BTreeMap::new();
    for file in files {
        match serde_saphyr::from_str::<Value>(&file.text) {
            Ok(value) => {
                values.insert(file.path, value);
            }
            Err(error) => {
                let path = &file.path;
                return Known::unknown(format!("`{path}` is not YAML: {error}"));
            }
        }
    }
    Known::Known(values)
}

type Unread = (PathBuf, io::Error);

fn gather(path: &Path, ending: Option<&str>, files: &mut Vec<TextFile>) -> Result<(), Unread> {
    let unread = |error: io::Error| (path.to_owned(), error);
    let found = std::fs::metadata(path).map_err(unread)?;
    if found.is_dir() {
        for entry in std::fs::read_dir(path).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let inner = entry.path();
            // A directory behind a link may lead back here; one that is meant is named by itself.
            let is_link = entry.file_type().map_err(unread)?.is_symlink();
            let is_meant = if inner.is_dir() {
                !is_link
            } else {
                ending.is_none_or(|ending| inner.extension().is_some_and(|own| own == ending))
            };
            if is_meant {
                gather(&inner, ending, files)?;
            }
        }
        return Ok(());
    }
    if files.len() >= MOST {
        return Err(unread(io::Error::other(
            "more files than anybody wrote by hand",
        )));
    }
    if found.len() > LARGEST {
        return Err(unread(io::Error::other(
            "it is larger than what is looked at",
        )));
    }
    let bytes = std::fs::read(path).map_err(unread)?;
    // What has such a byte is no text; another encoding than UTF-8 is one all the same.
    if !bytes.contains(&0) {
        files.push(TextFile {
            path: path.display().to_string(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_encoding_and_a_link_are_read_and_what_is_missing_is_not_passed() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir(at("own")).expect("made");
        std::fs::write(at("own/latin.lua"), b"-- \xe9\nlocal a").expect("written");
        std::fs::write(at("own/binary.lua"), b"\0\x01").expect("written");
        std::fs::write(at("elsewhere.lua"), "local b").expect("written");
        std::os::unix::fs::symlink(at("elsewhere.lua"), at("own/link.lua")).expect("linked");
        std::os::unix::fs::symlink(at("own"), at("own/again")).expect("linked");
        let read = |list: &[PathBuf]| match texts(Some(list), "plugins", Some("lua")) {
            Known::Known(files) => files.iter().map(|file| file.text.clone()).collect(),
            Known::Unknown { unknown } => vec![unknown],
        };
        assert_eq!(read(&[at("own")]), ["-- \u{fffd}\nlocal a", "local b"]);
        assert!(read(&[at("none")])[0].starts_with("cannot read `"));
    }
}
