//! Whether the environment is still the runner's own.

use serde::{Deserialize, Serialize};

/// The runner's hold on its environment.
pub trait Hold {
    /// Looks whether it is still there.
    async fn holding(&self) -> Holding;
}

/// How far an environment is still a runner's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holding {
    /// It is.
    Ours,
    /// Another runner has it, or may have, as is said.
    Lost(String),
    /// It has not been seen for so long that another runner may have it.
    Unseen(String),
}
