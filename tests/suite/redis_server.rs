//! A real Redis on loopback, for one test.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cutover::environment::{Redis, Tls};

use crate::harness::KeptPort;

/// A server that ends with the test and writes nothing to disk.
pub(crate) struct RedisServer {
    child: Child,
    pub(crate) port: u16,
}

impl RedisServer {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        let kept = KeptPort::any();
        Self::at(kept.port, &[]).expect("Redis starts")
    }

    /// Starts one on this port; nothing if it ended instead.
    pub(crate) fn at(port: u16, options: &[&str]) -> Option<Self> {
        let number = port.to_string();
        Self::listening(port, &[&["--port", &number], options].concat())
    }

    /// The same, told in `options` how it listens there.
    pub(crate) fn listening(port: u16, options: &[&str]) -> Option<Self> {
        let child = Command::new("/usr/bin/redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--dir", "/"])
            .args(options)
            .stdout(Stdio::null())
            .spawn();
        let mut server = Self {
            child: child.expect("Redis is installed"),
            port,
        };
        for _ in 0..1_000 {
            if server.child.try_wait().expect("asked").is_some() {
                return None;
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// As an environment file describes it.
    pub(crate) fn settings(&self) -> Redis {
        Redis {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            called: None,
            user: None,
            password: None,
            tls: Tls::Off,
            ca: None,
        }
    }

    /// A connection of the test's own.
    pub(crate) fn connected(&self) -> redis::Connection {
        let client = redis::Client::open(("127.0.0.1", self.port)).expect("an address");
        client.get_connection().expect("Redis listens")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
