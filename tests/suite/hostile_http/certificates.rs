//! The servers' certificates, made when they are first needed: one authority in each process, so that a client is told of one.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, version};

use super::{Certificate, Speaks, Tls};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// The authority that the client is told of.
static KNOWN: LazyLock<Authority> = LazyLock::new(|| authority("known"));

/// The certificate of that authority.
pub(super) fn ca_pem() -> String {
    KNOWN.pem()
}

/// What a server needs to speak TLS.
pub(super) fn configuration(tls: Tls) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = if tls.is_old {
        vec![&version::TLS12]
    } else {
        vec![&version::TLS12, &version::TLS13]
    };
    let building = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .expect("the provider knows these versions");
    let building = if tls.wants_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(KNOWN.der().clone()).expect("an authority");
        let verifying = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        building.with_client_cert_verifier(verifying.build().expect("an authority"))
    } else {
        building.with_no_client_auth()
    };
    let (chain, key) = shown(tls.certificate);
    let mut configuration = building
        .with_single_cert(chain, key)
        .expect("a key that fits the certificate");
    configuration.alpn_protocols = match tls.speaks {
        Speaks::Http1 => vec![b"http/1.1".to_vec()],
        Speaks::Http2 => vec![b"h2".to_vec()],
        Speaks::Whatever => Vec::new(),
    };
    configuration
}

/// A chain of certificates, and the key of the first.
fn shown(certificate: Certificate) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().expect("a key");
    let parameters = parameters(certificate);
    let chain = match certificate {
        Certificate::SelfSigned => vec![signed_by_itself(&parameters, &key)],
        Certificate::OtherIssuer => vec![signed(&parameters, &key, &authority("other"))],
        Certificate::WithoutIntermediate => vec![signed(&parameters, &key, &intermediate(2100))],
        Certificate::ExpiredIntermediate => {
            let between = intermediate(2020);
            vec![signed(&parameters, &key, &between), between.der().clone()]
        }
        _ => vec![signed(&parameters, &key, &KNOWN)],
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS #8");
    (chain, key)
}

fn parameters(certificate: Certificate) -> CertificateParams {
    let names = match certificate {
        Certificate::OtherHost => vec!["127.0.0.2".to_owned(), "other.test".to_owned()],
        Certificate::NameInSubject => Vec::new(),
        _ => vec!["127.0.0.1".to_owned()],
    };
    let mut parameters = CertificateParams::new(names).expect("names and addresses");
    parameters
        .distinguished_name
        .push(DnType::CommonName, "127.0.0.1");
    match certificate {
        Certificate::Expired => parameters.not_after = date_time_ymd(2020, 1, 1),
        Certificate::NotYetValid => parameters.not_before = date_time_ymd(2100, 1, 1),
        _ => {}
    }
    let purpose = if certificate == Certificate::ForClients {
        ExtendedKeyUsagePurpose::ClientAuth
    } else {
        ExtendedKeyUsagePurpose::ServerAuth
    };
    parameters.extended_key_usages = vec![purpose];
    parameters
}

fn signed(
    parameters: &CertificateParams,
    key: &KeyPair,
    by: &Authority,
) -> CertificateDer<'static> {
    let signed = parameters.signed_by(key, by);
    signed.expect("a certificate").der().clone()
}

fn signed_by_itself(parameters: &CertificateParams, key: &KeyPair) -> CertificateDer<'static> {
    let signed = parameters.self_signed(key);
    signed.expect("a certificate").der().clone()
}

/// What an authority is besides its name and its key.
fn authority_parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    // OpenSSL takes a certificate whose issuer has its own name for self-signed.
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

fn authority(name: &str) -> Authority {
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(authority_parameters(name), key).expect("an authority")
}

/// An authority by the known one, which is valid until the beginning of a year.
fn intermediate(until: i32) -> Authority {
    let key = KeyPair::generate().expect("a key");
    let mut parameters = authority_parameters("between");
    parameters.not_after = date_time_ymd(until, 1, 1);
    CertifiedIssuer::signed_by(parameters, key, &KNOWN).expect("an authority")
}
