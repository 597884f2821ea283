//! What kind of value Kong reads for a key, and when two values are the same to it.
//!
//! Source: the types of `conf_loader`, 2.8.5 to 3.9.1. One key changed its type in between: `admin_gui_url`
//! was text and is a list, which is the same here.

use super::{number, space};

/// What kind of value Kong reads for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `on` and `true` are yes; everything else is no, and so is no value.
    Boolean,
    /// Something with commas between.
    List,
    /// A number.
    Number,
    /// Anything.
    Text,
}

const BOOLEANS: [&str; 27] = [
    "allow_debug_header",
    "anonymous_reports",
    "cassandra_ssl",
    "cassandra_ssl_verify",
    "client_ssl",
    "cluster_cjson",
    "cluster_incremental_sync",
    "cluster_rpc",
    "cluster_use_proxy",
    "dedicated_config_processing",
    "dns_no_sync",
    "kic",
    "new_dns_client",
    "nginx_daemon",
    "nginx_optimizations",
    "pg_ro_ssl",
    "pg_ro_ssl_verify",
    "pg_ssl",
    "pg_ssl_verify",
    "privileged_agent",
    "privileged_worker",
    "proxy_server_ssl_verify",
    "real_ip_recursive",
    "request_debug",
    "ssl_prefer_server_ciphers",
    "ssl_session_tickets",
    "wasm",
];

const LISTS: [&str; 36] = [
    "admin_gui_listen",
    "admin_gui_ssl_cert",
    "admin_gui_ssl_cert_key",
    "admin_gui_url",
    "admin_listen",
    "admin_ssl_cert",
    "admin_ssl_cert_key",
    "cassandra_contact_points",
    "cassandra_data_centers",
    "cluster_dp_labels",
    "cluster_listen",
    "db_cache_warmup_entities",
    "dns_order",
    "dns_resolver",
    "headers",
    "headers_upstream",
    "lua_ssl_trusted_certificate",
    "opentelemetry_tracing",
    "plugins",
    "pluginserver_names",
    "port_maps",
    "proxy_listen",
    "resolver_address",
    "resolver_family",
    "ssl_cert",
    "ssl_cert_key",
    "status_listen",
    "status_ssl_cert",
    "status_ssl_cert_key",
    "stream_listen",
    "tracing_instrumentations",
    "trusted_ips",
    "untrusted_lua_sandbox_environment",
    "untrusted_lua_sandbox_requires",
    "vaults",
    "wasm_filters",
];

const NUMBERS: [&str; 51] = [
    "_debug_pg_ttl_cleanup_interval",
    "cassandra_port",
    "cassandra_refresh_frequency",
    "cassandra_repl_factor",
    "cassandra_schema_consensus_timeout",
    "cassandra_timeout",
    "cluster_data_plane_purge_delay",
    "cluster_max_payload",
    "db_cache_neg_ttl",
    "db_cache_ttl",
    "db_resurrect_ttl",
    "db_update_frequency",
    "db_update_propagation",
    "dns_cache_size",
    "dns_error_ttl",
    "dns_not_found_ttl",
    "dns_stale_ttl",
    "dns_valid_ttl",
    "lua_max_post_args",
    "lua_max_req_headers",
    "lua_max_resp_headers",
    "lua_max_uri_args",
    "lua_socket_pool_size",
    "lua_ssl_verify_depth",
    "opentelemetry_tracing_sampling_rate",
    "pg_backlog",
    "pg_keepalive_timeout",
    "pg_max_concurrent_queries",
    "pg_pool_size",
    "pg_port",
    "pg_ro_backlog",
    "pg_ro_keepalive_timeout",
    "pg_ro_max_concurrent_queries",
    "pg_ro_pool_size",
    "pg_ro_port",
    "pg_ro_semaphore_timeout",
    "pg_ro_timeout",
    "pg_semaphore_timeout",
    "pg_timeout",
    "resolver_error_ttl",
    "resolver_lru_cache_size",
    "resolver_stale_ttl",
    "resolver_valid_ttl",
    "router_update_frequency",
    "tracing_sampling_rate",
    "upstream_keepalive",
    "upstream_keepalive_idle_timeout",
    "upstream_keepalive_max_requests",
    "upstream_keepalive_pool_size",
    "worker_events_max_payload",
    "worker_state_update_frequency",
];

/// The kind of a key.
pub(super) fn kind(key: &str) -> Kind {
    if BOOLEANS.contains(&key) {
        Kind::Boolean
    } else if LISTS.contains(&key) {
        Kind::List
    } else if NUMBERS.contains(&key) {
        Kind::Number
    } else {
        Kind::Text
    }
}

/// A value as everything is written that is the same to Kong.
pub(super) fn canonical(key: &str, value: &str) -> String {
    let value = space::trim(value);
    match kind(key) {
        Kind::Boolean => if matches!(value, "on" | "true") {
            "on"
        } else {
            "off"
        }
        .to_owned(),
        Kind::List => {
            let parts: Vec<&str> = value.split(',').map(space::trim).collect();
            parts.join(",")
        }
        Kind::Number => number::printed(value).unwrap_or_else(|| value.to_owned()),
        Kind::Text => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn values_are_the_same_that_kong_reads_alike() {
        let same = [
            ("pg_ssl", "on", "true"),
            ("pg_ssl", "off", "no"),
            ("pg_ssl", "off", ""),
            ("pg_port", "5432", "5432.0"),
            ("plugins", "bundled,own", "bundled , own"),
            ("nginx_daemon", "off", "false"),
            ("pg_host", " a", "a"),
        ];
        for (key, one, other) in same {
            assert_eq!(canonical(key, one), canonical(key, other), "{key}");
        }
        let differing = [
            ("pg_ssl", "on", ""),
            ("plugins", "a,b", "b,a"),
            ("pg_host", "A", "a"),
            ("nginx_http_charset", "1", "1.0"),
        ];
        for (key, one, other) in differing {
            assert_ne!(canonical(key, one), canonical(key, other), "{key}");
        }
    }
}
