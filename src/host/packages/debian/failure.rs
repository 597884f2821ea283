//! Why apt or dpkg did not do what they were told, from what they print in English. The sentences are recorded from apt 2.6 and dpkg 1.21;
//! those of older versions, which are marked, follow their sources.

use crate::host::packages::failure::{
    Cause, Failure, Holder, by_phrase, by_sudo, classify, process_behind,
};

/// Finds the cause in what a call that failed printed, on both of its outputs.
#[must_use]
pub fn failure(text: &str) -> Failure {
    classify(text, &[by_sudo, held, locked, told, summed_up])
}

/// Who holds a lock, where a line names it: while apt waits it does, and at the end no more.
fn held(line: &str) -> Option<Cause> {
    locked(line).filter(|cause| !matches!(cause, Cause::Locked(None)))
}

/// That somebody holds a lock, which stands before everything else.
fn locked(line: &str) -> Option<Cause> {
    if line.contains("Could not open lock file") || line.contains("are you root?") {
        return Some(Cause::NotAllowed);
    }
    let by_apt = process_behind(line, "It is held by process ");
    if let Some(process) = by_apt.filter(|_| line.contains("Could not get lock")) {
        let name = line
            .rsplit_once(" (")
            .and_then(|(_, rest)| rest.split_once(')'));
        let name = name.map(|(name, _)| name.to_owned());
        return Some(Cause::Locked(Some(Holder { process, name })));
    }
    let by_dpkg = process_behind(line, "locked by another process with pid ");
    let by_dpkg = by_dpkg.map(|process| Holder {
        process,
        name: None,
    });
    // Before dpkg 1.20 and apt 1.9 nobody told which process it is.
    let phrases = [
        "locked by another process",
        "Could not get lock",
        "Unable to acquire the dpkg frontend lock",
        "Unable to lock",
    ];
    let is_locked = phrases.iter().any(|phrase| line.contains(phrase));
    is_locked.then_some(Cause::Locked(by_dpkg))
}

/// Lines that tell the very reason.
fn told(line: &str) -> Option<Cause> {
    if line.contains("Version '") && line.contains("was not found") {
        return Some(Cause::VersionNotFound);
    }
    if line.contains("package architecture (") && line.contains("does not match system") {
        return Some(Cause::WrongArchitecture);
    }
    by_phrase(
        line,
        &[
            ("dpkg was interrupted", Cause::Interrupted),
            ("No space left on device", Cause::NoSpace),
            ("You don't have enough free space", Cause::NoSpace),
            (
                "There were unauthenticated packages",
                Cause::Unauthenticated,
            ),
            ("NO_PUBKEY", Cause::Unauthenticated),
            ("is not signed", Cause::Unauthenticated),
            ("Held packages were changed", Cause::Held),
            ("Packages were downgraded and -y", Cause::Downgrade),
            ("will not downgrade", Cause::Downgrade),
            ("Unable to locate package", Cause::PackageNotFound),
            ("has no installation candidate", Cause::PackageNotFound),
            (" : Conflicts: ", Cause::Conflict),
            (" : Breaks: ", Cause::Conflict),
            ("conflicting packages - not installing", Cause::Conflict),
            (" : Depends: ", Cause::UnmetDependencies),
            (
                "dependency problems prevent configuration",
                Cause::UnmetDependencies,
            ),
            ("at conffile prompt", Cause::ConfigurationQuestion),
            ("trying to overwrite", Cause::FileOfAnother),
            ("script subprocess returned error", Cause::ScriptFailed),
            ("script returned error exit status", Cause::ScriptFailed),
            ("Hash Sum mismatch", Cause::WrongChecksum),
            ("File has unexpected size", Cause::WrongChecksum),
            ("does not have a Release file", Cause::RepositoryUnreadable),
            ("no longer has a Release file", Cause::RepositoryUnreadable),
            ("is not a Debian format archive", Cause::BadArchive),
            ("unexpected end of file", Cause::BadArchive),
            ("lzma error", Cause::BadArchive),
            ("failed to read archive", Cause::FileNotFound),
            ("cannot access archive", Cause::FileNotFound),
            ("Unsupported file ", Cause::FileNotFound),
            ("requires superuser privilege", Cause::NotAllowed),
        ],
    )
}

/// Lines that only say that there was a reason.
fn summed_up(line: &str) -> Option<Cause> {
    by_phrase(
        line,
        &[
            ("Failed to fetch", Cause::NotFetched),
            ("Unable to fetch some archives", Cause::NotFetched),
            ("have unmet dependencies", Cause::UnmetDependencies),
            ("you have held broken packages", Cause::UnmetDependencies),
            ("Unmet dependencies.", Cause::UnmetDependencies),
            // dpkg was killed while it wrote what it was doing.
            ("/updates/", Cause::Interrupted),
        ],
    )
}
