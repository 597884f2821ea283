//! Certificates and keys out of PEM files, with the file named when it does not hold them.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why a PEM file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds no usable PEM.
    #[error("`{}` holds no usable {what}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Why it is not usable.
        reason: String,
    },
    /// This machine has no roots to verify by.
    #[error("this machine has no certificate authorities to verify by: {0}")]
    System(String),
}

/// The certificate authorities in `path`.
pub fn roots(path: &Path) -> Result<RootCertStore, PemError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| PemError::Content {
            path: path.to_owned(),
            what: "certificate authority",
            reason: error.to_string(),
        })?;
    }
    Ok(roots)
}

/// The certificates in `path`, of which there must be one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let unusable = |reason: String| PemError::Content {
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

/// The private key in `path`.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| PemError::Content {
        path: path.to_owned(),
        what: "private key",
        reason: error.to_string(),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    std::fs::read(path).map_err(|source| PemError::File {
        path: path.to_owned(),
        source,
    })
}
