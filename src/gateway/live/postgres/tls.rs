//! How the connection to a database of the inventory is protected, from the inventory's typed fields.

use super::super::trust::trust;
use crate::environment::Database;
use crate::tls::{self, ClientCertificate, Connector};

pub use super::super::trust::TlsError;

/// The connector for `database`, or nothing where the connection is not encrypted.
///
/// A Unix socket is never encrypted: the server offers no TLS there and libpq ignores the mode.
pub(super) fn connector(database: &Database) -> Result<Option<Connector>, TlsError> {
    if database.host.starts_with('/') {
        return Ok(None);
    }
    let Some(trust) = trust(database.tls, database.ca.as_deref())? else {
        return Ok(None);
    };
    let client = match (&database.certificate, &database.key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        _ => return Err(TlsError::HalfACertificate),
    };
    Ok(Some(tls::connector(trust, client)?))
}
