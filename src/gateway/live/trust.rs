//! What is verified of a server whose connection is encrypted, by libpq's four modes, which the inventory uses for all of them.

use std::path::Path;

use crate::environment::Tls;
use crate::tls::{self, PemError, Trust};

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

/// What is verified; nothing where the connection is not encrypted.
pub(super) fn trust(tls: Tls, ca: Option<&Path>) -> Result<Option<Trust>, TlsError> {
    let roots = |mode| {
        let path = ca.ok_or(TlsError::NoAuthority { mode })?;
        Ok::<_, TlsError>(tls::roots(path)?)
    };
    Ok(Some(match tls {
        Tls::Off => return Ok(None),
        Tls::VerifyFull => Trust::ChainAndName(roots("verify-full")?),
        Tls::VerifyCa => Trust::Chain(roots("verify-ca")?),
        Tls::Require => Trust::Anyone,
    }))
}
