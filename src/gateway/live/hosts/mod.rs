//! The hosts that nodes run on: this machine, or one that is reached over SSH. One interface: run a program, read and write files.
//!
//! Over SSH the operator's own configuration, agent and jump hosts are used; a host whose key is not known, or is another one, is
//! refused. No shell reads what is run there: the few lines of shell that start it are constant, and what they are given are words.

mod attributes;
mod connection;
mod files;
mod forward;
mod launch;
mod machine;
mod pour;
mod processes;
mod remote;
mod reply;
mod vector;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use futures_util::future::{join, join_all};

use super::Live;
use super::process::{self, Finished, ProcessError, Program};
use crate::environment::{Node, Transport};
use crate::gateway::{Failure, ProcessIdentity};

use connection::Connection;
pub(super) use connection::Connections;
pub(super) use pour::Poured;

/// A host.
#[derive(Clone)]
pub(super) enum Host {
    /// This machine.
    Here,
    /// One that is reached over SSH.
    There(Rc<Connection>),
}

impl Live {
    /// The host of a node; connects where that was not done yet.
    pub(super) async fn host(&self, node: &Node) -> Result<Host, Failure> {
        self.host_at(&node.name, &node.transport).await
    }

    /// The host of whatever is called `name` in the environment file and reached in this way.
    pub(super) async fn host_at(&self, name: &str, transport: &Transport) -> Result<Host, Failure> {
        match transport {
            Transport::Local => Ok(Host::Here),
            Transport::Ssh(destination) => {
                let connection = self.connections.to(name, destination).await?;
                Ok(Host::There(connection))
            }
        }
    }

    /// The host of the node of Kong or Cassandra called `node`.
    async fn host_named(&self, node: &str) -> Result<Host, Failure> {
        match self.cassandra_node(node) {
            Some(found) => self.host_at(&found.name, &found.transport).await,
            None => self.host(&self.node(node).await?.1).await,
        }
    }

    /// The connection to the host of a node, over which a process there was started.
    pub(super) async fn connection_to(
        &self,
        node: &str,
        process: &ProcessIdentity,
    ) -> Result<Rc<Connection>, Failure> {
        match self.host_named(node).await? {
            Host::There(there) => Ok(there),
            Host::Here => Err(Failure::new(
                "process.alive",
                format!(
                    "process {} ran on the host of `{node}`, which is this one now",
                    process.pid
                ),
            )),
        }
    }

    /// Where a run's own files lie on a host, which no step outlives. Before anything is put there, what a killed runner left is removed: by
    /// then nothing of it is at work any more.
    pub(super) async fn temporary_on(&self, host: &Host) -> PathBuf {
        let (path, is_swept) = match host {
            Host::Here => (self.output.join("temporary"), &self.is_swept),
            Host::There(there) => (there.directory.join("temporary"), &there.is_swept),
        };
        // Whoever comes meanwhile waits: what it puts there is not to be removed. What cannot be removed now, the next runner removes.
        is_swept
            .get_or_init(async || drop(host.remove(&path).await))
            .await;
        path
    }

    /// Takes away on another host the directories that the run has nothing in any more: whoever only looks leaves nothing behind.
    pub(super) async fn tidy(&self, host: &Host) {
        if let Host::There(there) = host {
            let directories = [self.temporary_on(host).await, there.directory.clone()];
            there.remove_empty(&directories).await;
        }
    }

    /// Removes what steps have left in temporary directories, here and on the hosts of these nodes.
    pub(super) async fn clear_temporary(&self, nodes: &BTreeSet<String>) {
        let here = self.clear_on(Ok(Host::Here), "this machine");
        let there = nodes.iter().map(|node| async move {
            let host = self.host_named(node).await;
            self.clear_on(host, &format!("the host of `{node}`")).await;
        });
        join(here, join_all(there)).await;
    }

    async fn clear_on(&self, host: Result<Host, Failure>, whose: &str) {
        let cleared = match host {
            Ok(host) => {
                let cleared = host.remove(&self.temporary_on(&host).await).await;
                self.tidy(&host).await;
                cleared.map_err(|error| error.to_string())
            }
            Err(failure) => Err(failure.message),
        };
        if let Err(why) = cleared {
            self.report.progress(&format!(
                "what steps left in temporary directories on {whose} could not be removed, and may hold a password: {why}"
            ));
        }
    }

    /// Where a run's own files lie on a host that steps after this one need.
    pub(super) fn directory_on(&self, host: &Host) -> PathBuf {
        match host {
            Host::Here => self.output.clone(),
            Host::There(there) => there.directory.clone(),
        }
    }
}

impl Host {
    /// Runs `program` to its end, as the node says that it is to be run. `started` is called before the program acts; its error keeps it
    /// from acting.
    pub(super) async fn run(
        &self,
        program: &Program,
        started: impl FnOnce(&ProcessIdentity) -> io::Result<()>,
    ) -> Result<Finished, ProcessError> {
        match self {
            Self::Here => process::run(program, started).await,
            Self::There(there) => there.run(program, started).await,
        }
    }
}

/// A path as a word for a program.
fn word(path: &Path) -> io::Result<&str> {
    path.to_str()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8"))
}
