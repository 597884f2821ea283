//! Who is let in: consumers whose keys the gateway itself shows, and credentials that the operator names.

use super::plugins::Plugin;
use crate::environment::{Bearing, Credential};
use crate::gateway::{HttpRequest, Login, OneOrMore, SecretText, Text};

/// Who is known to be let in.
pub(super) struct Access<'a> {
    /// Consumers that have a key for `key-auth`, by their ids.
    pub(super) key_holders: &'a [String],
    /// What the environment file names.
    pub(super) credentials: &'a [Credential],
}

impl<'a> Access<'a> {
    /// The credentials that are named for a plugin.
    pub(super) fn named(&self, plugin: &str) -> impl Iterator<Item = &'a Credential> {
        let plugin = plugin.to_owned();
        let all = self.credentials.iter();
        all.filter(move |credential| credential.plugin == plugin)
    }

    /// A request with what lets it pass a plugin that refuses; nothing where nobody is known.
    pub(super) fn let_in(&self, plugin: &Plugin<'_>, request: HttpRequest) -> Option<HttpRequest> {
        if let Some(credential) = self.named(plugin.name).next() {
            return Some(with(credential, request));
        }
        let consumer = (plugin.name == "key-auth").then(|| self.key_holders.first());
        Some(plugin.with_key(request, consumer??))
    }
}

/// A request with a credential.
pub(super) fn with(credential: &Credential, mut request: HttpRequest) -> HttpRequest {
    let secret = Text::Secret(SecretText {
        secret: credential.secret.clone(),
        before: credential.before.clone(),
        after: String::new(),
    });
    match credential.bearing() {
        Bearing::Login(name) => {
            request.login = Some(Login {
                name: name.to_owned(),
                password: secret,
            });
        }
        Bearing::Header(name) => {
            let header = name.to_lowercase();
            request.headers.insert(header, OneOrMore::One(secret));
        }
        Bearing::Query(name) => {
            request
                .query
                .insert(name.to_owned(), OneOrMore::One(secret));
        }
    }
    request
}
