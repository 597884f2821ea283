//! Keys that Kong takes without having them in its table, by what they begin with, and settings that are directives of nginx as well.
//!
//! Source: `DYNAMIC_KEY_NAMESPACES` and the `directives` of `conf_loader`, 2.8.5 to 3.9.3.

use crate::kong::Version;

/// A beginning of keys, and the first line of releases, major and minor, that takes it.
struct Namespace {
    prefix: &'static str,
    since: (u16, u16),
}

const fn namespace(prefix: &'static str, since: (u16, u16)) -> Namespace {
    Namespace { prefix, since }
}

const NAMESPACES: [Namespace; 14] = [
    namespace("nginx_main_", (2, 8)),
    namespace("nginx_events_", (2, 8)),
    namespace("nginx_http_", (2, 8)),
    namespace("nginx_upstream_", (2, 8)),
    namespace("nginx_proxy_", (2, 8)),
    namespace("nginx_status_", (2, 8)),
    namespace("nginx_admin_", (2, 8)),
    namespace("nginx_stream_", (2, 8)),
    namespace("nginx_supstream_", (2, 8)),
    namespace("nginx_sproxy_", (2, 8)),
    namespace("pluginserver_", (2, 8)),
    namespace("vault_", (2, 8)),
    namespace("nginx_wasm_", (3, 4)),
    namespace("nginx_location_", (3, 6)),
];

/// Settings that are written as directives, to the blocks of nginx for HTTP and for streams.
pub(super) const DIRECTIVES: [(&str, [&str; 2]); 6] = [
    (
        "lua_ssl_protocols",
        [
            "nginx_http_lua_ssl_protocols",
            "nginx_stream_lua_ssl_protocols",
        ],
    ),
    (
        "ssl_dhparam",
        ["nginx_http_ssl_dhparam", "nginx_stream_ssl_dhparam"],
    ),
    (
        "ssl_prefer_server_ciphers",
        [
            "nginx_http_ssl_prefer_server_ciphers",
            "nginx_stream_ssl_prefer_server_ciphers",
        ],
    ),
    (
        "ssl_protocols",
        ["nginx_http_ssl_protocols", "nginx_stream_ssl_protocols"],
    ),
    (
        "ssl_session_tickets",
        [
            "nginx_http_ssl_session_tickets",
            "nginx_stream_ssl_session_tickets",
        ],
    ),
    (
        "ssl_session_timeout",
        [
            "nginx_http_ssl_session_timeout",
            "nginx_stream_ssl_session_timeout",
        ],
    ),
];

/// Whether a version takes a key that is not in its table.
pub(super) fn takes(version: Version, key: &str) -> bool {
    NAMESPACES.iter().any(|namespace| {
        let rest = key.strip_prefix(namespace.prefix);
        rest.is_some_and(|rest| !rest.is_empty())
            && version.is_at_least(namespace.since.0, namespace.since.1)
    })
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn namespaces_came_one_by_one() {
        let takes = |version: &str, key| takes(version.parse().expect("a version"), key);
        assert!(takes("2.8.5", "nginx_http_lua_shared_dict"));
        assert!(!takes("2.8.5", "nginx_http_"));
        assert!(!takes("2.8.5", "nginx_https_x"));
        assert!(!takes("3.3.1", "nginx_wasm_backtraces"));
        assert!(takes("3.4.0", "nginx_wasm_backtraces"));
        assert!(!takes("3.5.0", "nginx_location_x"));
        assert!(takes("3.6.0", "nginx_location_x"));
        assert!(takes("3.9.1", "vault_env_prefix"));
    }
}
