//! Requests that lead out of the environment: what a playbook names, and not the inventory.
//!
//! The grant speaks of a URL; a server is an address. So the address is looked at too, once for each request, and the connection
//! goes to what was looked at: a name that answers something else the next time leads nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use crate::gateway::Failure;

/// Where clouds answer with credentials to whoever asks, beside the link-local addresses.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// The addresses of `name` that may be asked; an error where there is none.
pub(super) fn kept(
    name: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, std::io::Error> {
    // Only the name that means this machine leads to it: another one that does is a trick, or a mistake.
    let this_machine = name.trim_end_matches('.').eq_ignore_ascii_case("localhost");
    let kept: Vec<SocketAddr> = found
        .filter(|address| {
            let address = address.ip().to_canonical();
            admits(address) && (this_machine || !address.is_loopback())
        })
        .collect();
    if kept.is_empty() {
        let problem = format!("`{name}` leads to no address that a playbook may ask");
        return Err(std::io::Error::other(problem));
    }
    Ok(kept)
}

/// Looks at a URL before it is asked: what the resolver never sees, and what servers read in two ways.
pub(super) fn look_at(url: &str) -> Result<(), Failure> {
    let refused = |why: &str| Err(Failure::new("http.request", format!("`{url}` {why}")));
    let Ok(parsed) = Url::parse(url) else {
        return refused("is not a URL");
    };
    if !matches!(parsed.scheme(), "http" | "https") {
        return refused("is neither `http` nor `https`");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return refused("names a user");
    }
    let path = parsed.path().to_ascii_lowercase();
    if ["%2f", "%5c", "%00"]
        .iter()
        .any(|hidden| path.contains(hidden))
    {
        return refused("hides a separator in its path");
    }
    let literal = match parsed.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return refused("names no host"),
    };
    if literal.is_some_and(|address| !admits(address.to_canonical())) {
        return refused("leads to an address that a playbook may not ask");
    }
    Ok(())
}

/// Whether a server that a playbook may ask can be at `address`.
fn admits(address: IpAddr) -> bool {
    let plain = match address {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_broadcast() || v4.is_multicast() || v4.octets()[0] == 0)
        }
        IpAddr::V6(v6) => {
            let inner = embedded(v6).map(IpAddr::V4);
            !(v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast())
                && inner.is_none_or(|inner| admits(inner) && !inner.is_loopback())
        }
    };
    plain && !METADATA.contains(&address)
}

/// The address of the old kind inside one of the new kind, as translators of networks write it (RFC 6052, RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, ..] = address.segments();
    let octets = address.octets();
    match (a, b, c, d) {
        (0x64, 0xff9b, 0, 0) | (0, 0, 0, 0) if address != Ipv6Addr::LOCALHOST => Some(
            Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]),
        ),
        (0x2002, ..) => Some(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> impl Iterator<Item = SocketAddr> {
        let parsed: Vec<SocketAddr> = texts
            .iter()
            .map(|text| SocketAddr::new(text.parse().expect("an address"), 80))
            .collect();
        parsed.into_iter()
    }

    #[test]
    fn addresses_that_answer_with_credentials_are_never_asked() {
        for url in [
            "http://169.254.169.254/latest/meta-data/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://169.254.43518/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::]/",
            "http://[::169.254.169.254]/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://0.0.0.0/",
            "http://0/",
            "http://[::]/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
        ] {
            assert!(look_at(url).is_err(), "{url}");
        }
        for url in [
            "http://10.0.0.11:8000/x",
            "https://kong.internal/",
            "http://127.0.0.1:1/",
            "http://[::1]/",
        ] {
            assert!(look_at(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_asked() {
        for url in [
            "http://user@kong.internal/",
            "http://user:word@kong.internal/",
            "http://kong.internal/public/..%2fadmin",
            "http://kong.internal/public/..%5Cadmin",
            "http://kong.internal/%00",
            "ftp://kong.internal/",
            "file:///etc/passwd",
            "unix:///run/docker.sock",
            "kong.internal/path",
            "http://",
        ] {
            assert!(look_at(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_name_that_turns_to_another_place_is_not_followed() {
        let kept = |name: &str, texts: &[&str]| {
            super::kept(name, addresses(texts))
                .map(|kept| kept.len())
                .ok()
        };
        assert_eq!(
            kept("kong.internal", &["10.0.0.11", "169.254.169.254"]),
            Some(1)
        );
        assert_eq!(kept("kong.internal", &["169.254.169.254"]), None);
        assert_eq!(kept("kong.internal", &["127.0.0.1", "::1"]), None);
        assert_eq!(kept("kong.internal", &["::ffff:127.0.0.1"]), None);
        assert_eq!(kept("localhost", &["127.0.0.1", "::1"]), Some(2));
    }
}
