//! A practice database as strict as one in production: TCP with TLS and SCRAM only, an authority of its own, a schema of its own.
//!
//! The superuser is let in through the Unix socket, whose directory is closed to others, so that faults can still be made.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde::{Deserialize, Serialize};

use super::super::postgres::{PrivatePostgres, SUPERUSER};
use super::database::Access;
use super::{PracticeError, files};

/// The schema of the gateway's tables: not `public`, since production's often is not.
const SCHEMA: &str = "gateway";

/// How the database lets its clients in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// Through a private Unix socket, trusting them.
    #[default]
    Plain,
    /// Through TCP with TLS, verified, and a password.
    Hardened,
}

/// What a client of a hardened database needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardening {
    /// The authority that signed the server's certificate, PEM.
    pub authority: PathBuf,
    /// The file that holds the role's password and nothing else.
    pub password: PathBuf,
}

impl Hardening {
    /// The role's password.
    pub(super) fn password(&self) -> Result<String, PracticeError> {
        std::fs::read_to_string(&self.password).map_err(files::failed("read", &self.password))
    }
}

/// Makes authority, certificate and password for a server that does not run yet, and closes everything but `port`.
pub(super) fn harden(
    directory: &Path,
    server: &PrivatePostgres,
    port: u16,
) -> Result<Access, PracticeError> {
    let hardening = Hardening {
        authority: directory.join("ca.pem"),
        password: directory.join("password"),
    };
    let host = Ipv4Addr::LOCALHOST.to_string();
    let authority = authority()?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![host.clone()])?.signed_by(&key, &authority)?;
    server.write("server.crt", &certificate.pem())?;
    server.write("server.key", &key.serialize_pem())?;
    server.write(
        "pg_hba.conf",
        &format!("local all {SUPERUSER} trust\nhostssl all all {host}/32 scram-sha-256\n"),
    )?;
    files::write_private(&hardening.authority, &authority.pem())?;
    // With what files, command lines and SQL each quote in their own way, since real passwords have that too.
    let password = format!("it's#{}", uuid::Uuid::new_v4().simple());
    files::write_private(&hardening.password, &password)?;
    Ok(Access {
        host,
        port,
        schema: SCHEMA.to_owned(),
        hardening: Some(hardening),
    })
}

impl Access {
    /// The settings of a hardened server.
    pub(super) fn hardened_settings(&self) -> [String; 3] {
        [
            format!("listen_addresses={}", self.host),
            format!("port={}", self.port),
            "ssl=on".to_owned(),
        ]
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    // OpenSSL takes a certificate whose issuer has its own name for self-signed.
    parameters
        .distinguished_name
        .push(DnType::CommonName, "cutover practice authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
}
