//! Servers at work: each on a thread of its own, until it is dropped.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::place::stand;
use super::{Address, Hostile, bombs, certificates};

/// Where servers are started.
pub(crate) struct Servers;

/// A server that is up. It ends when this is dropped.
pub(crate) struct Running {
    /// What to ask.
    pub(crate) url: String,
    /// The authority to trust, where the address is `https://`. Whether it signed the server's certificate is another question.
    pub(crate) ca_pem: Option<String>,
    said: Arc<AtomicU64>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Servers {
    pub(crate) fn start(hostile: &Hostile) -> Running {
        let hostile = *hostile;
        bombs::prepare(hostile.moves);
        let said = Arc::new(AtomicU64::new(0));
        let (end, ended) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let counted = Arc::clone(&said);
        let work = async move {
            tokio::select! {
                stood = stand(&hostile, tell, &counted) => stood.expect("a port of this machine"),
                // Nothing is ever sent: that the sender is dropped is the sign.
                _ = ended => {}
            }
        };
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(work);
        });
        let port = told.recv().expect("the server is up");
        let has_tls = matches!(hostile.address, Address::Tls(_) | Address::InPlaceOfTls);
        Running {
            url: url(hostile.address, port),
            ca_pem: has_tls.then(certificates::ca_pem),
            said,
            end: Some(end),
            thread: Some(thread),
        }
    }
}

impl Running {
    /// How many bytes were said so far, on all connections: what the client and the system took of it.
    pub(crate) fn said(&self) -> u64 {
        self.said.load(Ordering::Relaxed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // The thread told itself what went wrong there, and a second panic would hide the first.
            drop(thread.join());
        }
    }
}

fn url(address: Address, port: u16) -> String {
    match address {
        Address::Plain | Address::Refused | Address::Full => format!("http://127.0.0.1:{port}/"),
        Address::Tls(_) | Address::InPlaceOfTls => format!("https://127.0.0.1:{port}/"),
        // A label of more than 63 bytes is in no zone, so resolvers say that at once and ask nobody.
        Address::Unresolvable => format!("http://{}.test:{port}/", "n".repeat(64)),
        // To the broadcast address TCP has no way, whatever networks a machine has.
        Address::Unroutable => format!("http://255.255.255.255:{port}/"),
    }
}
