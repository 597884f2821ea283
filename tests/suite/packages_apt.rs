//! Kong's package through real apt and dpkg on a host over SSH, in a root of its own: kept and proven before it is replaced, installed
//! without starting anything, and brought back, whatever comes in between.

use std::fs;

use super::harness::{RUN, Test, told};
use crate::apt_operators::{UPDATE, done};
use crate::apt_package::{Flaw, Making};
use crate::apt_repository::{AptRepository, Signature};
use crate::apt_root::{AptRoot, Moment};
use crate::ssh_hosts::SshHosts;

/// The exit codes of the product that these tests speak of.
const UNDONE: i32 = 5;
const REFUSED: i32 = 4;
const WAITING: i32 = 8;

/// The text of a `kong` that tells its version and does not run.
pub(crate) fn kong(version: &str) -> String {
    format!("#!/bin/sh\ncase $1 in version) echo {version};; *) exit 1;; esac\n")
}

/// A host with 2.8.5 installed, and a node on it.
pub(crate) struct Host {
    hosts: SshHosts,
    pub(crate) repository: AptRepository,
    pub(crate) root: AptRoot,
    pub(crate) test: Test,
}

impl Host {
    pub(crate) fn new(further: &str) -> Option<Self> {
        Self::with(&["kong-1"], further)
    }

    /// The same with several nodes, which share the package.
    fn with(names: &[&str], further: &str) -> Option<Self> {
        Self::on(SshHosts::start(1)?, names, further)
    }

    fn on(hosts: SshHosts, names: &[&str], further: &str) -> Option<Self> {
        let versions = [("kong", "2.8.5"), ("kong", "3.4.2"), ("kong", "3.9.1")];
        let repository = AptRepository::build(&versions, |_, version| kong(version))?;
        let root = AptRoot::of(&repository);
        done(&root.apt(&UPDATE));
        done(&root.apt(&["-q", "-y", "install", "kong=2.8.5"]));
        let path = |path: std::path::PathBuf| path.display().to_string();
        let packages = format!(
            "{{ apt = {{ archive = {:?}, command = {:?}, programs = {:?}{further} }} }}",
            path(root.file("var/cache/cutover")),
            path(root.file("usr/local/bin/kong")),
            path(root.programs()),
        );
        let node = |name: &&str| {
            format!(
                "[[clusters.blue.nodes]]\nname = \"{name}\"\ntransport = {{ ssh = \"host-1\" }}\nconf = \"/kong.conf\"\n\
                 prefix = \"/prefix\"\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\npackages = {packages}\n"
            )
        };
        let nodes: String = names.iter().map(node).collect();
        let test = Test::new().environment(&format!(
            "[grants]\nallow = [\"packages.*\", \"kong.*\"]\n[ssh]\nconfiguration = {:?}\n{nodes}",
            path(hosts.configuration()),
        ));
        Some(Self {
            hosts,
            repository,
            root,
            test: playbook(test, "packages::install(nodes, \"3.4.2\");"),
        })
    }

    pub(crate) fn installed(&self) -> String {
        self.root.installed("kong")
    }
}

pub(crate) fn playbook(test: Test, body: &str) -> Test {
    test.playbook(&format!(
        "const PLAYBOOK = #{{ api: 1, needs: [\"packages.*\"] }};\n\nlet nodes = env::cluster(\"blue\").nodes;\n{body}\n"
    ))
}

#[test]
fn a_package_is_installed_and_comes_back_once_no_repository_has_it() {
    let Some(host) = Host::new("") else {
        return;
    };
    host.root.hold("kong");
    let started = host.root.started();
    let finished = host.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.installed(), "hi 3.4.2");
    assert_eq!(
        host.root.started(),
        started,
        "nothing is started but by the playbook"
    );
    // Held before, held again.
    assert_eq!(host.root.held().trim(), "kong");
    host.repository.drop_version("kong", "2.8.5");
    done(&host.root.apt(&UPDATE));
    let back = host
        .test
        .cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.installed(), "hi 2.8.5");
}

/// Where each minor version has a repository of its own, with a key of its own, one file of sources is put in the place of another: what is installed
/// cannot be had any more, and comes back out of the archive.
#[test]
fn a_repository_of_one_minor_version_is_changed_for_that_of_another() {
    let Some(host) = Host::new("") else {
        return;
    };
    let only = |version| AptRepository::build(&[("kong", version)], |_, version| kong(version));
    let (Some(old), Some(new)) = (only("2.8.5"), only("3.4.2")) else {
        return;
    };
    host.root.follow(&old);
    done(&host.root.apt(&UPDATE));
    let early = host
        .test
        .cutover(&["run", "playbook.rhai", "--run-id", "early"]);
    assert_eq!(early.status, REFUSED, "{}", told(&early));
    let hint = "set up the one that has it: each minor version may have its own";
    assert!(told(&early).contains(hint), "{}", told(&early));
    let body = "packages::archive(nodes);\nrun::approve(\"put the sources of 3.4 in the place of those of 2.8\");\n\
        packages::fetch(nodes, \"3.4.2\");\npackages::install(nodes, \"3.4.2\");";
    let test = playbook(host.test, body);
    let waits = test.run();
    assert_eq!(waits.status, WAITING, "{}", told(&waits));
    host.root.follow(&new);
    done(&host.root.apt(&UPDATE));
    let finished = test.cutover(&["resume", RUN, "--approve", "practice"]);
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed("kong"), "ii 3.4.2");
    let back = test.cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.root.installed("kong"), "ii 2.8.5");
}

/// They are turned to at once, and take turns at what they share.
#[test]
fn nodes_on_one_host_do_not_stand_in_each_others_way() {
    let Some(host) = Host::with(&["kong-1", "kong-2", "kong-3"], "") else {
        return;
    };
    let finished = host.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.installed(), "ii 3.4.2");
}

/// Somebody who is not root, with what `sudo` allows him for the programs of apt and dpkg.
fn nobody_with(allowed: &str) -> Option<Host> {
    let host = Host::new("")?;
    let programs = host.root.programs();
    let listed = ["apt-get", "apt-mark", "dpkg"].map(|name| programs.join(name));
    let listed = listed.map(|path| path.display().to_string());
    let sudoers = format!("nobody ALL=(root) {allowed} {}\n", listed.join(", "));
    host.hosts.host(1).log_in_as_nobody(&sudoers)?;
    let kept = host.root.file("var/cache/cutover");
    fs::create_dir_all(&kept).expect("made");
    std::os::unix::fs::chown(&kept, Some(65534), Some(65534)).expect("given");
    let listed = listed.map(|path| format!("{path} *"));
    let text = fs::read_to_string(host.test.path("environment.toml")).expect("there");
    let text = text.replace("conf = ", &format!("sudo = {listed:?}\nconf = "));
    fs::write(host.test.path("environment.toml"), text).expect("written");
    Some(host)
}

#[test]
fn a_package_is_installed_by_somebody_who_is_not_root() {
    let Some(host) = nobody_with("NOPASSWD:SETENV:") else {
        return;
    };
    let finished = host.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.installed(), "ii 3.4.2");
    let back = host
        .test
        .cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.installed(), "ii 2.8.5");
}

#[test]
fn what_sudo_does_not_allow_is_told() {
    for (allowed, why) in [
        (
            "NOPASSWD:",
            "you are not allowed to set the following environment variables: DEBIAN_FRONTEND, NEEDRESTART_SUSPEND",
        ),
        ("PASSWD:", "sudo: a password is required"),
    ] {
        let Some(host) = nobody_with(allowed) else {
            return;
        };
        let finished = host.test.run();
        let said = told(&finished);
        assert_eq!(finished.status, REFUSED, "{said}");
        assert!(said.contains("failed: sudo does not allow it: "), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(said.contains("NOPASSWD:SETENV:"), "{said}");
        assert_eq!(host.installed(), "ii 2.8.5");
    }
}

#[test]
fn what_cannot_be_had_is_refused_before_anything_is_touched() {
    let Some(host) = Host::new("") else {
        return;
    };
    let test = playbook(host.test, "packages::install(nodes, \"3.6.0\");");
    let finished = test.run();
    assert_eq!(finished.status, REFUSED, "{}", told(&finished));
    let said = told(&finished);
    assert!(
        said.contains("version 3.6.0 is not available on the node `kong-1`"),
        "{said}"
    );
    assert!(
        said.contains("available there: 2.8.5, 3.4.2, 3.9.1"),
        "{said}"
    );
    // What is installed now, and could not be had again, is no way back.
    host.repository.drop_version("kong", "2.8.5");
    done(&host.root.apt(&UPDATE));
    let test = playbook(test, "packages::install(nodes, \"3.4.2\");");
    let finished = test.cutover(&["run", "playbook.rhai", "--run-id", "second"]);
    let said = told(&finished);
    assert_eq!(finished.status, REFUSED, "{said}");
    assert!(
        said.contains("version 2.8.5 is not available on the node `kong-1`"),
        "{said}"
    );
    assert_eq!(host.root.installed("kong"), "ii 2.8.5");
}

#[test]
fn a_package_that_is_not_what_it_must_be_is_not_installed() {
    let Some(host) = Host::new(
        ", sha256 = { \"3.4.2\" = \"0000000000000000000000000000000000000000000000000000000000000000\" }",
    ) else {
        return;
    };
    let finished = host.test.run();
    let said = told(&finished);
    assert_eq!(finished.status, UNDONE, "{said}");
    assert!(
        said.contains("is not what it must be: its SHA-256 is"),
        "{said}"
    );
    assert_eq!(host.installed(), "ii 2.8.5");
    // One that was changed where it is kept, with the length that apt looks at.
    let Some(host) = Host::new("") else {
        return;
    };
    let kept = host.root.file("var/cache/cutover");
    fs::create_dir_all(&kept).expect("made");
    let mut bytes = fs::read(host.repository.archive("kong", "3.4.2")).expect("there");
    *bytes.last_mut().expect("some") ^= 1;
    let name = host.repository.archive("kong", "3.4.2");
    fs::write(kept.join(name.file_name().expect("a name")), bytes).expect("written");
    let finished = host.test.run();
    let said = told(&finished);
    assert_eq!(finished.status, UNDONE, "{said}");
    assert!(said.contains("is not what it must be"), "{said}");
    assert_eq!(host.installed(), "ii 2.8.5");
}

/// A list that nobody signed says what a package must be, and apt was told to believe it.
#[test]
fn a_repository_that_is_believed_unsigned_is_refused() {
    let Some(host) = Host::new("") else {
        return;
    };
    let list = host.root.file("etc/apt/sources.list.d/kong.list");
    let text = fs::read_to_string(&list).expect("there");
    fs::write(&list, text.replace("deb [", "deb [trusted=yes ")).expect("written");
    done(&host.root.apt(&UPDATE));
    let finished = host.test.run();
    let said = told(&finished);
    assert_eq!(finished.status, REFUSED, "{said}");
    assert!(
        said.contains("apt on `kong-1` is told to believe the repository `copy:")
            && said.contains("kong.list`, line 1"),
        "{said}"
    );
    assert_eq!(host.installed(), "ii 2.8.5");
}

#[test]
fn a_package_whose_script_fails_is_told_and_the_old_one_comes_back() {
    let Some(host) = Host::new("") else {
        return;
    };
    host.repository.drop_version("kong", "3.4.2");
    host.repository.add(&Making {
        name: "kong",
        version: "3.4.2",
        flaw: Flaw::Postinst,
        program: &kong("3.4.2"),
    });
    host.repository.publish(Signature::Good);
    done(&host.root.apt(&UPDATE));
    host.root.hold("kong");
    let finished = host.test.run();
    let said = told(&finished);
    assert_eq!(finished.status, UNDONE, "{said}");
    assert!(said.contains("a script of a package failed"), "{said}");
    // Held, as before.
    assert_eq!(host.installed(), "hi 2.8.5");
}

/// Kills the runner while dpkg is at work, and lets the next one go on.
fn killed_at(moment: Moment) {
    let Some(host) = Host::new("") else {
        return;
    };
    host.root.pause(moment);
    let runner = host.test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    let waits = host.root.waits();
    host.test.wait_for(|| waits.exists());
    drop(runner);
    host.root.go_on(moment);
    let resumed = host.test.cutover(&["resume", RUN]);
    assert_eq!(resumed.status, 0, "{}", told(&resumed));
    assert_eq!(host.installed(), "ii 3.4.2");
    let back = host
        .test
        .cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.installed(), "ii 2.8.5");
}

#[test]
fn an_installer_whose_runner_is_killed_while_it_unpacks() {
    killed_at(Moment::Unpack);
}

#[test]
fn an_installer_whose_runner_is_killed_while_it_configures() {
    killed_at(Moment::Postinst);
}

#[test]
fn an_installer_that_is_killed_in_the_middle_is_made_good() {
    let Some(host) = Host::new("") else {
        return;
    };
    // Left by somebody else's attempt: neither `dpkg --configure -a` nor `apt-get -f install` would mend it.
    host.root
        .kill_in_the_middle(Moment::Unpack, &["-q", "-y", "install", "kong=3.9.1"]);
    assert!(host.installed().starts_with("iHR"), "{}", host.installed());
    let finished = host.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.installed(), "ii 3.4.2");
}
