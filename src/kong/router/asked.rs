//! A request, as far as a router looks at it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Asked {
    /// The method, as it was sent.
    pub method: String,
    /// Whether the connection to Kong was encrypted.
    pub scheme: Scheme,
    /// The header `Host`, as it was sent: with its port, if it has one. Empty if there was none.
    pub host: String,
    /// The port that the connection came in at, as Kong counts it (`port_maps`); `None` is that of the scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The path, as it was sent and without the query.
    pub path: String,
    /// The other headers, by their names in small letters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<String>>,
    /// The name that the client asked for in the handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
}

/// How a client speaks to Kong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Encrypted.
    #[default]
    Https,
}

impl Scheme {
    /// The port that it stands for.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            scheme,
            host,
            path,
            ..
        } = self;
        write!(out, "{method} {scheme}://{host}{path}")?;
        let mut before = " ";
        for (name, values) in &self.headers {
            for value in values {
                write!(out, "{before}{name}: {value}")?;
                before = "; ";
            }
        }
        Ok(())
    }
}

impl Asked {
    /// The values of a header: Kong finds `X-A` under `x_a` too, where no header has that very name.
    pub(super) fn values(&self, name: &str) -> Option<&[String]> {
        let values = self.headers.get(name);
        let values = values.or_else(|| self.headers.get(&name.replace('_', "-")));
        values.map(Vec::as_slice)
    }
}
