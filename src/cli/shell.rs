//! `cutover completions SHELL` and `cutover man`: what a shell and a pager want to know, made from the command line itself.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::exit::{CliError, Exit};
use super::output;

/// Arguments of `cutover completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(super) fn completions(arguments: &Arguments) -> Exit {
    let mut command = super::Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "cutover", &mut script);
    output::data(String::from_utf8_lossy(&script).trim_end());
    Exit::Done
}

pub(super) fn man() -> Result<Exit, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(super::Arguments::command())
        .render(&mut page)
        .map_err(|error| CliError::usage(format!("cannot make the page: {error}")))?;
    output::data(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::Done)
}
