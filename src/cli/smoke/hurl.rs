//! Hurl files among the checks: each request of one is a check that `hurl` has made.

use std::path::Path;

use crate::cli::exit::CliError;
use crate::gateway::live::Live;
use crate::gateway::live::hurl::HurlEntry;
use crate::gateway::{Expectation, Failure, HttpRequest};
use crate::primitive::{Check, Checked};

/// Whether a word of the command line names a Hurl file.
pub(super) fn is_one(word: &str) -> bool {
    Path::new(word)
        .extension()
        .is_some_and(|extension| extension == "hurl")
}

/// What came of the requests of a file.
pub(super) async fn checked(
    world: &Live,
    file: &str,
    base: Option<&str>,
) -> Result<Vec<Checked>, CliError> {
    let entries = world.hurl(Path::new(file), base).await.map_err(|failure| {
        let error = CliError::refused(failure.to_string());
        match failure.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })?;
    Ok(entries.into_iter().map(|entry| of(file, entry)).collect())
}

fn of(file: &str, entry: HurlEntry) -> Checked {
    let (method, url) = entry.request.unwrap_or_default();
    let failure = (!entry.failed.is_empty())
        .then(|| Failure::new("http.check.different", entry.failed.join("; ")));
    Checked {
        check: Check {
            name: Some(format!("{file}:{}", entry.line)),
            node: None,
            request: Box::new(HttpRequest {
                method,
                ..HttpRequest::get(url)
            }),
            expect: Box::new(Expectation::default()),
            retries: 0,
        },
        passes: u32::from(failure.is_none()),
        asked: 1,
        milliseconds: entry.milliseconds,
        answer: None,
        differences: Vec::new(),
        failure,
    }
}
