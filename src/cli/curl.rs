//! `cutover curl 'curl …'`: a curl command line as the check of a playbook.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::exit::{CliError, Exit};
use super::output;
use crate::checks::{FromCurl, from_curl};
use crate::gateway::Expectation;
use crate::render;

/// Arguments of `cutover curl`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The command line in quotes, with the word `curl` at its beginning; `-` reads it from standard input.
    command: String,
}

/// The largest file that is written into a check, in bytes.
const LARGEST_FILE: u64 = 64 << 10;

pub(super) fn curl(arguments: &Arguments) -> Result<Exit, CliError> {
    let line = if arguments.command == "-" {
        std::io::read_to_string(std::io::stdin())
            .map_err(|error| CliError::usage(format!("cannot read standard input: {error}")))?
    } else {
        arguments.command.clone()
    };
    let mut files = BTreeMap::new();
    // Each refusal that names a file brings one more; a command line names few.
    let found = loop {
        let failure = match from_curl(&line, files.clone()) {
            Ok(found) => break found,
            Err(failure) => failure,
        };
        let missing = failure.message.strip_prefix("the file `");
        let missing = missing.and_then(|rest| rest.strip_suffix("` is not there"));
        let Some(path) = missing.filter(|path| !files.contains_key(*path)) else {
            let error = CliError::usage(failure.message);
            return Err(match failure.hint {
                Some(hint) => error.hint(hint),
                None => error,
            });
        };
        files.insert(path.to_owned(), read(path)?);
    };
    output::data(&written(&found));
    Ok(Exit::Done)
}

fn read(path: &str) -> Result<Vec<u8>, CliError> {
    let unread =
        |why: String| CliError::usage(format!("cannot read `{path}`, which is sent: {why}"));
    let size = std::fs::metadata(Path::new(path))
        .map_err(|error| unread(error.to_string()))?
        .len();
    if size > LARGEST_FILE {
        return Err(unread(format!(
            "it has {size} bytes, and at most {LARGEST_FILE} are written into a check"
        )));
    }
    std::fs::read(path).map_err(|error| unread(error.to_string()))
}

fn written(found: &FromCurl) -> String {
    let mut lines: Vec<String> = found
        .wants
        .iter()
        .map(|wanted| format!("// The environment file wants {wanted}."))
        .collect();
    if !found.ignored.is_empty() {
        lines.push(format!(
            "// Without meaning here: {}.",
            found.ignored.join(", ")
        ));
    }
    let mut check = serde_json::to_value(&found.check).expect("plain data");
    let preset = serde_json::to_value(crate::gateway::HttpRequest::get("")).expect("plain data");
    if let Some(request) = check["request"].as_object_mut() {
        request.retain(|key, value| key == "url" || preset.get(key) != Some(value));
        if request.len() == 1 {
            check["request"] = check["request"]["url"].take();
        }
    }
    if found.check.expect == Expectation::default() {
        lines.push("// Say what the answer must be.".to_owned());
        check["expect"] = json!({ "status": 200 });
    }
    // In the order in which it happens; a map of its own would be sorted.
    let part = |key: &str| format!("    {key}: {},", render::literal(&check[key], 4));
    lines.push(format!("#{{\n{}\n{}\n}}", part("request"), part("expect")));
    lines.join("\n")
}
