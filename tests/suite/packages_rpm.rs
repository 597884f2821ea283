//! Kong's package from `.rpm` files that lie on the host, by real rpm in a root of its own.

use std::fs;
use std::path::PathBuf;

use super::harness::{RUN, Test, told};
use crate::apt_package::checksum;
use crate::packages_dnf::{on, playbook};
use crate::rpm_repository::{RpmMaking, RpmRepository};
use crate::rpm_root::RpmRoot;

const REFUSED: i32 = 4;

/// A machine with 2.8.5 installed, whose signed file lies there with that of 3.4.2, under the names that Kong gives them.
struct Host {
    repository: RpmRepository,
    root: RpmRoot,
    directory: PathBuf,
}

impl Host {
    fn new() -> Option<Self> {
        let repository = RpmRepository::build(&["2.8.5", "3.4.2"])?;
        let root = RpmRoot::of(&repository)?;
        let directory = root.file("srv/kong");
        fs::create_dir_all(&directory).expect("made");
        let host = Self {
            repository,
            root,
            directory,
        };
        let first = host.lay(&RpmMaking::kong("2.8.5"), "kong-2.8.5.x86_64.rpm");
        host.lay(&RpmMaking::kong("3.4.2"), "kong-3.4.2.amd64.rpm");
        let first = first.display().to_string();
        host.root.done("rpm", &["--install", &first]);
        Some(host)
    }

    /// Puts a package's file where the node's lie.
    fn lay(&self, making: &RpmMaking, name: &str) -> PathBuf {
        let there = self.directory.join(name);
        fs::copy(self.repository.file(making), &there).expect("copied");
        there
    }

    fn test(&self, further: &str, body: &str) -> Test {
        let directory = self.directory.display().to_string();
        let packages = format!("rpm = {{ directory = {directory:?}, COMMON{further} }}");
        playbook(on(&self.root, &packages), body)
    }
}

#[test]
fn a_file_is_installed_and_the_old_one_comes_back_once_it_is_gone() {
    let Some(host) = Host::new() else {
        return;
    };
    let started = host.root.started();
    let test = host.test("", "packages::install(nodes, \"3.4.2\");");
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed(), "3.4.2");
    assert_eq!(host.root.started(), started);
    fs::remove_dir_all(&host.directory).expect("removed");
    let back = test.cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.root.installed(), "2.8.5");
}

#[test]
fn files_that_do_not_fit_or_are_not_proven_are_refused_before_anything_is_touched() {
    let Some(host) = Host::new() else {
        return;
    };
    let other = match std::env::consts::ARCH {
        "x86_64" => "aarch64",
        _ => "x86_64",
    };
    let foreign = RpmMaking {
        architecture: other,
        ..RpmMaking::kong("3.5.0")
    };
    let unsigned = RpmMaking {
        is_signed: false,
        ..RpmMaking::kong("3.6.1")
    };
    host.repository.add(&foreign);
    host.repository.add(&unsigned);
    // The name says nothing of it, and the package inside does.
    host.lay(&foreign, "kong-3.5.0.rpm");
    let lying = host.lay(
        &unsigned,
        &format!("kong-3.6.1.{}.rpm", std::env::consts::ARCH),
    );
    host.lay(&RpmMaking::kong("3.4.2"), "kong-3.4.2.el6.rpm");
    let told_of = |further: &str, version: &str| {
        let body = format!("packages::install(nodes, \"{version}\");");
        let finished = host.test(further, &body).run();
        (finished.status, told(&finished))
    };
    for (version, why) in [
        (
            "3.5.0",
            format!("does not fit the host of `kong-1`: it is for {other}"),
        ),
        ("3.6.1", "nothing says what".to_owned()),
        ("3.9.1", "available there: 2.8.5, 3.4.2".to_owned()),
    ] {
        let (status, said) = told_of("", version);
        assert_eq!(status, REFUSED, "{said}");
        assert!(said.contains(&why), "{said}");
        assert_eq!(host.root.installed(), "2.8.5");
    }
    // The environment file speaks for it.
    let pinned = format!(", sha256 = {{ \"3.6.1\" = \"{}\" }}", checksum(&lying));
    let (status, said) = told_of(&pinned, "3.6.1");
    assert_eq!(status, 0, "{said}");
    assert_eq!(host.root.installed(), "3.6.1");
}

#[test]
fn an_installer_that_is_killed_in_the_middle_is_made_good() {
    let Some(host) = Host::new() else {
        return;
    };
    fs::write(host.root.file("kill-in-post"), "").expect("written");
    let file = host.directory.join("kong-3.4.2.amd64.rpm");
    let file = file.display().to_string();
    let killed = host.root.run("rpm", &["--upgrade", &file]);
    assert_ne!(killed.code, Some(0), "{}", killed.text);
    assert_eq!(host.root.installed(), "2.8.5 3.4.2 damaged");
    let test = host.test("", "packages::install(nodes, \"3.4.2\");");
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed(), "3.4.2");
}
