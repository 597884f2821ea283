//! Requests that go elsewhere than their service: `redirect` sends the client, `canary` a share of the requests.
//!
//! `canary` is Enterprise's. The stand-in has it where `plugins` in kong.conf names it, as Kong has a custom plugin, and knows of it what
//! a share at once needs: a percentage, what a client keeps its place by, another host and port, another path.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::answers;
use super::Exchange;
use super::plugins::Plugin;
use super::router::Service;
use crate::lab::http::Answer;

/// Requests that keep no place are told apart by their number.
static TURN: AtomicU64 = AtomicU64::new(0);

impl Exchange {
    /// Sends the client to another address.
    pub(super) fn redirect(&mut self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        let status = config["status_code"].as_u64().unwrap_or(301);
        let given = config["location"].as_str().unwrap_or_default();
        let location = if config["keep_incoming_path"] == true {
            let mut url = url::Url::parse(given).ok()?;
            url.set_path(self.head.uri.path());
            url.set_query(self.head.uri.query());
            url.to_string()
        } else {
            given.to_owned()
        };
        let status = u16::try_from(status).unwrap_or(301);
        let mut answer = answers::text(status, "text/plain; charset=utf-8", "redirecting");
        answer
            .headers_mut()
            .insert(hyper::header::LOCATION, answers::value(&location));
        Some(answer)
    }

    /// The service as the request reaches it, if it belongs to the share that goes elsewhere.
    pub(super) fn divert(&self, plugin: &Plugin, service: &Service) -> Option<Service> {
        let config = &plugin.config;
        let consumer = self.credential.as_ref().map(|found| &found.consumer);
        let place = match (config["hash"].as_str(), consumer) {
            (Some("none"), _) => TURN.fetch_add(1, Ordering::Relaxed) % 100,
            // Whoever is no consumer is known by the address.
            (Some("consumer") | None, Some(consumer)) => place_of(consumer),
            _ => place_of(&self.address),
        };
        #[expect(clippy::cast_precision_loss, reason = "it is below 100")]
        let goes = (place as f64) < config["percentage"].as_f64().unwrap_or_default();
        let text = |name: &str, kept: &str| match &config[name] {
            Value::String(text) => text.clone(),
            _ => kept.to_owned(),
        };
        goes.then(|| Service {
            host: text("upstream_host", &service.host),
            port: config["upstream_port"].as_u64().unwrap_or(service.port),
            path: text("upstream_uri", &service.path),
            ..service.clone()
        })
    }
}

/// A place from 0 to 99 that `who` always has.
fn place_of(who: &str) -> u64 {
    let digest = Sha256::digest(who);
    u64::from(u16::from_be_bytes([digest[0], digest[1]])) % 100
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn everybody_has_one_place_and_all_places_are_taken() {
        assert_eq!(place_of("consumer-1"), place_of("consumer-1"));
        let among_ten = (0..1_000).filter(|number| place_of(&format!("consumer-{number}")) < 10);
        let among_ten = among_ten.count();
        assert!((70..130).contains(&among_ten), "{among_ten}");
    }
}
