//! One line of the journal: a record in JSON whose last field is the digest of everything before it.
//!
//! The digest covers the bytes as written, so verifying needs no canonical form of JSON. Each record also holds the digest of the
//! one before: a line changed, lost, doubled or moved breaks the chain at its place.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, Event, Record, VERSION};

/// `,"hash":"` + 64 digits + `"}`.
const SEAL: usize = 9 + 64 + 2;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The line does not end as every line does.
    #[error("the line has no seal")]
    NoSeal,
    /// The bytes are not those that were sealed.
    #[error("the line was changed after it was written")]
    Altered,
    /// The line is intact and does not follow the one before.
    #[error("the line does not follow the one before it (a line was lost, doubled or moved)")]
    OutOfOrder,
    /// The line is intact and of a format that this version does not know.
    #[error("the line is of a format that this version of cutover does not know: {0}")]
    Foreign(String),
}

/// A record as it is written: the same fields as [`Record`], borrowed.
#[derive(Serialize)]
struct Body<'a> {
    v: u32,
    seq: u64,
    at: Timestamp,
    prev: Digest,
    event: &'a Event,
}

/// The part of a record that tells how to read the rest.
#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Makes the record that follows `seq` and `prev`, and its line with the newline.
pub(super) fn seal(seq: u64, prev: Digest, at: Timestamp, event: Event) -> (Record, Vec<u8>) {
    let body = Body {
        v: VERSION,
        seq,
        at,
        prev,
        event: &event,
    };
    let mut line = serde_json::to_vec(&body).expect("records are plain data with string keys");
    line.pop();
    let digest = Digest::of(&line);
    line.extend_from_slice(format!(",\"hash\":\"{digest}\"}}\n").as_bytes());
    (
        Record {
            v: VERSION,
            seq,
            at,
            prev,
            event,
            digest,
        },
        line,
    )
}

/// Reads one line, without its newline, that has to follow `seq` and `prev`.
pub(super) fn open(line: &[u8], seq: u64, prev: Digest) -> Result<Record, Damage> {
    let (body, seal) = line
        .split_at_checked(line.len().wrapping_sub(SEAL))
        .ok_or(Damage::NoSeal)?;
    let digest = seal
        .strip_prefix(b",\"hash\":\"")
        .and_then(|rest| rest.strip_suffix(b"\"}"))
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .ok_or(Damage::NoSeal)?;
    // Compared as text: the digest has one spelling, so a changed letter case is damage like any other.
    let sealed = Digest::of(body);
    if sealed.to_string() != digest {
        return Err(Damage::Altered);
    }
    // The version first: a later one may have other fields.
    let Version { v } =
        serde_json::from_slice(line).map_err(|error| Damage::Foreign(error.to_string()))?;
    if v != VERSION {
        return Err(Damage::Foreign(format!("version {v}")));
    }
    let record: Record =
        serde_json::from_slice(line).map_err(|error| Damage::Foreign(error.to_string()))?;
    if record.seq != seq || record.prev != prev {
        return Err(Damage::OutOfOrder);
    }
    Ok(Record {
        digest: sealed,
        ..record
    })
}

/// What [`verify`] found: the records, and where the whole lines end.
#[derive(Debug)]
pub struct Chain {
    /// The records, in order.
    pub records: Vec<Record>,
    /// How many bytes the intact lines take.
    pub intact: u64,
    /// How many bytes of a torn last line follow them.
    pub torn: u64,
}

/// Reads a whole journal. A torn last line is reported, any other damage is an error with its line.
pub fn verify(bytes: &[u8]) -> Result<Chain, (u64, Damage)> {
    let mut records: Vec<Record> = Vec::new();
    let mut intact = 0;
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let number = records.len() as u64 + 1;
        let prev = records.last().map_or(Digest::ZERO, |record| record.digest);
        records.push(open(&rest[..end], number, prev).map_err(|damage| (number, damage))?);
        intact += end as u64 + 1;
        rest = &rest[end + 1..];
    }
    if let Some(damage) = whole_but_unterminated(rest, &records) {
        return Err((records.len() as u64 + 1, damage));
    }
    Ok(Chain {
        records,
        intact,
        torn: rest.len() as u64,
    })
}

/// A torn line is a true prefix of a line. One that holds a whole sealed record and lacks nothing but its newline was written
/// completely and damaged later: cutting it would lose a record that a step relied on.
fn whole_but_unterminated(tail: &[u8], records: &[Record]) -> Option<Damage> {
    let seq = records.len() as u64 + 1;
    let prev = records.last().map_or(Digest::ZERO, |record| record.digest);
    let without_newline = tail.get(..tail.len().checked_sub(1)?)?;
    open(without_newline, seq, prev)
        .is_ok()
        .then_some(Damage::NoSeal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn journal(lines: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut prev = Digest::ZERO;
        for number in 1..=lines {
            let event = Event::PhaseEntered {
                name: format!("phase {number}"),
            };
            let (record, line) = seal(u64::from(number), prev, Timestamp::UNIX_EPOCH, event);
            prev = record.digest;
            bytes.extend(line);
        }
        bytes
    }

    #[test]
    fn a_journal_reads_back() {
        let chain = verify(&journal(5)).expect("intact");
        assert_eq!((chain.records.len(), chain.torn), (5, 0));
    }

    #[test]
    fn every_truncation_keeps_the_whole_lines_and_reports_the_rest() {
        let bytes = journal(4);
        let ends: Vec<usize> = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at + 1)
            .collect();
        for length in 0..=bytes.len() {
            let chain = verify(&bytes[..length]).expect("a prefix is torn, not damaged");
            let whole = ends.iter().filter(|end| **end <= length).count();
            assert_eq!(chain.records.len(), whole, "at {length}");
            assert_eq!(chain.intact + chain.torn, length as u64);
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = journal(3);
        for position in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[position] ^= 1 << bit;
                let found = verify(&damaged);
                // A flip may make a newline in the last line, which leaves a line without a seal; it never goes unnoticed.
                assert!(found.is_err(), "byte {position} bit {bit} went unnoticed");
            }
        }
    }

    proptest! {
        #[test]
        fn lines_lost_doubled_or_swapped_are_found(first in 0_usize..6, second in 0_usize..6) {
            let bytes = journal(6);
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let mut doubled = lines.clone();
            doubled.insert(first, lines[first]);
            prop_assert!(verify(&doubled.concat()).is_err());
            let mut swapped = lines.clone();
            swapped.swap(first, second);
            prop_assert_eq!(verify(&swapped.concat()).is_err(), first != second);
            let mut lost = lines.clone();
            lost.remove(first);
            // Losing the last whole line leaves an intact shorter journal: that is what the printed head of the chain is for.
            prop_assert_eq!(verify(&lost.concat()).is_err(), first != 5);
        }
    }
}
