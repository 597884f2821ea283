//! One request of the prober, and what became of it.

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

use super::account::Became;
use crate::gateway::live::client;

/// Requests over connections that are kept, and over one each.
#[derive(Clone)]
pub(super) struct Sender {
    kept: reqwest::Client,
    fresh: reqwest::Client,
    timeout: Duration,
}

/// A request, with the status that is right.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) url: String,
    pub(super) status: u16,
}

impl Sender {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            kept: client::for_probes(true),
            fresh: client::for_probes(false),
            timeout,
        }
    }

    /// Sends a request over a connection that is kept, or over one of its own.
    pub(super) async fn send(&self, question: &Question, keeps: bool) -> Became {
        let client = if keeps { &self.kept } else { &self.fresh };
        let begun = std::time::Instant::now();
        let request = client.get(&question.url).timeout(self.timeout);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Became::Failed(how(&error)),
        };
        let (status, by) = (answer.status().as_u16(), answered_by(answer.headers()));
        // An answer that breaks off is none.
        let mut answer = answer;
        loop {
            match answer.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return Became::Failed(how(&error)),
            }
        }
        if status != question.status {
            return Became::Failed(format!("status {status}"));
        }
        Became::Answered {
            took: begun.elapsed(),
            by,
        }
    }
}

/// How a request failed, in a word or two.
fn how(error: &reqwest::Error) -> String {
    let mut kind = None;
    let mut source = error.source();
    while let Some(inner) = source {
        kind = inner.downcast_ref().map(std::io::Error::kind).or(kind);
        source = inner.source();
    }
    let words = match kind {
        _ if error.is_timeout() => "no answer in time",
        Some(ErrorKind::ConnectionRefused) => "refused",
        Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => "reset",
        _ if error.is_connect() => "no connection",
        _ => "closed without an answer",
    };
    words.to_owned()
}

/// Which Kong answered, as its headers tell: `kong/3.4.2`.
fn answered_by(headers: &reqwest::header::HeaderMap) -> Option<String> {
    let told = ["via", "server"].into_iter().find_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        value
            .split([' ', ','])
            .find(|word| word.starts_with("kong/"))
    })?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/.-_".contains(letter);
    (told.len() <= 64 && told.chars().all(plain)).then(|| told.to_owned())
}
