//! `kong version`, `kong check` and `kong prepare`: what needs neither database nor node.

use std::path::Path;
use std::process::ExitCode;

use super::error::CommandError;
use super::{Invocation, environment, output, start};
use crate::lab::stand_in::conf::Settings;

/// What `kong check` reads when it is given nothing.
const DEFAULT_CONF: &str = "/etc/kong/kong.conf";

/// Runs `kong version [-a]`; the long form is where the stand-in says what it is.
pub(super) fn version(invocation: &Invocation<'_>) -> ExitCode {
    let version = invocation.version;
    if invocation.arguments.has("all") {
        output::line(&format!("Kong: {version}"));
        output::line("ngx_lua: none");
        output::line("nginx: none");
        output::line("Lua: none");
        output::line(&format!(
            "stand-in: this is the practice stand-in of cutover {}, not Kong",
            env!("CARGO_PKG_VERSION")
        ));
    } else {
        output::line(&version.to_string());
    }
    ExitCode::SUCCESS
}

/// Runs `kong check [FILE]`.
pub(super) fn check(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let words = &invocation.arguments.words;
    let path = words.first().map_or(DEFAULT_CONF, String::as_str);
    Settings::load(Some(Path::new(path)), None, environment())?;
    output::line(&format!("configuration at {path} is valid"));
    Ok(ExitCode::SUCCESS)
}

/// Runs `kong prepare`.
pub(super) fn prepare(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    start::prepare(invocation, &invocation.settings()?)?;
    Ok(ExitCode::SUCCESS)
}
