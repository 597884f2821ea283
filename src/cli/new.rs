//! `cutover new NAME`: a small playbook to begin with, commented, that passes `check`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

use super::exit::{CliError, Exit};
use super::output;

const TEMPLATE: &str = include_str!("new.rhai");

/// Arguments of `cutover new`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The playbook's name; `NAME.rhai` is written here.
    name: String,
}

pub(super) fn new(arguments: &Arguments) -> Result<Exit, CliError> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let name = arguments.name.trim_end_matches(".rhai");
    if name.is_empty() || !name.chars().all(plain) {
        return Err(
            CliError::usage(format!("`{name}` cannot be a playbook's name"))
                .hint("use letters, digits, `-` and `_`"),
        );
    }
    let file = format!("{name}.rhai");
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .and_then(|mut open| open.write_all(TEMPLATE.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            CliError::usage(format!("there is a `{file}` already")).hint("choose another name")
        }
        _ => CliError::usage(format!("cannot write `{file}`: {error}")),
    })?;
    output::data(&format!(
        "wrote `{file}`; next: `cutover check {file}`, then `cutover api` for what else there is"
    ));
    Ok(Exit::Done)
}
