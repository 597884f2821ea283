//! Waiting for the other side of the pipe, which mostly answers at once.
//!
//! The script and the supervisor take turns, and a turn is shorter than what it takes to wake a processor that sleeps. So whoever
//! waits stays awake for a moment first.

use std::os::fd::AsFd;

use rustix::io::ioctl_fionread;
use rustix::thread::sched_yield;

/// How often whoever waits looks before it goes to sleep: for less than a tenth of a millisecond.
const LOOKS: usize = 100;

/// Stays awake until there is something to read, or for the moment that an answer takes.
pub(super) fn stay_awake(input: impl AsFd) {
    for _ in 0..LOOKS {
        if !matches!(ioctl_fionread(&input), Ok(0)) {
            return;
        }
        // Where there is one processor, it is the other side that needs it.
        sched_yield();
    }
}
