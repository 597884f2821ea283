//! The headers of a request, in the order in which curl writes them: what options say, what `-H` says, what the body needs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::address::Address;
use super::body::Body;
use super::command::CurlCommand;
use super::head::{Credentials, Head, HeaderValue};
use super::request::{Given, NotSent};

/// The headers for a body of this length, and with this boundary if it is a form.
pub(super) fn written(
    command: &CurlCommand,
    address: &Address,
    (length, boundary): (usize, Option<String>),
    given: &Given,
) -> Result<Headers, NotSent> {
    let head = &command.head;
    let (hosts, mut own) = own(head, given)?;
    // Of several hosts curl takes the first.
    let mut headers = Headers::from_iter(hosts.into_iter().next());
    for (name, value) in [
        ("Host", Some(address.host.clone())),
        ("Authorization", authorization(head, address, given)?),
        ("User-Agent", given.non_empty(head.user_agent.as_ref())?),
        (
            "Accept-Encoding",
            head.compressed.then(|| ENCODINGS.to_owned()),
        ),
        ("Referer", given.non_empty(head.referer.as_ref())?),
        ("Cookie", cookies(head, given)?),
    ] {
        let value = value.filter(|_| !head.says(name));
        headers.extend(value.map(|value| (name.to_owned(), value)));
    }
    let content_type = match (&command.body, boundary) {
        (Body::Data(_), _) if !head.says("Content-Type") => Some(ENCODED_FORM.to_owned()),
        (Body::Form(_), Some(boundary)) => {
            // A type that was given is completed by the boundary.
            let given = own
                .iter()
                .position(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
            let kind = given.map_or_else(|| FORM.to_owned(), |at| own.remove(at).1);
            Some(format!("{kind}; boundary={boundary}"))
        }
        _ => None,
    };
    headers.extend(own);
    let has_length = command.body != Body::Nothing && !head.is_chunked();
    if has_length && !head.says("Content-Length") {
        headers.push(("Content-Length".to_owned(), length.to_string()));
    }
    headers.extend(content_type.map(|told| ("Content-Type".to_owned(), told)));
    // It would begin another header, which nobody wrote.
    let ends_line = |(_, value): &&(String, String)| value.contains(['\r', '\n', '\0']);
    match headers.iter().find(ends_line) {
        Some((name, _)) => Err(NotSent::Header(name.clone())),
        None => Ok(headers),
    }
}

/// Names and values.
type Headers = Vec<(String, String)>;

/// What a form in several parts is.
pub(super) const FORM: &str = "multipart/form-data";

/// What curl takes data for.
const ENCODED_FORM: &str = "application/x-www-form-urlencoded";

/// What curl asks for with all of its libraries.
const ENCODINGS: &str = "deflate, gzip, br, zstd";

/// What `-H` says: of the host, and else.
fn own(head: &Head, given: &Given) -> Result<(Headers, Headers), NotSent> {
    let mut own = Vec::new();
    for header in &head.headers {
        if let HeaderValue::Sent(value) = &header.value {
            own.push((header.name.clone(), given.text(value)?));
        }
    }
    Ok(own
        .into_iter()
        .partition(|(name, _)| name.eq_ignore_ascii_case("Host")))
}

fn authorization(head: &Head, address: &Address, given: &Given) -> Result<Option<String>, NotSent> {
    let basic = |name: &[u8], password: &[u8]| {
        let pair = [name, b":", password].concat();
        Some(format!("Basic {}", STANDARD.encode(pair)))
    };
    match (&head.credentials, &address.user) {
        (Some(Credentials::Bearer(token)), _) => Ok(Some(format!("Bearer {}", given.text(token)?))),
        (Some(Credentials::Basic { name, password }), _) => Ok(basic(
            given.text(name)?.as_bytes(),
            given.text(password)?.as_bytes(),
        )),
        (None, Some((name, password))) => Ok(basic(name, password)),
        (None, None) => Ok(None),
    }
}

fn cookies(head: &Head, given: &Given) -> Result<Option<String>, NotSent> {
    let cookies = head.cookies.iter().map(|cookie| given.text(cookie));
    let cookies: Vec<String> = cookies.collect::<Result<_, _>>()?;
    Ok((!cookies.is_empty()).then(|| cookies.join("; ")))
}
