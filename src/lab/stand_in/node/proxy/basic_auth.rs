//! The plugin `basic-auth`: a name and a password, of which Kong stores a hash salted with the consumer's id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::password;
use super::Exchange;
use super::authentication::Rejection;
use super::credentials::{Credential, Kind};
use super::plugins::Plugin;
use crate::lab::http::Answer;

/// The headers in the order in which they are looked at.
const HEADERS: [&str; 2] = ["proxy-authorization", "authorization"];

impl Exchange {
    /// Asks for a name and a password.
    pub(super) async fn ask_for_password(&mut self, plugin: &Plugin) -> Option<Answer> {
        if self.is_known_enough(plugin) {
            return None;
        }
        let found = self.find_user(plugin).await;
        self.admit(plugin, found).await
    }

    async fn find_user(&mut self, plugin: &Plugin) -> Result<Credential, Rejection> {
        // Up to 3.5 only a request without the header was answered with a challenge, and no realm could be set.
        let always = self.node.version.is_at_least(3, 6);
        let realm = plugin.config["realm"].as_str().unwrap_or("kong");
        let rejected = |message, has_challenge: bool| Rejection {
            status: 401,
            message,
            challenge: (has_challenge || always).then(|| format!("Basic realm=\"{realm}\"")),
        };
        let has_header = |name: &&str| self.head.headers.contains_key(*name);
        if !HEADERS.iter().any(has_header) {
            return Err(rejected("Unauthorized", true));
        }
        for name in HEADERS {
            let header = self.head.headers.get(name).cloned();
            let given = header.and_then(|value| given(value.to_str().ok()?));
            if plugin.config["hide_credentials"] == true {
                self.head.headers.remove(name);
            }
            let Some((username, password)) = given else {
                continue;
            };
            let credentials = &self.node.credentials;
            let store = self.node.store();
            match credentials.find(store, Kind::Username, &username).await {
                Err(_) => return Err(Rejection::broken()),
                Ok(None) => {}
                Ok(Some(found)) => {
                    if password::hash(&found.consumer, &password) == found.password {
                        return Ok(found);
                    }
                    break;
                }
            }
        }
        let message = if always {
            "Unauthorized"
        } else {
            "Invalid authentication credentials"
        };
        Err(rejected(message, false))
    }
}

/// The name and the password in a header's value.
fn given(value: &str) -> Option<(String, String)> {
    let value = value.trim_start();
    let encoded = value.strip_prefix("Basic");
    let encoded = encoded.or_else(|| value.strip_prefix("basic"))?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (username, password) = decoded.split_once(':')?;
    (!username.is_empty()).then(|| (username.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::given;

    #[test]
    fn a_password_may_have_colons_and_a_name_may_not() {
        let found = given("Basic YWxpY2U6YTpi").expect("both");
        assert_eq!(found, ("alice".to_owned(), "a:b".to_owned()));
        // `:x`, no colon, no such scheme.
        for value in ["Basic Ong=", "Basic YWxpY2U=", "Bearer YWxpY2U6YQ=="] {
            assert_eq!(given(value), None, "{value}");
        }
    }
}
