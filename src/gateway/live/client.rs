//! The one client for everything over HTTP, through which alone a request can be begun.

use std::cell::OnceCell;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};

use super::look;
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
    /// Made when it is first asked: making it reads every certificate authority of the system.
    inner: OnceCell<reqwest::Client>,
    access: Access,
}

impl Client {
    pub(super) fn new(access: Access) -> Self {
        Self {
            inner: OnceCell::new(),
            access,
        }
    }

    /// A request that may be sent.
    pub(super) fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Failure> {
        self.admit(&method, url)?;
        let inner = self.inner.get_or_init(|| {
            let made = settings().build();
            made.expect("the settings are constant and valid")
        });
        Ok(inner.request(method, url))
    }

    /// Refuses what is no look to somebody who only looks.
    pub(super) fn admit(&self, method: &Method, url: &str) -> Result<(), Failure> {
        if look::admits_request(self.access, method) {
            return Ok(());
        }
        let message = format!("`{method} {url}` is no look, and nothing else is done here");
        Err(Failure::new("look.request", message))
    }
}
