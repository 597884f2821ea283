//! The one client for everything over HTTP, through which alone a request can be begun.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};

use super::look;
use crate::environment::Access;
use crate::gateway::Failure;

/// How long an answer of an Admin API or a control interface may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// No redirects, no proxies, and each connection used once: a pass over an old one proves nothing about new ones.
pub(super) struct Client {
    inner: reqwest::Client,
    access: Access,
}

impl Client {
    pub(super) fn new(access: Access) -> Self {
        let inner = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(DEADLINE)
            .build()
            .expect("the settings are constant and valid");
        Self { inner, access }
    }

    /// A request that may be sent.
    pub(super) fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Failure> {
        if !look::admits_request(self.access, &method) {
            let message = format!("`{method} {url}` is no look, and nothing else is done here");
            return Err(Failure::new("look.request", message));
        }
        Ok(self.inner.request(method, url))
    }
}
