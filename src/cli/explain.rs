//! `cutover explain CODE`: what a code in a message means, and what to do about it.
//!
//! The words stand in one file, `codes.toml`; a test collects the codes in use and fails when one is missing there. Those of a preflight
//! stand with its checks.

use std::collections::BTreeMap;

use super::exit::{CliError, Exit};
use super::output;
use crate::doctor;

const CODES: &str = include_str!("codes.toml");

/// Arguments of `cutover explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The code, as in `kong.start.not_ready`, or its beginning. Without it every code is listed.
    code: Option<String>,
}

pub(super) fn explain(arguments: &Arguments) -> Result<Exit, CliError> {
    let mut codes: BTreeMap<String, [String; 2]> =
        toml::from_str(CODES).expect("the list of codes is part of the binary and tested");
    codes.extend(doctor::checks().map(|check| {
        let means = format!("{}: {}", check.about, check.why);
        (check.code.to_owned(), [means, check.remedy.to_owned()])
    }));
    let wanted = arguments.code.as_deref().unwrap_or_default();
    if let Some([means, remedy]) = codes.get(wanted) {
        output::data(&format!("{wanted}: {means}\nwhat to do: {remedy}"));
        return Ok(Exit::Done);
    }
    let found: Vec<_> = codes
        .iter()
        .filter(|(code, _)| code.starts_with(wanted))
        .collect();
    if found.is_empty() {
        let near = codes
            .keys()
            .map(|code| (strsim::damerau_levenshtein(wanted, code), code))
            .min()
            .filter(|(distance, _)| *distance <= 4)
            .map(|(_, code)| format!("; did you mean `{code}`?"));
        let near = near.unwrap_or_default();
        return Err(
            CliError::usage(format!("there is no code `{wanted}`{near}"))
                .hint("`cutover explain` lists them; a playbook may raise codes of its own"),
        );
    }
    let width = found.iter().map(|(code, _)| code.len()).max().unwrap_or(0);
    for (code, [means, _]) in found {
        output::data(&format!("{code:<width$}  {means}"));
    }
    Ok(Exit::Done)
}
