//! Where a request goes, over which version of HTTP, and how long it may take.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::Refusal;
use super::options::{Followed, flag, valued};
use super::shell::Word;

/// How the server is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Names whose addresses are given.
    pub resolve: Vec<Resolve>,
    /// Servers in whose place others are asked; the first that fits counts.
    pub connect_to: Vec<ConnectTo>,
    /// Which addresses are used.
    pub family: AddressFamily,
    /// Which version of HTTP is spoken.
    pub http: HttpVersion,
    /// How long connecting may take.
    pub connect_timeout: Option<Duration>,
    /// How long the whole may take.
    pub timeout: Option<Duration>,
}

/// The addresses of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// The name, or `*` for every one.
    pub host: String,
    /// For connections to this port.
    pub port: u16,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// A server that is asked in another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectTo {
    /// Where the URL names this host; any if none.
    pub host: Option<String>,
    /// Where the URL names this port; any if none.
    pub port: Option<u16>,
    /// The host that is connected to instead; the same if none.
    pub to_host: Option<String>,
    /// The port that is connected to instead; the same if none.
    pub to_port: Option<u16>,
}

/// Which addresses of a name are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressFamily {
    /// All.
    #[default]
    Any,
    /// Those of IPv4.
    Four,
    /// Those of IPv6.
    Six,
}

/// Which version of HTTP is spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpVersion {
    /// The newest that the server offers.
    #[default]
    Any,
    /// 1.1.
    One,
    /// 2, or 1.1 where the server does not offer it.
    Two,
    /// 2, without asking the server.
    TwoAtOnce,
}

pub(super) const OPTIONS: &[Followed] = &[
    valued("connect-timeout").takes(|draft, word| {
        draft.command.connection.connect_timeout = Some(seconds(word)?);
        Ok(())
    }),
    valued("connect-to").takes(|draft, word| {
        let entry = word.value.as_text().and_then(connect_to);
        let refusal = || {
            Refusal::new(
                "is no `HOST:PORT:HOST:PORT`",
                "write four fields, of which each may be empty; an IPv6 address stands in brackets",
            )
        };
        draft
            .command
            .connection
            .connect_to
            .push(entry.ok_or_else(refusal)?);
        Ok(())
    }),
    flag("http1.1").chooses(|draft| http(draft, HttpVersion::One)),
    flag("http2").chooses(|draft| http(draft, HttpVersion::Two)),
    flag("http2-prior-knowledge").chooses(|draft| http(draft, HttpVersion::TwoAtOnce)),
    flag("ipv4")
        .or('4')
        .chooses(|draft| family(draft, AddressFamily::Four)),
    flag("ipv6")
        .or('6')
        .chooses(|draft| family(draft, AddressFamily::Six)),
    valued("max-time").or('m').takes(|draft, word| {
        draft.command.connection.timeout = Some(seconds(word)?);
        Ok(())
    }),
    valued("resolve").takes(|draft, word| {
        let entry = word.value.as_text().and_then(resolve);
        let refusal = || {
            Refusal::new(
                "is no `HOST:PORT:ADDRESS`",
                "write a name, a port, and IP addresses with commas between them",
            )
        };
        draft
            .command
            .connection
            .resolve
            .push(entry.ok_or_else(refusal)?);
        Ok(())
    }),
];

fn http(draft: &mut Draft, version: HttpVersion) {
    draft.command.connection.http = version;
}

fn family(draft: &mut Draft, family: AddressFamily) {
    draft.command.connection.family = family;
}

/// A time in seconds with an optional fraction.
pub(super) fn seconds(word: &Word) -> Result<Duration, Refusal> {
    let digits = word
        .value
        .as_text()
        .filter(|text| text.chars().all(|one| one.is_ascii_digit() || one == '.'));
    let time = digits
        .and_then(|text| text.parse().ok())
        .and_then(|time| Duration::try_from_secs_f64(time).ok());
    time.ok_or_else(|| Refusal::new("is no time", "write seconds, such as `10` or `2.5`"))
}

/// `HOST:PORT:ADDRESS[,ADDRESS]…`, of which `+` before it only says when the entry is forgotten.
fn resolve(text: &str) -> Option<Resolve> {
    let (host, rest) = text.strip_prefix('+').unwrap_or(text).split_once(':')?;
    let (port, addresses) = rest.split_once(':')?;
    let address = |text: &str| without_brackets(text).parse().ok();
    let addresses = addresses.split(',').map(address);
    Some(Resolve {
        host: Some(host)
            .filter(|host| !host.is_empty() && !host.starts_with('-'))?
            .to_owned(),
        port: port.parse().ok()?,
        addresses: addresses.collect::<Option<_>>()?,
    })
}

fn connect_to(text: &str) -> Option<ConnectTo> {
    let (host, rest) = host(text)?;
    let (from, rest) = rest.split_once(':')?;
    let (to_host, to) = self::host(rest)?;
    let port = |text: &str| match text {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    };
    Some(ConnectTo {
        host,
        port: port(from)?,
        to_host,
        to_port: port(to)?,
    })
}

/// A host, with or without brackets, and what follows its colon.
fn host(text: &str) -> Option<(Option<String>, &str)> {
    let end = if text.starts_with('[') {
        text.find(']')? + 1
    } else {
        text.find(':')?
    };
    let (host, rest) = text.split_at(end);
    let named = Some(without_brackets(host)).filter(|host| !host.is_empty());
    Some((named.map(str::to_owned), rest.strip_prefix(':')?))
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}
