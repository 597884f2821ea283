//! HAProxy's runtime interface: one command a connection, a text for an answer.
//!
//! The commands are those of HAProxy's management guide, "9.3. Unix Socket commands". Tables are read by the names of their columns,
//! since each version adds some. This room knows no environment and decides nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long one command may take. HAProxy answers in milliseconds; one that is being reloaded, in a few more.
const DEADLINE: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes: a server's line has some 600.
const LONGEST: u64 = 64 << 20;

/// Bits of `srv_admin_state`: forced or inherited maintenance, and maintenance since a name could not be resolved. That the configuration
/// disables a server (0x04) says nothing: it comes with the first bit, and stays when somebody has enabled the server since.
const MAINTENANCE: u32 = 0x01 | 0x02 | 0x20;

/// Bits of `srv_admin_state`: forced or inherited drain.
const DRAIN: u32 = 0x08 | 0x10;

/// Values of `srv_op_state` at which a server gets requests: starting, in a slow start, and running.
const SERVING: [u32; 2] = [1, 2];

/// Where the interface is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Socket(PathBuf),
    /// `host:port`.
    Tcp(String),
}

impl Address {
    /// A path, which holds a `/`, or `host:port`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.contains('/') {
            Self::Socket(PathBuf::from(text))
        } else {
            Self::Tcp(text.to_owned())
        }
    }
}

/// What an operator made of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Administrative {
    /// It gets requests, if it is up.
    Ready,
    /// It gets no new ones.
    Drain,
    /// It gets none and is not checked.
    Maintenance,
}

/// A server of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its weight as set, 0 to 256.
    pub weight: u16,
    /// What it was told to be.
    pub administrative: Administrative,
    /// Whether its checks let it have requests; true where it has none.
    pub is_up: bool,
    /// Requests that it answers now, and that wait for it.
    pub in_flight: u64,
}

/// Why HAProxy was of no help.
#[derive(Debug, thiserror::Error)]
pub enum HaproxyError {
    /// Nobody answers.
    #[error("HAProxy does not answer at `{address}`: {source}")]
    Unreachable {
        /// The socket.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// It answered that it will not.
    #[error("HAProxy refuses `{command}`: {answer}")]
    Refused {
        /// The command.
        command: String,
        /// Its words.
        answer: String,
    },
    /// It answered something that is not as its guide says.
    #[error("HAProxy answers `{command}` with a table without {lacking}")]
    Shape {
        /// The command.
        command: String,
        /// What is missing.
        lacking: String,
    },
}

/// A running HAProxy.
#[derive(Debug, Clone)]
pub struct Haproxy {
    address: Address,
}

impl Haproxy {
    /// The one that listens at `address`.
    #[must_use]
    pub fn at(address: Address) -> Self {
        Self { address }
    }

    /// The server `server` of `backend`; `None` if the backend has no such server.
    pub async fn server(
        &self,
        backend: &str,
        server: &str,
    ) -> Result<Option<Server>, HaproxyError> {
        let command = format!("show servers state {backend}");
        let state = self.ask(&command).await?;
        let Some(row) = row(&state_table(&state), "srv_name", server) else {
            // Anything but a table is a refusal, such as `Can't find backend.`.
            if !state.contains("srv_name") {
                return Err(refused(&command, &state));
            }
            return Ok(None);
        };
        let number = |column: &str| number(&row, column, &command);
        let flags = u32::try_from(number("srv_admin_state")?).unwrap_or_default();
        let operational = u32::try_from(number("srv_op_state")?).unwrap_or_default();
        let administrative = if flags & MAINTENANCE != 0 {
            Administrative::Maintenance
        } else if flags & DRAIN != 0 {
            Administrative::Drain
        } else {
            Administrative::Ready
        };
        Ok(Some(Server {
            weight: u16::try_from(number("srv_uweight")?).unwrap_or(u16::MAX),
            administrative,
            is_up: SERVING.contains(&operational),
            in_flight: self.in_flight(backend, server).await?,
        }))
    }

    /// The names of the servers of `backend`.
    pub async fn servers(&self, backend: &str) -> Result<Vec<String>, HaproxyError> {
        let command = format!("show servers state {backend}");
        let state = self.ask(&command).await?;
        if !state.contains("srv_name") {
            return Err(refused(&command, &state));
        }
        let mut rows = state_table(&state);
        Ok(rows
            .iter_mut()
            .filter_map(|row| row.remove("srv_name"))
            .collect())
    }

    /// Sets a server's weight, 0 to 256.
    pub async fn set_weight(
        &self,
        backend: &str,
        server: &str,
        weight: u16,
    ) -> Result<(), HaproxyError> {
        self.set(&format!("set server {backend}/{server} weight {weight}"))
            .await
    }

    /// Lets a server have requests, or no new ones.
    pub async fn set_state(
        &self,
        backend: &str,
        server: &str,
        drains: bool,
    ) -> Result<(), HaproxyError> {
        let state = if drains { "drain" } else { "ready" };
        self.set(&format!("set server {backend}/{server} state {state}"))
            .await
    }

    /// What the map that HAProxy knows by the name `map` has for `key`; `None` if it has no such key.
    pub async fn map_value(&self, map: &str, key: &str) -> Result<Option<String>, HaproxyError> {
        let command = format!("show map {map}");
        let entries = self.ask(&command).await?;
        // An entry is where it stands in memory, its key, its value. Of a key that stands there twice HAProxy uses the first.
        let mut found = None;
        for entry in entries.lines().filter(|line| !line.trim().is_empty()) {
            let mut words = entry.splitn(3, ' ');
            let is_entry = words.next().is_some_and(|word| word.starts_with("0x"));
            let (Some(its_key), Some(value), true) = (words.next(), words.next(), is_entry) else {
                return Err(refused(&command, &entries));
            };
            if its_key == key && found.is_none() {
                found = Some(value.trim().to_owned());
            }
        }
        Ok(found)
    }

    /// Gives a key that a map has another value: from the next request on.
    pub async fn set_map(&self, map: &str, key: &str, value: &str) -> Result<(), HaproxyError> {
        self.set(&format!("set map {map} {key} {value}")).await
    }

    /// The states of all servers, in the form that HAProxy reads again when it starts.
    pub async fn all_states(&self) -> Result<String, HaproxyError> {
        let command = "show servers state";
        let states = self.ask(command).await?;
        if states.contains("srv_name") {
            Ok(states)
        } else {
            Err(refused(command, &states))
        }
    }

    async fn in_flight(&self, backend: &str, server: &str) -> Result<u64, HaproxyError> {
        // Of every proxy (-1) the servers (4), of these all (-1).
        let command = "show stat -1 4 -1";
        let answer = self.ask(command).await?;
        let shape = |lacking: &str| HaproxyError::Shape {
            command: command.to_owned(),
            lacking: lacking.to_owned(),
        };
        let table = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(answer.trim_start_matches("# ").as_bytes())
            .into_deserialize()
            .filter_map(Result::ok)
            .collect::<Vec<BTreeMap<String, String>>>();
        let row = table
            .into_iter()
            .find(|row| {
                row.get("pxname").is_some_and(|name| name == backend)
                    && row.get("svname").is_some_and(|name| name == server)
            })
            .ok_or_else(|| shape(&format!("the server `{backend}/{server}`")))?;
        Ok(number(&row, "scur", command)? + number(&row, "qcur", command)?)
    }

    /// A command that answers nothing where it is obeyed.
    async fn set(&self, command: &str) -> Result<(), HaproxyError> {
        let answer = self.ask(command).await?;
        if answer.trim().is_empty() {
            Ok(())
        } else {
            Err(refused(command, &answer))
        }
    }

    /// Sends a command and reads to the end of the answer.
    async fn ask(&self, command: &str) -> Result<String, HaproxyError> {
        let conversation = async {
            match &self.address {
                Address::Socket(path) => converse(UnixStream::connect(path).await?, command).await,
                Address::Tcp(address) => {
                    converse(TcpStream::connect(address).await?, command).await
                }
            }
        };
        let answered = timeout(DEADLINE, conversation).await;
        answered
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|source| HaproxyError::Unreachable {
                address: match &self.address {
                    Address::Socket(path) => path.display().to_string(),
                    Address::Tcp(address) => address.clone(),
                },
                source,
            })
    }
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    command: &str,
) -> io::Result<String> {
    stream.write_all(format!("{command}\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn refused(command: &str, answer: &str) -> HaproxyError {
    HaproxyError::Refused {
        command: command.to_owned(),
        answer: answer.trim().to_owned(),
    }
}

/// The rows of `show servers state`: a version, the columns' names behind a `#`, a line a server.
fn state_table(answer: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = answer.lines().skip_while(|line| !line.starts_with('#'));
    let names: Vec<&str> = lines
        .next()
        .map(|line| line.trim_start_matches('#').split_whitespace().collect())
        .unwrap_or_default();
    let row = |line: &str| {
        let cells = line.split_whitespace().map(str::to_owned);
        names
            .iter()
            .map(|name| (*name).to_owned())
            .zip(cells)
            .collect()
    };
    lines.filter(|line| !line.is_empty()).map(row).collect()
}

fn row(
    table: &[BTreeMap<String, String>],
    column: &str,
    value: &str,
) -> Option<BTreeMap<String, String>> {
    let is_it = |row: &&BTreeMap<String, String>| row.get(column).is_some_and(|cell| cell == value);
    table.iter().find(is_it).cloned()
}

fn number(
    row: &BTreeMap<String, String>,
    column: &str,
    command: &str,
) -> Result<u64, HaproxyError> {
    let cell = row.get(column).and_then(|cell| cell.parse().ok());
    cell.ok_or_else(|| HaproxyError::Shape {
        command: command.to_owned(),
        lacking: format!("a number `{column}`"),
    })
}
