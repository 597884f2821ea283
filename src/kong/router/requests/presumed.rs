//! What is presumed where a line does not say it, and how a request is put together from what it says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::super::asked::{Asked, Scheme};

/// What is presumed of requests of which a log does not say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presumed {
    /// The header `Host`: Kong's access log does not have it.
    pub host: String,
    /// Whether clients speak to Kong encrypted.
    pub scheme: Scheme,
    /// The port at which they come in, as Kong counts it; `None` is that of the scheme.
    pub port: Option<u16>,
}

/// What a line says of a request.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) method: String,
    /// A path with its query, or all of a URL.
    pub(super) target: String,
    pub(super) scheme: Option<Scheme>,
    pub(super) host: Option<String>,
    pub(super) headers: BTreeMap<String, Vec<String>>,
    pub(super) sni: Option<String>,
}

impl Said {
    /// The request; `None` if that is none.
    pub(super) fn asked(mut self, presumed: &Presumed) -> Option<Asked> {
        let (in_url, path) = taken_apart(&self.target)?;
        let (scheme, authority) = in_url.unzip();
        let sent = self.headers.remove("host").and_then(|mut all| all.pop());
        let host = sent.or(self.host).or(authority.map(str::to_owned));
        let host = host.unwrap_or_else(|| presumed.host.clone());
        let scheme = self.scheme.or(scheme).unwrap_or(presumed.scheme);
        let is_method = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if self.method.is_empty() || !self.method.chars().all(is_method) {
            return None;
        }
        // Clients ask in the handshake for the host that they mean, unless that is an address.
        let name = host.split(':').next().unwrap_or_default();
        let is_name = !name.is_empty() && !name.starts_with('[') && name.parse::<IpAddr>().is_err();
        let presumed_sni = (scheme == Scheme::Https && is_name).then(|| name.to_owned());
        Some(Asked {
            method: self.method,
            scheme,
            port: presumed.port,
            // Kong decodes what is not of ASCII, so that it is the same to its routers.
            path: utf8_percent_encode(path, CONTROLS).to_string(),
            sni: self.sni.or(presumed_sni),
            headers: self.headers,
            host,
        })
    }
}

/// A scheme and a host, if there are, and the path without the query.
fn taken_apart(target: &str) -> Option<(Option<(Scheme, &str)>, &str)> {
    let without_query = |path: &'_ str| path.find(['?', '#']).unwrap_or(path.len());
    let (scheme, rest) = match target.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some(("https", rest)) => (Scheme::Https, rest),
        _ if target.starts_with('/') => return Some((None, &target[..without_query(target)])),
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let path = &path[..without_query(path)];
    let path = if path.is_empty() { "/" } else { path };
    (!host.is_empty()).then_some((Some((scheme, host)), path))
}

/// Adds a header.
pub(super) fn add_header(headers: &mut BTreeMap<String, Vec<String>>, name: &str, value: &str) {
    let values = headers.entry(name.trim().to_ascii_lowercase()).or_default();
    values.push(value.trim().to_owned());
}
