//! TLS on rustls: what is verified of a server and whom a client shows itself to be, and for PostgreSQL's driver SCRAM's channel
//! binding.
//!
//! The driver itself only knows "encrypted or not". The gateway and the stand-in for Kong both need more, each after its own
//! settings; this room refuses to know either's, and no passwords.

mod pem;
mod stream;
mod verifier;

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

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
    /// Its certificate's chain up to the roots of this machine, and its name.
    System,
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
    configuration(trust, client).map(Connector::new)
}

/// What a client trusts and whom it shows itself to be, as rustls takes it.
pub fn configuration(
    trust: Trust,
    client: Option<ClientCertificate<'_>>,
) -> Result<ClientConfig, PemError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default protocol versions");
    let own = |verifier: Arc<dyn ServerCertVerifier>| {
        builder
            .clone()
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    };
    let builder = match trust {
        Trust::ChainAndName(roots) => builder.with_root_certificates(roots),
        Trust::Chain(roots) => own(Arc::new(Chain::verified(roots, &provider))),
        Trust::System => own(Arc::new(system(provider)?)),
        Trust::Anyone => own(Arc::new(Chain::unverified(&provider))),
    };
    let Some(client) = client else {
        return Ok(builder.with_no_client_auth());
    };
    let certificates = pem::certificates(client.certificate)?;
    let key = pem::private_key(client.key)?;
    builder
        .with_client_auth_cert(certificates, key)
        .map_err(|error| PemError::Content {
            path: client.key.to_owned(),
            what: "client key",
            reason: error.to_string(),
        })
}

/// What verifies by this machine's roots, as its other programs do.
fn system(provider: Arc<CryptoProvider>) -> Result<Verifier, PemError> {
    Verifier::new(provider).map_err(|error| PemError::System(error.to_string()))
}
