//! What the script's values take, counted as it is allocated.
//!
//! The interpreter bounds each value and not their sum: closures hoard without one of them ever being large. The counter stands
//! under every allocation of the binary; only the script's process sets it a limit.

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// What a single operation may take beyond the budget before the process is at its end. Between two operations the budget is
/// compared and named; inside one nobody can, and an allocation that fails aborts.
const BEYOND: usize = 16 << 20;

/// The bytes that are allocated now.
pub(super) fn allocated() -> usize {
    ALLOCATOR.allocated()
}

/// Lets no allocation go further than `budget` bytes and what one operation may take beyond.
pub(super) fn bound(budget: usize) {
    // Refused only if that much were allocated already, before a line was read; the resource limit holds then.
    let _ = ALLOCATOR.set_limit(budget.saturating_add(BEYOND));
}
