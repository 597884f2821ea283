//! Resource limits: what the process may take of the machine, whatever the interpreter's own limits miss.

use std::fs;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::STACK;
use crate::environment::Budgets;
use crate::script::child::memory;

/// What is mapped and is not values: the binary, the C library, what its allocator keeps in reserve.
const BESIDE_VALUES: u64 = 512 << 20;

/// What the thread that interprets takes besides its stack: the first piece of its allocator's reserve, its own variables.
const BESIDE_STACK: u64 = 1 << 20;

/// How much memory that can be written to, and is its own, the process has mapped, in bytes. `None` where the kernel does not say.
/// To be asked before files are out of reach.
pub(super) fn mapped() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(5)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Sets the limits, which nobody raises again. `mapped` is what was mapped before the two stacks were.
pub(super) fn set(budgets: &Budgets, mapped: Option<u64>) -> rustix::io::Result<()> {
    // Two stacks: the thread's, and that of a play, whose script has one of its own.
    let stacks = 2 * STACK as u64;
    // What the kernel counts is everything: the bookkeeping of the allocator, and both halves of a value that moves as it grows.
    let values = memory::hard_limit(budgets.memory_bytes());
    let data = mapped.map_or(libc::RLIM_INFINITY, |mapped| {
        mapped + stacks + BESIDE_STACK + values
    });
    // The supervisor counts the seconds of a run, and a drill is many runs; this is for a process that nobody counts any more.
    let seconds = u64::from(Budgets::CAPS.seconds);
    let limits = [
        (
            Resource::As,
            budgets.memory_bytes() + stacks + BESIDE_VALUES,
        ),
        (Resource::Data, data),
        (Resource::Cpu, seconds),
        // A core file would hold what the playbook knew.
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
        (Resource::Nproc, 0),
    ];
    limits.into_iter().try_for_each(|(resource, limit)| {
        let both = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        setrlimit(resource, both)
    })
}
