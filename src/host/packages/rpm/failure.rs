//! Why dnf or rpm did not do what they were told, from what they print in English. The sentences are recorded from dnf 4.14 and rpm
//! 4.18; those of yum and of signatures, which are marked, follow their sources.

use crate::host::packages::failure::{
    Cause, Failure, Holder, by_phrase, by_sudo, classify, process_behind,
};

/// Finds the cause in what a call that failed printed, on both of its outputs.
#[must_use]
pub fn failure(text: &str) -> Failure {
    classify(text, &[by_sudo, locked, told, summed_up])
}

fn locked(line: &str) -> Option<Cause> {
    let has_no_lock = line.contains("can't create transaction lock");
    if has_no_lock && line.contains("Permission denied") || line.contains("superuser privileges") {
        return Some(Cause::NotAllowed);
    }
    // The second is what dnf says that is not to wait, the third yum's.
    let phrases = [
        "Waiting for process with pid ",
        " already locked by ",
        "another copy is running as pid ",
    ];
    let process = phrases
        .iter()
        .find_map(|phrase| process_behind(line, phrase));
    if let Some(process) = process {
        return Some(Cause::Locked(Some(Holder {
            process,
            name: None,
        })));
    }
    let is_locked = has_no_lock || line.contains("is currently holding the yum lock");
    is_locked.then_some(Cause::Locked(None))
}

/// Lines that tell the very reason.
fn told(line: &str) -> Option<Cause> {
    if line.contains("(which is newer than ") && line.contains("is already installed") {
        return Some(Cause::Downgrade);
    }
    if line.contains("needs ") && line.contains("B more space on the ") {
        return Some(Cause::NoSpace);
    }
    if line.contains(" is needed by ") || line.contains("nothing provides ") {
        // What a package for another processor needs is not there either, and tells nothing.
        return Some(Cause::UnmetDependencies)
            .filter(|_| !line.contains("nothing provides config("));
    }
    if line.contains("conflicts with file from package") {
        return Some(Cause::FileOfAnother);
    }
    by_phrase(
        line,
        &[
            ("filtered out by exclude filtering", Cause::Held),
            (
                "does not have a compatible architecture",
                Cause::WrongArchitecture,
            ),
            (
                "is intended for a different architecture",
                Cause::WrongArchitecture,
            ),
            ("No space left on device", Cause::NoSpace),
            (" conflicts with ", Cause::Conflict),
            ("No match for argument: ", Cause::VersionNotFound),
            (
                "you do not have any GPG public keys installed",
                Cause::Unauthenticated,
            ),
            // yum's, after its source: which package it is stands before.
            ("           Requires: ", Cause::UnmetDependencies),
            // The next three follow the sources of dnf and rpm.
            ("is not signed", Cause::Unauthenticated),
            ("GPG check FAILED", Cause::Unauthenticated),
            ("Public key for ", Cause::Unauthenticated),
            ("scriptlet failed", Cause::ScriptFailed),
            (
                "Unable to read version lock configuration",
                Cause::LocksUnreadable,
            ),
            ("has incorrect checksum", Cause::WrongChecksum),
            (
                "Failed to download metadata for repo",
                Cause::RepositoryUnreadable,
            ),
            ("Could not open: ", Cause::FileNotFound),
            ("failed: No such file or directory", Cause::FileNotFound),
            ("not an rpm package", Cause::BadArchive),
            ("is already installed", Cause::AlreadyInstalled),
            ("cannot downgrade it", Cause::AlreadyInstalled),
        ],
    )
}

/// Lines that only say that there was a reason.
fn summed_up(line: &str) -> Option<Cause> {
    by_phrase(
        line,
        &[
            ("Unable to find a match: ", Cause::VersionNotFound),
            ("No packages marked for ", Cause::VersionNotFound),
            ("Error downloading packages", Cause::NotFetched),
            ("Failed dependencies:", Cause::UnmetDependencies),
            ("rpmdb open failed", Cause::NotAllowed),
            ("nothing provides ", Cause::UnmetDependencies),
        ],
    )
}
