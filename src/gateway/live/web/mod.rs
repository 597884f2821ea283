//! HTTP: one request at a time, each over a connection of its own, within its deadline and with a bounded answer.

mod announced;
mod connection;
mod decoded;
mod exchange;
mod filled;
mod phase;
mod redirect;
mod trouble;
mod trust;

use std::error::Error as _;
use std::time::{Duration, Instant};

use hyper::Method;
use tokio::time::timeout_at;
use url::Url;

pub(super) use trust::Profiles;

use super::{Live, outside};
use crate::environment::Node;
use crate::gateway::{Expectation, Failure, HttpAnswer, HttpRequest, Reach, Web, at};
use exchange::Exchange;
use phase::Progress;

/// The innermost reason: the outer ones repeat the address and say nothing.
pub(super) fn words(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut words = error.to_string();
    while let Some(inner) = source {
        words = inner.to_string();
        source = inner.source();
    }
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        words
    }
}

/// What is wrong with a request as it is written.
fn wrong(message: impl Into<String>) -> Failure {
    Failure::new("http.request", message)
}

impl Web for Live {
    async fn request(
        &self,
        request: &HttpRequest,
        reach: &Reach,
        _hoped: &Expectation,
    ) -> Result<HttpAnswer, Failure> {
        let method: Method = (request.method.parse())
            .map_err(|_| wrong(format!("`{}` is not a method", request.method)))?;
        let (mut url, server) = self.destination(request, reach).await?;
        self.client.admit(&method, url.as_str())?;
        let filled = self.filled(request, reach, &url).await?;
        self.with_query(request, reach, &mut url).await?;
        let exchange = Exchange {
            server,
            is_outside: *reach == Reach::Outside,
            encryption: self.encryption(request, &url)?,
            version: request.http,
            connect_timeout: request.connect_timeout,
            is_compressed: request.compressed,
            body_limit: request.body_limit,
            follows: request.redirects > 0,
        };
        let progress = Progress::default();
        let begun = Instant::now();
        let asked = exchange.follow(filled, &url, request.redirects, &progress);
        // One that lies further ahead than clocks go is no deadline.
        let deadline =
            tokio::time::Instant::now().checked_add(Duration::from_millis(request.timeout));
        let mut answer = match deadline {
            Some(deadline) => timeout_at(deadline, asked)
                .await
                .unwrap_or_else(|_| Err(progress.timed_out(&url, request.timeout)))?,
            None => asked.await?,
        };
        answer.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(answer)
    }

    async fn answers_clients(&self, node: &str) -> Result<bool, Failure> {
        Ok(self.node(node).await?.1.proxy.is_some())
    }

    async fn proxy_url(&self, node: &str) -> Result<String, Failure> {
        let found = self.node(node).await?.1;
        self.host(&found).await?.reached(proxy_url(&found)?).await
    }
}

impl Live {
    /// The URL that is asked for, and the server (`host:port`) that the connection goes to where it is not the URL's.
    async fn destination(
        &self,
        request: &HttpRequest,
        reach: &Reach,
    ) -> Result<(Url, Option<String>), Failure> {
        let parsed = |text: &str| {
            let url = Url::parse(text).map_err(|_| wrong(format!("`{text}` is not a URL")))?;
            match url.scheme() {
                "http" | "https" => Ok(url),
                _ => Err(wrong(format!("`{text}` is neither `http` nor `https`"))),
            }
        };
        let Reach::Node(name) = reach else {
            outside::look_at(&request.url)?;
            let url = parsed(&request.url)?;
            if let Some(server) = &request.connect_to {
                outside::look_at(&format!("{}://{server}/", url.scheme()))?;
            }
            return Ok((url, request.connect_to.clone()));
        };
        let (_, node) = self.node(name).await?;
        let host = self.host(&node).await?;
        if request.url.starts_with('/') {
            let proxy = host.reached(proxy_url(&node)?).await?;
            return Ok((parsed(&at(&proxy, &request.url)?)?, None));
        }
        let url = parsed(&request.url)?;
        let mut proxies = Vec::new();
        for proxy in [node.proxy.as_ref(), node.proxy_tls.as_ref()]
            .into_iter()
            .flatten()
        {
            proxies.extend(Url::parse(&host.reached(proxy).await?).ok());
        }
        let proxy = proxies
            .into_iter()
            .find(|proxy| proxy.scheme() == url.scheme())
            .ok_or_else(|| {
                let message = format!("`{name}` has no proxy for `{}`", url.scheme());
                wrong(message)
                    .hint("`proxy` of the node in the environment file is one, `proxy_tls` the encrypted one")
            })?;
        let server = connection::address(&proxy).ok_or_else(|| wrong("a proxy without a host"))?;
        Ok((url, Some(server)))
    }
}

/// The base URL of a node's proxy, which not every node has.
fn proxy_url(node: &Node) -> Result<&str, Failure> {
    node.proxy.as_deref().ok_or_else(|| {
        let message = format!("`{}` is a control plane and answers no clients", node.name);
        Failure::new("http.no_proxy", message)
            .hint("check the data planes of its cluster: `cluster.data_planes`")
    })
}
