//! The little HTTP that every server of the practice cluster shares: listening, ending gracefully, whole bodies, a client.
//!
//! Bodies are held in memory, which is right for practice traffic and for nothing else. It knows no paths and no Kong.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A request as a server of the practice cluster receives it; its extensions hold a [`Peer`].
pub type Asked = Request<Incoming>;

/// An answer with its whole body.
pub type Answer = Response<Full<Bytes>>;

/// A client that keeps its connections.
pub type Client = legacy::Client<HttpConnector, Full<Bytes>>;

/// Bodies above this size are refused: practice traffic is small, and memory is not endless.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Who sent a request: the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Binds `address` (port 0 picks a free one) and says which address that became.
pub async fn bind(address: &str) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Serves until `stop` turns true (or its sender is gone), then finishes the requests in flight and returns.
pub async fn serve<A, F>(listener: TcpListener, mut stop: watch::Receiver<bool>, answer: A)
where
    A: Fn(Asked) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let stopped_too = stop.clone();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, stopped_too.clone(), answer.clone()));
                }
                // Out of file descriptors, most likely: let some connections end before trying again.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Returns when `stop` turned true or its sender is gone.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone can never say stop, and nobody is left who wants the server.
    let _ = stop.wait_for(|stopped| *stopped).await;
}

async fn connection<A, F>(
    stream: TcpStream,
    peer: SocketAddr,
    mut stop: watch::Receiver<bool>,
    answer: A,
) where
    A: Fn(Asked) -> F + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    // Small answers must not wait for the other side's delayed acknowledgements; a socket that refuses is merely slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Asked| {
        request.extensions_mut().insert(Peer(peer));
        let answering = answer(request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let mut serving = pin!(
        http1::Builder::new()
            .title_case_headers(true)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        _ = serving.as_mut() => return,
        () = stopped(&mut stop) => {}
    }
    serving.as_mut().graceful_shutdown();
    // A client that goes away in the middle of its answer is no concern of the server.
    let _ = serving.await;
}

/// Reads a whole body; `None` when the other side broke off or sent more than the limit.
pub async fn body<B>(body: B) -> Option<Bytes>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let collected = Limited::new(body, BODY_LIMIT).collect().await.ok()?;
    Some(collected.to_bytes())
}

/// An answer holding `value` as JSON.
#[must_use]
pub fn json(status: StatusCode, value: &serde_json::Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(value.to_string())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    answer
}

/// An answer without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

/// A new client, with its own connections.
#[must_use]
pub fn client() -> Client {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(Duration::from_secs(2)));
    legacy::Client::builder(TokioExecutor::new()).build(connector)
}

/// Headers that belong to one connection and must not be passed on by whatever stands between two.
const CONNECTION_HEADERS: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Removes the headers that belong to one connection only.
pub fn strip_connection_headers(headers: &mut hyper::HeaderMap) {
    for name in CONNECTION_HEADERS {
        headers.remove(name);
    }
}
