//! TLS for PostgreSQL connections: libpq's four modes on rustls, and SCRAM's channel binding.
//!
//! The driver itself only knows "encrypted or not"; what is verified is decided here. It refuses to know passwords.

mod stream;
mod verifier;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::environment::{Database, Tls};
pub(super) use stream::Connector;
use verifier::Chain;

/// Why a protected connection cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate has to be verified and there is nothing to verify it with.
    #[error("`tls = \"{mode}\"` needs the certificate authority's file (`ca`)")]
    NoAuthority {
        /// The mode.
        mode: &'static str,
    },
    /// A client's certificate without a key, or the reverse.
    #[error("a client's certificate needs both `certificate` and `key`")]
    HalfACertificate,
    /// A PEM file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds no usable PEM.
    #[error("`{}` holds no usable {what}: {reason}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Why it is not usable.
        reason: String,
    },
}

/// The connector for `database`, or nothing where the connection is not encrypted.
///
/// A Unix socket is never encrypted: the server offers no TLS there and libpq ignores the mode.
pub(super) fn connector(database: &Database) -> Result<Option<Connector>, TlsError> {
    if database.host.starts_with('/') {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default protocol versions");
    let builder = match database.tls {
        Tls::Off => return Ok(None),
        Tls::VerifyFull => builder.with_root_certificates(roots(database, "verify-full")?),
        Tls::VerifyCa => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Chain::verified(
                roots(database, "verify-ca")?,
                &provider,
            ))),
        Tls::Require => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Chain::unverified(&provider))),
    };
    let config = match (&database.certificate, &database.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| TlsError::Pem {
                path: key.clone(),
                what: "client key",
                reason: error.to_string(),
            })?,
        _ => return Err(TlsError::HalfACertificate),
    };
    Ok(Some(Connector::new(config)))
}

fn roots(database: &Database, mode: &'static str) -> Result<RootCertStore, TlsError> {
    let path = database
        .ca
        .as_deref()
        .ok_or(TlsError::NoAuthority { mode })?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| TlsError::Pem {
            path: path.to_owned(),
            what: "certificate authority",
            reason: error.to_string(),
        })?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unusable = |reason: String| TlsError::Pem {
        path: path.to_owned(),
        what: "certificate",
        reason,
    };
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable("there is none".to_owned()));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| TlsError::Pem {
        path: path.to_owned(),
        what: "private key",
        reason: error.to_string(),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}
