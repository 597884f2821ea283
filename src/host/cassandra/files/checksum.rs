//! The checksum that Cassandra itself keeps beside an SSTable's rows: CRC-32 from 3.0 on, Adler-32 in 2.2, over the whole file of the rows as
//! it lies there, written as a decimal number without a line's end. After `ChecksumWriter.java` and `DataIntegrityMetadata.java` of 2.2.19
//! and 3.11.14; the sums as in RFC 1952 and RFC 1950.

use super::Component;

/// The polynomial of CRC-32, its bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// The largest prime below 2^16: Adler-32 counts modulo it.
const PRIME: u32 = 65_521;

/// How many bytes can be added up before 32 bits overflow.
const ROUND: usize = 5552;

/// A byte's part in CRC-32.
const TABLE: [u32; 256] = table();

/// A checksum in the making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// CRC-32, its bits inverted.
    Crc32(u32),
    /// Adler-32, its two sums.
    Adler32(u32, u32),
}

/// A file that holds no checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file of the checksum holds none: `{0}`")]
pub struct ChecksumError(pub String);

impl Checksum {
    /// The checksum that a component holds; `None` where it holds none, or one of a version before 2.2.
    #[must_use]
    pub fn of(component: &Component) -> Option<Self> {
        match component {
            Component::DigestCrc32 => Some(Self::Crc32(!0)),
            Component::DigestAdler32 => Some(Self::Adler32(1, 0)),
            _ => None,
        }
    }

    /// Goes on with `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(sum) => {
                *sum = bytes.iter().fold(*sum, |sum, byte| {
                    let at = (sum.to_le_bytes()[0] ^ byte) as usize;
                    (sum >> 8) ^ TABLE[at]
                });
            }
            Self::Adler32(low, high) => {
                for round in bytes.chunks(ROUND) {
                    for byte in round {
                        *low += u32::from(*byte);
                        *high += *low;
                    }
                    *low %= PRIME;
                    *high %= PRIME;
                }
            }
        }
    }

    /// The checksum of all that came.
    #[must_use]
    pub fn value(self) -> u32 {
        match self {
            Self::Crc32(sum) => !sum,
            Self::Adler32(low, high) => high << 16 | low,
        }
    }
}

/// Reads the file of a checksum.
pub fn stored(text: &str) -> Result<u32, ChecksumError> {
    let line = text.lines().next().unwrap_or_default();
    let is_number = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let number = line.parse().ok().filter(|_| is_number);
    number.ok_or_else(|| ChecksumError(line.to_owned()))
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    let mut byte = 0;
    while at < 256 {
        let mut sum = byte;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ POLYNOMIAL
            } else {
                sum >> 1
            };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn sum(component: &Component, bytes: &[u8]) -> u32 {
        let mut sum = Checksum::of(component).expect("a checksum");
        sum.update(bytes);
        sum.value()
    }

    #[test]
    fn sums_are_those_of_zlib() {
        // The check values of RFC 1952's and RFC 1950's sums.
        assert_eq!(sum(&Component::DigestCrc32, b"123456789"), 0xcbf4_3926);
        assert_eq!(sum(&Component::DigestAdler32, b"Wikipedia"), 0x11e6_0398);
        assert_eq!(sum(&Component::DigestCrc32, b""), 0);
        assert_eq!(
            sum(&Component::DigestAdler32, &b"\xff".repeat(20_000)),
            0x9f51_d664
        );
        assert_eq!(Checksum::of(&Component::Toc), None);
    }

    #[test]
    fn a_file_is_read() {
        assert_eq!(stored("3421780262"), Ok(0xcbf4_3926));
        assert_eq!(stored("1\n"), Ok(1));
        for text in ["", "\n", "-1", "+1", "4294967296", "cbf43926"] {
            assert!(stored(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_make_the_whole(bytes: Vec<u8>, at: usize) {
            for component in [Component::DigestCrc32, Component::DigestAdler32] {
                let (first, second) = bytes.split_at(at.checked_rem(bytes.len()).unwrap_or(0));
                let mut parts = Checksum::of(&component).expect("a checksum");
                parts.update(first);
                parts.update(second);
                prop_assert_eq!(parts.value(), sum(&component, &bytes));
            }
        }
    }
}
