//! Checks out of files, and those that are written out on the command line.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::Value;

use crate::cli::check::refuse_rejected;
use crate::cli::exit::CliError;
use crate::cli::output;
use crate::cli::sandbox::SandboxArguments;
use crate::gateway::{Expectation, HttpRequest};
use crate::primitive::CheckDescription;
use crate::render;
use crate::script::{Host, Sources};

/// The checks of all that was given, in order; nothing where the check of a file rejects it, which was told.
pub(in crate::cli) async fn checks(
    given: &[String],
    sandbox: &SandboxArguments,
) -> Result<Option<Vec<CheckDescription>>, CliError> {
    let mut all = Vec::new();
    for one in given {
        if one.starts_with('/') && one.contains('=') && !Path::new(one).exists() {
            all.extend(written_out(one)?);
            continue;
        }
        match of_file(Path::new(one), sandbox).await? {
            Some(checks) => all.extend(checks),
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}

/// Checks such as `/orders=200,/closed=503`.
fn written_out(text: &str) -> Result<Vec<CheckDescription>, CliError> {
    let one = |part: &str| {
        let wrong = || {
            CliError::usage(format!("`{part}` is not a check"))
                .hint("write PATH=STATUS, separated by commas, or name a file of checks")
        };
        let (path, status) = part.trim().rsplit_once('=').ok_or_else(wrong)?;
        let status = status.parse().map_err(|_| wrong())?;
        Ok(CheckDescription {
            name: None,
            request: HttpRequest::get(path),
            expect: Expectation::status(status),
            retries: 0,
        })
    };
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(one)
        .collect()
}

async fn of_file(
    file: &Path,
    sandbox: &SandboxArguments,
) -> Result<Option<Vec<CheckDescription>>, CliError> {
    let (mut host, loaded) =
        Host::load_checks(Sources::open(file)?, sandbox.terms_anywhere()).await?;
    if refuse_rejected(&loaded, host.sources()).is_some() {
        return Ok(None);
    }
    let listed = match host.list().await? {
        Ok(listed) => listed,
        Err(raised) => {
            let text = |name: &str| host.text_of(name);
            let told = render::uncaught(&raised, None, text, output::color());
            let told =
                told.unwrap_or_else(|| format!("error: `{}`: {}", file.display(), raised.failure));
            output::people(told.trim_end());
            if let Some(hint) = raised.failure.hint.filter(|_| raised.place.is_none()) {
                output::people(&format!("help: {hint}"));
            }
            return Ok(None);
        }
    };
    let listed: Vec<Value> = listed.as_array().cloned().unwrap_or_default();
    let one = |(place, value): (usize, Value)| {
        CheckDescription::deserialize(value).map_err(|error| {
            CliError::usage(format!("`{}`, check {}: {error}", file.display(), place + 1))
                .hint("a check is #{ request: \"/status\", expect: #{ status: 200 } }; `cutover api http::check` shows all that it may say")
        })
    };
    listed
        .into_iter()
        .enumerate()
        .map(one)
        .collect::<Result<_, _>>()
        .map(Some)
}
