//! What the plugins that authenticate share: who passes and what the upstream is told of them, who is refused and how.
//!
//! A plugin with an `anonymous` consumer refuses nobody, and asks nobody who is known already.

use hyper::header::{HeaderName, WWW_AUTHENTICATE};

use super::super::answers;
use super::Exchange;
use super::credentials::{Credential, Kind};
use super::plugins::Plugin;
use crate::lab::http::Answer;

/// The header that tells the upstream that nobody in particular asks.
const ANONYMOUS: HeaderName = HeaderName::from_static("x-anonymous-consumer");

/// Why somebody does not pass.
pub(super) struct Rejection {
    pub(super) status: u16,
    pub(super) message: &'static str,
    /// What the answer asks for, if it does.
    pub(super) challenge: Option<String>,
}

impl Rejection {
    /// The database does not answer.
    pub(super) fn broken() -> Self {
        Self {
            status: 500,
            message: answers::UNEXPECTED,
            challenge: None,
        }
    }
}

impl Exchange {
    /// Whether a plugin has nothing to ask: somebody is known, and it would let anybody pass.
    pub(super) fn is_known_enough(&self, plugin: &Plugin) -> bool {
        let credential = self.credential.as_ref();
        plugin.config["anonymous"].is_string()
            && credential.is_some_and(|credential| credential.id.is_some())
    }

    /// Lets whoever was found pass, or the anonymous consumer in their place, or nobody.
    pub(super) async fn admit(
        &mut self,
        plugin: &Plugin,
        found: Result<Credential, Rejection>,
    ) -> Option<Answer> {
        let rejection = match found {
            Ok(credential) => {
                self.introduce(credential);
                return None;
            }
            Err(rejection) => rejection,
        };
        let Some(anonymous) = plugin.config["anonymous"].as_str() else {
            let mut answer = self.error(rejection.status, rejection.message);
            if let Some(challenge) = rejection.challenge {
                let headers = answer.headers_mut();
                headers.insert(WWW_AUTHENTICATE, answers::value(&challenge));
            }
            return Some(answer);
        };
        let credentials = &self.node.credentials;
        let found = credentials.find(self.node.store(), Kind::Anonymous, anonymous);
        match found.await {
            Ok(Some(consumer)) => {
                self.introduce(consumer);
                None
            }
            // Kong cannot go on without that consumer either.
            _ => Some(self.error(500, answers::UNEXPECTED)),
        }
    }

    /// Tells the upstream who asks.
    fn introduce(&mut self, credential: Credential) {
        let headers = &mut self.head.headers;
        for (name, value) in [
            ("x-consumer-id", &credential.consumer),
            ("x-consumer-username", &credential.username),
            ("x-consumer-custom-id", &credential.custom_id),
            ("x-credential-identifier", &credential.identifier),
        ] {
            headers.remove(name);
            if !value.is_empty() {
                headers.insert(name, answers::value(value));
            }
        }
        headers.remove(ANONYMOUS);
        if credential.id.is_none() {
            headers.insert(ANONYMOUS, answers::value("true"));
        }
        self.credential = Some(credential);
    }
}
