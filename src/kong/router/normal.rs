//! How Kong writes paths before it compares them and after it has joined them. Both routers do the same.
//!
//! Source: `kong/tools/uri.lua` and `normalize_regex` of 2.8.5's `router.lua`.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode, percent_encode_byte};

/// Reserved characters: encoded or not, they mean what they are.
const RESERVED: &[u8] = b"!#$%&'()*+,/:;=?@[]";

/// Characters that mean something in an expression, beyond the reserved ones.
const SPECIAL: &[u8] = b".^-{}\\|";

/// What goes to the upstream encoded.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A path that is requested: decoded where that changes no meaning, with dot segments resolved and slashes merged.
pub(super) fn normalised(path: &[u8]) -> Vec<u8> {
    let decoded = decoded(path, |byte, out| out.push(byte));
    let has_dots = decoded.contains(&b'.');
    if decoded == b"/" || !has_dots && !decoded.windows(2).any(|two| two == b"//") {
        return decoded;
    }
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut rest = &*decoded;
    while !rest.is_empty() {
        match rest {
            b"/." => rest = b"/",
            b"/.." => {
                rest = b"/";
                segments.pop();
            }
            b"." | b".." => rest = b"",
            [b'.', b'.', b'/', ..] => rest = &rest[3..],
            [b'.', b'/', ..] | [b'/', b'.', b'/', ..] => rest = &rest[2..],
            [b'/', b'.', b'.', b'/', ..] => {
                rest = &rest[3..];
                segments.pop();
            }
            [b'/', b'/', ..] => rest = &rest[1..],
            _ => {
                let end = rest.iter().skip(1).position(|byte| *byte == b'/');
                let (segment, behind) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
                segments.push(segment);
                rest = behind;
            }
        }
    }
    segments.concat()
}

/// An expression of Kong 2: decoded as what is requested, and what would mean something then is escaped.
pub(super) fn normalised_expression(expression: &str) -> Option<String> {
    let decoded = decoded(expression.as_bytes(), |byte, out| {
        if SPECIAL.contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    });
    String::from_utf8(decoded).ok()
}

/// What is sent to the upstream.
pub(super) fn escaped(path: &[u8]) -> String {
    percent_encode(path, ESCAPED).to_string()
}

/// What is left of a path behind the part that is stripped: it must not climb.
pub(super) fn sanitised(rest: &[u8]) -> &[u8] {
    if rest == b"." || rest == b".." {
        return b"";
    }
    let climbs = rest.strip_prefix(b"./").or(rest.strip_prefix(b"../"));
    climbs.unwrap_or(rest)
}

fn decoded(path: &[u8], mut put: impl FnMut(u8, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match encoded(*first, behind) {
            Some(byte) if RESERVED.contains(&byte) => out.extend(percent_encode_byte(byte).bytes()),
            Some(byte) => put(byte, &mut out),
            None => {
                out.push(*first);
                continue;
            }
        }
        rest = &behind[2..];
    }
    out
}

fn encoded(first: u8, behind: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*behind.get(at)?).to_digit(16);
    if first != b'%' {
        return None;
    }
    u8::try_from(16 * digit(0)? + digit(1)?).ok()
}
