//! Commands in the model. No host is there and nobody knows what they do, so a command does nothing and ends as is hoped for.

use std::time::Duration;

use super::{Happened, Simulated, Work};
use crate::gateway::{CommandAnswer, Commands, Failure};

impl Commands for Simulated {
    async fn execute(
        &self,
        node: &str,
        _command: &[String],
        _within: Duration,
        hoped: i32,
    ) -> Result<CommandAnswer, Failure> {
        self.work(Work::Command, 0);
        self.node(node, |_| ())?;
        self.happen(Happened::Executed {
            node: node.to_owned(),
        });
        Ok(CommandAnswer {
            status: hoped,
            stdout: String::new(),
            stderr: String::new(),
        })
    }
}
