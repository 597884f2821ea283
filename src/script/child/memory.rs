//! What the script's values take, counted as it is allocated.
//!
//! The interpreter bounds each value and not their sum: closures hoard without one of them ever being large. The counter stands
//! under every allocation of the binary; only the script's process sets it a limit.

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// The part of the budget that is kept for what a single operation takes. Between two operations the rest is compared, and a breach
/// is named; inside one nobody can do that, and an allocation that fails aborts.
const KEPT: u64 = 8;

/// The bytes that are allocated now.
pub(super) fn allocated() -> usize {
    ALLOCATOR.allocated()
}

/// Whether the values have come so near to `budget` bytes that the script must stop.
pub(super) fn is_spent(allocated: u64, budget: u64) -> bool {
    allocated > budget - budget / KEPT
}

/// The part of the budget that is no value: pages of the stack, and what the allocator keeps in reserve.
const BESIDE: u64 = 16;

/// How far all of the script's memory may go within a `budget`, both in bytes.
pub(super) fn hard_limit(budget: u64) -> u64 {
    budget - budget / BESIDE
}

/// Lets allocations go no further than a `budget` of bytes. The kernel counts more ([`super::confinement`]); this holds where it
/// does not.
pub(super) fn bound(budget: u64) {
    let limit = usize::try_from(hard_limit(budget)).unwrap_or(usize::MAX);
    // Refused only if that much were allocated already, before a line was read; the resource limit holds then.
    let _ = ALLOCATOR.set_limit(limit);
}
