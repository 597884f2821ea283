//! seccomp: the system calls that an interpreter on a pipe needs, and no other.
//!
//! What is not on the list fails with `EPERM` and does not kill: a C library that tries something new and harmless must not end an
//! upgrade at night, and to a script the two are the same, since it cannot make a system call at all. To whoever has broken out of
//! the interpreter both mean that there is nothing to be had.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter_all_threads,
};

/// Confines every thread of this process.
pub(super) fn enforce() -> Result<(), Error> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(
        allowed()?,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        architecture,
    )?;
    let program: BpfProgram = filter.try_into()?;
    apply_filter_all_threads(&program)
}

/// Every call that is allowed, each with the arguments that it may have; none means any.
fn allowed() -> Result<BTreeMap<i64, Vec<SeccompRule>>, Error> {
    let mut allowed = BTreeMap::from([
        // The pipe. Standard error leads nowhere.
        (libc::SYS_read, vec![when(0, SeccompCmpOp::Eq, 0)?]),
        (libc::SYS_ioctl, vec![asks_how_much_can_be_read()?]),
        (
            libc::SYS_write,
            vec![when(0, SeccompCmpOp::Eq, 1)?, when(0, SeccompCmpOp::Eq, 2)?],
        ),
        // Memory that holds no code.
        (libc::SYS_mmap, vec![never_executable()?]),
        (libc::SYS_mprotect, vec![never_executable()?]),
        // The end by `abort`, which says how the process ended.
        (libc::SYS_tgkill, vec![aborts_itself()?]),
    ]);
    let plain = [
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_getrandom,
        // Read without a system call on most machines.
        libc::SYS_clock_gettime,
        libc::SYS_sched_yield,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    allowed.extend(plain.map(|call| (call, Vec::new())));
    Ok(allowed)
}

/// How many bytes wait in the pipe, and nothing else of what this call can do.
fn asks_how_much_can_be_read() -> Result<SeccompRule, Error> {
    let input = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, 0)?;
    let question =
        SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, libc::FIONREAD)?;
    Ok(SeccompRule::new(vec![input, question])?)
}

/// The protection asked for, third of the arguments, leaves out execution.
fn never_executable() -> Result<SeccompRule, Error> {
    let execution = u64::from(libc::PROT_EXEC.unsigned_abs());
    when(2, SeccompCmpOp::MaskedEq(execution), 0)
}

/// The signal of an abort, to nobody but this process.
fn aborts_itself() -> Result<SeccompRule, Error> {
    let own = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        u64::from(std::process::id()),
    )?;
    let abort = SeccompCondition::new(
        2,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        u64::from(libc::SIGABRT.unsigned_abs()),
    )?;
    Ok(SeccompRule::new(vec![own, abort])?)
}

/// The argument of the number `argument`, from 0, compared with `value`.
fn when(argument: u8, comparison: SeccompCmpOp, value: u64) -> Result<SeccompRule, Error> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}
