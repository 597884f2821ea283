//! Addresses that only a host itself reaches: on one that is reached over SSH, what listens at its loopback is asked through the connection.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use openssh::{ForwardType, Socket};
use url::{Host as Name, Url};

use super::Host;
use super::connection::{Connection, words};
use crate::gateway::Failure;

/// How often another port is tried: between choosing one and taking it, somebody else may have.
const TRIES: usize = 3;

impl Host {
    /// The URL by which something is asked that a node itself would ask at `url`.
    pub(in crate::gateway::live) async fn reached(&self, url: &str) -> Result<String, Failure> {
        let Self::There(there) = self else {
            return Ok(url.to_owned());
        };
        let Ok(mut parsed) = Url::parse(url) else {
            return Ok(url.to_owned());
        };
        let Some(port) = parsed
            .port_or_known_default()
            .filter(|_| is_loopback(&parsed))
        else {
            return Ok(url.to_owned());
        };
        let host = parsed.host_str().unwrap_or_default().to_owned();
        let forwarded = there.forwarded(&host, port).await?;
        // Neither can be refused: it is an address, and no `file:`.
        let _ = parsed.set_host(Some("127.0.0.1"));
        let _ = parsed.set_port(Some(forwarded));
        let text = parsed.to_string();
        // As it was written: a base URL has no slash behind it.
        Ok(if url.ends_with('/') {
            text
        } else {
            text.trim_end_matches('/').to_owned()
        })
    }
}

impl Host {
    /// Where a database is reached from here that the host itself finds at an address or in a directory of sockets.
    pub(in crate::gateway::live) async fn reached_database(
        &self,
        host: String,
        port: u16,
    ) -> Result<(String, u16), Failure> {
        let Self::There(there) = self else {
            return Ok((host, port));
        };
        let is_own =
            host.starts_with('/') || ["localhost", "127.0.0.1", "::1"].contains(&host.as_str());
        if !is_own {
            return Ok((host, port));
        }
        Ok(("127.0.0.1".to_owned(), there.forwarded(&host, port).await?))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Name::Domain(name)) => name == "localhost",
        Some(Name::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
        Some(Name::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Connection {
    /// A port of this machine that leads to one of the host's own, or to PostgreSQL's socket in one of its directories.
    async fn forwarded(&self, host: &str, port: u16) -> Result<u16, Failure> {
        let place = (host.to_owned(), port);
        if let Some(known) = self.forwards.borrow().get(&place) {
            return Ok(*known);
        }
        let mut why = String::new();
        for _ in 0..TRIES {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|one| one.local_addr());
            let free = match free {
                Ok(address) => address,
                Err(error) => {
                    why = error.to_string();
                    continue;
                }
            };
            let there = if host.starts_with('/') {
                let path = Path::new(host).join(format!(".s.PGSQL.{port}"));
                Socket::UnixSocket { path: path.into() }
            } else {
                let host = host.trim_matches(['[', ']']).to_owned().into();
                Socket::TcpSocket { host, port }
            };
            let asked = self
                .session
                .request_port_forward(ForwardType::Local, free, there);
            match asked.await {
                Ok(()) => {
                    self.forwards.borrow_mut().insert(place, free.port());
                    return Ok(free.port());
                }
                Err(error) => why = words(&error),
            }
        }
        let message = format!(
            "`{host}:{port}` of `{}` cannot be reached through the connection: {why}",
            self.destination
        );
        Err(Failure::new("host.forward", message)
            .hint("the server must allow it (`AllowTcpForwarding`), or the environment file name an address that is reached from here"))
    }
}
