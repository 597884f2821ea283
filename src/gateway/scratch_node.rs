//! Names of what a rehearsal works on: a copy of a database, and the `kong` of another version with that copy as its database.
//!
//! A name is all there is to them: whoever knows it finds the same copy and the same node again, also after a crash. Every verb
//! that takes a node or a database takes such a name too, so that a rehearsal uses the very verbs that the upgrade will use.

use serde::{Deserialize, Serialize};

use crate::kong::Version;

/// What the names of databases that cutover makes begin with.
const OURS: &str = "cutover_";

/// What lets a version be tried that is not where versions are tried.
pub(crate) const TRIAL_HINT: &str = "install it on the host of another node, as `rehearse` does in pre-production, and name that node as `scratch` of the cluster in the environment file; or put it beside the installed one, where versions stand side by side";

/// A copy of a database, on the server of `database`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScratchCopy {
    /// The database of the environment on whose server it is.
    pub database: String,
    /// Its name there.
    pub copy: String,
}

/// The `kong` of `version`, with a copy as its database: on the host of `node`, beside the installed one, or where the environment says that
/// versions are tried for its cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScratchNode {
    /// The node for which the version is tried.
    pub node: String,
    /// Its version.
    pub version: Version,
    /// Its database.
    pub copy: ScratchCopy,
}

impl ScratchCopy {
    /// The name by which verbs know it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.database, self.copy)
    }

    /// The copy of this name, if it is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (database, copy) = name.rsplit_once('/')?;
        copy.starts_with(OURS).then(|| Self {
            database: database.to_owned(),
            copy: copy.to_owned(),
        })
    }
}

impl ScratchNode {
    /// The name by which verbs know it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}/{}", self.node, self.version, self.copy.name())
    }

    /// The scratch node of this name, if it is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (node, rest) = name.rsplit_once('@')?;
        let (version, copy) = rest.split_once('/')?;
        Some(Self {
            node: node.to_owned(),
            version: version.parse().ok()?,
            copy: ScratchCopy::named(copy)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_what_it_names() {
        let node = ScratchNode {
            node: "kong-1".to_owned(),
            version: "3.4.2".parse().expect("a version"),
            copy: ScratchCopy {
                database: "main".to_owned(),
                copy: "cutover_rehearsal_0123".to_owned(),
            },
        };
        assert_eq!(node.name(), "kong-1@3.4.2/main/cutover_rehearsal_0123");
        assert_eq!(ScratchNode::named(&node.name()), Some(node.clone()));
        assert_eq!(ScratchCopy::named(&node.copy.name()), Some(node.copy));
        for other in [
            "kong-1",
            "main",
            "main/kong",
            "kong-1@3.4.2",
            "ops@host/main/cutover_x",
        ] {
            assert_eq!(ScratchNode::named(other), None, "{other}");
        }
    }
}
