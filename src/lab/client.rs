//! The load client: requests at a fixed rate, whatever the answers, and an account of what failed and for how long.
//!
//! Open loop on purpose: a client that waits for answers sends less when the gateway is down, and then counts an outage as a
//! single failure. It refuses to judge; the report is figures.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::Request;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::http::{self, Client};

/// At most this many requests wait for an answer at a time; beyond it requests are counted as held back.
const MOST_IN_FLIGHT: usize = 512;

/// What to send, and how often.
#[derive(Debug, Clone)]
pub struct Load {
    /// The address of every request, with path and query.
    pub url: String,
    /// Requests a second.
    pub rate: f64,
    /// Headers of every request, by name.
    pub headers: BTreeMap<String, String>,
    /// After this a request counts as failed.
    pub timeout: Duration,
}

/// What became of the requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Requests sent.
    pub sent: u64,
    /// Requests answered with a status below 500.
    pub succeeded: u64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests answered with 500 or above.
    pub server_errors: u64,
    /// Requests whose connection was refused or broke.
    pub connection_errors: u64,
    /// Requests not answered in time.
    pub timeouts: u64,
    /// Requests not sent because too many were waiting already.
    pub held_back: u64,
    /// The longest time from a first failure to the next success, in milliseconds; 0 when nothing failed.
    pub longest_outage_ms: u64,
}

/// Why a load cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The rate is no positive number.
    #[error("a load's rate must be above 0 and at most 10000 requests a second, not {rate}")]
    Rate {
        /// What was asked for.
        rate: f64,
    },
    /// Address or headers do not make a request.
    #[error("cannot make a request to `{url}`: {source}")]
    Request {
        /// The address.
        url: String,
        /// Why.
        source: hyper::http::Error,
    },
}

/// A load that is being sent.
#[derive(Debug)]
pub struct Running {
    stop: watch::Sender<bool>,
    sending: JoinHandle<LoadReport>,
}

impl LoadReport {
    /// Requests that failed, of whatever kind.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.server_errors + self.connection_errors + self.timeouts
    }
}

impl Load {
    /// Starts sending, inside the current tokio runtime.
    pub fn start(self) -> Result<Running, LoadError> {
        if !(self.rate > 0.0 && self.rate <= 10_000.0) {
            return Err(LoadError::Rate { rate: self.rate });
        }
        self.request()?;
        let (stop, stopped) = watch::channel(false);
        let sending = tokio::spawn(send(self, stopped));
        Ok(Running { stop, sending })
    }

    fn request(&self) -> Result<Request<Full<hyper::body::Bytes>>, LoadError> {
        let mut request = Request::get(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
            .body(Full::default())
            .map_err(|source| LoadError::Request {
                url: self.url.clone(),
                source,
            })
    }
}

impl Running {
    /// Stops sending, waits for the answers still due and returns the account.
    pub async fn stop(self) -> LoadReport {
        // The receiver lives in the task that is awaited below; if it is gone the task is over already.
        let _ = self.stop.send(true);
        self.sending
            .await
            .expect("the sending task neither panics nor is aborted")
    }
}

async fn send(load: Load, mut stop: watch::Receiver<bool>) -> LoadReport {
    let account = Arc::new(Mutex::new(Account::default()));
    let client = http::client();
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / load.rate));
    let mut waiting = JoinSet::new();
    loop {
        tokio::select! {
            () = http::stopped(&mut stop) => break,
            _ = ticks.tick() => {
                if waiting.len() >= MOST_IN_FLIGHT {
                    lock(&account).report.held_back += 1;
                    continue;
                }
                lock(&account).report.sent += 1;
                waiting.spawn(one(client.clone(), load.clone(), Arc::clone(&account)));
            }
            Some(_) = waiting.join_next() => {}
        }
    }
    while waiting.join_next().await.is_some() {}
    lock(&account).finish(Instant::now())
}

async fn one(client: Client, load: Load, account: Arc<Mutex<Account>>) {
    let request = load
        .request()
        .expect("`start` made the same request already");
    let exchange = async {
        let answer = client.request(request).await.ok()?;
        let status = answer.status().as_u16();
        http::body(answer.into_body()).await.map(|_| status)
    };
    let ending = match tokio::time::timeout(load.timeout, exchange).await {
        Ok(Some(status)) => Ending::Answered(status),
        Ok(None) => Ending::Broken,
        Err(_) => Ending::Late,
    };
    lock(&account).note(&ending, Instant::now());
}

fn lock(account: &Mutex<Account>) -> std::sync::MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Ending {
    Answered(u16),
    Broken,
    Late,
}

/// The report while it is being written, with the outage that is going on.
#[derive(Debug, Default)]
struct Account {
    report: LoadReport,
    failing_since: Option<Instant>,
}

impl Account {
    fn note(&mut self, ending: &Ending, now: Instant) {
        match *ending {
            Ending::Answered(status) => {
                *self.report.statuses.entry(status).or_default() += 1;
                if status < 500 {
                    self.report.succeeded += 1;
                    self.end_outage(now);
                    return;
                }
                self.report.server_errors += 1;
            }
            Ending::Broken => self.report.connection_errors += 1,
            Ending::Late => self.report.timeouts += 1,
        }
        self.failing_since.get_or_insert(now);
    }

    fn end_outage(&mut self, now: Instant) {
        if let Some(since) = self.failing_since.take() {
            let lasted = u64::try_from((now - since).as_millis()).unwrap_or(u64::MAX);
            // A failure followed by a success within the millisecond is an outage nonetheless.
            self.report.longest_outage_ms = self.report.longest_outage_ms.max(lasted.max(1));
        }
    }

    fn finish(&mut self, now: Instant) -> LoadReport {
        self.end_outage(now);
        self.report.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_lasts_from_the_first_failure_to_the_next_success() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut account = Account::default();
        account.note(&Ending::Answered(200), at(0));
        account.note(&Ending::Answered(503), at(10));
        account.note(&Ending::Broken, at(20));
        account.note(&Ending::Answered(404), at(70));
        account.note(&Ending::Late, at(80));
        let report = account.finish(at(90));
        assert_eq!(report.longest_outage_ms, 60);
        assert_eq!(report.failed(), 3);
        assert_eq!(report.succeeded, 2);
    }
}
