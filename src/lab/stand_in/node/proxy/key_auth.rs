//! The plugin `key-auth`: a key in a header or in the query. Keys in bodies are not looked for.

use hyper::Method;

use super::Exchange;
use super::authentication::Rejection;
use super::credentials::{Credential, Kind};
use super::plugins::Plugin;
use super::query::Query;
use crate::lab::http::Answer;

impl Exchange {
    /// Asks for a key.
    pub(super) async fn ask_for_key(&mut self, plugin: &Plugin) -> Option<Answer> {
        let is_spared = plugin.config["run_on_preflight"] == false;
        if (is_spared && self.head.method == Method::OPTIONS) || self.is_known_enough(plugin) {
            return None;
        }
        let found = self.find_key(plugin).await;
        self.admit(plugin, found).await
    }

    async fn find_key(&mut self, plugin: &Plugin) -> Result<Credential, Rejection> {
        let challenge = match plugin.config["realm"].as_str() {
            Some(realm) => format!("Key realm=\"{realm}\""),
            None if self.node.version.is_at_least(3, 7) => "Key".to_owned(),
            None => "Key realm=\"kong\"".to_owned(),
        };
        // Up to 3.6 only a missing key was answered with a challenge.
        let always = self.node.version.is_at_least(3, 7);
        let rejected = |message, has_challenge| Rejection {
            status: 401,
            message,
            challenge: (has_challenge || always).then(|| challenge.clone()),
        };
        let key = match self.given_key(plugin) {
            Ok(Some(key)) if !key.is_empty() => key,
            Ok(_) => return Err(rejected("No API key found in request", true)),
            Err(Twice) => return Err(rejected("Duplicate API key found", false)),
        };
        let credentials = &self.node.credentials;
        match credentials.find(self.node.store(), Kind::Key, &key).await {
            Ok(Some(credential)) => Ok(credential),
            Ok(None) => Err(rejected(self.node.invalid_key_message(), false)),
            Err(_) => Err(Rejection::broken()),
        }
    }

    /// The key that comes under the first of the names, which the upstream does not see where it is to be hidden.
    fn given_key(&mut self, plugin: &Plugin) -> Result<Option<String>, Twice> {
        let config = &plugin.config;
        let names = config["key_names"].as_array().cloned().unwrap_or_default();
        let query = Query::of(&self.head.uri);
        for name in names.iter().filter_map(|name| name.as_str()) {
            let in_headers: Vec<String> = if config["key_in_header"] == false {
                Vec::new()
            } else {
                let values = self.head.headers.get_all(name).iter();
                values
                    .filter_map(|value| value.to_str().ok().map(str::to_owned))
                    .collect()
            };
            let found = if in_headers.is_empty() && config["key_in_query"] != false {
                query.values(name).map(str::to_owned).collect()
            } else {
                in_headers
            };
            match found.as_slice() {
                [] => {}
                [key] => {
                    if config["hide_credentials"] == true {
                        self.head.headers.remove(name);
                        let mut query = query;
                        if query.has(name) {
                            query.remove(name);
                            query.write(&mut self.head.uri);
                        }
                    }
                    return Ok(Some(key.clone()));
                }
                _ => return Err(Twice),
            }
        }
        Ok(None)
    }
}

/// A key came more than once.
struct Twice;
