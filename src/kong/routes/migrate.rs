//! What 3.0's migration makes of percent-encoded characters, dots and slashes in paths.
//!
//! Source: `migrate_path_280_300.lua` of 3.9.3 and `uri.lua`, which both routers use on what is requested.

/// Reserved characters, which stay encoded.
const RESERVED: &[u8] = b"!#$%&'()*+,/:;=?@[]";

/// Characters that mean something in an expression and get a backslash.
const SPECIAL: &[u8] = b".^-{}\\|";

/// An expression: what is encoded is decoded, and what would mean something else then is kept or escaped.
pub(super) fn expression(path: &str) -> Option<String> {
    decoded(path, |byte, out| {
        if RESERVED.contains(&byte) {
            out.extend(format!("%{byte:02X}").bytes());
        } else if SPECIAL.contains(&byte) {
            out.extend([b'\\', byte]);
        } else {
            out.push(byte);
        }
    })
}

/// A prefix: decoded, slashes merged and dot segments removed.
pub(super) fn prefix(path: &str) -> Option<String> {
    let text = decoded(path, |byte, out| {
        if RESERVED.contains(&byte) {
            out.extend(format!("%{byte:02X}").bytes());
        } else {
            out.push(byte);
        }
    })?;
    Some(without_dot_segments(&text))
}

fn decoded(path: &str, mut put: impl FnMut(u8, &mut Vec<u8>)) -> Option<String> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = (behind.first(), behind.get(1));
        let value = |digit: &u8| char::from(*digit).to_digit(16);
        if let (b'%', (Some(high), Some(low))) = (first, digits)
            && let (Some(high), Some(low)) = (value(high), value(low))
        {
            put(u8::try_from(16 * high + low).ok()?, &mut out);
            rest = &behind[2..];
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(out).ok()
}

fn without_dot_segments(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_open = false;
    for segment in path.split('/') {
        ends_open = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let joined = format!("/{}", segments.join("/"));
    if ends_open && joined.len() > 1 {
        joined + "/"
    } else {
        joined
    }
}
