//! What a node has served, counted for `/status` and `/metrics`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use hyper::StatusCode;

use super::proxy::Route;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    requests: AtomicU64,
    /// Requests to the proxy that are being answered.
    in_flight: AtomicU64,
    /// By service, route and status.
    statuses: Mutex<BTreeMap<(String, String, u16), u64>>,
}

impl Traffic {
    /// Counts a request to any listener; answers how many there have been.
    pub(super) fn count(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Requests to any listener so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts a request to the proxy as being answered until what is returned is dropped.
    pub(super) fn answering(&self) -> Answering<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Answering(&self.in_flight)
    }

    /// Requests to the proxy that are being answered.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Counts an answer of a route.
    pub(super) fn note(&self, route: &Route, status: StatusCode) {
        let service = route
            .service
            .as_ref()
            .map_or("", |service| service.name.as_str());
        let key = (service.to_owned(), route.name.clone(), status.as_u16());
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        *statuses.entry(key).or_default() += 1;
    }

    /// Answers by service, route and status.
    pub(super) fn statuses(&self) -> BTreeMap<(String, String, u16), u64> {
        let statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        statuses.clone()
    }
}

/// A request to the proxy that is being answered.
pub(super) struct Answering<'a>(&'a AtomicU64);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
