//! The sum of row hashes: 256 bits, modulo 2^256.
//!
//! A sum does not depend on the order of rows, and unlike XOR it does not lose rows that occur twice. Invariant: the lanes that
//! the server adds up (52 bits each, the last 48) cover every bit of a hash exactly once.

/// Where each lane begins and how wide it is, in bits from the left as SQL's `substring` counts them.
pub(super) const LANES: [(u32, u32); 5] = [(1, 52), (53, 52), (105, 52), (157, 52), (209, 48)];

/// A number below 2^256, as limbs of 64 bits, the least significant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    /// The sum that the server's five lanes stand for.
    pub(super) fn from_lanes(lanes: [u128; 5]) -> Self {
        let mut sum = Self::default();
        for ((first, width), lane) in LANES.into_iter().zip(lanes) {
            sum.add_shifted(lane, 256 - (first - 1) - width);
        }
        sum
    }

    /// Adds `value` times two to the power of `shift`.
    fn add_shifted(&mut self, value: u128, shift: u32) {
        let (limb, bits) = ((shift / 64) as usize, shift % 64);
        // Up to 128 bits moved by up to 63 take three limbs.
        let low = value << bits;
        let high = if bits == 0 { 0 } else { value >> (128 - bits) };
        let parts = [low & u128::from(u64::MAX), low >> 64, high];
        let mut carry: u128 = 0;
        for (index, slot) in self.0.iter_mut().enumerate().skip(limb) {
            let part = parts.get(index - limb).copied().unwrap_or(0);
            let total = u128::from(*slot) + part + carry;
            *slot = low_half(total);
            carry = total >> 64;
        }
    }

    /// Sixty-four hexadecimal digits.
    pub(super) fn to_hex(self) -> String {
        let [a, b, c, d] = self.0;
        format!("{d:016x}{c:016x}{b:016x}{a:016x}")
    }
}

fn low_half(value: u128) -> u64 {
    u64::try_from(value & u128::from(u64::MAX)).expect("a masked value fits")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// What the server does: cut each hash into lanes and add them up.
    fn sum_of(rows: &[String]) -> Sum {
        let mut lanes = [0_u128; 5];
        for row in rows {
            let hash = Sha256::digest(row);
            for (lane, (first, width)) in lanes.iter_mut().zip(LANES) {
                *lane += (first - 1..first - 1 + width).fold(0, |value, bit| {
                    (value << 1) | u128::from((hash[bit as usize / 8] >> (7 - bit % 8)) & 1)
                });
            }
        }
        Sum::from_lanes(lanes)
    }

    #[test]
    fn one_row_sums_to_its_hash() {
        let row = "(a,b)".to_owned();
        assert_eq!(
            sum_of(std::slice::from_ref(&row)).to_hex(),
            hex::encode(Sha256::digest(row))
        );
    }

    #[test]
    fn the_sum_wraps_at_two_to_the_256() {
        let mut sum = Sum([u64::MAX; 4]);
        sum.add_shifted(1, 0);
        assert_eq!(sum, Sum::default());
    }

    proptest! {
        #[test]
        fn order_does_not_matter((rows, shuffled) in prop::collection::vec(".{0,8}", 0..20)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
            prop_assert_eq!(sum_of(&rows), sum_of(&shuffled));
        }

        #[test]
        fn a_duplicate_a_loss_and_a_change_matter(
            rows in prop::collection::vec(".{0,8}", 1..20), index: prop::sample::Index, other in ".{9}"
        ) {
            let before = sum_of(&rows);
            let index = index.index(rows.len());
            let mut twice = rows.clone();
            twice.push(rows[index].clone());
            prop_assert_ne!(before, sum_of(&twice));
            twice.push(rows[index].clone());
            prop_assert_ne!(before, sum_of(&twice));
            let mut fewer = rows.clone();
            fewer.remove(index);
            prop_assert_ne!(before, sum_of(&fewer));
            let mut changed = rows;
            changed[index] = other;
            prop_assert_ne!(before, sum_of(&changed));
        }
    }
}
