//! The SQL of the migrations: one file per migration and part, embedded. A migration without a file has no effect worth having.

use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/lab/stand_in/migrations/sql");

/// The tables that must exist before the first migration.
pub(super) fn bootstrap() -> &'static str {
    text("bootstrap.sql").expect("the file is embedded")
}

/// The SQL of `subsystem`'s migration `name`; `part` is `up` or `teardown`. Every file can be run twice.
pub(super) fn part(subsystem: &str, name: &str, part: &str) -> &'static str {
    text(&format!("{subsystem}/{name}.{part}.sql")).unwrap_or_default()
}

fn text(path: &str) -> Option<&'static str> {
    FILES.get_file(path)?.contents_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kong::catalogue;

    #[test]
    fn every_file_belongs_to_a_migration_that_some_release_knows() {
        let newest = catalogue::RECORDED.iter().max().expect("there are some");
        let known: Vec<String> = catalogue::of(newest)
            .iter()
            .flat_map(|subsystem| {
                subsystem.migrations.iter().flat_map(|migration| {
                    ["up", "teardown"]
                        .map(|part| format!("{}/{}.{part}.sql", subsystem.name, migration.name))
                })
            })
            .collect();
        for directory in FILES.dirs() {
            for file in directory.files() {
                let path = file.path().display().to_string();
                assert!(known.contains(&path), "{path}");
            }
        }
    }
}
