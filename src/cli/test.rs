//! `cutover test [FILE_OR_DIRECTORY…]`: unit tests of playbooks, each in a world of its own.

use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;

use super::check::refuse_rejected;
use super::exit::{CliError, Exit};
use super::output;
use super::sandbox::SandboxArguments;
use crate::render;
use crate::script::{Host, HostError, Sources, Terms};
use crate::trial::{Coverage, TestedFile};

/// What the name of a file of tests ends with.
const TESTS: &str = "_test.rhai";

/// Arguments of `cutover test`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files of tests, directories whose `*_test.rhai` are wanted, or names of playbooks that ship.
    #[arg(default_value = ".")]
    subjects: Vec<String>,
    /// How the answer is shown.
    #[arg(long, value_enum, default_value = "text")]
    output: Shown,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// How the answer of tests is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shown {
    /// Lines for people.
    Text,
    /// A `JUnit` report.
    Junit,
}

/// What became of one file.
struct Ended {
    host: Host,
    /// None where the check rejected it.
    tested: Option<TestedFile>,
    coverage: Coverage,
}

pub(super) async fn test(arguments: Arguments) -> Result<Exit, CliError> {
    let mut subjects = Vec::new();
    for subject in &arguments.subjects {
        subjects.extend(sources_of(subject)?);
    }
    if subjects.is_empty() {
        let message = format!("there is no test in {}", arguments.subjects.join(", "));
        return Err(
            CliError::usage(message).hint("the name of a file of tests ends with `_test.rhai`")
        );
    }
    let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut ended = futures_util::stream::iter(subjects)
        .map(|(file, sources)| run(file, sources, arguments.sandbox.terms_anywhere()))
        .buffered(at_once);
    let mut files = Vec::new();
    let mut coverage = Coverage::default();
    let mut rejected = false;
    while let Some(one) = ended.next().await {
        let one = one?;
        coverage.add(&one.coverage);
        let Some(tested) = one.tested else {
            rejected = true;
            continue;
        };
        if arguments.output == Shown::Text {
            let text = |source: &str| one.host.text_of(source);
            output::data(render::tested(&tested, text).trim_end());
        }
        files.push(tested);
    }
    match arguments.output {
        Shown::Text => output::data(render::coverage(&files, &coverage).trim_end()),
        Shown::Junit => output::data(render::junit_of_tests(&files).trim_end()),
    }
    Ok(if rejected {
        Exit::Rejected
    } else if files.iter().all(TestedFile::passed) {
        Exit::Done
    } else {
        Exit::Refused
    })
}

async fn run(file: String, sources: Sources, terms: Terms) -> Result<Ended, HostError> {
    let (mut host, loaded) = Host::load_tests(sources, terms).await?;
    if refuse_rejected(&loaded, host.sources()).is_some() {
        return Ok(Ended {
            host,
            tested: None,
            coverage: Coverage::default(),
        });
    }
    let mut tests = Vec::new();
    let (coverage, broken) = match host.test(|test| tests.push(test)).await {
        Ok(coverage) => (coverage, None),
        Err(error) => (Coverage::default(), Some(error.to_string())),
    };
    let tested = TestedFile {
        file,
        tests,
        broken,
    };
    Ok(Ended {
        host,
        tested: Some(tested),
        coverage,
    })
}

/// The tests that `subject` means, with the names that they are told by.
fn sources_of(subject: &str) -> Result<Vec<(String, Sources)>, CliError> {
    let path = Path::new(subject);
    if let Some((name, sources)) = Sources::shipped_tests(subject).filter(|_| !path.exists()) {
        return Ok(vec![(name, sources)]);
    }
    let mut files = if path.is_dir() {
        files_in(path)?
    } else {
        vec![path.to_owned()]
    };
    files.sort();
    let named = |file: PathBuf| {
        let sources = Sources::open(&file)?;
        Ok((file.display().to_string(), sources))
    };
    files.into_iter().map(named).collect()
}

/// The files of tests in a directory and those below it. Links are not followed, which could lead round in a circle.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, CliError> {
    let unreadable = |error: std::io::Error| {
        CliError::usage(format!("cannot read `{}`: {error}", directory.display()))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        if kind.is_dir() {
            files.extend(files_in(&path)?);
        } else if path.to_string_lossy().ends_with(TESTS) {
            // Told as a person would write it.
            files.push(path.strip_prefix("./").unwrap_or(&path).to_owned());
        }
    }
    Ok(files)
}
