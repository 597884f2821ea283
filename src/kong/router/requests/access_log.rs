//! The access logs of nginx, Kong and Apache: `common` and `combined`, with or without a virtual host before them.

use std::net::IpAddr;

use percent_encoding::percent_encode_byte;

use super::super::asked::Asked;
use super::presumed::{Presumed, Said};

/// The request of a line such as `10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "GET /a HTTP/1.1" 200 12`.
pub(super) fn read(line: &str, presumed: &Presumed) -> Option<Asked> {
    let (before, rest) = line.split_once(" [")?;
    let (_, rest) = rest.split_once("] \"")?;
    let request = quoted(rest)?;
    let mut said = request_line(&request)?;
    let mut words = before.split(' ');
    let (first, second) = (words.next()?, words.next()?);
    // A name of a user may have spaces; an address behind the first word tells a virtual host.
    if first.parse::<IpAddr>().is_err() && second.parse::<IpAddr>().is_ok() {
        said.host = Some(first.to_owned());
    }
    said.asked(presumed)
}

/// What a request says in its first line, as `GET /a HTTP/1.1`.
pub(super) fn request_line(line: &str) -> Option<Said> {
    let (method, rest) = line.split_once(' ')?;
    let (target, version) = rest.rsplit_once(' ')?;
    version.strip_prefix("HTTP/")?;
    Some(Said {
        method: method.to_owned(),
        target: target.to_owned(),
        ..Said::default()
    })
}

/// What stands up to the next quote, with what was escaped: `\"`, `\\` and `\x22`. Bytes that are no text are percent-encoded.
fn quoted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next()? {
            '"' => return Some(out),
            '\\' => match letters.next()? {
                'x' => {
                    let digits = [letters.next()?, letters.next()?];
                    let value = |digit: char| digit.to_digit(16);
                    let byte = u8::try_from(16 * value(digits[0])? + value(digits[1])?).ok()?;
                    if byte.is_ascii() {
                        out.push(char::from(byte));
                    } else {
                        out += percent_encode_byte(byte);
                    }
                }
                letter => out.push(letter),
            },
            letter => out.push(letter),
        }
    }
}
