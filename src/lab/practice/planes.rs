//! What a node's `kong.conf` says of where its configuration comes from: a database, a control plane, or a file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, KeyPair};

use super::{Access, PracticeError, files};

/// Where a node has its configuration from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Storage<'a> {
    /// The database of this role, which bears its name.
    Database(&'a Access, &'a str),
    /// The same, given to data planes that connect.
    Shared(&'a Access, &'a str, &'a Certificate, SocketAddr),
    /// The control plane there.
    ControlPlane(&'a Certificate, SocketAddr),
    /// A declarative file.
    File(&'a Path),
}

/// The certificate by which planes know each other.
#[derive(Debug)]
pub(super) struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Makes one in the cluster's `directory`, as `kong hybrid gen_cert` does.
    pub(super) fn create(directory: &Path) -> Result<Self, PracticeError> {
        let made = Self {
            certificate: directory.join("cluster.crt"),
            key: directory.join("cluster.key"),
        };
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, "kong_clustering");
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        files::write_private(&made.certificate, &certificate.pem())?;
        files::write_private(&made.key, &key.serialize_pem())?;
        Ok(made)
    }

    fn settings(&self) -> String {
        format!(
            "cluster_cert = {}\ncluster_cert_key = {}\n",
            path(&self.certificate),
            path(&self.key)
        )
    }
}

/// In this file a `#` begins a comment.
pub(super) fn quoted(text: &str) -> String {
    text.replace('#', "\\#")
}

/// A path as the file has it.
pub(super) fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

impl Storage<'_> {
    /// The settings of the node called `name`.
    pub(super) fn settings(self, name: &str) -> Result<String, PracticeError> {
        match self {
            Self::Database(access, owner) => database(access, owner),
            Self::Shared(access, owner, certificate, listen) => Ok(format!(
                "role = control_plane\ncluster_listen = {listen}\n{}{}",
                certificate.settings(),
                database(access, owner)?
            )),
            Self::ControlPlane(certificate, address) => Ok(format!(
                "role = data_plane\n\
                 database = off\n\
                 cluster_control_plane = {address}\n\
                 {}\
                 # All nodes are on one machine, and Kong tells data planes apart by its name, too.\n\
                 practice_hostname = {name}\n\
                 # Kong waits from 5 to 10 seconds.\n\
                 practice_reconnect = 0.5\n",
                certificate.settings()
            )),
            Self::File(file) => Ok(format!(
                "database = off\ndeclarative_config = {}\n",
                path(file)
            )),
        }
    }
}

fn database(access: &Access, owner: &str) -> Result<String, PracticeError> {
    let mut protection = String::new();
    if let Some(hardening) = &access.hardening {
        protection = format!(
            "pg_password = {}\n\
             pg_ssl = on\n\
             pg_ssl_required = on\n\
             pg_ssl_verify = on\n\
             lua_ssl_trusted_certificate = {}\n",
            quoted(&hardening.password()?),
            path(&hardening.authority),
        );
    }
    Ok(format!(
        "database = postgres\n\
         pg_host = {host}\n\
         pg_port = {port}\n\
         pg_user = {owner}\n\
         pg_database = {owner}\n\
         pg_schema = {schema}\n\
         {protection}",
        host = quoted(&access.host),
        port = access.port,
        schema = access.schema,
    ))
}
