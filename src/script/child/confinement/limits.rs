//! Resource limits: what the process may take of the machine, whatever the interpreter's own limits miss.

use rustix::process::{Resource, Rlimit, setrlimit};

use super::STACK;
use crate::environment::Budgets;

/// What is mapped and is not values: the binary, the C library, what its allocator keeps in reserve.
const BESIDE_VALUES: u64 = 512 << 20;

/// Sets the limits, which nobody raises again.
pub(super) fn set(budgets: &Budgets) -> rustix::io::Result<()> {
    // Two stacks: the thread's, and that of a play, whose script has one of its own.
    let stacks = 2 * STACK as u64;
    // The supervisor counts the seconds of a run, and a drill is many runs; this is for a process that nobody counts any more.
    let seconds = u64::from(Budgets::CAPS.seconds);
    let limits = [
        (
            Resource::As,
            budgets.memory_bytes() + stacks + BESIDE_VALUES,
        ),
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
