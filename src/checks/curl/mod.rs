//! curl command lines, read: what people paste, as the request that curl would send and what it would hold the answer to.
//!
//! What changes a request or whom it trusts in a way that a check cannot follow is refused with its place and a remedy, never skipped.
//! Nothing is run, no variable is looked up and no file is opened here: both stay references, which [`sent`] takes with their content.
//! Facts are those of curl 7.88 and bash, which the tests play every line of their corpus against.

mod address;
mod ansi_quotes;
mod answer;
mod arguments;
mod body;
mod braces;
mod command;
mod connection;
mod draft;
mod error;
mod form;
mod head;
mod headers;
mod ignored;
mod multipart;
mod operators;
mod options;
mod refused;
mod request;
mod shell;
mod target;
mod tls;
mod value;

pub use answer::{Answer, Retry, RetryAfter};
pub use body::{Body, Data, DataContent};
pub use command::CurlCommand;
pub use connection::{AddressFamily, ConnectTo, Connection, HttpVersion, Resolve};
pub use error::{CurlError, Place};
pub use form::{FormContent, FormPart};
pub use head::{Credentials, Head, Header, HeaderValue};
pub use request::{Given, NotSent, Sent, sent};
pub use tls::{Tls, TlsVersion};
pub use value::{Part, Value};

/// Reads a curl command line as it is pasted: with a prompt, comments, and backslashes at the ends of lines.
pub fn read(line: &str) -> Result<CurlCommand, CurlError> {
    // What was copied on Windows ends its lines otherwise; no place moves, since only ends of lines do.
    let line = line.replace("\r\n", "\n");
    let words = shell::words(&line)?;
    arguments::read(&words)?.finish()
}
