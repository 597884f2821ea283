//! Clients that keep their connections and tell of each request that fails how: one that met a connection which was being closed, before
//! any byte of an answer, or any other way.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::behind_a_balancer::unlimited;
use crate::practice_cluster::PracticeCluster;

const CLIENTS: usize = 4;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Such clients, at work.
pub(crate) struct Kept {
    is_over: Arc<AtomicBool>,
    asking: Vec<JoinHandle<Account>>,
}

/// What became of their requests.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) asked: usize,
    /// Written into a kept connection that was closed before it brought a byte: the race that HTTP leaves to clients.
    pub(crate) raced: usize,
    /// What else failed, in words.
    pub(crate) otherwise: Vec<String>,
}

/// How a request failed.
enum Failed {
    /// The connection was closed before any byte of an answer.
    Closed,
    Otherwise(String),
}

impl Kept {
    pub(crate) fn of(cluster: &PracticeCluster) -> Self {
        let (address, path) = unlimited(cluster);
        let is_over = Arc::new(AtomicBool::new(false));
        let ask = |_| {
            let (over, address, path) = (Arc::clone(&is_over), address.clone(), path.clone());
            std::thread::spawn(move || ask_on(&over, &address, &path))
        };
        let asking = (0..CLIENTS).map(ask).collect();
        Self { is_over, asking }
    }

    pub(crate) fn stop(self) -> Account {
        self.is_over.store(true, Ordering::Relaxed);
        let all = self.asking.into_iter().map(JoinHandle::join);
        all.fold(Account::default(), |mut sum, one| {
            let one = one.expect("asked to the end");
            sum.asked += one.asked;
            sum.raced += one.raced;
            sum.otherwise.extend(one.otherwise);
            sum
        })
    }
}

fn ask_on(is_over: &AtomicBool, address: &str, path: &str) -> Account {
    let mut account = Account::default();
    let mut kept: Option<TcpStream> = None;
    while !is_over.load(Ordering::Relaxed) {
        account.asked += 1;
        // As clients do that share connections: one that was closed meanwhile is not used again.
        let usable = kept.take().filter(is_open);
        let was_kept = usable.is_some();
        let asked = usable
            .map_or_else(|| connect(address), Ok)
            .and_then(|stream| ask(stream, address, path));
        match asked {
            Ok(stream) => kept = stream,
            Err(Failed::Closed) if was_kept => account.raced += 1,
            Err(Failed::Closed) => account
                .otherwise
                .push("a new connection was closed without an answer".to_owned()),
            Err(Failed::Otherwise(how)) => account.otherwise.push(how),
        }
        std::thread::sleep(Duration::from_millis(4));
    }
    account
}

fn is_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a mode");
    let nothing = stream.peek(&mut [0]);
    stream.set_nonblocking(false).expect("a mode");
    nothing.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn connect(address: &str) -> Result<TcpStream, Failed> {
    let refused = |error| Failed::Otherwise(format!("no connection: {error}"));
    let stream = TcpStream::connect(address).map_err(refused)?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    Ok(stream)
}

/// Asks once; the connection, where it may be kept.
fn ask(mut stream: TcpStream, address: &str, path: &str) -> Result<Option<TcpStream>, Failed> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut answer = Vec::new();
    let broken = |error: &std::io::Error, so_far: &[u8]| match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe if so_far.is_empty() => Failed::Closed,
        _ => Failed::Otherwise(format!("after {} bytes: {error}", so_far.len())),
    };
    stream
        .write_all(request.as_bytes())
        .map_err(|error| broken(&error, &answer))?;
    while !is_whole(&answer) {
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) if answer.is_empty() => return Err(Failed::Closed),
            Ok(0) => {
                let cut = format!("cut off after {} bytes", answer.len());
                return Err(Failed::Otherwise(cut));
            }
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(error) => return Err(broken(&error, &answer)),
        }
    }
    let text = String::from_utf8_lossy(&answer).to_lowercase();
    if !text.starts_with("http/1.1 200") {
        let line = text.lines().next().unwrap_or_default();
        return Err(Failed::Otherwise(line.to_owned()));
    }
    Ok((!text.contains("\r\nconnection: close\r\n")).then_some(stream))
}

/// Whether an answer is there to its end.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    match head.split("\r\ncontent-length: ").nth(1) {
        Some(length) => {
            let length = length.split("\r\n").next().unwrap_or_default();
            let length: usize = length.parse().expect("a length");
            let begins = answer.windows(4).position(|four| four == b"\r\n\r\n");
            answer.len() >= begins.map_or(0, |begins| begins + 4) + length
        }
        None => text.ends_with("\r\n0\r\n\r\n"),
    }
}
