//! `cutover change-set FILE`: a change set as a person reads it before it is replayed.

use std::path::PathBuf;

use super::exit::{CliError, Exit};
use super::output;
use crate::change_set::{ChangeSet, review};

/// Arguments of `cutover change-set`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file that `config::record` wrote.
    file: PathBuf,
}

pub(super) fn change_set(arguments: &Arguments) -> Result<Exit, CliError> {
    let path = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file)
        .map_err(|error| CliError::usage(format!("cannot read `{path}`: {error}")))?;
    let set = ChangeSet::from_toml(&text).map_err(|error| {
        CliError::usage(format!("`{path}` is no change set: {error}"))
            .hint("`config::record` of a playbook writes one where an upgrade is rehearsed")
    })?;
    output::data(review(&set).trim_end());
    Ok(Exit::Done)
}
