//! The `kong` command of the stand-in: the texts, exit codes and traps of Kong's own, as recorded.
//!
//! One command a file. A command returns its exit code or an error in Kong's words; only this file prints errors.

mod arguments;
mod check;
mod config;
mod declarative;
mod error;
mod export;
mod health;
mod import;
mod list;
mod migrations;
mod output;
mod process;
mod start;
mod stop;
mod template;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use arguments::Arguments;
use error::CommandError;

use super::conf::Settings;
use crate::kong::Version;

/// What every command is given.
struct Invocation<'a> {
    version: &'a Version,
    arguments: Arguments,
}

impl Invocation<'_> {
    /// The settings of `-c`, of the environment and of `-p`.
    fn settings(&self) -> Result<Settings, CommandError> {
        let conf = self.arguments.value("conf").map(PathBuf::from);
        let prefix = self.arguments.value("prefix").map(PathBuf::from);
        let settings = Settings::load(conf.as_deref(), prefix.as_deref(), environment())?;
        output::verbose(self.arguments.verbosity, &format!("Kong: {}", self.version));
        output::verbose(
            self.arguments.verbosity,
            &format!("prefix in use: {}", settings.prefix.display()),
        );
        Ok(settings)
    }

    /// The settings of the node that runs in the prefix, else those of [`Invocation::settings`].
    fn settings_of_node(&self) -> Result<Settings, CommandError> {
        let settings = self.settings()?;
        let of_node = Settings::of_prefix(&settings.prefix, environment())?;
        Ok(of_node.unwrap_or(settings))
    }
}

/// Runs `kong ARGUMENTS` as `version` would.
#[must_use]
pub fn main(version: &Version, arguments: &[String]) -> ExitCode {
    let Some((command, rest)) = arguments.split_first() else {
        output::line(usage::KONG.trim_end());
        return ExitCode::FAILURE;
    };
    let parsed = match arguments::parse(rest) {
        Ok(parsed) => parsed,
        Err(problem) => {
            let usage = usage::of(command, version);
            output::error_line(&format!("{problem}\n\n{}", usage.trim_end()));
            return ExitCode::FAILURE;
        }
    };
    if parsed.has("help") {
        output::line(usage::of(command, version).trim_end());
        return ExitCode::FAILURE;
    }
    let verbosity = parsed.verbosity;
    let invocation = Invocation {
        version,
        arguments: parsed,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs only a few file descriptors");
    match runtime.block_on(dispatch(command, &invocation)) {
        Ok(exit_code) => exit_code,
        Err(error) => {
            output::error(verbosity, &error);
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: &str, invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    match command {
        "version" => Ok(check::version(invocation)),
        "check" => check::check(invocation),
        "prepare" => check::prepare(invocation),
        "health" => health::run(invocation),
        "start" => start::start(invocation).await,
        "restart" => start::restart(invocation).await,
        "stop" => stop::stop(invocation).await,
        "quit" => stop::quit(invocation).await,
        "reload" => stop::reload(invocation),
        "migrations" => migrations::run(invocation).await,
        "config" => config::run(invocation).await,
        _ => Err(CommandError::Usage(format!(
            "No such command: {command}\n\n{}",
            usage::KONG
        ))),
    }
}

/// Prints a line that no Kong prints, on standard error.
pub(super) fn complain(text: &str) {
    output::error_line(&format!("stand-in: {text}"));
}

/// The environment, without the variables that are not text; Kong's are.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
