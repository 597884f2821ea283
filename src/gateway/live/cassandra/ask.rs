//! Questions to the nodes: the exact words, read whole, with a deadline, by programs that only read.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::AsyncWrite;

use super::{Cluster, failed};
use crate::environment::CassandraNode;
use crate::gateway::Failure;
use crate::gateway::live::commands::login_environment;
use crate::gateway::live::hosts::{Host, Poured};
use crate::gateway::live::look;
use crate::gateway::live::process::{ProcessError, Program};
use crate::host::cassandra::answers::{Cause, Cqlsh, CqlshFailure, Failure as NodetoolFailure};

/// How long a question may take: counting the rows of a large table is the longest.
const ANSWER: Duration = Duration::from_mins(3);

/// An answer that is longer than this is none that Kong's tables have.
const LONGEST: usize = 256 << 20;

impl<'a> Cluster<'a> {
    /// The host of a node.
    pub(super) async fn host(&self, node: &CassandraNode) -> Result<Host, Failure> {
        self.live.host_at(&node.name, &node.transport).await
    }

    /// The node that is given statements.
    pub(super) fn first(&self) -> Result<&'a CassandraNode, Failure> {
        let first = self.settings.nodes.first();
        first.ok_or_else(|| failed(self.name, "the nodes", "there are none"))
    }

    /// How statements are given by way of a node.
    pub(super) fn cqlsh(node: &CassandraNode) -> Cqlsh {
        let settings = node.cqlshrc.as_ref();
        Cqlsh {
            address: node.address.clone(),
            port: node.port,
            settings: settings.map(|file| file.display().to_string()),
        }
    }

    /// A vector as a program of a node, as root where that is listed.
    pub(super) fn program(
        node: &CassandraNode,
        vector: &[impl AsRef<str>],
        deadline: Duration,
    ) -> Program {
        let (first, words) = vector.split_first().expect("a vector names its program");
        let path = match first.as_ref() {
            "nodetool" => node.nodetool.clone(),
            "cqlsh" => node.cqlsh.clone(),
            "sstableloader" => node.sstableloader.clone(),
            other => PathBuf::from("/usr/bin").join(other),
        };
        let mut program = Program::new(path, deadline);
        program.arguments = words.iter().map(|word| word.as_ref().into()).collect();
        program.environment = login_environment();
        // Not by `env`, another program: what may be started is known by its name.
        program.environment.push(("LC_ALL".into(), "C".into()));
        program.root_where(|words| node.wants_sudo(words))
    }

    /// What a program of a node answers that only reads.
    pub(super) async fn ask(
        &self,
        node: &CassandraNode,
        vector: &[impl AsRef<str>],
    ) -> Result<String, Failure> {
        let tool = vector.first().map_or("", AsRef::as_ref);
        let answered = self.attempt(node, vector).await?;
        answered.map_err(|said| self.refused(node, tool, &said))
    }

    /// The same; where the program fails, what it said of that.
    pub(super) async fn attempt(
        &self,
        node: &CassandraNode,
        vector: &[impl AsRef<str>],
    ) -> Result<Result<String, String>, Failure> {
        let mut told = Vec::new();
        let poured = self.read(node, vector, &mut told, ANSWER).await?;
        if told.len() > LONGEST {
            return Err(self.unreadable(node, "the answer is longer than 256 MiB"));
        }
        if poured.code != Some(0) {
            return Ok(Err(
                String::from_utf8_lossy(&told).into_owned() + poured.errors.as_str()
            ));
        }
        let told = String::from_utf8(told).map_err(|error| self.unreadable(node, error))?;
        Ok(Ok(told))
    }

    /// The same, handed on as it comes.
    pub(super) async fn read(
        &self,
        node: &CassandraNode,
        vector: &[impl AsRef<str>],
        into: &mut (impl AsyncWrite + Unpin),
        within: Duration,
    ) -> Result<Poured, Failure> {
        let program = Self::program(node, vector, within);
        if !look::admits_program(self.live.access, &program) {
            return Err(ProcessError::NoLook {
                first: program.arguments.first().cloned().unwrap_or_default(),
                program: program.program,
            }
            .into());
        }
        let host = self.host(node).await?;
        let poured = host.pour(&program, into).await;
        poured.map_err(|error| self.unanswered(node, &program, &error))
    }

    /// What a tool that failed said, with what helps.
    pub(super) fn refused(&self, node: &CassandraNode, tool: &str, said: &str) -> Failure {
        let (line, is_down) = match tool {
            "nodetool" => {
                let failure = NodetoolFailure::of(said);
                (failure.line, failure.cause == Cause::NotConnected)
            }
            "cqlsh" => (CqlshFailure::of(said).line, false),
            _ => (said.trim().to_owned(), false),
        };
        if is_down {
            let message = format!(
                "the Cassandra `{}` is not ready: the node `{}` does not answer: {line}",
                self.name, node.name
            );
            return Failure::new("database.cassandra.unready", message)
                .hint("start it, and wait until `nodetool status` says UN on every node");
        }
        let failure = failed(self.name, &format!("`{tool}` on `{}`", node.name), line);
        if said.contains("Permission denied") {
            return failure.hint(format!(
                "where only root may read there, list it under `sudo` of the node, such as `\"{}\"`",
                match tool {
                    "nodetool" | "cqlsh" | "sstableloader" => format!("/usr/bin/{tool} *"),
                    _ => "/usr/bin/find *\", \"/usr/bin/cat *".to_owned(),
                }
            ));
        }
        failure
    }

    /// An answer that cannot be read.
    pub(super) fn unreadable(
        &self,
        node: &CassandraNode,
        error: impl std::fmt::Display,
    ) -> Failure {
        failed(self.name, &format!("the node `{}`", node.name), error)
    }

    fn unanswered(
        &self,
        node: &CassandraNode,
        program: &Program,
        error: &std::io::Error,
    ) -> Failure {
        let what = format!("`{}` on `{}`", program.program.display(), node.name);
        failed(self.name, &what, error)
    }
}
