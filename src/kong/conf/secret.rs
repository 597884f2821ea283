//! Which settings hold secrets.
//!
//! Kong's own list is short (`CONF_SENSITIVE` of 3.9.1: passwords, keys of certificates, the outgoing proxy, the declarative text);
//! names count too, for Enterprise's settings, those of vaults, and of plugins.

/// Keys that hold secrets and do not look like it.
const SECRETS: [&str; 8] = [
    // Texts of JSON with client secrets and cookies' secrets.
    "admin_gui_auth_conf",
    "admin_gui_session_conf",
    "portal_auth_conf",
    "portal_session_conf",
    // Whole entities, credentials and certificates' keys among them.
    "declarative_config_string",
    // The password of the first administrator, `KONG_PASSWORD`.
    "password",
    "license_data",
    // An address that may have a password in it.
    "proxy_server",
];

/// How keys end that hold secrets.
const ENDINGS: [&str; 9] = [
    "_password",
    "_passphrase",
    "_secret",
    "_secret_id",
    "_secret_access_key",
    "_token",
    "_credential",
    "_credentials",
    "_api_key",
];

/// How keys end that hold a key, or the path of one, as Kong has it since 3.0.
const KEYS: &str = "_key";

/// Keys of keys that are meant to be seen.
const PUBLIC: [&str; 2] = ["_public_key", "_public_keys"];

/// Directives that give headers, with credentials for upstreams among them.
const HEADERS: [&str; 3] = ["proxy_set_header", "grpc_set_header", "add_header"];

/// Whether a setting may hold a secret. One that may hold either a key or its path is among them: a path may be told, see
/// [`Value`](super::Value).
#[must_use]
pub fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key)
        || ENDINGS.iter().any(|ending| key.ends_with(ending))
        || may_be_path(key)
        || (key.starts_with("nginx_") && HEADERS.iter().any(|header| key.ends_with(header)))
}

/// Whether what a key is set to is a secret: a reference into a vault is none, nor the path of a key; an address with a password in
/// it is one, whatever the key.
pub(super) fn holds_secret(key: &str, text: &str) -> bool {
    if text.is_empty() || is_reference(text) {
        return false;
    }
    if may_be_path(key) && text.split(',').all(|part| is_path(part.trim())) {
        return false;
    }
    is_secret(key) || has_userinfo(text)
}

fn may_be_path(key: &str) -> bool {
    key.ends_with(KEYS) && !PUBLIC.iter().any(|ending| key.ends_with(ending))
}

fn is_reference(text: &str) -> bool {
    text.starts_with("{vault://") && text.ends_with('}') && text.matches('{').count() == 1
}

/// A key given as text is PEM, which has spaces and dashes in front, or Base64 of that or of DER, whose first letter is no slash.
fn is_path(text: &str) -> bool {
    (text.starts_with('/') || text.starts_with("./"))
        && !text.contains(char::is_whitespace)
        && text.len() < 256
        || is_reference(text)
}

/// `scheme://name:password@host`.
fn has_userinfo(text: &str) -> bool {
    text.match_indices("://").any(|(at, sign)| {
        let rest = &text[at + sign.len()..];
        let authority = rest.split(['/', '?', '#', ' ', ',']).next();
        authority.is_some_and(|authority| authority.contains('@'))
    })
}

#[cfg(test)]
mod tests {
    use super::{holds_secret, is_secret};

    #[test]
    fn secrets_are_known_by_their_keys() {
        for key in [
            "pg_password",
            "pg_ro_password",
            "cassandra_password",
            "redis_password",
            "smtp_password",
            "admin_gui_session_conf",
            "admin_gui_auth_conf",
            "ssl_cert_key",
            "cluster_cert_key",
            "client_ssl_cert_key",
            "keyring_private_key",
            "audit_log_signing_key",
            "vault_hcv_token",
            "vault_hcv_approle_secret_id",
            "vault_aws_secret_access_key",
            "vault_conjur_api_key",
            "vault_azure_client_secret",
            "request_debug_token",
            "declarative_config_string",
            "license_data",
            "proxy_server",
            "password",
            "nginx_proxy_proxy_set_header",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "pg_user",
            "pg_host",
            "ssl_cert",
            "cluster_cert",
            "keyring_public_key",
            "enforce_rbac",
            "vault_env_prefix",
            "vault_hcv_token_file",
            "latency_tokens",
            "headers",
            "license_path",
            "declarative_config",
            "nginx_http_keepalive_requests",
            "plugins",
        ] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_reference_or_a_path_is_no_secret_and_a_password_in_an_address_is() {
        assert!(holds_secret("pg_password", "hunter2"));
        assert!(holds_secret("pg_password", "/hunter2"));
        assert!(!holds_secret("pg_password", ""));
        assert!(!holds_secret("pg_password", "{vault://env/pg-password}"));
        assert!(holds_secret("pg_password", "{vault://env/a} {b}"));
        assert!(!holds_secret(
            "ssl_cert_key",
            "/etc/kong/a.key, /etc/kong/b.key"
        ));
        assert!(holds_secret("ssl_cert_key", "LS0tLS1CRUdJTiBQUklWQVRF"));
        assert!(holds_secret("ssl_cert_key", "-----BEGIN PRIVATE KEY-----"));
        assert!(holds_secret("ssl_cert_key", "/etc/kong/a.key,MIIEvQ"));
        assert!(holds_secret("admin_gui_url", "https://a:b@kong.example/"));
        assert!(!holds_secret("admin_gui_url", "https://kong.example/@a"));
    }
}
