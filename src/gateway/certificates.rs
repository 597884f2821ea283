//! Certificates out of PEM: their keys, and until when they are valid. Pure.

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::kong::advisories::{Certificate, Entity, Known};

/// Those of the collection `certificates`; unknown if one of them is.
#[must_use]
pub fn certificates_of(entities: Option<&Known<Vec<Entity>>>) -> Known<Vec<Certificate>> {
    match entities {
        None => Known::default(),
        Some(Known::Unknown { unknown }) => Known::unknown(unknown.clone()),
        Some(Known::Known(entities)) => {
            let all = entities.iter().map(certificate);
            all.collect::<Result<_, String>>()
                .map_or_else(Known::unknown, Known::Known)
        }
    }
}

fn certificate(entity: &Entity) -> Result<Certificate, String> {
    let field = |name: &str| entity.fields.get(name).and_then(|value| value.as_str());
    let name = format!("certificate {}", field("id").unwrap_or("without an id"));
    let unreadable = || format!("{name} cannot be read");
    let text = field("cert").ok_or_else(unreadable)?;
    of_text(name, text)
}

/// The first certificate of a text.
pub(super) fn of_text(name: String, text: &str) -> Result<Certificate, String> {
    let unreadable = || format!("{name} cannot be read");
    if text.starts_with("{vault://") {
        return Err(format!("{name} stands in a vault"));
    }
    let der = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| unreadable())?;
    let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| unreadable())?;
    let bits = |bits: usize| u32::try_from(bits).ok();
    let (rsa_bits, ec_bits) = match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => (bits(key.key_size()), None),
        Ok(PublicKey::EC(point)) => (None, bits(point.key_size())),
        _ => (None, None),
    };
    Ok(Certificate {
        name,
        rsa_bits,
        ec_bits,
        ends: Timestamp::from_second(parsed.validity().not_after.timestamp()).ok(),
    })
}
