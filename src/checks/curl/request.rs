//! What is sent: the request that curl would write over HTTP/1.1, less the headers in which it names itself.
//!
//! Variables and files are given with their content, so that nothing here looks into the world. Left to whoever sends it: `Accept: */*`
//! and `User-Agent` where the command says nothing of them, `Expect` for bodies of more than a mebibyte, and the move to HTTP/2.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::address::{Address, cannot_stand_in_url, has_blank};
use super::body::{Body, Data, DataContent};
use super::command::CurlCommand;
use super::error::Refusal;
use super::value::Value;
use super::{headers, multipart, target};

/// A request as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// What the request line asks for.
    pub target: String,
    /// Names and values in their order.
    pub headers: Vec<(String, String)>,
    /// What follows them.
    pub body: Vec<u8>,
}

/// The content of what a command refers to.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Shell variables by their names.
    pub variables: BTreeMap<String, String>,
    /// Files by their paths as the command names them.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Why a command cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// A variable was not given.
    #[error("the variable `{0}` is not set\nhelp: give it a value, or a secret of this name")]
    Variable(String),
    /// A file was not given.
    #[error("the file `{0}` is not there\nhelp: put it beside the check, or write its path anew")]
    File(String),
    /// With its variables the URL, or what is asked for instead, is none.
    #[error("the URL {problem}\nhelp: {remedy}")]
    Url {
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// With its variables a header is several lines.
    #[error(
        "the header `{0}` has the end of a line in it\nhelp: take it out of the variable that is in the header"
    )]
    Header(String),
}

impl Given {
    pub(super) fn text(&self, value: &Value) -> Result<String, NotSent> {
        value.fill(&self.variables).map_err(NotSent::Variable)
    }

    /// The text of something that curl takes for not given where it is empty.
    pub(super) fn non_empty(&self, value: Option<&Value>) -> Result<Option<String>, NotSent> {
        let text = value.map(|value| self.text(value)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    pub(super) fn file(&self, path: &Value) -> Result<&[u8], NotSent> {
        let path = self.text(path)?;
        match self.files.get(&path) {
            Some(content) => Ok(content),
            None => Err(NotSent::File(path)),
        }
    }
}

/// The request of a command.
pub fn sent(command: &CurlCommand, given: &Given) -> Result<Sent, NotSent> {
    let address = Address::of(&given.text(&command.url)?).map_err(url)?;
    let (body, boundary) = body(command, given)?;
    Ok(Sent {
        method: command.method.clone(),
        target: target(command, &address, given)?,
        headers: headers::written(command, &address, (body.len(), boundary), given)?,
        body,
    })
}

fn url(refusal: Refusal) -> NotSent {
    NotSent::Url {
        problem: refusal.problem,
        remedy: refusal.remedy,
    }
}

fn target(command: &CurlCommand, address: &Address, given: &Given) -> Result<String, NotSent> {
    let target = match &command.target {
        Some(target) => given.text(target)?,
        None => of_url(command, address, given)?,
    };
    if target.contains(cannot_stand_in_url) {
        return Err(url(has_blank()));
    }
    Ok(target)
}

/// The target that the URL names, with what is added to its query.
fn of_url(command: &CurlCommand, address: &Address, given: &Given) -> Result<String, NotSent> {
    // Bytes of a file that are no text cannot stand there either.
    let more = String::from_utf8(joined(&command.query, given)?);
    let more = more.map_err(|_| url(has_blank()))?;
    let path = if command.path_as_is {
        address.path.clone()
    } else {
        target::without_dots(&address.path)
    };
    // What looks like a fragment is lost, as it is in a URL.
    let more = more.split('#').next();
    let more = more.filter(|_| !command.query.is_empty());
    Ok(target::target(&path, address.query.as_deref(), more))
}

/// The body, and what separates its parts if it is a form.
fn body(command: &CurlCommand, given: &Given) -> Result<(Vec<u8>, Option<String>), NotSent> {
    match &command.body {
        Body::Nothing => Ok((Vec::new(), None)),
        Body::Data(data) => Ok((joined(data, given)?, None)),
        Body::Form(parts) => {
            let (body, boundary) = multipart::body(parts, given)?;
            Ok((body, Some(boundary)))
        }
    }
}

/// Pieces of data behind one another.
fn joined(data: &[Data], given: &Given) -> Result<Vec<u8>, NotSent> {
    let mut joined = Vec::new();
    for (index, data) in data.iter().enumerate() {
        if index > 0 && !data.json {
            joined.push(b'&');
        }
        joined.extend(content(&data.content, given)?);
    }
    Ok(joined)
}

fn content(content: &DataContent, given: &Given) -> Result<Vec<u8>, NotSent> {
    let named = |name: &Option<Value>, encoded: String| {
        Ok(match given.non_empty(name.as_ref())? {
            Some(name) => format!("{name}={encoded}").into_bytes(),
            None => encoded.into_bytes(),
        })
    };
    match content {
        DataContent::Text(text) => Ok(given.text(text)?.into_bytes()),
        DataContent::Encoded { name, value } => named(name, encoded(given.text(value)?.as_bytes())),
        DataContent::File(path) => Ok(given.file(path)?.to_vec()),
        DataContent::FileWithoutNewlines(path) => {
            let is_kept = |byte: &u8| !matches!(byte, b'\r' | b'\n' | 0);
            Ok(given.file(path)?.iter().copied().filter(is_kept).collect())
        }
        DataContent::EncodedFile { name, path } => named(name, encoded(given.file(path)?)),
    }
}

/// What curl leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn encoded(bytes: &[u8]) -> String {
    let encoded: String = percent_encode(bytes, ENCODED).collect();
    encoded.replace("%20", "+")
}
