//! Whether a text looks as if it held a secret. A guess, and rather a wrong yes than a wrong no: a yes costs a reference, a no a leak.
//!
//! Known here: private keys, credentials in addresses, what is assigned to a name of a secret, and headers with credentials. Whoever has
//! a file with other secrets in it has to say that it is one.

use crate::kong::conf::{Value, is_secret};

/// What stands in the first line of every private key in PEM.
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// What names of secrets have in them, in small letters.
const PARTS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "api_key",
    "private_key",
];

/// Directives of nginx that send a header.
const HEADERS: [&str; 3] = ["proxy_set_header", "grpc_set_header", "add_header"];

/// How files are called that are keys.
const KEYS: [&str; 5] = ["key", "p12", "pfx", "jks", "keystore"];

/// Values that keep nobody out, whatever they are of.
const HARMLESS: [&str; 9] = [
    "true", "false", "on", "off", "yes", "no", "null", "nil", "none",
];

/// Whether a name is that of a secret.
pub(super) fn is_name_of_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let name = name.strip_prefix("kong_").unwrap_or(&name);
    is_secret(name) || name == "pgpassword" || PARTS.iter().any(|part| name.contains(part))
}

/// Whether the end of a file's name is that of a key.
pub(super) fn is_key(extension: &str) -> bool {
    KEYS.contains(&extension)
}

/// The passwords of addresses in a text: `http://name:password@host`, or all before the `@` where there is no name.
pub(super) fn passwords(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, sign)| {
        let rest = &text[at + sign.len()..];
        let authority = rest.split(['/', '?', '#', ' ', ',']).next()?;
        let (userinfo, _) = authority.rsplit_once('@')?;
        Some(
            userinfo
                .split_once(':')
                .map_or(userinfo, |(_, password)| password),
        )
    })
}

/// Whether a text looks as if it held a secret. In `code`, only what stands between quotes is a value.
pub(super) fn is_suspicious(text: &str, code: bool) -> bool {
    text.contains(PRIVATE_KEY)
        || text.lines().any(|line| {
            // An address is read up to its end wherever it stands.
            Value::new("", line).is_secret() || is_header(line) || assigns(line, code)
        })
}

/// Whether a line assigns something to the name of a secret.
fn assigns(line: &str, code: bool) -> bool {
    line.match_indices(['=', ':']).any(|(at, _)| {
        let before = line[..at].trim_end_matches([' ', '\t', '"', '\'', ']']);
        let is_inner = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let start = before.trim_end_matches(is_inner).len();
        is_name_of_secret(&before[start..]) && is_literal(line[at + 1..].trim(), code)
    })
}

/// Whether what is assigned is a value by itself, and not the way to one.
fn is_literal(value: &str, code: bool) -> bool {
    let value = value.trim_end_matches([',', ';']).trim_end();
    let quoted = value.strip_prefix(['"', '\'']);
    let text = match (quoted, code) {
        (Some(rest), _) => rest.trim_end_matches(['"', '\'']),
        (None, true) => return false,
        (None, false) => value.trim_end_matches(['"', '\'']),
    };
    let is_way = text.starts_with(['$', '{', '(', '[', '/', '=', '#']) || text.contains("$(");
    !text.is_empty() && !is_way && !HARMLESS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a line has a header that lets somebody in.
fn is_header(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    if lower.contains("authorization") && (lower.contains("basic ") || lower.contains("bearer ")) {
        return true;
    }
    let mut words = line.split_ascii_whitespace();
    if !words.next().is_some_and(|word| HEADERS.contains(&word)) {
        return false;
    }
    let name = words.next().unwrap_or_default().trim_matches(['"', '\'']);
    let is_credential = is_name_of_secret(name) || name.to_ascii_lowercase().ends_with("key");
    is_credential && words.next().is_some_and(|value| is_literal(value, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_texts_are_suspected() {
        for line in [
            "-----BEGIN RSA PRIVATE KEY-----",
            "see http://kong:hunter2@db/",
            "# pg_password = hunter2",
            "Environment=\"KONG_PG_PASSWORD=hunter2\" A=1",
            "AWS_SECRET_ACCESS_KEY=hunter2",
            "export PGPASSWORD=hunter2",
            "  password: hunter2",
            "{\"client_secret\": \"hunter2\"}",
            "proxy_set_header X-Api-Key hunter2;",
            "proxy_set_header Authorization \"Basic aHVudGVyMg==\";",
        ] {
            assert!(is_suspicious(line, false), "{line}");
        }
        for line in [
            "-----BEGIN CERTIFICATE-----",
            "see http://kong.example/@a",
            "#pg_password =        # the password",
            "pg_password = {vault://env/pg-password}",
            "ssl_cert_key = /etc/kong/tls.key",
            "proxy_set_header X-Api-Key $http_x_api_key;",
            "use_token: true",
            "the password is not told",
            "plugins = bundled",
        ] {
            assert!(!is_suspicious(line, false), "{line}");
        }
    }

    #[test]
    fn in_code_only_a_quoted_text_is_a_value() {
        assert!(is_suspicious("local password = \"hunter2\"", true));
        assert!(is_suspicious("config.client_secret = 'hunter2',", true));
        for line in [
            "local token = ngx.var.http_token",
            "password = { type = \"string\", encrypted = true },",
            "if token == nil then",
            "secret = \"\"",
        ] {
            assert!(!is_suspicious(line, true), "{line}");
        }
    }
}
