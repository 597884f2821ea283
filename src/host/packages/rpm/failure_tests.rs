//! What dnf 4.14 and rpm 4.18 were seen to print, and what it means. Paths of the lab are those of a host.

use super::failure;
use crate::host::packages::Failure;
use crate::host::packages::failure::{Cause, Holder};

/// Each text's cause and the line that tells it, which is the one of that number.
fn check(text: &str, cause: Cause, line: usize) {
    let told = text.lines().nth(line).map(|line| line.trim().to_owned());
    assert_eq!(failure(text), Failure { cause, told }, "{text}");
}

#[test]
fn failures_of_dnf_are_told() {
    let holder = Holder {
        process: 18724,
        name: None,
    };
    for (text, cause, line) in [
        (
            "Waiting for process with pid 18724 to finish.\n",
            Cause::Locked(Some(holder)),
            0,
        ),
        (
            "RPMDB already locked by 13479\n  The application with PID 13479 is: sleep\n    Memory : 1.8 M RSS (2.9 MB VSZ)\n",
            Cause::Locked(Some(Holder {
                process: 13479,
                name: None,
            })),
            0,
        ),
        (
            "Running transaction\nRPM: error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)\n\
             Error: Could not run transaction.\n",
            Cause::Locked(None),
            1,
        ),
        (
            "All matches were filtered out by exclude filtering for argument: kong-3.9.1\nError: Unable to find a match: kong-3.9.1\n",
            Cause::Held,
            0,
        ),
        (
            "No match for argument: kong-1.2.3\nError: Unable to find a match: kong-1.2.3\n",
            Cause::VersionNotFound,
            0,
        ),
        (
            "Error: \n Problem: conflicting requests\n  - nothing provides nothing-provides-this needed by kong-3.9.2-1.x86_64\n\
             (try to add '--skip-broken' to skip uninstallable packages)\n",
            Cause::UnmetDependencies,
            2,
        ),
        (
            "Error: \n Problem: problem with installed package kong-3.4.2-1.x86_64\n\
             \x20 - package kong-enterprise-edition-3.4.3.5-1.el8.x86_64 conflicts with kong provided by kong-3.4.2-1.x86_64\n\
             \x20 - conflicting requests\n  - nothing provides nothing-provides-this needed by kong-3.9.2-1.x86_64\n",
            Cause::Conflict,
            2,
        ),
        (
            "Error: \n Problem: conflicting requests\n  - package kong-3.9.9-1.aarch64 does not have a compatible architecture\n\
             \x20 - nothing provides config(kong) = 3.9.9-1 needed by kong-3.9.9-1.aarch64\n",
            Cause::WrongArchitecture,
            2,
        ),
        (
            "Can not load RPM file: ./nothere.rpm.\nCould not open: ./nothere.rpm\n",
            Cause::FileNotFound,
            1,
        ),
        (
            "Error: Transaction test error:\n  installing package bigone-1-1.x86_64 needs 7MB more space on the / filesystem\n",
            Cause::NoSpace,
            1,
        ),
        (
            "Package \"kong-3.9.1-1.x86_64\" from local repository \"kong\" has incorrect checksum\n\
             Error: Some packages from local repository have incorrect checksum\n",
            Cause::WrongChecksum,
            0,
        ),
        (
            "Error: Failed to download metadata for repo 'kong2': Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried\n",
            Cause::RepositoryUnreadable,
            0,
        ),
        (
            "\nYou have enabled checking of packages via GPG keys. This is a good thing.\n\
             However, you do not have any GPG public keys installed. You need to download\n",
            Cause::Unauthenticated,
            2,
        ),
        (
            "Error: Unable to read version lock configuration: [Errno 2] No such file or directory: '/etc/dnf/plugins/versionlock.list'\n",
            Cause::LocksUnreadable,
            0,
        ),
        ("Operation aborted.\n", Cause::Unknown, 9),
    ] {
        check(text, cause, line);
    }
}

#[test]
fn failures_of_rpm_are_told() {
    for (text, cause, line) in [
        (
            "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)\n",
            Cause::Locked(None),
            0,
        ),
        (
            "\tpackage kong-3.9.9-1.aarch64 is intended for a different architecture\n",
            Cause::WrongArchitecture,
            0,
        ),
        (
            "error: Failed dependencies:\n\tnothing-provides-this is needed by kong-3.9.2-1.x86_64\n",
            Cause::UnmetDependencies,
            1,
        ),
        (
            "error: Failed dependencies:\n\tkong conflicts with kong-enterprise-edition-3.4.3.5-1.el8.x86_64\n",
            Cause::Conflict,
            1,
        ),
        (
            "\tpackage kong-3.4.2-1.x86_64 is already installed\n",
            Cause::AlreadyInstalled,
            0,
        ),
        (
            "\tpackage kong-3.9.1-1.x86_64 (which is newer than kong-3.4.2-1.x86_64) is already installed\n",
            Cause::Downgrade,
            0,
        ),
        (
            "\tfile /usr/local/bin/kong from install of kong-3.9.1-1.x86_64 conflicts with file from package kong-3.4.2-1.x86_64\n",
            Cause::FileOfAnother,
            0,
        ),
        (
            "error: open of nothere.rpm failed: No such file or directory\n",
            Cause::FileNotFound,
            0,
        ),
    ] {
        check(text, cause, line);
    }
}

#[test]
fn failures_of_the_sources_are_told() {
    // Not recorded: messages of yum 3, and of rpm and dnf where signatures fail.
    for (text, cause) in [
        (
            "Existing lock /var/run/yum.pid: another copy is running as pid 1234.\n",
            Cause::Locked(Some(Holder {
                process: 1234,
                name: None,
            })),
        ),
        (
            "Package kong-3.4.2-1.x86_64.rpm is not signed\n",
            Cause::Unauthenticated,
        ),
        (
            "Public key for kong-3.4.2-1.x86_64.rpm is not installed\n",
            Cause::Unauthenticated,
        ),
        (
            "Error: This command has to be run with superuser privileges (under the root user on most systems).\n",
            Cause::NotAllowed,
        ),
        (
            "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Permission denied)\n",
            Cause::NotAllowed,
        ),
        (
            "error: %pre(kong-3.4.2-1.x86_64) scriptlet failed, exit status 1\n",
            Cause::ScriptFailed,
        ),
    ] {
        check(text, cause, 0);
    }
    let of_yum =
        "Error: Package: kong-3.4.2-1.x86_64 (/kong-3.4.2-1.x86_64)\n           Requires: perl\n";
    check(of_yum, Cause::UnmetDependencies, 1);
}
