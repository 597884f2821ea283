//! Whether a node's Admin API takes requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Failure;

/// Whether a node's Admin API takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdminAccess {
    /// It does.
    Open {
        /// Whether the node tells its state at a status listener too (`status_listen`).
        told_elsewhere: bool,
    },
    /// cutover has closed it.
    Closed,
}

impl Default for AdminAccess {
    /// As a world that is described without it has it.
    fn default() -> Self {
        Self::Open {
            told_elsewhere: true,
        }
    }
}

impl AdminAccess {
    /// Whether it need not be said.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks with a reference"
    )]
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Why the Admin API of `node` answers nobody.
    pub(super) fn closed(node: &str) -> Failure {
        let message = format!("the Admin API of `{node}` is closed: `kong::freeze` closed it");
        Failure::new("kong.admin.closed", message)
            .hint("`kong::thaw(cluster)` opens it again; do what needs it before the freeze")
    }

    /// Why the Admin API of `node` is not closed.
    pub(super) fn nothing_tells(node: &str) -> Failure {
        let message = format!(
            "the Admin API of `{node}` cannot be closed: nothing else would tell whether the node is ready"
        );
        Failure::new("kong.admin.no_status", message).hint(
            "set `status_listen` in its kong.conf, without `ssl`; or deny writes in the database with the mode `deny`",
        )
    }
}
