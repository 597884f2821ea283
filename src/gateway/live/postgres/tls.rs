//! How the connection to a database of the inventory is protected: libpq's four modes, from the inventory's typed fields.

use crate::environment::{Database, Tls};
use crate::tls::{self, ClientCertificate, Connector, PemError, Trust};

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
    /// A PEM file cannot be used.
    #[error(transparent)]
    Pem(#[from] PemError),
}

/// The connector for `database`, or nothing where the connection is not encrypted.
///
/// A Unix socket is never encrypted: the server offers no TLS there and libpq ignores the mode.
pub(super) fn connector(database: &Database) -> Result<Option<Connector>, TlsError> {
    if database.host.starts_with('/') {
        return Ok(None);
    }
    let roots = |mode| {
        let path = database.ca.as_deref();
        Ok::<_, TlsError>(tls::roots(path.ok_or(TlsError::NoAuthority { mode })?)?)
    };
    let trust = match database.tls {
        Tls::Off => return Ok(None),
        Tls::VerifyFull => Trust::ChainAndName(roots("verify-full")?),
        Tls::VerifyCa => Trust::Chain(roots("verify-ca")?),
        Tls::Require => Trust::Anyone,
    };
    let client = match (&database.certificate, &database.key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        _ => return Err(TlsError::HalfACertificate),
    };
    Ok(Some(tls::connector(trust, client)?))
}
