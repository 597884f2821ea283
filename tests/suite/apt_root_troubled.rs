//! What can go wrong with packages, seen with the real apt and dpkg, and what repairs it.

use std::fs;

use crate::apt_operators::{UPDATE, done, install, refused, with_the_first_version};
use crate::apt_package::{Flaw, Making};
use crate::apt_repository::{AptRepository, Signature};
use crate::apt_root::{AptRoot, Moment};

const CONFIGURE: [&str; 4] = ["--force-confdef", "--force-confold", "--configure", "-a"];

/// The program that is there now.
fn program(root: &AptRoot) -> String {
    fs::read_to_string(root.file("/usr/local/bin/kong")).expect("installed")
}

fn add(repository: &AptRepository, version: &str, flaw: Flaw) {
    repository.add(&Making {
        name: "kong",
        version,
        flaw,
        program: "#!/bin/sh\necho flawed\n",
    });
}

#[test]
fn somebody_else_has_the_lock() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    let lock = root.lock().expect("nobody works there");
    let arguments = [
        "-q",
        "-y",
        "-o",
        "DPkg::Lock::Timeout=1",
        "install",
        "kong=3.4.2",
    ];
    let answer = root.apt(&arguments);
    refused(&answer, 100, "Unable to acquire the dpkg frontend lock");
    let holder = format!("It is held by process {}", std::process::id());
    assert!(answer.text.contains(&holder), "{}", answer.text);
    refused(&root.dpkg(&CONFIGURE), 2, "was locked by another process");
    refused(
        &root.run("apt-mark", &["hold", "kong"]),
        100,
        "was locked by",
    );
    // Whoever only looks is not kept from it.
    assert_eq!(root.installed("kong"), "ii 2.8.5");
    done(&root.apt(&UPDATE));
    drop(lock);
    done(&install(&root, &["kong=3.4.2"]));
}

#[test]
fn a_death_while_it_is_configured_is_repaired_by_configuring() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    let killed = root.kill_in_the_middle(Moment::Postinst, &["-q", "-y", "install", "kong=3.4.2"]);
    refused(&killed, 100, "exited unexpectedly");
    assert_eq!(root.installed("kong"), "iF 3.4.2");
    let next = install(&root, &["kong=3.9.1"]);
    refused(&next, 100, "you must manually run 'dpkg --configure -a'");
    done(&root.dpkg(&CONFIGURE));
    assert_eq!(root.installed("kong"), "ii 3.4.2");
}

#[test]
fn a_death_while_it_is_unpacked_is_repaired_by_nothing_but_installing() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    let arguments = ["-q", "-y", "install", "kong=3.4.2"];
    let killed = root.kill_in_the_middle(Moment::Unpack, &arguments);
    refused(&killed, 100, "exited unexpectedly");
    // The version is the earlier one's, and so is the program; it must be installed again.
    assert_eq!(root.installed("kong"), "iHR 2.8.5");
    assert_eq!(program(&root), "#!/bin/sh\necho kong 2.8.5\n");
    assert!(root.file("/etc/kong/kong.conf.default.dpkg-new").exists());
    refused(
        &root.apt(&["-q", "-y", "-f", "install"]),
        100,
        "dpkg was interrupted",
    );
    // Both of what is always recommended end well, and repair nothing.
    done(&root.dpkg(&CONFIGURE));
    assert_eq!(root.installed("kong"), "iHR 2.8.5");
    done(&root.apt(&["-q", "-y", "-f", "install"]));
    assert_eq!(root.installed("kong"), "iHR 2.8.5");
    done(&install(
        &root,
        &["--reinstall", "--allow-downgrades", "kong=2.8.5"],
    ));
    assert_eq!(root.installed("kong"), "ii 2.8.5");
    assert!(!root.file("/etc/kong/kong.conf.default.dpkg-new").exists());
}

#[test]
fn a_signature_that_is_not_good_is_an_error_only_if_that_is_asked_for() {
    let Some((repository, root)) = with_the_first_version() else {
        return;
    };
    for (signature, said) in [
        (Signature::Broken, "BADSIG"),
        (Signature::Foreign, "NO_PUBKEY"),
        (Signature::Absent, "is no longer signed"),
        (Signature::Expired, "is expired"),
    ] {
        repository.publish(signature);
        refused(&root.apt(&UPDATE), 100, said);
        let warned = root.apt(&["-q", "update"]);
        let only_warned = matches!(signature, Signature::Broken | Signature::Foreign);
        refused(&warned, if only_warned { 0 } else { 100 }, said);
    }
    // What was known before still is.
    done(&install(&root, &["kong=3.4.2"]));
    repository.publish(Signature::Good);
    done(&root.apt(&UPDATE));
}

#[test]
fn an_archive_that_changed_is_found_on_its_way_and_not_once_it_is_here() {
    let Some((repository, root)) = with_the_first_version() else {
        return;
    };
    let archive = repository.archive("kong", "3.4.2");
    let good = fs::read(&archive).expect("read");
    let mut bad = good.clone();
    *bad.last_mut().expect("not empty") ^= 1;
    fs::write(&archive, &bad).expect("written");
    refused(&install(&root, &["kong=3.4.2"]), 100, "Hash Sum mismatch");
    assert_eq!(root.installed("kong"), "ii 2.8.5");
    fs::write(&archive, &good).expect("written");
    let cached = |version: &str, changed: usize| {
        done(&install(
            &root,
            &["--download-only", &format!("kong={version}")],
        ));
        let archive = repository.archive("kong", version);
        let name = archive.file_name().expect("a file");
        let cached = root.file("/var/cache/apt/archives").join(name);
        let mut bad = fs::read(&cached).expect("read");
        bad[changed] ^= 1;
        fs::write(&cached, &bad).expect("written");
    };
    // A digit of the day on which it was made: of what is in the cache apt compares the length.
    cached("3.4.2", 24);
    done(&install(&root, &["kong=3.4.2"]));
    assert_eq!(root.installed("kong"), "ii 3.4.2");
    // Amidst its files.
    cached("3.9.1", good.len() - 100);
    let answer = install(&root, &["kong=3.9.1"]);
    refused(&answer, 100, "dpkg: error processing archive");
    assert!(!answer.text.contains("Hash Sum"), "{}", answer.text);
    // What was there is there again, after a script of the installed version ran.
    assert_eq!(root.installed("kong"), "ii 3.4.2");
    assert_eq!(root.started(), "kong start\n".repeat(3));
}

#[test]
fn packages_with_flaws() {
    let Some((repository, root)) = with_the_first_version() else {
        return;
    };
    add(&repository, "3.5.0", Flaw::Architecture);
    add(&repository, "3.6.1", Flaw::Postinst);
    add(&repository, "3.7.1", Flaw::ArchiveSize);
    done(&root.apt(&UPDATE));
    let answer = install(&root, &["kong=3.5.0"]);
    refused(&answer, 100, "Version '3.5.0' for 'kong' was not found");
    let archive = repository.archive("kong", "3.5.0");
    let answer = root.dpkg(&["--install", &archive.display().to_string()]);
    refused(&answer, 1, "does not match system");
    let answer = install(&root, &["kong=3.7.1"]);
    refused(&answer, 100, "You don't have enough free space in");
    assert_eq!(root.installed("kong"), "ii 2.8.5");
    let answer = install(&root, &["kong=3.6.1"]);
    refused(
        &answer,
        100,
        "post-installation script subprocess returned error exit status 3",
    );
    assert_eq!(root.installed("kong"), "iF 3.6.1");
    // It fails again, and the way out is another version.
    refused(&root.dpkg(&CONFIGURE), 1, "exit status 3");
    done(&install(&root, &["--allow-downgrades", "kong=2.8.5"]));
    assert_eq!(root.installed("kong"), "ii 2.8.5");
}

#[test]
fn a_disk_that_is_too_small() {
    let Some((repository, root)) = with_the_first_version() else {
        return;
    };
    add(&repository, "3.8.0", Flaw::UnpackedSize);
    done(&root.apt(&UPDATE));
    let arguments = ["-q", "-y", "install", "kong=3.8.0"];
    let Some(answer) = root.run_with_little_space("apt-get", &arguments) else {
        return println!("skipped: no mount of our own here");
    };
    refused(&answer, 100, "No space left on device");
    // dpkg puts back what it had unpacked.
    assert_eq!(root.installed("kong"), "ii 2.8.5");
    assert_eq!(program(&root), "#!/bin/sh\necho kong 2.8.5\n");
}

#[test]
fn two_editions_do_not_share_a_file() {
    let Some(repository) = AptRepository::build(
        &[("kong", "3.4.2"), ("kong-enterprise-edition", "3.4.3.5")],
        |name, version| format!("#!/bin/sh\necho {name} {version}\n"),
    ) else {
        return;
    };
    let root = AptRoot::of(&repository);
    done(&root.apt(&UPDATE));
    done(&install(&root, &["kong=3.4.2"]));
    let answer = install(&root, &["kong-enterprise-edition=3.4.3.5"]);
    refused(
        &answer,
        100,
        "trying to overwrite '/etc/kong/kong.conf.default'",
    );
    assert_eq!(root.installed("kong"), "ii 3.4.2");
    // The trailing minus removes, and the configuration stays.
    done(&install(
        &root,
        &["kong-", "kong-enterprise-edition=3.4.3.5"],
    ));
    assert_eq!(root.installed("kong-enterprise-edition"), "ii 3.4.3.5");
}
