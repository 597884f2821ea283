//! The keys of the certificates that Kong serves with: those of its entities, and those that its settings name.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::kong::advisories::{Certificate, Entity, Known, Node};

/// Those of the collection `certificates`.
pub(super) fn of_entities(entities: Option<&Known<Vec<Entity>>>) -> Known<Vec<Certificate>> {
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

/// The same with those that the settings of nodes name; unknown if what is set is.
pub(super) fn with_settings<'a>(
    known: Known<Vec<Certificate>>,
    nodes: impl Iterator<Item = (&'a String, &'a Node)>,
) -> Known<Vec<Certificate>> {
    let Known::Known(mut all) = known else {
        return known;
    };
    for (name, node) in nodes {
        let settings = match &node.set {
            Known::Known(settings) => settings,
            Known::Unknown { unknown } => {
                return Known::unknown(format!("what is set on `{name}`: {unknown}"));
            }
        };
        let certificates = settings
            .iter()
            .filter(|one| one.key.ends_with("ssl_cert") || one.key == "cluster_cert");
        for path in certificates.flat_map(|one| one.value.split(',')) {
            let path = path.trim();
            if path.is_empty() {
                continue;
            }
            match std::fs::read_to_string(path) {
                Ok(text) => match of_text(path.to_owned(), &text) {
                    Ok(certificate) => all.push(certificate),
                    Err(why) => return Known::unknown(why),
                },
                Err(error) => {
                    return Known::unknown(format!("cannot read `{path}`: {}", error.kind()));
                }
            }
        }
    }
    Known::Known(all)
}

fn certificate(entity: &Entity) -> Result<Certificate, String> {
    let field = |name: &str| entity.fields.get(name).and_then(|value| value.as_str());
    let name = format!("certificate {}", field("id").unwrap_or("without an id"));
    let unreadable = || format!("{name} cannot be read");
    let text = field("cert").ok_or_else(unreadable)?;
    of_text(name, text)
}

fn of_text(name: String, text: &str) -> Result<Certificate, String> {
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
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::kong::advisories::Setting;

    fn judged(set: Known<Vec<Setting>>) -> Known<Vec<Certificate>> {
        let node = Node {
            set,
            ..Node::default()
        };
        let nodes = BTreeMap::from([("kong-1".to_owned(), node)]);
        with_settings(Known::Known(Vec::new()), nodes.iter())
    }

    #[test]
    fn what_settings_name_is_looked_at_or_not_known() {
        let directory = tempfile::tempdir().expect("a directory");
        let made = rcgen::generate_simple_self_signed(vec!["kong".to_owned()]).expect("made");
        let path = directory.path().join("kong.pem").display().to_string();
        std::fs::write(&path, made.cert.pem()).expect("written");
        let of = |value: &str| {
            judged(Known::Known(vec![Setting {
                key: "admin_ssl_cert".to_owned(),
                value: value.to_owned(),
                origin: None,
            }]))
        };
        let Known::Known(found) = of(&path) else {
            panic!("it is there");
        };
        assert_eq!((found[0].ec_bits, &found[0].name), (Some(256), &path));
        for unknown in [of(&format!("{path}, /none.pem")), judged(Known::default())] {
            assert!(matches!(unknown, Known::Unknown { .. }), "{unknown:?}");
        }
    }
}
