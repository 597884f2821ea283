//! Kong's package from `.deb` files that lie on the host, by real apt and dpkg in a root of its own; and what is kept by whom.

use std::fs;
use std::path::PathBuf;

use super::harness::{RUN, Test, told};
use crate::apt_package::{Flaw, Making, architecture, checksum};
use crate::apt_repository::AptRepository;
use crate::apt_root::{AptRoot, Moment};
use crate::packages_dnf::playbook;

const REFUSED: i32 = 4;

/// A machine with 2.8.5 installed, whose file lies there with those of 3.4.2 and 3.9.1.
struct Host {
    repository: AptRepository,
    root: AptRoot,
    directory: PathBuf,
}

/// The text of a `kong` that tells its version and does not run.
fn kong(version: &str) -> String {
    format!("#!/bin/sh\ncase $1 in version) echo {version};; *) exit 1;; esac\n")
}

impl Host {
    fn new() -> Option<Self> {
        let versions = [("kong", "2.8.5"), ("kong", "3.4.2"), ("kong", "3.9.1")];
        let repository = AptRepository::build(&versions, |_, version| kong(version))?;
        let root = AptRoot::of(&repository);
        let directory = root.file("srv/kong");
        fs::create_dir_all(&directory).expect("made");
        let host = Self {
            repository,
            root,
            directory,
        };
        for (_, version) in versions {
            let file = host.repository.archive("kong", version);
            let name = file.file_name().expect("a name");
            fs::copy(&file, host.directory.join(name)).expect("copied");
        }
        let first = host.file("2.8.5").display().to_string();
        let installed = host.root.dpkg(&["--install", &first]);
        assert_eq!(installed.code, Some(0), "{}", installed.text);
        Some(host)
    }

    fn file(&self, version: &str) -> PathBuf {
        let name = format!("kong_{version}_{}.deb", architecture());
        self.directory.join(name)
    }

    /// Its digests are those of these versions.
    fn test(&self, pinned: &[&str], body: &str) -> Test {
        let path = |path: PathBuf| path.display().to_string();
        let pins: Vec<String> = pinned
            .iter()
            .map(|version| format!("\"{version}\" = \"{}\"", checksum(&self.file(version))))
            .collect();
        let test = Test::new().environment(&format!(
            "[grants]\nallow = [\"packages.*\", \"kong.*\"]\n[[clusters.blue.nodes]]\nname = \"kong-1\"\nconf = \"/kong.conf\"\n\
             prefix = \"/prefix\"\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n\
             packages = {{ deb = {{ directory = {:?}, archive = {:?}, command = {:?}, programs = {:?}, sha256 = {{ {} }} }} }}\n",
            path(self.directory.clone()),
            path(self.root.file("var/cache/cutover")),
            path(self.root.file("usr/local/bin/kong")),
            path(self.root.programs()),
            pins.join(", ")
        ));
        playbook(test, body)
    }

    /// The names of what is kept.
    fn kept(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.file("var/cache/cutover"));
        let names = entries.into_iter().flatten().map(|entry| {
            let name = entry.expect("listed").file_name();
            name.to_string_lossy().into_owned()
        });
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }
}

#[test]
fn a_file_is_installed_and_the_old_one_comes_back_once_it_is_gone() {
    let Some(host) = Host::new() else {
        return;
    };
    host.root.hold("kong");
    let started = host.root.started();
    let body = "packages::install(nodes, \"3.4.2\");";
    let test = host.test(&["2.8.5", "3.4.2"], body);
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed("kong"), "hi 3.4.2");
    assert_eq!(host.root.started(), started);
    fs::remove_dir_all(&host.directory).expect("removed");
    let back = test.cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.root.installed("kong"), "hi 2.8.5");
}

#[test]
fn files_that_do_not_fit_or_are_not_proven_are_refused_before_anything_is_touched() {
    let Some(host) = Host::new() else {
        return;
    };
    host.repository.add(&Making {
        name: "kong",
        version: "3.5.0",
        flaw: Flaw::Architecture,
        program: &kong("3.5.0"),
    });
    let foreign = host.repository.archive("kong", "3.5.0");
    fs::copy(&foreign, host.directory.join("kong_3.5.0_all.deb")).expect("copied");
    let told_of = |pinned: &[&str], version: &str| {
        let body = format!("packages::install(nodes, \"{version}\");");
        let finished = host.test(pinned, &body).run();
        let said = told(&finished);
        assert_eq!(finished.status, REFUSED, "{said}");
        assert_eq!(host.root.installed("kong"), "ii 2.8.5");
        said
    };
    let said = told_of(&["2.8.5"], "3.5.0");
    assert!(
        said.contains("does not fit the host of `kong-1`: it is for "),
        "{said}"
    );
    assert!(said.contains("fetch the package for "), "{said}");
    host.repository.add(&Making {
        name: "kong",
        version: "3.6.1",
        flaw: Flaw::InstalledSize,
        program: &kong("3.6.1"),
    });
    let large = host.repository.archive("kong", "3.6.1");
    fs::copy(&large, host.file("3.6.1")).expect("copied");
    let body = "packages::fetch(nodes, \"3.6.1\");";
    let finished = host.test(&["2.8.5", "3.6.1"], body).run();
    let said = told(&finished);
    assert_eq!(finished.status, REFUSED, "{said}");
    assert_eq!(host.root.installed("kong"), "ii 2.8.5");
    assert!(
        said.contains("takes 1125899906842624 bytes unpacked, and "),
        "{said}"
    );
    // Nothing speaks for the file that comes, or for that of the installed version.
    let said = told_of(&["2.8.5"], "3.4.2");
    assert!(said.contains("nothing says what"), "{said}");
    let said = told_of(&["3.4.2"], "3.4.2");
    let installed = format!("kong_2.8.5_{}.deb` on `kong-1` must be", architecture());
    assert!(said.contains(&installed), "{said}");
    // Nor is there one.
    fs::rename(host.file("2.8.5"), host.root.file("elsewhere.deb")).expect("moved");
    let said = told_of(&["3.4.2"], "3.4.2");
    assert!(said.contains("version 2.8.5 is not available"), "{said}");
    fs::rename(host.root.file("elsewhere.deb"), host.file("2.8.5")).expect("moved");
    let mut bytes = fs::read(host.file("3.4.2")).expect("read");
    let test = host.test(&["2.8.5", "3.4.2"], "packages::install(nodes, \"3.4.2\");");
    *bytes.last_mut().expect("some") ^= 1;
    fs::write(host.file("3.4.2"), bytes).expect("written");
    let finished = test.run();
    let said = told(&finished);
    assert_eq!(finished.status, REFUSED, "{said}");
    assert!(
        said.contains("is not what it must be: its SHA-256 is"),
        "{said}"
    );
}

#[test]
fn an_installer_that_is_killed_in_the_middle_is_made_good() {
    let Some(host) = Host::new() else {
        return;
    };
    let file = host.file("3.9.1").display().to_string();
    let install = ["-q", "-y", "install", &file];
    host.root.kill_in_the_middle(Moment::Unpack, &install);
    assert!(host.root.installed("kong").starts_with("iHR"));
    let test = host.test(&["2.8.5", "3.4.2"], "packages::install(nodes, \"3.4.2\");");
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed("kong"), "ii 3.4.2");
}

#[test]
fn what_was_fetched_goes_again_and_what_was_archived_stays() {
    let Some(host) = Host::new() else {
        return;
    };
    let body = "let old = packages::archive(nodes);\nlet next = packages::fetch(nodes, \"3.4.2\");\n\
                if old.version != \"2.8.5\" || next.version != \"3.4.2\" || next.sha256.len != 64 { run::fail(\"answers\"); }\n\
                packages::fetch(nodes, \"2.8.5\");";
    let test = host.test(&["2.8.5", "3.4.2"], body);
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    let name = |version: &str| format!("kong_{version}_{}.deb", architecture());
    assert_eq!(host.kept(), [name("2.8.5"), name("3.4.2")]);
    assert_eq!(host.root.installed("kong"), "ii 2.8.5");
    let back = test.cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.kept(), [name("2.8.5")]);
}
