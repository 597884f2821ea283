//! What a declarative file calls things: which tables are in it, in which order, and which columns are not.

use crate::kong::Version;

/// The tables in the order of the file, in which nothing refers to what comes later.
pub(super) const TABLES: [&str; 20] = [
    "ca_certificates",
    "certificates",
    "consumers",
    "parameters",
    "key_sets",
    "keys",
    "snis",
    "services",
    "routes",
    "plugins",
    "upstreams",
    "targets",
    "acls",
    "basicauth_credentials",
    "hmacauth_credentials",
    "jwt_secrets",
    "keyauth_credentials",
    "oauth2_credentials",
    "oauth2_tokens",
    "filter_chains",
];

/// Columns that are the database's own and not the entity's.
pub(super) const INTERNAL: [&str; 2] = ["ws_id", "cache_key"];

/// Columns whose times are seconds since 1970 in the file.
pub(super) const TIMES: [&str; 2] = ["created_at", "updated_at"];

/// The formats that `version` reads; the last is the one it writes.
pub(super) fn formats(version: &Version) -> &'static [&'static str] {
    if version.is_at_least(3, 0) {
        &["1.1", "2.1", "3.0"]
    } else {
        &["1.1", "2.1"]
    }
}

/// The name in the file of the column `column`: a reference goes without its `_id`.
pub(super) fn field(column: &str) -> &str {
    match column {
        "custom_id" | "client_id" => column,
        _ => column.strip_suffix("_id").unwrap_or(column),
    }
}
