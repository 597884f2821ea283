//! Which data planes a control plane gives its configuration: those of its major version, no newer minor, with the plugins in it.

use std::collections::BTreeSet;

use super::PluginVersion;
use crate::kong::Version;

/// How a data plane and its control plane get along, as the latter writes it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncStatus {
    /// They do.
    Normal,
    /// The data plane is of another major or a newer minor version.
    KongVersionIncompatible,
    /// It lacks a plugin that is configured.
    PluginSetIncompatible,
    /// It has another version of one.
    PluginVersionIncompatible,
}

impl SyncStatus {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::KongVersionIncompatible => "kong_version_incompatible",
            Self::PluginSetIncompatible => "plugin_set_incompatible",
            Self::PluginVersionIncompatible => "plugin_version_incompatible",
        }
    }
}

/// Whether a data plane that says it is `data` may stay connected to a control plane that is `control`.
pub(super) fn of_versions(control: &Version, data: &str) -> SyncStatus {
    let fits = data
        .parse::<Version>()
        .is_ok_and(|data| data.major == control.major && data.minor <= control.minor);
    if fits {
        SyncStatus::Normal
    } else {
        SyncStatus::KongVersionIncompatible
    }
}

/// Whether a data plane with the plugins `data` can be given a configuration that has plugins of these names.
pub(super) fn of_plugins(
    control: &[PluginVersion],
    data: &[PluginVersion],
    configured: &BTreeSet<String>,
) -> SyncStatus {
    for plugin in control.iter().filter(|one| configured.contains(&one.name)) {
        let Some(found) = data.iter().find(|one| one.name == plugin.name) else {
            return SyncStatus::PluginSetIncompatible;
        };
        if let (Some(wanted), Some(found)) = (numbers(plugin), numbers(found))
            && (wanted.0 != found.0 || wanted.1 < found.1)
        {
            return SyncStatus::PluginVersionIncompatible;
        }
    }
    SyncStatus::Normal
}

/// Major and minor version, where a plugin has them.
fn numbers(plugin: &PluginVersion) -> Option<(u16, u16)> {
    let mut parts = plugin.version.as_ref()?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str, version: Option<&str>) -> PluginVersion {
        PluginVersion {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        }
    }

    #[test]
    fn a_data_plane_may_be_older_by_minor_versions_and_nothing_else() {
        let control = Version::new(3, 4, 2);
        for (data, fits) in [
            ("3.4.2", true),
            ("3.4.99", true),
            ("3.0.0", true),
            ("3.5.0", false),
            ("2.8.5", false),
            ("what", false),
        ] {
            let status = of_versions(&control, data);
            assert_eq!(status == SyncStatus::Normal, fits, "{data}");
        }
    }

    #[test]
    fn only_configured_plugins_count() {
        let control = [plugin("acl", Some("3.4.2")), plugin("mine", Some("1.2.0"))];
        let judge = |data: &[PluginVersion], configured: &[&str]| {
            let configured = configured.iter().map(|name| (*name).to_owned()).collect();
            of_plugins(&control, data, &configured).word()
        };
        assert_eq!(judge(&[], &[]), "normal");
        assert_eq!(judge(&[], &["acl"]), "plugin_set_incompatible");
        let newer = [plugin("mine", Some("1.3.0"))];
        assert_eq!(judge(&newer, &["mine"]), "plugin_version_incompatible");
        assert_eq!(judge(&[plugin("mine", None)], &["mine"]), "normal");
        assert_eq!(judge(&[plugin("mine", Some("1.1.0"))], &["mine"]), "normal");
    }
}
