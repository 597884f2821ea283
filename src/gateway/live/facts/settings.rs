//! Where a node's settings come from, by a digest instead of key by key, and what they load.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::inquiry::Inquiry;
use crate::gateway::{PluginFacts, SettingsFacts};
use crate::kong::conf::{Configuration, Effective, Origin, Place};

impl Inquiry<'_> {
    pub(super) fn settings(
        &self,
        configuration: &Result<Configuration, String>,
    ) -> Result<SettingsFacts, String> {
        let configuration = configuration.as_ref().map_err(Clone::clone)?;
        let set = all(configuration).filter(|(_, one)| one.origin != Origin::Default);
        let sources: BTreeSet<String> = set.clone().filter_map(|(_, one)| source(one)).collect();
        Ok(SettingsFacts {
            conf: self.node.conf.display().to_string(),
            sources: sources.into_iter().collect(),
            set: set.count() as u64,
            digest: digest(configuration),
        })
    }
}

fn all(configuration: &Configuration) -> impl Iterator<Item = (&String, &Effective)> + Clone {
    configuration.keys.iter().chain(&configuration.unknown)
}

fn source(effective: &Effective) -> Option<String> {
    match &effective.origin {
        Origin::Default => None,
        Origin::File { path, .. } => Some(path.display().to_string()),
        Origin::Environment { place } => Some(match place {
            Place::Unit { name } => name.clone(),
            Place::EnvironmentFile { path, .. } => path.display().to_string(),
            Place::Process => "process".to_owned(),
        }),
    }
}

/// Of every key that has a value which is no secret: from a digest of a secret, a short one could be found by trying.
fn digest(configuration: &Configuration) -> String {
    let mut digest = Sha256::new();
    for (key, effective) in all(configuration) {
        let value = effective.value.reveal();
        if let Some(value) = value.filter(|_| !effective.value.is_secret()) {
            digest.update(format!("{key}={value}\n"));
        }
    }
    hex::encode(digest.finalize())
}

/// What the settings load that does not come with Kong.
pub(super) fn plugins(configuration: &Configuration) -> PluginFacts {
    let named = configuration.get("plugins").unwrap_or_default();
    let named = named.split(',').map(str::trim);
    let named = named.filter(|name| !["", "bundled", "off"].contains(name));
    let text = |key: &str| configuration.get(key).map(str::to_owned);
    PluginFacts {
        named: named.map(str::to_owned).collect(),
        lua_package_path: text("lua_package_path"),
        lua_package_cpath: text("lua_package_cpath"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::kong::Version;
    use crate::kong::conf::{Document, Grammar, Layers, effective};

    fn configuration(text: &str) -> Configuration {
        let version = Version::new(3, 4, 2);
        let document = Document::parse(text, Grammar::of(version));
        let layers = Layers {
            version,
            file: Some((Path::new("/kong.conf"), &document)),
            environment: Vec::new(),
        };
        effective(&layers).expect("known")
    }

    #[test]
    fn a_secret_is_not_in_the_digest_and_everything_else_is() {
        let of = |text: &str| digest(&configuration(text));
        let plain = of("pg_host = db");
        assert_eq!(of("pg_host = db\npg_password = one"), plain);
        assert_eq!(of("# a comment\npg_host = db"), plain);
        for other in [
            "pg_host = other",
            "",
            "pg_host = db\nlog_level = debug",
            "pg_host = db\nof_enterprise = 1",
        ] {
            assert_ne!(of(other), plain, "{other}");
        }
    }

    #[test]
    fn plugins_beside_the_bundled_ones_are_named() {
        let named = |text: &str| plugins(&configuration(text)).named;
        assert_eq!(named(""), [""; 0]);
        assert_eq!(named("plugins = off"), [""; 0]);
        assert_eq!(named("plugins = bundled, own,other"), ["own", "other"]);
        let paths = plugins(&configuration("lua_package_path = /opt/?.lua;;"));
        assert_eq!(paths.lua_package_path.as_deref(), Some("/opt/?.lua;;"));
        assert_eq!(paths.lua_package_cpath, None);
    }
}
