//! The cipher suites that Kong has names for: whatever else is set for the ciphers of its listeners, such a name overrides it.
//!
//! Source: the suites of `conf_loader` and what it does with them, 2.8.5 to 3.9.3. The lists of ciphers are those that Mozilla
//! recommends in version 5 of its guide.

use crate::kong::Version;

/// A named suite.
struct Suite {
    name: &'static str,
    protocols: &'static str,
    ciphers: &'static str,
    prefers_server: &'static str,
    /// The group of Diffie-Hellman, `None` where the suite leaves it as it is set.
    group: Option<&'static str>,
}

const SUITES: [Suite; 4] = [
    Suite {
        name: "modern",
        protocols: "TLSv1.3",
        ciphers: "",
        prefers_server: "off",
        group: Some(""),
    },
    Suite {
        name: "intermediate",
        protocols: "TLSv1.2 TLSv1.3",
        ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
                  ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:\
                  DHE-RSA-CHACHA20-POLY1305",
        prefers_server: "off",
        group: Some("ffdhe2048"),
    },
    Suite {
        name: "old",
        protocols: "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3",
        ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
                  ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:\
                  DHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:\
                  ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:\
                  ECDHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA256:AES128-GCM-SHA256:AES256-GCM-SHA384:\
                  AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:DES-CBC3-SHA",
        prefers_server: "on",
        group: None,
    },
    Suite {
        name: "fips",
        protocols: "TLSv1.2",
        ciphers: "TLSv1.2+FIPS:kRSA+FIPS:!eNULL:!aNULL",
        prefers_server: "on",
        group: Some(""),
    },
];

/// The last of the ciphers of `intermediate`, which came with 3.6.
const CIPHER_OF_36: &str = ":DHE-RSA-CHACHA20-POLY1305";

/// What a named suite sets; nothing for `custom`, nor for a name that is none, with which Kong does not start. Empty is no value.
pub(super) fn settings_of_suite(name: &str, version: Version) -> Vec<(&'static str, &'static str)> {
    let Some(suite) = SUITES.iter().find(|suite| suite.name == name) else {
        return Vec::new();
    };
    let ciphers = match suite.ciphers.strip_suffix(CIPHER_OF_36) {
        Some(before) if !version.is_at_least(3, 6) => before,
        _ => suite.ciphers,
    };
    let mut settings = vec![
        ("ssl_ciphers", ciphers),
        ("nginx_http_ssl_protocols", suite.protocols),
        ("nginx_stream_ssl_protocols", suite.protocols),
        ("nginx_http_ssl_prefer_server_ciphers", suite.prefers_server),
        (
            "nginx_stream_ssl_prefer_server_ciphers",
            suite.prefers_server,
        ),
    ];
    if let Some(group) = suite.group {
        settings.extend(
            [
                "ssl_dhparam",
                "nginx_http_ssl_dhparam",
                "nginx_stream_ssl_dhparam",
            ]
            .map(|key| (key, group)),
        );
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::settings_of_suite;

    #[test]
    fn a_suite_is_a_versions() {
        let ciphers = |name, version: &str| {
            let settings = settings_of_suite(name, version.parse().expect("a version"));
            settings
                .first()
                .map(|(_, ciphers)| ciphers.split(':').count())
        };
        assert_eq!(ciphers("intermediate", "3.5.0"), Some(8));
        assert_eq!(ciphers("intermediate", "3.6.0"), Some(9));
        assert_eq!(ciphers("old", "2.8.5"), Some(26));
        assert_eq!(ciphers("custom", "3.9.1"), None);
    }
}
