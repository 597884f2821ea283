//! HTTP: one request at a time, with a bounded body.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use super::Live;
use crate::gateway::{Expectation, Failure, HttpAnswer, HttpRequest, Reach, Web};

/// The longest body that is read.
const LONGEST_BODY: usize = 8 << 20;

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

impl Web for Live {
    async fn request(
        &self,
        request: &HttpRequest,
        reach: Reach,
        _hoped: &Expectation,
    ) -> Result<HttpAnswer, Failure> {
        let wrong = |message: String| Failure::new("http.request", message);
        let method: Method = request
            .method
            .parse()
            .map_err(|_| wrong(format!("`{}` is not a method", request.method)))?;
        let building = match reach {
            Reach::Environment => self.client.request(method, &request.url)?,
            Reach::Outside => self.client.request_outside(method, &request.url)?,
        };
        let mut building = building.timeout(Duration::from_millis(request.timeout));
        for (name, value) in &request.headers {
            building = building.header(name, value);
        }
        let begin = Instant::now();
        let failed = |error: reqwest::Error| {
            Failure::new(
                "http.unreachable",
                format!("no answer from `{}`: {}", request.url, words(&error)),
            )
        };
        let mut answer = building.send().await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_BODY {
                return Err(wrong(format!(
                    "the answer of `{}` is longer than {LONGEST_BODY} bytes",
                    request.url
                )));
            }
        }
        let text =
            |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            };
        Ok(HttpAnswer {
            status: answer.status().as_u16(),
            headers: answer
                .headers()
                .iter()
                .map(text)
                .collect::<BTreeMap<_, _>>(),
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
            bytes: body.len() as u64,
            milliseconds: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }

    async fn proxy_url(&self, node: &str) -> Result<String, Failure> {
        Ok(self.node(node)?.1.proxy.clone())
    }
}
