//! The table of mutants in `tests/mutants`: one file for each source file of the model.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The mutants of one source file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutated {
    /// The source file, from the root of the crate.
    pub(super) file: String,
    /// Its mutants.
    pub(super) mutant: Vec<Mutant>,
}

/// One fault that a programmer could make in the model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    /// Its name, unique in the whole table.
    pub(super) name: String,
    /// What the model then gets wrong, in a sentence.
    pub(super) forgets: String,
    /// Text that is in the file exactly once. What is replaced stands between `⟦` and `⟧`; without them, all of it is.
    pub(super) find: String,
    /// What takes its place: an expression for an expression, statements for statements.
    pub(super) put: String,
}

/// The whole table.
pub(super) fn table() -> Vec<Mutated> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutants");
    let mut paths: Vec<_> = fs::read_dir(directory)
        .expect("the table is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).expect("readable");
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.iter().map(read).collect()
}
