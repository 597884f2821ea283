//! What apt 2.6 and dpkg 1.21 were seen to print, and what it means. Paths of the lab are those of a host.

use super::failure;
use crate::host::packages::Failure;
use crate::host::packages::failure::{Cause, Holder};

fn locked(process: u32, name: Option<&str>) -> Cause {
    let name = name.map(str::to_owned);
    Cause::Locked(Some(Holder { process, name }))
}

/// Each text's cause and the line that tells it, which is the one of that number.
fn check(text: &str, cause: Cause, line: usize) {
    let told = text.lines().nth(line).map(|line| line.trim().to_owned());
    assert_eq!(failure(text), Failure { cause, told }, "{text}");
}

#[test]
fn locks_are_told_with_their_holder() {
    let apt = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 14649 (python3)\n\
        E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n";
    check(apt, locked(14649, Some("python3")), 0);
    let waiting = "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 14649 (python3)...\n\
        E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n";
    check(waiting, locked(14649, Some("python3")), 0);
    // The holder is told on the one output, the end on the other.
    let (waits, ends) = waiting.split_once('\n').expect("two lines");
    check(
        &format!("{ends}{waits}\n"),
        locked(14649, Some("python3")),
        1,
    );
    let dpkg = "dpkg: error: dpkg frontend lock was locked by another process with pid 14649\n\
        Note: removing the lock file is always wrong, can damage the locked area\n";
    check(dpkg, locked(14649, None), 0);
    let lists = "Reading package lists...\nE: Could not get lock /var/lib/apt/lists/lock. It is held by process 14649 (python3)\n\
        E: Unable to lock directory /var/lib/apt/lists/\n";
    check(lists, locked(14649, Some("python3")), 1);
    let nobody = "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n\
        E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n";
    check(nobody, Cause::NotAllowed, 0);
    // After the source of apt before 1.9 and dpkg before 1.20.
    check(
        "E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)\n",
        Cause::Locked(None),
        0,
    );
    check(
        "dpkg: error: dpkg frontend is locked by another process\n",
        Cause::Locked(None),
        0,
    );
}

#[test]
fn refusals_of_apt_are_told() {
    for (text, cause, line) in [
        (
            "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. \n",
            Cause::Interrupted,
            0,
        ),
        (
            "E: You don't have enough free space in /var/cache/apt/archives/.\n",
            Cause::NoSpace,
            0,
        ),
        (
            "WARNING: The following packages cannot be authenticated!\n  kong\n\
             E: There were unauthenticated packages and -y was used without --allow-unauthenticated\n",
            Cause::Unauthenticated,
            2,
        ),
        (
            "The following held packages will be changed:\n  kong\n\
             E: Held packages were changed and -y was used without --allow-change-held-packages.\n",
            Cause::Held,
            2,
        ),
        (
            "E: Packages were downgraded and -y was used without --allow-downgrades.\n",
            Cause::Downgrade,
            0,
        ),
        (
            "Package kong is not available, but is referred to by another package.\n\
             This may mean that the package is missing, has been obsoleted, or\nis only available from another source\n\n\
             E: Version '1.2.3' for 'kong' was not found\n",
            Cause::VersionNotFound,
            4,
        ),
        (
            "E: Unable to locate package kongg\n",
            Cause::PackageNotFound,
            0,
        ),
        (
            "The following packages have unmet dependencies:\n kong : Depends: libc6 (>= 99) but 2.31 is to be installed\n\
             E: Unable to correct problems, you have held broken packages.\n",
            Cause::UnmetDependencies,
            1,
        ),
        (
            "The following packages have unmet dependencies:\n kong-enterprise-edition : Conflicts: kong but 3.9.1 is to be installed\n\
             E: Unable to correct problems, you have held broken packages.\n",
            Cause::Conflict,
            1,
        ),
        (
            "E: The repository 'file:/srv/packages ./ Release' does not have a Release file.\n",
            Cause::RepositoryUnreadable,
            0,
        ),
        (
            "E: Unsupported file ./nothere.deb given on commandline\n",
            Cause::FileNotFound,
            0,
        ),
        (
            "E: Failed to fetch copy:/srv/packages/./kong_3.9.1_amd64.deb  Failed to stat - stat (2: No such file or directory)\n\
             E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n",
            Cause::NotFetched,
            0,
        ),
        ("everything is strange\n", Cause::Unknown, 9),
    ] {
        check(text, cause, line);
    }
}

#[test]
fn failures_of_dpkg_are_told() {
    for (text, cause, line) in [
        (
            "*** kong.conf.default (Y/I/N/O/D/Z) [default=N] ? dpkg: error processing package kong (--configure):\n\
             \x20end of file on stdin at conffile prompt\nErrors were encountered while processing:\n kong\n\
             E: Sub-process /usr/bin/dpkg returned an error code (1)\n",
            Cause::ConfigurationQuestion,
            1,
        ),
        (
            "dpkg: error processing archive /var/cache/apt/archives/kong_3.4.2_amd64.deb (--unpack):\n\
             \x20trying to overwrite '/etc/kong/kong.conf.default', which is also in package libc6 2.31\n",
            Cause::FileOfAnother,
            1,
        ),
        (
            "dpkg: error processing archive kong_3.9.9_arm64.deb (--install):\n package architecture (arm64) does not match system (amd64)\n",
            Cause::WrongArchitecture,
            1,
        ),
        (
            "dpkg: error processing package broken (--configure):\n\
             \x20installed broken package post-installation script subprocess returned error exit status 3\n",
            Cause::ScriptFailed,
            1,
        ),
        (
            "dpkg: dependency problems prevent configuration of kong:\n kong depends on libc6 (>= 99); however:\n",
            Cause::UnmetDependencies,
            0,
        ),
        (
            "dpkg: error processing archive big_1_amd64.deb (--install):\n\
             \x20cannot copy extracted data for './opt/big' to '/opt/big.dpkg-new': failed to write (No space left on device)\n",
            Cause::NoSpace,
            1,
        ),
        (
            "dpkg-deb (subprocess): cannot copy archive member from 'cut.deb' to decompressor pipe: unexpected end of file or stream\n",
            Cause::BadArchive,
            0,
        ),
        (
            "dpkg-deb: error: 'no.deb' is not a Debian format archive\n",
            Cause::BadArchive,
            0,
        ),
        (
            "dpkg-deb: error: failed to read archive 'nothere.deb': No such file or directory\n",
            Cause::FileNotFound,
            0,
        ),
        (
            "dpkg: error: parsing file '/var/lib/dpkg/updates/0001' near line 0:\n end of file after field name '0001'\n",
            Cause::Interrupted,
            0,
        ),
        (
            "dpkg: error: requested operation requires superuser privilege\n",
            Cause::NotAllowed,
            0,
        ),
    ] {
        check(text, cause, line);
    }
}
