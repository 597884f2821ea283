//! `kong stop`, `kong quit` and `kong reload`: signals to the node, and how long Kong waits for their effect.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::error::CommandError;
use super::{Invocation, output, process, start};
use crate::lab::stand_in::conf::{Declarative, Settings};

/// Kong looks five times a second whether the node is gone.
const PAUSE: Duration = Duration::from_millis(200);

/// What `quit` waits for requests in flight unless `-t` says otherwise, and at least.
const QUIT_TIMEOUT: f64 = 10.0;
const SHORTEST_QUIT_TIMEOUT: f64 = 1.0;

/// Runs `kong stop`: requests in flight are cut.
pub(super) async fn stop(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let settings = invocation.settings()?;
    let pid = process::must_run(&settings.prefix)?;
    process::send(pid, Signal::TERM)?;
    gone(&settings.prefix, PAUSE).await;
    output::line("Kong stopped");
    Ok(ExitCode::SUCCESS)
}

/// Runs `kong quit`: requests in flight are answered, until the time is up. Both ends are exit code 0.
pub(super) async fn quit(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let settings = invocation.settings()?;
    let pid = process::must_run(&settings.prefix)?;
    let timeout = number(invocation, "timeout")?.unwrap_or(QUIT_TIMEOUT);
    let wait = number(invocation, "wait")?.unwrap_or_default();
    tokio::time::sleep(Duration::from_secs_f64(wait)).await;
    process::send(pid, Signal::QUIT)?;
    let timeout = Duration::from_secs_f64(timeout.max(SHORTEST_QUIT_TIMEOUT));
    if gone(&settings.prefix, timeout).await {
        output::line("Kong stopped (gracefully)");
    } else {
        process::send(pid, Signal::TERM)?;
        gone(&settings.prefix, PAUSE).await;
        output::line("Timeout, Kong stopped forcefully");
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `kong reload`: the node keeps its settings except for those in `-c`; the schema is not looked at. A declarative file is read
/// again only where it is named anew: without `-c` the node goes on with what it has.
pub(super) fn reload(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let settings = invocation.settings()?;
    let pid = process::must_run(&settings.prefix)?;
    let conf = invocation.arguments.value("conf").map(Path::new);
    let merged = Settings::of_prefix_with(&settings.prefix, conf, super::environment())?;
    let names_file = matches!(settings.declarative, Some(Declarative::File(_)));
    let mut merged = merged.unwrap_or(settings);
    if !names_file {
        merged.forget_declarative_file();
    }
    start::prepare(invocation, &merged)?;
    process::send(pid, Signal::HUP)?;
    output::line("Kong reloaded");
    Ok(ExitCode::SUCCESS)
}

/// Waits until the node is gone, for `timeout` at most; whether it is.
async fn gone(prefix: &Path, timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    loop {
        tokio::time::sleep(PAUSE.min(timeout)).await;
        if process::running(prefix).is_none() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
    }
}

fn number(invocation: &Invocation<'_>, option: &'static str) -> Result<Option<f64>, CommandError> {
    let Some(value) = invocation.arguments.value(option) else {
        return Ok(None);
    };
    let number = value
        .parse()
        .ok()
        .filter(|number| (0.0..=f64::from(u32::MAX)).contains(number));
    number.map(Some).ok_or_else(|| CommandError::NotANumber {
        option,
        value: value.to_owned(),
    })
}
