//! Where a node's package is: the host, the package as the environment file describes it, and the tools that are asked about it.
//!
//! A lock of another installer is waited for, though not for ever, and its holder is named then. It is never broken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::Live;
use super::super::commands::login_environment;
use super::super::hosts::Host;
use super::super::process::{Finished, Program};
use super::driver::PackageVersion;
use crate::environment::{FilePackages, Node, RepositoryPackages};
use crate::gateway::Failure;
use crate::host::facts::Format;
use crate::host::packages::{Cause, debian, rpm};

/// How long a question may take.
pub(super) const ANSWER: Duration = Duration::from_mins(1);

/// How long another installer may hold its lock.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long after it held one it is looked for again.
const BETWEEN: Duration = Duration::from_secs(1);

/// The package of one node.
pub(super) struct Place<'a> {
    pub(super) live: &'a Live,
    pub(super) host: &'a Host,
    pub(super) node: &'a Node,
    pub(super) format: Format,
    /// The package's name.
    pub(super) name: &'a str,
    /// Where packages are kept.
    pub(super) archive: &'a Path,
    /// What they must be, by their version.
    pub(super) sha256: &'a BTreeMap<String, String>,
    /// Where the files lie, for a package that comes from no repository.
    pub(super) directory: Option<&'a Path>,
    programs: &'a Path,
}

/// A call that the tools refused.
pub(super) struct Refused {
    pub(super) cause: Cause,
    pub(super) failure: Failure,
}

impl<'a> Place<'a> {
    pub(super) fn in_repositories(
        live: &'a Live,
        host: &'a Host,
        node: &'a Node,
        format: Format,
        packages: &'a RepositoryPackages,
    ) -> Self {
        Self {
            live,
            host,
            node,
            format,
            name: &packages.name,
            archive: &packages.archive,
            sha256: &packages.sha256,
            directory: None,
            programs: &packages.programs,
        }
    }

    pub(super) fn in_files(
        live: &'a Live,
        host: &'a Host,
        node: &'a Node,
        format: Format,
        packages: &'a FilePackages,
    ) -> Self {
        Self {
            live,
            host,
            node,
            format,
            name: &packages.name,
            archive: &packages.archive,
            sha256: &packages.sha256,
            directory: Some(&packages.directory),
            programs: &packages.programs,
        }
    }

    /// What the environment file says that the package of a version must be.
    pub(super) fn pinned(&self, version: &impl PackageVersion) -> Option<&str> {
        let of = |written: String| self.sha256.get(&written).map(String::as_str);
        of(version.to_string()).or_else(|| of(version.kong()?.to_string()))
    }

    /// Where one of the tools is.
    pub(super) fn tool(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// A call of one of the tools: its name and its arguments.
    pub(super) fn call<Word: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = Word>,
        deadline: Duration,
    ) -> Program {
        let mut words = words.into_iter();
        let name = words.next().expect("a call names its program");
        let mut program = Program::new(self.tool(name.as_ref()), deadline);
        program.arguments = words.map(|word| word.as_ref().into()).collect();
        program.environment = login_environment();
        program.environment.push(("LC_ALL".into(), "C".into()));
        program.on(self.node)
    }

    /// What a question came to, whatever its exit code.
    pub(super) async fn ask<Word: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = Word>,
    ) -> Result<Finished, Failure> {
        self.run(self.call(words, ANSWER)).await
    }

    /// What a call came to, whatever its exit code.
    pub(super) async fn run(&self, program: Program) -> Result<Finished, Failure> {
        self.live.run_program_on(self.host, program).await
    }

    /// Refuses where `sudo` would not start these programs with their environment; they are asked for their version alone.
    pub(super) async fn require_leave(
        &self,
        programs: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<(), Failure> {
        for name in programs {
            let mut program = self.call([name, "--version"], ANSWER);
            for (name, value) in environment {
                program.environment.push((name.into(), value.into()));
            }
            if program.is_as_root() {
                self.succeeded(program).await?;
            }
        }
        Ok(())
    }

    /// What a call came to that must end well.
    pub(super) async fn succeeded(&self, program: Program) -> Result<Finished, Failure> {
        let tried = self.tried(program).await?;
        tried.map_err(|refused| refused.failure)
    }

    /// What a call came to, or why the tools refused it.
    pub(super) async fn tried(
        &self,
        program: Program,
    ) -> Result<Result<Finished, Refused>, Failure> {
        let begun = Instant::now();
        loop {
            let finished = self.run(program.clone()).await?;
            if finished.ending.is_success() {
                return Ok(Ok(finished));
            }
            let said = format!("{}\n{}", finished.stderr, finished.stdout);
            let why = match self.format {
                Format::Deb => debian::failure(&said),
                Format::Rpm => rpm::failure(&said),
            };
            if matches!(why.cause, Cause::Locked(_)) && begun.elapsed() < PATIENCE {
                tokio::time::sleep(BETWEEN).await;
                continue;
            }
            let told = why.told.unwrap_or_else(|| finished.ending.to_string());
            let message = format!(
                "`{}` on `{}` failed: {}: {told}",
                program.program.display(),
                self.node.name,
                why.cause
            );
            let failure = Failure::new(self.code(), message).hint(why.cause.remedy(self.format));
            return Ok(Err(Refused {
                cause: why.cause,
                failure,
            }));
        }
    }

    /// An answer that is none.
    pub(super) fn unreadable(&self, why: impl std::fmt::Display) -> Failure {
        Failure::new(self.code(), format!("on `{}`: {why}", self.node.name))
    }

    /// The archive does not work.
    pub(super) fn unusable(&self, error: &std::io::Error) -> Failure {
        let message = format!(
            "the archive of packages `{}` on `{}` cannot be used: {error}",
            self.archive.display(),
            self.node.name
        );
        Failure::new("packages.archive", message)
            .hint("`archive` of its `packages` in the environment file names it; it must be writable by whom commands run as there")
    }

    fn code(&self) -> &'static str {
        match self.format {
            Format::Deb => "packages.apt",
            Format::Rpm => "packages.rpm",
        }
    }
}
