//! Who listens where, as `ss` tells it. After `ss(8)`; recorded from iproute2 6.1. Processes of others are told to root only.

use std::net::IpAddr;

use serde::Serialize;

/// The question whose answer [`listeners`] reads.
pub const LISTENERS: [&str; 2] = ["ss", "-Hltnp"];

/// A port on which somebody listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listener {
    /// The address.
    pub bound: Bound,
    /// The interface, where it is only one.
    pub interface: Option<String>,
    /// The port.
    pub port: u16,
    /// The processes that have it; none where the asker may not know.
    pub processes: Vec<Process>,
}

/// Where somebody listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// On all addresses of both protocols.
    Everywhere,
    /// On this one; `0.0.0.0` and `::` are all of their protocol.
    Address(IpAddr),
}

/// A process with a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Process {
    /// Its name, which it can choose.
    pub name: String,
    /// Its number.
    pub process: u32,
    /// The number that the listener has in it.
    pub descriptor: u32,
}

/// A line that tells of no listener.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `ss` tells of no listener: `{text}`")]
pub struct ListenersError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`LISTENERS`].
pub fn listeners(answer: &str) -> Result<Vec<Listener>, ListenersError> {
    let lines = answer.lines().zip(1..);
    let read = |(text, line): (&str, usize)| {
        of(text).ok_or_else(|| ListenersError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// State, two queues, our side, the other side, and the processes.
fn of(text: &str) -> Option<Listener> {
    let (front, users) = match text.find("users:((") {
        Some(at) => (&text[..at], processes(text[at..].trim_end())?),
        None => (text, Vec::new()),
    };
    let mut words = front.split_whitespace();
    let state = words.next()?;
    let local = words.nth(2)?;
    let (address, port) = local.rsplit_once(':')?;
    let (address, interface) = match address.split_once('%') {
        Some((address, interface)) => (address, Some(interface)),
        None => (address, None),
    };
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let bound = match address {
        "*" => Bound::Everywhere,
        address => Bound::Address(address.parse().ok()?),
    };
    (state == "LISTEN").then_some(Listener {
        bound,
        interface: interface.map(|name| name.trim_end_matches(']').to_owned()),
        port: port.parse().ok()?,
        processes: users,
    })
}

/// `users:(("nginx",pid=1234,fd=6),("nginx",pid=1235,fd=6))`. A name is not escaped, whatever is in it.
fn processes(text: &str) -> Option<Vec<Process>> {
    let mut rest = text.strip_prefix("users:(")?.strip_suffix(')')?;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (name, behind) = rest.strip_prefix("(\"")?.split_once("\",pid=")?;
        let (numbers, behind) = behind.split_once(')')?;
        let (process, descriptor) = numbers.split_once(",fd=")?;
        all.push(Process {
            name: name.to_owned(),
            process: process.parse().ok()?,
            descriptor: descriptor.parse().ok()?,
        });
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_listeners_are_read() {
        let read =
            listeners(include_str!("../../../tests/fixtures/host/facts/ss.txt")).expect("read");
        let told = read.iter().map(|one| {
            let bound = match one.bound {
                Bound::Everywhere => "*".to_owned(),
                Bound::Address(address) => address.to_string(),
            };
            let interface = one.interface.clone().unwrap_or_default();
            let processes: Vec<_> = one
                .processes
                .iter()
                .map(|one| format!("{}/{}/{}", one.name, one.process, one.descriptor))
                .collect();
            format!("{bound} {interface} {} {}", one.port, processes.join(" "))
        });
        let both = |descriptor: u32| {
            format!("nginx: \"a\" (b/18253/{descriptor} python3/18200/{descriptor}")
        };
        let seen = [
            format!("0.0.0.0  18000 {}", both(3)),
            "0.0.0.0  2024 ".to_owned(),
            format!("127.0.0.1  18001 {}", both(4)),
            "127.0.0.1 lo 18555 python3/18200/8".to_owned(),
            format!("::1  18444 {}", both(7)),
            format!("::  18000 {}", both(6)),
            format!("*  18002 {}", both(5)),
        ];
        assert!(told.eq(seen));
        assert_eq!(listeners(""), Ok(vec![]));
    }

    #[test]
    fn an_address_of_a_link_is_read() {
        // After ss(8), not recorded: the test machine has no such address.
        let read = listeners("LISTEN 0 128 [fe80::1%eth0]:8000 [::]:*").expect("read");
        assert_eq!(read[0].interface.as_deref(), Some("eth0"));
        assert_eq!(
            read[0].bound,
            Bound::Address("fe80::1".parse().expect("an address"))
        );
    }

    #[test]
    fn other_lines_are_errors() {
        for text in [
            "State Recv-Q Send-Q Local Address:Port Peer Address:Port",
            "ESTAB 0 0 1.2.3.4:1 1.2.3.4:2",
            "LISTEN 0 0 x:1 y:2",
            "LISTEN 0 0",
        ] {
            assert!(listeners(text).is_err(), "{text}");
        }
    }
}
