//! rpm's versions: `epoch:version-release`. After `rpm-version(7)` and rpm's `rpmvercmp.c`; the order is played against rpm itself where it
//! is installed.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A version of a package of rpm. Two are equal where rpm takes them for the same, which texts need not be: `1.0` and `1_00`.
#[derive(Debug, Clone)]
pub struct RpmVersion {
    epoch: u32,
    version: String,
    release: String,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version of an rpm package (`0:3.4.2-1.el8`)")]
pub struct RpmVersionError {
    /// What was given.
    pub text: String,
}

impl RpmVersion {
    /// What the packaged program's makers count.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What its packagers count.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }
}

impl FromStr for RpmVersion {
    type Err = RpmVersionError;

    /// Reads `version-release`, with `epoch:` before it or not. rpm does not compare the release with a version that has none; an order
    /// of versions cannot have that, so the release must be there.
    fn from_str(text: &str) -> Result<Self, RpmVersionError> {
        let error = || RpmVersionError {
            text: text.to_owned(),
        };
        let (epoch, rest) = match text.split_once(':') {
            // What dnf and rpm print where there is none.
            Some(("(none)", rest)) => (0, rest),
            Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
                (epoch.parse().map_err(|_| error())?, rest)
            }
            Some(_) => return Err(error()),
            None => (0, text),
        };
        let is_part = |part: &str| {
            let is_letter =
                |letter: char| letter.is_ascii_alphanumeric() || "._+~^".contains(letter);
            !part.is_empty() && part.chars().all(is_letter)
        };
        match rest.split_once('-') {
            Some((version, release)) if is_part(version) && is_part(release) => Ok(Self {
                epoch,
                version: version.to_owned(),
                release: release.to_owned(),
            }),
            _ => Err(error()),
        }
    }
}

impl Ord for RpmVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_epoch = self.epoch.cmp(&other.epoch);
        let by_version = || compare(&self.version, &other.version);
        let by_release = || compare(&self.release, &other.release);
        by_epoch.then_with(by_version).then_with(by_release)
    }
}

impl PartialOrd for RpmVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RpmVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for RpmVersion {}

impl fmt::Display for RpmVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(out, "{}:", self.epoch)?;
        }
        write!(out, "{}-{}", self.version, self.release)
    }
}

impl Serialize for RpmVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Compares segment by segment; what stands between segments does not count.
fn compare(left: &str, right: &str) -> Ordering {
    let is_between = |letter: char| rank(Some(letter)).is_none();
    let (mut left, mut right) = (left, right);
    loop {
        left = left.trim_start_matches(is_between);
        right = right.trim_start_matches(is_between);
        let (first, other) = (rank(left.chars().next()), rank(right.chars().next()));
        let order = first.cmp(&other).then_with(|| match first {
            Some(Rank::Number) => numbers(segment(&mut left), segment(&mut right)),
            Some(Rank::Letters) => segment(&mut left).cmp(segment(&mut right)),
            Some(Rank::Tilde | Rank::Caret) => {
                (left, right) = (&left[1..], &right[1..]);
                Ordering::Equal
            }
            Some(Rank::End) | None => Ordering::Equal,
        });
        if order != Ordering::Equal || first == Some(Rank::End) {
            return order;
        }
    }
}

/// What a segment is, in the order in which one comes before another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Tilde,
    End,
    Caret,
    Letters,
    Number,
}

/// The rank of the segment that begins so; nothing of what only stands between segments.
fn rank(first: Option<char>) -> Option<Rank> {
    match first {
        None => Some(Rank::End),
        Some('~') => Some(Rank::Tilde),
        Some('^') => Some(Rank::Caret),
        Some(letter) if letter.is_ascii_alphabetic() => Some(Rank::Letters),
        Some(digit) if digit.is_ascii_digit() => Some(Rank::Number),
        Some(_) => None,
    }
}

/// Takes the digits, or the letters, from the beginning of `text`.
fn segment<'a>(text: &mut &'a str) -> &'a str {
    let kind = rank(text.chars().next());
    let end = text.find(|letter| rank(Some(letter)) != kind);
    let (first, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest;
    first
}

fn numbers(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    let by_length = left.len().cmp(&right.len());
    by_length.then_with(|| left.cmp(right))
}
