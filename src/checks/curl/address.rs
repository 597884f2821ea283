//! URLs as curl reads them: without a scheme where one is left out, sent as they were written, and refused where they stand for several.
//!
//! The crate `url` is asked about hosts alone: it percent-encodes and sorts out paths as browsers do, which curl does not.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;
use url::Host;

use super::error::Refusal;
use super::options::{Followed, flag, valued};
use super::value::{Part, Value};

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Name and password before the host, decoded.
    pub(super) user: Option<(Vec<u8>, Vec<u8>)>,
    /// Host, and port unless it is the scheme's own, as the header `Host` says them.
    pub(super) host: String,
    /// From the first `/` on.
    pub(super) path: String,
    /// Behind the `?`.
    pub(super) query: Option<String>,
}

pub(super) const OPTIONS: &[Followed] = &[
    flag("globoff")
        .or('g')
        .switches(|draft, on| draft.literal_url = on),
    flag("path-as-is").switches(|draft, on| draft.command.path_as_is = on),
    valued("proto-default").takes(|draft, word| {
        draft.default_scheme = match word.value.as_text() {
            Some("http") => "http",
            Some("https") => "https",
            _ => return Err(no_http()),
        };
        Ok(())
    }),
    valued("request-target").takes(|draft, word| {
        if word.value.contains(cannot_stand_in_url) {
            return Err(has_blank());
        }
        draft.command.target = Some(word.value.clone());
        Ok(())
    }),
    valued("url").takes(|draft, word| {
        draft.urls.push(word.clone());
        Ok(())
    }),
];

fn no_http() -> Refusal {
    Refusal::new(
        "is of another protocol than HTTP",
        "write `http://` or `https://`",
    )
}

/// Blanks and control characters, for which curl refuses a URL.
pub(super) fn cannot_stand_in_url(character: char) -> bool {
    character <= ' ' || character == '\u{7f}'
}

pub(super) fn has_blank() -> Refusal {
    Refusal::new(
        "has a blank, which no request can have there",
        "write it as `%20`",
    )
}

/// The URL with its scheme, checked as far as it is known before its variables are.
pub(super) fn complete(
    given: &Value,
    default_scheme: &str,
    literal: bool,
) -> Result<Value, Refusal> {
    if given.contains(cannot_stand_in_url) {
        return Err(has_blank());
    }
    if !literal {
        given.parts().iter().try_for_each(check_one)?;
    }
    let beginning = given.beginning();
    let url = if scheme(beginning).is_some() {
        given.clone()
    } else if beginning.is_empty() && !given.is_empty() {
        if default_scheme != "http" {
            return Err(Refusal::new(
                "begins with a variable, which may have a scheme or not",
                "write the scheme out and leave `--proto-default` out",
            ));
        }
        given.clone()
    } else {
        let guessed = ["ftp.", "dict.", "ldap.", "imap.", "smtp.", "pop3."];
        if guessed
            .iter()
            .any(|name| beginning.to_ascii_lowercase().starts_with(name))
        {
            return Err(Refusal::new(
                "is taken for another protocol by its name",
                "write `http://` before it",
            ));
        }
        let scheme = format!("{default_scheme}://");
        let pieces = Value::from(scheme.as_str()).pieces();
        pieces.into_iter().chain(given.pieces()).collect()
    };
    if let Some(text) = url.as_text() {
        Address::of(text)?;
    }
    Ok(url)
}

/// Refuses braces and brackets that stand for several URLs.
fn check_one(part: &Part) -> Result<(), Refusal> {
    let Part::Text(text) = part else {
        return Ok(());
    };
    if text.contains("{{") {
        return Err(Refusal::new(
            "has a variable of another program, such as Postman's",
            "write it as one of the shell: `$name` for `{{name}}`",
        ));
    }
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['{', '}', '[', ']']) {
        let inner = rest[at..]
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'));
        match inner {
            Some((address, after)) if address.is_empty() || address.parse::<Ipv6Addr>().is_ok() => {
                rest = after;
            }
            _ => {
                return Err(Refusal::new(
                    "has braces or brackets, which stand for several URLs",
                    "write one URL; if they mean themselves, write `-g`",
                ));
            }
        }
    }
    Ok(())
}

/// The scheme of a URL, if it has one.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once(':')?;
    let is_scheme =
        |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
    (rest.starts_with('/') && scheme.chars().all(is_scheme)).then_some(scheme)
}

impl Address {
    /// Takes a URL apart, which has no variables any more.
    pub(super) fn of(url: &str) -> Result<Self, Refusal> {
        if url.contains(cannot_stand_in_url) {
            return Err(has_blank());
        }
        let scheme = scheme(url);
        let default_port = match scheme.map(str::to_ascii_lowercase).as_deref() {
            None | Some("http") => 80,
            Some("https") => 443,
            Some(_) => return Err(no_http()),
        };
        let rest = scheme.map_or(url, |scheme| &url[scheme.len() + 1..]);
        let rest = match scheme {
            None => rest,
            Some(_) => rest
                .strip_prefix("//")
                .filter(|rest| !rest.starts_with('/'))
                .ok_or_else(|| {
                    Refusal::new(
                        "has not two slashes and a host",
                        "write `http://` or `https://` before it",
                    )
                })?,
        };
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (rest, None),
        };
        let (user, server) = match authority.split_once('@') {
            Some((user, server)) => (Some(decoded(user)), server),
            None => (None, authority),
        };
        Ok(Self {
            user,
            host: host(server, default_port)?,
            path: if path.is_empty() {
                "/".to_owned()
            } else {
                path.to_owned()
            },
            query,
        })
    }
}

fn decoded(user: &str) -> (Vec<u8>, Vec<u8>) {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = |text| percent_decode_str(text).collect();
    (decoded(name), decoded(password))
}

/// Host and port for the header `Host`.
fn host(server: &str, default_port: u16) -> Result<String, Refusal> {
    let no_host = || {
        Refusal::new(
            "has no host that could be asked",
            "write `http://HOST:PORT/PATH`; an `@` in a password is `%40`, an IPv6 address stands in brackets",
        )
    };
    let end = if server.starts_with('[') {
        server.find(']').map_or(server.len(), |end| end + 1)
    } else {
        server.find(':').unwrap_or(server.len())
    };
    let (name, port) = server.split_at(end);
    // `%` would be an encoded name, or the zone of an address.
    let host = Host::parse(name)
        .ok()
        .filter(|_| !name.contains('%'))
        .ok_or_else(no_host)?;
    let host = match host {
        // curl says a name as it was written.
        Host::Domain(_) if name.is_ascii() => name.to_owned(),
        host => host.to_string(),
    };
    let port = match port {
        "" | ":" => default_port,
        port => port[1..].parse().map_err(|_| no_host())?,
    };
    if port == default_port {
        Ok(host)
    } else {
        Ok(format!("{host}:{port}"))
    }
}
