//! Secrets that this process has read, blacked out wherever a text leaves it.
//!
//! What servers and programs echo is not ours to foresee: a password comes back in an error message, in an address, encoded. So every
//! secret is remembered when it is read, in the shapes that text gets on its way, and each door asks here: failures and answers of
//! steps, output of programs, progress, the terminal, a panic.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stands where a secret stood.
pub const BLACKED_OUT: &str = "[secret]";

/// A shorter one is not looked for: it would be found in half of all words, and keeps nobody out.
const SHORTEST: usize = 6;

/// What stays as it is in an address: all but the unreserved characters (RFC 3986) is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The secrets, for the whole process: a panic's hook and the terminal have nothing in their hands but this.
static KNOWN: RwLock<Option<Known>> = RwLock::new(None);

struct Known {
    secrets: BTreeSet<String>,
    shapes: Vec<String>,
    search: AhoCorasick,
}

/// Remembers a secret that was read.
pub fn remember(secret: &str) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let before = known.as_ref().map(|known| &known.secrets);
    if secret.chars().count() < SHORTEST || before.is_some_and(|before| before.contains(secret)) {
        return;
    }
    let mut secrets = before.cloned().unwrap_or_default();
    secrets.insert(secret.to_owned());
    let shapes: BTreeSet<String> = secrets.iter().flat_map(|secret| shapes(secret)).collect();
    let shapes: Vec<String> = shapes.into_iter().collect();
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(&shapes)
        .expect("a few short texts can be searched for");
    *known = Some(Known {
        secrets,
        shapes,
        search,
    });
}

/// The shapes of every secret that is known, for output that is looked through as it comes.
#[must_use]
pub fn known_shapes() -> Vec<String> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known
        .as_ref()
        .map(|known| known.shapes.clone())
        .unwrap_or_default()
}

/// `text` with every known secret blacked out.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    match known.as_ref() {
        Some(known) if known.search.is_match(text) => {
            let with = vec![BLACKED_OUT; known.shapes.len()];
            known.search.replace_all(text, &with).into()
        }
        _ => text.into(),
    }
}

/// `value` with every known secret blacked out in its texts. Keys are names of ours.
#[must_use]
pub fn redacted_value(value: Value) -> Value {
    match value {
        Value::String(text) => match redacted(&text) {
            Cow::Borrowed(_) => Value::String(text),
            Cow::Owned(clear) => Value::String(clear),
        },
        Value::Array(parts) => parts.into_iter().map(redacted_value).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (redacted(&key).into_owned(), redacted_value(value)))
            .collect(),
        plain => plain,
    }
}

/// The shapes in which a secret comes back: as it is, quoted, escaped, encoded.
fn shapes(secret: &str) -> Vec<String> {
    let json = |text: &str| {
        let quoted = serde_json::to_string(text).expect("a text is JSON");
        quoted[1..quoted.len() - 1].to_owned()
    };
    let in_json = json(secret);
    let encoded = utf8_percent_encode(secret, RESERVED).to_string();
    let all_encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mut shapes = vec![
        secret.to_owned(),
        json(&in_json),
        format!("{secret:?}").trim_matches('"').to_owned(),
        secret.escape_default().to_string(),
        // SQL, a shell, a connection string of libpq, XML.
        secret.replace('\'', "''"),
        secret.replace('\'', "'\\''"),
        secret.replace('\\', "\\\\").replace('\'', "\\'"),
        xml(secret),
        quoted_in_xml(&xml(secret)),
        encoded.replace("%20", "+"),
        all_encoded.to_lowercase(),
        hex::encode(secret),
        hex::encode_upper(secret),
        in_json,
    ];
    shapes.push(lower_hex(&encoded));
    shapes.extend([encoded, all_encoded]);
    shapes.extend(base64_shapes(secret.as_bytes()));
    shapes.retain(|shape| shape.len() >= SHORTEST);
    shapes
}

/// A percent-encoded text with small letters in its escapes alone.
fn lower_hex(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2.min(part.len()));
        lower.push('%');
        lower.push_str(&code.to_lowercase());
        lower.push_str(rest);
    }
    lower
}

fn xml(secret: &str) -> String {
    secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// In an attribute quotes are escaped too.
fn quoted_in_xml(text: &str) -> String {
    text.replace('"', "&quot;").replace('\'', "&apos;")
}

/// In Base64 a text looks different at each of three places behind others, and only what depends on nothing around it is the same.
fn base64_shapes(secret: &[u8]) -> Vec<String> {
    let mut shapes = Vec::new();
    for before in 0..3_usize {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        // Characters in front that hold bits of what stands before, and one at the end that holds bits of what comes behind.
        let first = [0, 2, 3][before];
        let open = usize::from(bytes.len() % 3 != 0);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&bytes);
            shapes.push(text[first..text.len() - open].to_owned());
        }
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of its own in each test: what is remembered stays for the whole process.
    const SECRET: &str = "c4n\\ry \"of\" 'redaction' <&>/+é";

    #[test]
    fn a_secret_is_blacked_out_in_every_shape() {
        remember(SECRET);
        let whole = format!("user:{SECRET}@host");
        let shapes = [
            SECRET.to_owned(),
            serde_json::to_string(SECRET).expect("JSON"),
            serde_json::to_string(&serde_json::to_string(SECRET).expect("JSON")).expect("JSON"),
            format!("{SECRET:?}"),
            SECRET.replace('\'', "''"),
            utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string(),
            utf8_percent_encode(SECRET, RESERVED)
                .to_string()
                .replace("%20", "+"),
            STANDARD_NO_PAD.encode(SECRET),
            STANDARD_NO_PAD.encode(&whole),
            URL_SAFE_NO_PAD.encode(format!("x{whole}")),
            STANDARD_NO_PAD.encode(format!("xy{whole}")),
            hex::encode(SECRET),
            xml(SECRET),
        ];
        for shape in shapes {
            let told = format!("before {shape} behind");
            let clear = redacted(&told);
            assert!(clear.contains(BLACKED_OUT), "{told}\n{clear}");
            assert!(
                !clear.contains("redaction") && clear.starts_with("before "),
                "{clear}"
            );
        }
        let value = serde_json::json!({ "a": [SECRET, 1], "b": { "c": format!("x{SECRET}") } });
        assert!(!redacted_value(value).to_string().contains("redaction"));
    }

    #[test]
    fn what_is_no_secret_stays() {
        remember("kong");
        assert_eq!(redacted("kong-1 of `kong`"), "kong-1 of `kong`");
    }
}
