//! Hurl files, run by `hurl` where it is installed, with what its JSON report says of each request.
//!
//! They are the operator's own, named on a command line: no playbook can ask for one.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::Live;
use super::commands::login_environment;
use super::process::Program;
use crate::gateway::Failure;

/// How long a file may take.
const DEADLINE: Duration = Duration::from_mins(10);

/// One request of a Hurl file, as it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HurlEntry {
    /// The line that it stands in.
    pub line: u64,
    /// Its method and URL, if it was sent.
    pub request: Option<(String, String)>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What of its answer is not as the file wants it; nothing where it passed.
    pub failed: Vec<String>,
}

/// The report's files; what is not read of it is left out.
#[derive(Deserialize)]
struct Report {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    line: u64,
    time: u64,
    #[serde(default)]
    asserts: Vec<Assert>,
    #[serde(default)]
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Assert {
    line: u64,
    success: bool,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
}

impl Live {
    /// Runs a Hurl file; `base` is what it may call `{{base}}`.
    pub async fn hurl(&self, file: &Path, base: Option<&str>) -> Result<Vec<HurlEntry>, Failure> {
        let failed = |why: String| {
            Failure::new("http.hurl", format!("`{}` could not be run: {why}", file.display()))
                .hint("a Hurl file is run by `hurl`, which must be in `/usr/local/bin` or where the system keeps its programs; `hurl --test FILE` shows what it says")
        };
        let kept = self.private_directory().await;
        let kept = kept.map_err(|failure| failed(failure.message))?;
        let mut program = Program::new("hurl", DEADLINE);
        let mut arguments: Vec<std::ffi::OsString> =
            vec!["--no-color".into(), "--report-json".into()];
        arguments.push(kept.path().into());
        if let Some(base) = base {
            arguments.extend(["--variable".into(), format!("base={base}").into()]);
        }
        arguments.push(
            std::path::absolute(file)
                .map_err(|error| failed(error.to_string()))?
                .into(),
        );
        program.arguments = arguments;
        program.environment = login_environment();
        let ran = self.run_program(program).await;
        let finished = ran.map_err(|failure| failed(failure.message))?;
        let report = std::fs::read_to_string(kept.path().join("report.json"));
        let Ok(report) = report else {
            return Err(failed(finished.stderr.trim().to_owned()));
        };
        let files: Vec<Report> = serde_json::from_str(&report)
            .map_err(|error| failed(format!("its report cannot be read: {error}")))?;
        let entries: Vec<HurlEntry> = files
            .into_iter()
            .flat_map(|file| file.entries)
            .map(HurlEntry::of)
            .collect();
        if entries.is_empty() {
            return Err(failed(format!(
                "it has no request: {}",
                finished.stderr.trim()
            )));
        }
        Ok(entries)
    }
}

impl HurlEntry {
    fn of(entry: Entry) -> Self {
        let failed = entry.asserts.into_iter().filter(|assert| !assert.success);
        let told = |assert: Assert| {
            let message = assert.message.unwrap_or_else(|| "not as wanted".to_owned());
            format!("line {}: {message}", assert.line)
        };
        let mut failed: Vec<String> = failed.map(told).collect();
        let request = entry.calls.into_iter().next();
        if request.is_none() && failed.is_empty() {
            failed.push("no answer".to_owned());
        }
        Self {
            line: entry.line,
            request: request.map(|call| (call.request.method, call.request.url)),
            milliseconds: entry.time,
            failed,
        }
    }
}
