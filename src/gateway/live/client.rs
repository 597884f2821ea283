//! The one client for everything over HTTP, through which alone a request can be begun.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};

use super::{look, outside};
use crate::environment::Access;
use crate::gateway::Failure;

/// How long an answer of an Admin API or a control interface may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A client for probes, which keeps its connections or uses each once. It asks nothing twice by itself: what fails is to be seen.
pub(super) fn for_probes(keeps: bool) -> reqwest::Client {
    settings()
        .pool_max_idle_per_host(if keeps { usize::MAX } else { 0 })
        .retry(reqwest::retry::never())
        .build()
        .expect("the settings are constant and valid")
}

fn settings() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(DEADLINE)
}

/// No redirects, no proxies, and each connection used once: a pass over an old one proves nothing about new ones.
pub(super) struct Client {
    inner: reqwest::Client,
    /// The same for what is not of the environment: it asks no address that no server of anybody's is at.
    outside: reqwest::Client,
    access: Access,
}

impl Client {
    pub(super) fn new(access: Access) -> Self {
        let build = |settings: reqwest::ClientBuilder| {
            settings
                .build()
                .expect("the settings are constant and valid")
        };
        Self {
            inner: build(settings()),
            outside: build(settings().dns_resolver(outside::resolver())),
            access,
        }
    }

    /// A request out of the environment that may be sent.
    pub(super) fn request_outside(
        &self,
        method: Method,
        url: &str,
    ) -> Result<RequestBuilder, Failure> {
        outside::look_at(url)?;
        self.request_by(&self.outside, method, url)
    }

    /// A request that may be sent.
    pub(super) fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Failure> {
        self.request_by(&self.inner, method, url)
    }

    fn request_by(
        &self,
        client: &reqwest::Client,
        method: Method,
        url: &str,
    ) -> Result<RequestBuilder, Failure> {
        if !look::admits_request(self.access, &method) {
            let message = format!("`{method} {url}` is no look, and nothing else is done here");
            return Err(Failure::new("look.request", message));
        }
        Ok(client.request(method, url))
    }
}
