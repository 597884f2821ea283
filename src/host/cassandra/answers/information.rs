//! Who a node is and which tokens it has: `nodetool info --tokens`. After `Info.java` of 2.2.19, 3.0.28, 3.11.14, 4.0.7 and 4.1.0: a field a
//! line, a colon behind the 23rd letter; tokens are a line each.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::host::cassandra::Id;

/// The question who a node is, put on that node.
pub const INFORMATION: [&str; 3] = ["nodetool", "info", "--tokens"];

/// A node, as it sees itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Information {
    /// Its id.
    pub host: Id,
    /// Its datacenter.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// Whether it talks to the other nodes.
    pub gossips: bool,
    /// Whether it takes clients of CQL.
    pub takes_clients: bool,
    /// Its tokens; none where it has not joined.
    pub tokens: BTreeSet<String>,
}

/// An answer that does not tell who a node is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InformationError {
    /// Something is not said, or something else is.
    #[error("the answer of `nodetool info` does not say the field `{0}`")]
    Field(&'static str),
    /// The tokens are only counted.
    #[error("the answer of `nodetool info` counts the tokens instead of listing them")]
    Counted,
}

impl Information {
    /// Reads the answer to [`INFORMATION`].
    pub fn of(answer: &str) -> Result<Self, InformationError> {
        let fields = || answer.lines().filter_map(|line| line.split_once(": "));
        let value = |name: &'static str| {
            let value =
                fields().find_map(|(field, value)| (field.trim_end() == name).then_some(value));
            value.ok_or(InformationError::Field(name))
        };
        let is = |name: &'static str| match value(name)? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(InformationError::Field(name)),
        };
        let mut tokens = BTreeSet::new();
        for (_, token) in fields().filter(|(field, _)| field.trim_end() == "Token") {
            match token {
                "(node is not joined to the cluster)" => {}
                token if token.starts_with('(') => return Err(InformationError::Counted),
                token => _ = tokens.insert(token.to_owned()),
            }
        }
        value("Token")?;
        Ok(Self {
            host: value("ID")?
                .parse()
                .map_err(|_| InformationError::Field("ID"))?,
            datacenter: value("Data Center")?.to_owned(),
            rack: value("Rack")?.to_owned(),
            gossips: is("Gossip active")?,
            takes_clients: is("Native Transport active")?,
            tokens,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &str = include_str!("../../../../tests/fixtures/cassandra/info-3.11.txt");

    #[test]
    fn an_answer_is_read() {
        let tokens = ["-9223372036854775808", "0", "42"].map(str::to_owned);
        let read = Information {
            host: Id::new(1),
            datacenter: "dc1".to_owned(),
            rack: "rack1".to_owned(),
            gossips: true,
            takes_clients: true,
            tokens: tokens.into(),
        };
        assert_eq!(Information::of(THREE), Ok(read));
    }

    #[test]
    fn a_node_that_has_not_joined_has_no_tokens() {
        let (before, _) = THREE.split_once("Token").expect("tokens");
        let fresh =
            format!("{before}Token                  : (node is not joined to the cluster)\n");
        assert!(Information::of(&fresh).expect("read").tokens.is_empty());
        let counted = format!(
            "{before}Token                  : (invoke with -T/--tokens to see all 256 tokens)\n"
        );
        assert_eq!(Information::of(&counted), Err(InformationError::Counted));
        assert_eq!(
            Information::of(before),
            Err(InformationError::Field("Token"))
        );
    }

    #[test]
    fn other_answers_are_errors() {
        assert_eq!(Information::of(""), Err(InformationError::Field("Token")));
        let unsure = THREE.replace("true", "perhaps");
        let error = InformationError::Field("Gossip active");
        assert_eq!(Information::of(&unsure), Err(error));
    }
}
