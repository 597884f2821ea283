//! Whom requests trust and whom they show themselves to be, as the environment file names it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::ClientConfig;
use url::Url;

use super::wrong;
use crate::environment::TlsProfile;
use crate::gateway::live::Live;
use crate::gateway::{Failure, HttpRequest, HttpVersion};
use crate::tls::{self, ClientCertificate, Trust};

/// What was read from files already, by the profile's name and the version of HTTP: a thousand checks read them once.
#[derive(Default)]
pub(in crate::gateway::live) struct Profiles(RefCell<BTreeMap<Key, Arc<ClientConfig>>>);

/// The profile's name, and whether HTTP/2 is to be spoken.
type Key = (Option<String>, bool);

impl Live {
    /// How the connection to `url` is encrypted; nothing where it is not.
    pub(super) fn encryption(
        &self,
        request: &HttpRequest,
        url: &Url,
    ) -> Result<Option<Arc<ClientConfig>>, Failure> {
        if url.scheme() != "https" {
            return Ok(None);
        }
        let is_two = request.http == HttpVersion::Two;
        let key = (request.tls.clone(), is_two);
        if let Some(known) = self.profiles.0.borrow().get(&key) {
            return Ok(Some(known.clone()));
        }
        let plain = TlsProfile::default();
        let profile = match &request.tls {
            None => &plain,
            Some(name) => self.environment.tls.get(name).ok_or_else(|| {
                wrong(format!("the environment has no `[tls.{name}]`"))
                    .hint("write it into the environment file, with `ca`, `certificate` and `key`, or `insecure`")
            })?,
        };
        let mut config = configuration(profile)?;
        let versions: &[&[u8]] = if is_two { &[b"h2"] } else { &[b"http/1.1"] };
        config.alpn_protocols = versions.iter().map(|version| version.to_vec()).collect();
        let config = Arc::new(config);
        self.profiles.0.borrow_mut().insert(key, config.clone());
        Ok(Some(config))
    }
}

fn configuration(profile: &TlsProfile) -> Result<ClientConfig, Failure> {
    let unusable = |error: tls::PemError| Failure::new("http.tls.profile", error.to_string());
    let trust = match &profile.ca {
        _ if profile.insecure => Trust::Anyone,
        Some(ca) => Trust::ChainAndName(tls::roots(ca).map_err(unusable)?),
        None => Trust::System,
    };
    let client = match (&profile.certificate, &profile.key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        (None, None) => None,
        _ => {
            let message = "a client's certificate needs both `certificate` and `key`";
            return Err(Failure::new("http.tls.profile", message));
        }
    };
    tls::configuration(trust, client).map_err(unusable)
}
