//! Debian's versions: `epoch:upstream-revision`. After Debian's policy and `deb-version(7)`; the order is that of `dpkg`, against which the
//! tests play it where it is installed.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A version of a package of Debian. Two are equal where dpkg takes them for the same, which texts need not be: `1.0` and `1.00-0`.
#[derive(Debug, Clone)]
pub struct DebianVersion {
    text: String,
    epoch: u32,
    upstream: String,
    revision: String,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version of a Debian package (`1:3.4.2-1`)")]
pub struct DebianVersionError {
    /// What was given.
    pub text: String,
}

impl DebianVersion {
    /// What the packaged program's makers count.
    #[must_use]
    pub fn upstream(&self) -> &str {
        &self.upstream
    }
}

impl FromStr for DebianVersion {
    type Err = DebianVersionError;

    fn from_str(text: &str) -> Result<Self, DebianVersionError> {
        parts(text).ok_or_else(|| DebianVersionError {
            text: text.to_owned(),
        })
    }
}

fn parts(text: &str) -> Option<DebianVersion> {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (number(epoch)?, rest),
        None => (0, text),
    };
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((_, "")) => return None,
        Some(both) => both,
        None => (rest, ""),
    };
    let is_part = |part: &str, more: &str| {
        let mut letters = part.chars();
        letters.all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter))
    };
    let is_version = upstream.starts_with(|first: char| first.is_ascii_digit())
        && is_part(upstream, ".-+~:")
        && is_part(revision, ".+~");
    is_version.then(|| DebianVersion {
        text: text.to_owned(),
        epoch,
        upstream: upstream.to_owned(),
        revision: revision.to_owned(),
    })
}

/// An epoch, which dpkg keeps in a signed number.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse::<i32>().ok())??;
    u32::try_from(number).ok()
}

impl Ord for DebianVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_upstream = || compare(self.upstream.as_bytes(), other.upstream.as_bytes());
        let by_revision = || compare(self.revision.as_bytes(), other.revision.as_bytes());
        let by_epoch = self.epoch.cmp(&other.epoch);
        by_epoch.then_with(by_upstream).then_with(by_revision)
    }
}

impl PartialOrd for DebianVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DebianVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for DebianVersion {}

impl fmt::Display for DebianVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Serialize for DebianVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Compares what is no number letter by letter and what is one by its size, in turns.
fn compare(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_words, right_words) = (split(&mut left, false), split(&mut right, false));
        let longer = left_words.len().max(right_words.len());
        for at in 0..longer {
            let of = |words: &[u8]| words.get(at).map_or(0, |letter| weight(*letter));
            let order = of(left_words).cmp(&of(right_words));
            if order != Ordering::Equal {
                return order;
            }
        }
        let (left_digits, right_digits) = (split(&mut left, true), split(&mut right, true));
        let (left_digits, right_digits) = (significant(left_digits), significant(right_digits));
        // Of two numbers of one length, the larger is the one with the larger first digit that differs.
        let by_length = left_digits.len().cmp(&right_digits.len());
        let order = by_length.then_with(|| left_digits.cmp(right_digits));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the digits, or what stands before the next digit, from the beginning of `text`.
fn split<'a>(text: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let end = text.iter().position(|byte| byte.is_ascii_digit() != digits);
    let (first, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest;
    first
}

fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

/// `~` before the end, the end before letters, letters before all else.
fn weight(letter: u8) -> i32 {
    match letter {
        b'~' => -1,
        letter if letter.is_ascii_alphabetic() => i32::from(letter),
        letter => i32::from(letter) + 256,
    }
}
