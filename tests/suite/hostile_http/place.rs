//! What stands at a server's port: one that takes connections and plays on each, or something that keeps the port from doing so.

use std::future::pending;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::player::{LONGEST, MOST, Player};
use super::stream::Stream;
use super::{Address, Hostile, certificates};

/// How many connections may wait to be taken.
const QUEUE: u32 = 128;

/// How long a connection waits that nobody takes, when a queue is filled, before the queue is held to be full.
const UNANSWERED: Duration = Duration::from_millis(100);

/// Stands there for ever. The port is told as soon as all that the server needs is ready.
pub(super) async fn stand(
    hostile: &Hostile,
    tell: Sender<u16>,
    said: &Arc<AtomicU64>,
) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let port = socket.local_addr()?.port();
    let ready = || tell.send(port).map_err(io::Error::other);
    match hostile.address {
        Address::Plain | Address::InPlaceOfTls => {
            let listener = socket.listen(QUEUE)?;
            ready()?;
            serve(&listener, None, hostile, said).await
        }
        Address::Tls(tls) => {
            let acceptor = TlsAcceptor::from(Arc::new(certificates::configuration(tls)));
            let listener = socket.listen(QUEUE)?;
            ready()?;
            serve(&listener, Some(&acceptor), hostile, said).await
        }
        Address::Full => {
            let listener = socket.listen(0)?;
            let waiting = fill(port).await?;
            ready()?;
            pending::<()>().await;
            drop((listener, waiting));
            Ok(())
        }
        Address::Refused | Address::Unresolvable | Address::Unroutable => {
            ready()?;
            pending::<()>().await;
            // Until here it keeps others from getting the port.
            drop(socket);
            Ok(())
        }
    }
}

/// Connects until that is no longer answered.
async fn fill(port: u16) -> io::Result<Vec<TcpStream>> {
    let mut waiting = Vec::new();
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    while let Ok(connected) = timeout(UNANSWERED, connect()).await {
        waiting.push(connected?);
    }
    Ok(waiting)
}

async fn serve(
    listener: &TcpListener,
    acceptor: Option<&TlsAcceptor>,
    hostile: &Hostile,
    said: &Arc<AtomicU64>,
) -> io::Result<()> {
    let (moves, ends) = (hostile.moves, hostile.ends);
    let mut playing = JoinSet::new();
    let mut before = 0;
    loop {
        let (tcp, _) = listener.accept().await?;
        let (acceptor, said) = (acceptor.cloned(), Arc::clone(said));
        let play = async move {
            // What is said byte by byte is to arrive so.
            tcp.set_nodelay(true)?;
            let stream = match acceptor {
                Some(acceptor) => Stream::Tls(Box::new(acceptor.accept(tcp).await?)),
                None => Stream::Plain(tcp),
            };
            let player = Player {
                stream,
                before,
                said,
                left: MOST,
            };
            player.play(moves, ends).await
        };
        // However it ends, there is nobody here who has to know.
        playing.spawn(timeout(LONGEST, play));
        before += 1;
    }
}
