//! An answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer, held only as long as it is looked at: bodies may hold what does not belong into a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// Where the answer came from, redirects followed.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// The version of HTTP, such as `1.1`.
    pub version: String,
    /// Headers by lower-case name; several of one name are joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// The body as text; what is not UTF-8 is replaced.
    pub body: String,
    /// The body's length in bytes, decompressed.
    pub bytes: u64,
    /// From connecting to the whole answer, in milliseconds.
    pub milliseconds: u64,
    /// How many redirects were followed.
    pub redirects: u32,
    /// The server's certificate, where there was one.
    pub certificate: Option<ServerCertificate>,
}

/// The certificate that a server showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCertificate {
    /// Whom it names, such as `CN=api.example`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// For how many whole days from now; negative where it is over.
    pub days_left: i64,
}

impl HttpAnswer {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}
