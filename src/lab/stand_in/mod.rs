//! A stand-in for Kong Gateway 2.8.5, 3.4.2 and 3.9.1: not Kong, but its command line, Admin API and proxy as recorded from it,
//! on a real PostgreSQL.
//!
//! It is started as `cutover stand-in VERSION ARGUMENTS…`, which behaves as `kong ARGUMENTS…` of that version does. `kong
//! version -a` has a line that says what it is.

pub mod cli;
pub mod conf;
pub mod connection;
pub mod faults;
pub mod install;
pub mod migrations;
pub mod node;
pub(in crate::lab) mod yaml;

use std::path::Path;
use std::process::ExitCode;

use conf::Settings;

use crate::kong::Version;
use crate::kong::catalogue;

pub use install::install;

/// The exit code for a version that the stand-in cannot be.
const USAGE: u8 = 2;

/// Runs `cutover stand-in ARGUMENTS…`: the version, then Kong's own arguments, or `node --prefix DIRECTORY` for the process that
/// `start` leaves behind.
#[must_use]
pub fn main(arguments: &[String]) -> ExitCode {
    let version = arguments
        .first()
        .and_then(|text| text.parse::<Version>().ok());
    let Some(version) = version.filter(|version| catalogue::RECORDED.contains(version)) else {
        let known = catalogue::RECORDED
            .map(|version| version.to_string())
            .join(", ");
        cli::complain(&format!(
            "the stand-in is one of {known}: cutover stand-in VERSION ARGUMENTS…"
        ));
        return ExitCode::from(USAGE);
    };
    match &arguments[1..] {
        [command, option, prefix] if command == "node" && option == "--prefix" => {
            node_main(&version, Path::new(prefix))
        }
        rest => cli::main(&version, rest),
    }
}

/// The node's process.
fn node_main(version: &Version, prefix: &Path) -> ExitCode {
    // What `start` saw of the environment is in the file.
    match Settings::of_prefix(prefix, []) {
        Ok(Some(settings)) => node::main(version, settings),
        Ok(None) => {
            cli::complain(&format!("no prepared prefix: {}", prefix.display()));
            ExitCode::FAILURE
        }
        Err(error) => {
            cli::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
