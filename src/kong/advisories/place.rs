//! Where something was found.

use std::fmt;

use serde::Serialize;

/// A place that somebody can go to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// The change concerns everybody.
    Everywhere,
    /// A setting of a node.
    Setting {
        /// The node.
        node: String,
        /// The key.
        key: String,
        /// Its value; `None` where it is not set.
        value: Option<String>,
        /// Where it stands, as in `/etc/kong/kong.conf:12`.
        origin: Option<String>,
    },
    /// A field of an entity.
    Entity {
        /// The collection, as the Admin API calls it.
        kind: String,
        /// The workspace.
        workspace: Option<String>,
        /// Its id.
        id: Option<String>,
        /// Its name, of a plugin the plugin's.
        name: Option<String>,
        /// The field, as in `paths[1]`.
        field: Option<String>,
        /// The field's value, as JSON, where it is not long.
        value: Option<String>,
    },
    /// A line of a file.
    Line {
        /// The file.
        file: String,
        /// The line, from 1; `None` where it is the whole file.
        line: Option<usize>,
        /// What stands there.
        text: Option<String>,
    },
    /// Something else, said in words.
    Fact {
        /// Of what: a node, a database.
        of: String,
        /// What is so.
        what: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => write!(out, "concerns everybody"),
            Self::Setting {
                node,
                key,
                value,
                origin,
            } => {
                match value {
                    Some(value) => write!(out, "`{node}`: `{key} = {value}`")?,
                    None => write!(out, "`{node}`: `{key}` is not set")?,
                }
                origin
                    .iter()
                    .try_for_each(|origin| write!(out, " ({origin})"))
            }
            Self::Entity {
                kind,
                workspace,
                id,
                name,
                field,
                value,
            } => {
                write!(out, "{kind}")?;
                if let Some(name) = name {
                    write!(out, " `{name}`")?;
                }
                if let Some(id) = id {
                    write!(out, " {id}")?;
                }
                if let Some(workspace) = workspace.as_ref().filter(|name| *name != "default") {
                    write!(out, " in the workspace `{workspace}`")?;
                }
                match (field, value) {
                    (Some(field), Some(value)) => write!(out, ": `{field}` is {value}"),
                    (Some(field), None) => write!(out, ": `{field}` is not set"),
                    (None, _) => Ok(()),
                }
            }
            Self::Line { file, line, text } => {
                write!(out, "{file}")?;
                if let Some(line) = line {
                    write!(out, ":{line}")?;
                }
                text.iter().try_for_each(|text| write!(out, ": {text}"))
            }
            Self::Fact { of, what } => write!(out, "{of}: {what}"),
        }
    }
}
