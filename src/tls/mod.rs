//! TLS for PostgreSQL's driver on rustls: what is verified of a server, and SCRAM's channel binding.
//!
//! The driver itself only knows "encrypted or not". The gateway and the stand-in for Kong both need more, each after its own
//! settings; this room refuses to know either's, and no passwords.

mod pem;
mod stream;
mod verifier;

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

pub use pem::{PemError, roots};
pub use stream::Connector;
use verifier::Chain;

/// What is verified of a server.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Its certificate's chain up to these roots, and its name.
    ChainAndName(RootCertStore),
    /// Its certificate's chain up to these roots.
    Chain(RootCertStore),
    /// That it has the key of the certificate it shows, whosever that is.
    Anyone,
}

/// Whom a client shows itself to be.
#[derive(Debug, Clone, Copy)]
pub struct ClientCertificate<'a> {
    /// The certificate's file.
    pub certificate: &'a Path,
    /// The key's file.
    pub key: &'a Path,
}

/// Makes connections that are encrypted and verified as `trust` says.
pub fn connector(
    trust: Trust,
    client: Option<ClientCertificate<'_>>,
) -> Result<Connector, PemError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default protocol versions");
    let own = |verifier| {
        builder
            .clone()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
    };
    let builder = match trust {
        Trust::ChainAndName(roots) => builder.with_root_certificates(roots),
        Trust::Chain(roots) => own(Chain::verified(roots, &provider)),
        Trust::Anyone => own(Chain::unverified(&provider)),
    };
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(client) => builder
            .with_client_auth_cert(
                pem::certificates(client.certificate)?,
                pem::private_key(client.key)?,
            )
            .map_err(|error| PemError::Content {
                path: client.key.to_owned(),
                what: "client key",
                reason: error.to_string(),
            })?,
    };
    Ok(Connector::new(config))
}
