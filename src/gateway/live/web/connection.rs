//! A connection of a request's own: addresses, TCP, encryption.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::phase::{Phase, Progress};
use crate::gateway::Failure;
use crate::gateway::live::outside;

/// The server of a URL, as `host:port`.
pub(super) fn address(url: &Url) -> Option<String> {
    let port = url.port_or_known_default()?;
    Some(format!("{}:{port}", url.host_str()?))
}

/// The addresses of `server` (`host:port`), of those that a playbook may ask where it leads out of the environment.
async fn addresses(server: &str, is_outside: bool) -> std::io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host(server).await?;
    if !is_outside {
        return Ok(found.collect());
    }
    let name = server.rsplit_once(':').map_or(server, |(name, _)| name);
    if name.parse::<std::net::IpAddr>().is_ok() || name.starts_with('[') {
        // An address was looked at as it is written; the rule for names is about what a name leads to.
        return Ok(found.collect());
    }
    outside::kept(name, found)
}

/// Connects to one of the server's addresses, in turn. Each has its share of the time, so that one that swallows everything does not
/// take that of the next.
pub(super) async fn connect(
    url: &Url,
    server: Option<&str>,
    is_outside: bool,
    within: Option<Duration>,
    progress: &Progress,
) -> Result<TcpStream, Failure> {
    let unreachable = |why: &str| {
        let message = format!("no answer from `{url}`: {why}");
        Failure::new("http.unreachable", message)
    };
    let own = address(url);
    let server = (server.or(own.as_deref())).ok_or_else(|| unreachable("it names no server"))?;
    progress.reach(Phase::Resolving);
    let found = addresses(server, is_outside).await;
    let found = found.map_err(|error| unreachable(&error.to_string()))?;
    progress.reach(Phase::Connecting);
    let share = within.map(|within| within / u32::try_from(found.len().max(1)).unwrap_or(1));
    let mut last = unreachable("the name has no address");
    for address in found {
        let connecting = TcpStream::connect(address);
        let connected = match share {
            None => connecting.await,
            Some(share) => tokio::time::timeout(share, connecting)
                .await
                .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())),
        };
        match connected {
            Ok(stream) => {
                // A small request goes out at once. Where that cannot be set, it goes out a little later.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                let message =
                    format!("no whole answer from `{url}`: still connecting to {address}");
                last = Failure::new("http.timeout", message);
            }
            Err(error) => last = unreachable(&error.to_string()),
        }
    }
    Err(last)
}

/// A stream, encrypted or not, of which only so much is read until the answer has begun.
pub(super) struct Stream {
    inner: Inner,
    allowance: Allowance,
}

enum Inner {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// How many bytes may still come before the answer: answers that only announce it (1xx) may come without end, and are read over by the
/// library.
#[derive(Clone)]
pub(super) struct Allowance(Arc<AtomicUsize>);

/// As many.
const BEFORE_ANSWER: usize = 512 << 10;

/// What the error says that ends it.
pub(super) const TOO_MUCH: &str = "too much came before the head of the answer";

impl Allowance {
    /// The answer is there, and its body has a limit of its own.
    pub(super) fn lift(&self) {
        self.0.store(usize::MAX, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> std::io::Result<()> {
        let left = self.0.load(Ordering::Relaxed);
        if left == usize::MAX {
            return Ok(());
        }
        let left = left
            .checked_sub(bytes)
            .ok_or_else(|| std::io::Error::other(TOO_MUCH))?;
        self.0.store(left, Ordering::Relaxed);
        Ok(())
    }
}

/// Agrees on encryption with the server of `url`.
pub(super) async fn encrypt(
    stream: TcpStream,
    url: &Url,
    config: &Arc<ClientConfig>,
    progress: &Progress,
) -> Result<Stream, Failure> {
    progress.reach(Phase::Encrypting);
    let refused = |why: String| {
        let message = format!("no encrypted connection (TLS) to `{url}`: {why}");
        Failure::new("http.tls", message)
    };
    let name = match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        Some(Host::Ipv4(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
        Some(Host::Ipv6(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
        None => None,
    };
    let name =
        name.ok_or_else(|| refused("its name is none that a certificate can bear".to_owned()))?;
    let connector = TlsConnector::from(Arc::clone(config));
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(Stream::new(Inner::Encrypted(Box::new(stream)))),
        Err(error) => {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            if let Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) =
                inner
            {
                return Err(other_version(url));
            }
            Err(refused(match error.kind() {
                ErrorKind::UnexpectedEof => {
                    "the server closed the connection in the handshake".to_owned()
                }
                ErrorKind::ConnectionReset => {
                    "the server reset the connection in the handshake".to_owned()
                }
                _ => error.to_string(),
            }))
        }
    }
}

/// The server does not speak the version of HTTP that was asked for.
pub(super) fn other_version(url: &Url) -> Failure {
    let message = format!("`{url}` does not speak HTTP/2");
    Failure::new("http.version", message)
        .hint("leave `http` out of the request where HTTP/1.1 will do")
}

impl Stream {
    fn new(inner: Inner) -> Self {
        let allowance = Allowance(Arc::new(AtomicUsize::new(BEFORE_ANSWER)));
        Self { inner, allowance }
    }

    /// One that is not encrypted.
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self::new(Inner::Plain(stream))
    }

    /// What of it may still be read before the answer.
    pub(super) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }

    /// The certificate that the server showed.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        match &self.inner {
            Inner::Plain(_) => None,
            Inner::Encrypted(stream) => {
                let (_, session) = stream.get_ref();
                let shown = session.peer_certificates()?.first()?;
                Some(shown.to_vec())
            }
        }
    }

    /// Whether both sides agreed on HTTP/2.
    pub(super) fn agreed_on_two(&self) -> bool {
        match &self.inner {
            Inner::Plain(_) => false,
            Inner::Encrypted(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = match &mut this.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Encrypted(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if let Err(error) = this.allowance.take(buffer.filled().len() - before) {
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match &mut self.get_mut().inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Encrypted(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.get_mut().inner {
            Inner::Plain(stream) => Pin::new(stream).poll_flush(context),
            Inner::Encrypted(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.get_mut().inner {
            Inner::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Encrypted(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
