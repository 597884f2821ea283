//! Kong's own parts: what brought it, what starts it, what it goes by and what it loads.

use serde::{Deserialize, Serialize};

use crate::kong::advisories::Known;

/// What brought Kong to a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageFacts {
    /// `apt`, `deb`, `dnf`, `rpm`, or `prefix` for versions side by side.
    pub driver: String,
    /// The package's name; nothing where versions stand side by side.
    pub name: Option<String>,
    /// The installed version, as the package calls it; nothing where none is.
    pub version: Option<String>,
    /// `open_source`, `enterprise` or `enterprise_fips`.
    pub edition: Option<String>,
    /// Whether it is wholly installed.
    pub ready: bool,
    /// The repositories that have the installed version; none where it came from a file.
    pub origin: Known<Vec<String>>,
    /// Whether it is to stay in its version.
    pub held: Known<bool>,
    /// Its files that are not as it brought them.
    pub changed: Known<Vec<ChangedFile>>,
    /// Where the link to the installed version leads.
    pub link: Option<String>,
    /// The versions that could be installed.
    pub available: Known<Vec<String>>,
}

/// A file that is not as its package brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedFile {
    /// The file.
    pub path: String,
    /// Whether it is one of configuration, which is there to be changed.
    pub configuration: bool,
    /// `missing`, `content`, `attributes` or `unreadable`.
    pub change: String,
}

/// The installed Kong itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KongFacts {
    /// Its version, as its `kong` says.
    pub version: Known<String>,
    /// SHA-256 of its `kong`.
    pub sha256: Known<String>,
    /// SHA-256 of its kong.conf.
    pub conf_sha256: Known<String>,
}

/// The service of systemd's that Kong is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitFacts {
    /// Its name, `kong.service`.
    pub name: String,
    /// Whether it runs, in systemd's word: `active`.
    pub active: String,
    /// The same in finer words: `running`, `auto-restart`.
    pub sub: String,
    /// Whether it starts at boot, in systemd's word: `enabled`; nothing where there is no file.
    pub enabled: Option<String>,
    /// Whether nobody can start it.
    pub masked: bool,
    /// When systemd starts it again by itself, in its word: `on-failure`.
    pub restart: String,
    /// Whether its files have changed since systemd read them.
    pub needs_reload: bool,
    /// Whether it migrates the database by itself.
    pub migrates: bool,
    /// Its file and the drop-ins behind it, in their order.
    pub files: Vec<String>,
    /// The files that its environment is read from.
    pub environment_files: Vec<String>,
    /// What about it would hurt an upgrade, with the place.
    pub hazards: Vec<String>,
}

/// Where a node's settings come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsFacts {
    /// Its kong.conf.
    pub conf: String,
    /// The files that set something, the units, and `process` for the environment that the running one has.
    pub sources: Vec<String>,
    /// How many keys are set by them.
    pub set: u64,
    /// SHA-256 of what it goes by, key by key, without secrets.
    pub digest: String,
}

/// What a node's settings load that does not come with Kong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginFacts {
    /// What `plugins` names beside `bundled`.
    pub named: Vec<String>,
    /// Where Lua code is looked for first.
    pub lua_package_path: Option<String>,
    /// Where compiled code is.
    pub lua_package_cpath: Option<String>,
}

/// A rock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RockFacts {
    /// Its name.
    pub name: String,
    /// Its version, `1.2.3-1`.
    pub version: String,
    /// The tree that it is in.
    pub tree: String,
}
