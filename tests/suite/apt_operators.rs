//! What a careful operator asks of apt without being there, tried with the real programs on stand-in packages.

use std::fs;

use crate::apt_package::{checksum, write};
use crate::apt_repository::AptRepository;
use crate::apt_root::{Answer, AptRoot};

/// The list of Kong's repository alone is read anew; any doubt about it is an error, and other lists stay as they are.
pub(crate) const UPDATE: [&str; 9] = [
    "-q",
    "update",
    "--error-on=any",
    "-o",
    "Dir::Etc::sourcelist=sources.list.d/kong.list",
    "-o",
    "Dir::Etc::sourceparts=-",
    "-o",
    "APT::Get::List-Cleanup=0",
];

/// Before what is installed: no question is asked, changed configuration is kept, and a lock is waited for, though not for ever.
pub(crate) const QUIETLY: [&str; 9] = [
    "-q",
    "-y",
    "--no-install-recommends",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "DPkg::Lock::Timeout=60",
];

/// A repository with three versions, and a root that has the first one.
pub(crate) fn with_the_first_version() -> Option<(AptRepository, AptRoot)> {
    let repository = AptRepository::build(
        &[("kong", "2.8.5"), ("kong", "3.4.2"), ("kong", "3.9.1")],
        |name, version| format!("#!/bin/sh\necho {name} {version}\n"),
    )?;
    let root = AptRoot::of(&repository);
    done(&root.apt(&UPDATE));
    done(&install(&root, &["kong=2.8.5"]));
    Some((repository, root))
}

pub(crate) fn install(root: &AptRoot, arguments: &[&str]) -> Answer {
    root.apt(&[&QUIETLY[..], &["install"], arguments].concat())
}

pub(crate) fn done(answer: &Answer) {
    assert_eq!(answer.code, Some(0), "{}", answer.text);
}

/// It was refused, for this reason.
pub(crate) fn refused(answer: &Answer, code: i32, reason: &str) {
    assert_eq!(answer.code, Some(code), "{}", answer.text);
    assert!(answer.text.contains(reason), "{}", answer.text);
}

#[test]
fn a_version_is_installed_in_this_root_and_nowhere_else() {
    let Some((repository, root)) = with_the_first_version() else {
        return;
    };
    assert_eq!(root.installed("kong"), "ii 2.8.5");
    assert_eq!(root.installed("kong-enterprise-edition"), "");
    let program = fs::read_to_string(root.file("/usr/local/bin/kong")).expect("installed");
    assert_eq!(program, "#!/bin/sh\necho kong 2.8.5\n");
    let log = fs::read_to_string(root.file("/var/log/dpkg.log")).expect("a log");
    assert!(log.contains("status installed kong:"), "{log}");
    let known = root.dpkg(&["--list"]).text;
    assert_eq!(known.matches("\nii ").count(), 1, "{known}");
    let other = AptRoot::of(&repository);
    assert_eq!(other.installed("kong"), "");
}

#[test]
fn changed_configuration_is_kept_and_the_packages_is_beside_it() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    let file = root.file("/etc/kong/kong.conf.default");
    fs::write(&file, "# ours\n").expect("written");
    // Nobody is there to be asked, which is found only once everything is unpacked.
    let asked = root.apt(&["-q", "-y", "install", "kong=3.4.2"]);
    refused(&asked, 100, "end of file on stdin at conffile prompt");
    assert_eq!(root.installed("kong"), "iU 3.4.2");
    let arguments = ["--force-confdef", "--force-confold", "--configure", "-a"];
    done(&root.dpkg(&arguments));
    done(&install(&root, &["kong=3.9.1"]));
    assert_eq!(root.installed("kong"), "ii 3.9.1");
    assert_eq!(fs::read_to_string(&file).expect("read"), "# ours\n");
    let beside = fs::read_to_string(file.with_extension("default.dpkg-dist"));
    assert_eq!(beside.expect("read"), "# kong.conf.default of 3.9.1\n");
}

#[test]
fn what_a_package_would_start_is_not_started() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    assert_eq!(root.started(), "kong start\n");
    root.answer_starts_with(101);
    let answer = install(&root, &["kong=3.4.2"]);
    done(&answer);
    assert!(answer.text.contains("denied execution"), "{}", answer.text);
    assert_eq!(root.started(), "kong start\n");
    root.answer_starts_with(0);
    done(&install(&root, &["kong=3.9.1"]));
    assert_eq!(root.started(), "kong start\nkong start\n");
}

#[test]
fn nothing_is_started_either_where_dpkg_finds_nothing_to_start_it_with() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    let quiet = root.file("tmp/quiet");
    write(&quiet, "invoke-rc.d", 0o755, "#!/bin/sh\n");
    let path = format!(
        "DPkg::Path={}:/usr/sbin:/usr/bin:/sbin:/bin",
        quiet.display()
    );
    done(&install(&root, &["-o", &path, "kong=3.4.2"]));
    assert_eq!(root.started(), "kong start\n");
}

#[test]
fn an_archive_that_was_kept_is_a_way_back_without_the_repository() {
    let Some((repository, root)) = with_the_first_version() else {
        return;
    };
    let kept = root.file("tmp/kept.deb");
    fs::copy(repository.archive("kong", "2.8.5"), &kept).expect("copied");
    repository.drop_version("kong", "2.8.5");
    done(&root.apt(&UPDATE));
    done(&install(&root, &["kong=3.4.2"]));
    let kept = kept.display().to_string();
    done(&install(&root, &["--allow-downgrades", &kept]));
    assert_eq!(root.installed("kong"), "ii 2.8.5");
}

#[test]
fn a_downgrade_is_asked_for_by_name() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    done(&install(&root, &["kong=3.9.1"]));
    let answer = install(&root, &["kong=2.8.5"]);
    refused(&answer, 100, "without --allow-downgrades");
    assert_eq!(root.installed("kong"), "ii 3.9.1");
    done(&install(&root, &["--allow-downgrades", "kong=2.8.5"]));
    assert_eq!(root.installed("kong"), "ii 2.8.5");
}

#[test]
fn a_hold_is_lost_where_a_held_package_is_changed() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    root.hold("kong");
    assert_eq!(
        (root.held(), root.installed("kong")),
        ("kong".to_owned(), "hi 2.8.5".to_owned())
    );
    let answer = install(&root, &["kong=3.4.2"]);
    refused(&answer, 100, "without --allow-change-held-packages");
    done(&install(
        &root,
        &["--allow-change-held-packages", "kong=3.4.2"],
    ));
    assert_eq!(
        (root.held(), root.installed("kong")),
        (String::new(), "ii 3.4.2".to_owned())
    );
    root.hold("kong");
    root.unhold("kong");
    done(&install(&root, &["kong=3.9.1"]));
}

#[test]
fn the_installed_version_can_be_had_again_and_is_what_was_promised() {
    let Some((repository, root)) = with_the_first_version() else {
        return;
    };
    let shown = root.run("apt-cache", &["show", "kong=2.8.5"]);
    let promised = shown
        .text
        .lines()
        .find_map(|line| line.strip_prefix("SHA256: "));
    let promised = promised.expect("a checksum");
    let cached = root.file("/var/cache/apt/archives");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&cached).expect("listed");
        let paths = entries.map(|entry| entry.expect("listed").path());
        let archives = paths.filter(|path| path.extension().is_some_and(|end| end == "deb"));
        let names = archives.map(|path| path.file_name().map(|name| name.to_string_lossy().into()));
        names.map(|name| name.expect("a file")).collect()
    };
    let archive = repository.archive("kong", "2.8.5");
    let name = archive.file_name().expect("a file").to_string_lossy();
    assert_eq!(names(), [&*name]);
    assert_eq!(checksum(&cached.join(&*name)), promised);
    done(&root.apt(&["-q", "clean"]));
    assert!(names().is_empty());
    // Into the working directory, and no lock is needed for it.
    let lock = root.lock().expect("nobody works there");
    done(&root.apt(&["-q", "download", "kong=2.8.5"]));
    drop(lock);
    assert_eq!(checksum(&root.file("tmp").join(&*name)), promised);
    // Into the cache, as the install itself would.
    done(&install(&root, &["--download-only", "kong=3.4.2"]));
    done(&install(
        &root,
        &["--download-only", "--reinstall", "kong=2.8.5"],
    ));
    assert_eq!(names().len(), 2);
    assert_eq!(root.installed("kong"), "ii 2.8.5");
    // Gone from the repository: dpkg knows that it is installed, and nobody has its archive.
    done(&root.apt(&["-q", "clean"]));
    fs::remove_file(root.file("tmp").join(&*name)).expect("removed");
    repository.drop_version("kong", "2.8.5");
    done(&root.apt(&UPDATE));
    let gone = root.apt(&["-q", "download", "kong=2.8.5"]);
    refused(
        &gone,
        100,
        "Can't find a source to download version '2.8.5'",
    );
    let again = install(&root, &["--reinstall", "kong=2.8.5"]);
    refused(&again, 0, "is not possible, it cannot be downloaded");
}

#[test]
fn what_would_be_done_is_told() {
    let Some((_repository, root)) = with_the_first_version() else {
        return;
    };
    let told = root.apt(&["-q", "-s", "install", "kong=3.4.2"]);
    done(&told);
    assert!(
        told.text.contains("\nInst kong [2.8.5] (3.4.2 "),
        "{}",
        told.text
    );
    let versions = root.run("apt-cache", &["madison", "kong"]).text;
    assert_eq!(versions.lines().count(), 3, "{versions}");
    // A version that there is not is an empty answer, and no failure.
    let unknown = root.run("apt-cache", &["show", "kong=9.9.9"]);
    assert_eq!(unknown.code, Some(0));
    assert_eq!(unknown.text.trim(), "");
}
