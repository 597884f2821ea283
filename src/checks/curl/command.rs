//! A curl command, as data.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::body::{Body, Data};
use super::connection::Connection;
use super::head::Head;
use super::tls::Tls;
use super::value::Value;

/// What a curl command line asks for. Variables and files are references in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurlCommand {
    /// The method, also where curl chooses it by itself.
    pub method: String,
    /// The URL with its scheme, unless it begins with a variable, which then may have it.
    pub url: Value,
    /// Whether `..` in its path is sent as it is.
    pub path_as_is: bool,
    /// What is asked for in place of the URL's path and query.
    pub target: Option<Value>,
    /// What is added to the URL's query.
    pub query: Vec<Data>,
    /// What stands before the body.
    pub head: Head,
    /// The body.
    pub body: Body,
    /// How the server is reached.
    pub connection: Connection,
    /// The encryption.
    pub tls: Tls,
    /// What is done about the answer.
    pub answer: Answer,
    /// The long names of options that a check has no use for.
    pub ignored: Vec<String>,
}
