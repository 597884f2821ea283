//! Files of one's own that the environment file names.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::kong::advisories::{Known, TextFile};

/// Files larger than this are no scripts.
const LARGEST: u64 = 4 << 20;

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
            // A link may lead anywhere, and what it leads to is named by itself where it is meant.
            let is_link = entry.file_type().map_err(unread)?.is_symlink();
            let inner = entry.path();
            let is_meant = inner.is_dir()
                || ending.is_none_or(|ending| inner.extension().is_some_and(|own| own == ending));
            if !is_link && is_meant {
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
        return Ok(());
    }
    let bytes = std::fs::read(path).map_err(unread)?;
    // What is no text is no script.
    if let Ok(text) = String::from_utf8(bytes) {
        files.push(TextFile {
            path: path.display().to_string(),
            text,
        });
    }
    Ok(())
}
