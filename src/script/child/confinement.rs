//! How the script's process holds itself, before it reads a line of anybody's text.
//!
//! The process does it to itself, so nothing runs between fork and exec and no line of it is unsafe. Each layer stands without the
//! others: where a kernel lacks one, the rest hold, and which do is the first thing that the process says.
//!
//! The one thread that interprets is made in between. It inherits what was set before; the last two layers are set by itself, for
//! the whole process, since making a thread is among what they forbid.

mod landlock;
mod limits;
mod seccomp;
#[cfg(test)]
mod tests;

use super::inside;
use crate::environment::Budgets;
use crate::journal::{Layer, Sandbox};

/// The stack of the one thread that interprets. Deep values overflow an ordinary stack when they are dropped or printed, and a
/// stack that overflows aborts. It is virtual memory: only what is used is there.
pub(super) const STACK: usize = 256 << 20;

/// Runs `body` on a thread with a large stack, in a process that is confined from then on, for good.
pub(super) fn confined<Done: Send + 'static>(
    budgets: Budgets,
    body: impl FnOnce(Sandbox) -> Done + Send + 'static,
) -> std::thread::Result<Done> {
    let mapped = limits::mapped();
    let no_new_privileges = layer(rustix::thread::set_no_new_privs(true));
    let landlock = landlock::enforce();
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            // Before the limits are set, which count it in.
            inside::keep_stack();
            let limits = layer(limits::set(&budgets, mapped));
            let seccomp = layer(seccomp::enforce());
            body(Sandbox {
                no_new_privileges,
                landlock,
                seccomp,
                limits,
            })
        });
    thread.expect("a thread can be made").join()
}

fn layer<Problem: ToString>(set: Result<(), Problem>) -> Layer {
    match set {
        Ok(()) => Layer::Active,
        Err(problem) => Layer::Absent(problem.to_string()),
    }
}
