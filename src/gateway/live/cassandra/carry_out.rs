//! Carrying out stages of a plan: the vectors of a stage together or one by one, each recorded before it acts, and what failed of them.

use std::time::Duration;

use futures_util::future::join_all;

use super::Cluster;
use super::present::Present;
use crate::environment::CassandraNode;
use crate::gateway::Failure;
use crate::gateway::live::process::Finished;
use crate::host::cassandra::Id;
use crate::host::cassandra::plan::{Act, Order, Stage};

/// How long one act may take: flushing, linking, emptying, taking files.
const ACT: Duration = Duration::from_mins(15);

/// How long sending rows to another ring may take, and making replicas equal.
const LONG_ACT: Duration = Duration::from_hours(6);

/// A vector that ran to its end on a node.
pub(super) struct Done {
    pub(super) node: Id,
    pub(super) vector: Vec<String>,
    pub(super) outcome: Result<Finished, Failure>,
}

impl Done {
    /// What it printed on both outputs, if it ended with 0.
    pub(super) fn printed(&self) -> Option<String> {
        let finished = self.outcome.as_ref().ok()?;
        let printed = || format!("{}{}", finished.stdout, finished.stderr);
        finished.ending.is_success().then(printed)
    }
}

impl<'a> Cluster<'a> {
    /// Runs the vectors of a stage; how each ended. One by one, the first that fails is the last.
    pub(super) async fn carry_out(&self, present: &Present<'a>, stage: &Stage) -> Vec<Done> {
        let steps = stage.steps.iter().filter_map(|step| match &step.act {
            Act::Run(vector) => Some((step.node, vector)),
            Act::Put { .. } => None,
        });
        match stage.order {
            Order::Together => {
                join_all(steps.map(|(node, vector)| self.run(present, node, vector))).await
            }
            Order::OneByOne => {
                let mut done = Vec::new();
                for (node, vector) in steps {
                    done.push(self.run(present, node, vector).await);
                    if done.last().is_some_and(|last| last.printed().is_none()) {
                        break;
                    }
                }
                done
            }
        }
    }

    /// The first of what failed, as a failure.
    pub(super) fn trouble(&self, present: &Present<'a>, done: &[Done]) -> Option<Failure> {
        let failed = done.iter().find(|one| one.printed().is_none())?;
        let finished = match &failed.outcome {
            Err(failure) => return Some(failure.clone()),
            Ok(finished) => finished,
        };
        let node = present.nodes.get(&failed.node)?;
        let tool = failed.vector.first().map_or("", String::as_str);
        let said = format!("{}{}", finished.stdout, finished.stderr);
        let mut failure = self.refused(node, tool, &said);
        failure.message = format!("{} ({})", failure.message, finished.ending);
        Some(failure)
    }

    async fn run(&self, present: &Present<'a>, node: Id, vector: &[String]) -> Done {
        let outcome = match present.nodes.get(&node) {
            Some(found) => self.act(found, vector).await,
            None => Err(super::failed(
                self.name,
                "the nodes",
                format!("`{node}` is none"),
            )),
        };
        Done {
            node,
            vector: vector.to_vec(),
            outcome,
        }
    }

    /// Runs a vector that changes something.
    pub(super) async fn act(
        &self,
        node: &CassandraNode,
        vector: &[String],
    ) -> Result<Finished, Failure> {
        let is_long = |word: &String| word == "sstableloader" || word == "repair";
        let deadline = if vector.iter().take(2).any(is_long) {
            LONG_ACT
        } else {
            ACT
        };
        let host = self.host(node).await?;
        let program = Self::program(node, vector, deadline);
        self.live.run_program_on(&host, program).await
    }
}
