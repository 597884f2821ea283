//! Kong's package through yum of version 3, which is a stub of its programs here, after their sources: dnf and rpm behind it are real. What is
//! shown is that it is asked in words that it knows, and that what it answers is read.

use std::fs;

use crate::harness::{RUN, Test, told};
use crate::packages_dnf::{playbook, reached};
use crate::rpm_repository::{RpmMaking, RpmRepository};
use crate::rpm_root::{RpmRoot, has_dnf};
use crate::ssh_hosts::SshHosts;

const REFUSED: i32 = 4;

/// A machine with 2.8.5 installed, and a node on it.
struct Host {
    repository: RpmRepository,
    root: RpmRoot,
    test: Test,
}

impl Host {
    fn new(hosts: Option<&SshHosts>) -> Option<Self> {
        if !has_dnf() {
            return None;
        }
        let repository = RpmRepository::build(&["2.8.5", "3.4.2", "3.9.1"])?;
        let root = RpmRoot::of(&repository)?;
        root.done("dnf", &["--quiet", "--assumeyes", "install", "kong-2.8.5"]);
        root.have_yum();
        let test = reached(&root, "yum = { COMMON }", hosts);
        Some(Self {
            test: playbook(
                test,
                "packages::archive(nodes);\npackages::fetch(nodes, \"3.4.2\");\npackages::install(nodes, \"3.4.2\");",
            ),
            repository,
            root,
        })
    }

    fn locks(&self) -> String {
        self.root.done("yum", &["--quiet", "versionlock", "list"])
    }
}

#[test]
fn a_locked_package_is_installed_and_comes_back_once_no_repository_has_it() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    for hosts in [None, Some(&hosts)] {
        let Some(host) = Host::new(hosts) else {
            return;
        };
        host.root
            .done("yum", &["--quiet", "versionlock", "add", "kong"]);
        assert_eq!(host.locks(), "0:kong-2.8.5-1.*\n");
        let started = host.root.started();
        let finished = host.test.run();
        assert_eq!(finished.status, 0, "{}", told(&finished));
        assert_eq!(host.root.installed(), "3.4.2");
        assert_eq!(host.locks(), "0:kong-3.4.2-1.*\n");
        assert_eq!(host.root.started(), started, "nothing but by the playbook");
        fs::remove_dir_all(host.repository.published()).expect("removed");
        let back = host
            .test
            .cutover(&["rollback", RUN, "--confirm", "practice"]);
        assert_eq!(back.status, 0, "{}", told(&back));
        assert_eq!(host.root.installed(), "2.8.5");
        assert_eq!(host.locks(), "0:kong-2.8.5-1.*\n");
    }
}

/// Where packages are files rpm installs them, and the lock is yum's all the same.
#[test]
fn a_lock_is_kept_where_packages_are_files() {
    let Some(host) = Host::new(None) else {
        return;
    };
    let directory = host.root.file("srv/kong");
    fs::create_dir_all(&directory).expect("made");
    for version in ["2.8.5", "3.4.2"] {
        let name = directory.join(format!("kong-{version}.x86_64.rpm"));
        let built = host.repository.file(&RpmMaking::kong(version));
        fs::copy(built, name).expect("copied");
    }
    let packages = format!(
        "rpm = {{ directory = {:?}, COMMON }}",
        directory.display().to_string()
    );
    let test = reached(&host.root, &packages, None);
    let test = playbook(test, "packages::install(nodes, \"3.4.2\");");
    host.root
        .done("yum", &["--quiet", "versionlock", "add", "kong"]);
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed(), "3.4.2");
    assert_eq!(host.locks(), "0:kong-3.4.2-1.*\n");
    let back = test.cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.locks(), "0:kong-2.8.5-1.*\n");
}

#[test]
fn what_a_node_has_of_yum_is_told() {
    let Some(host) = Host::new(None) else {
        return;
    };
    let body = "let facts = node::facts(nodes[0]);\nlet had = facts.installed;\n\
        run::note(`${had.driver} ${had.version} of ${had.origin}, held: ${had.held}, to be had: ${had.available}`);";
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, needs: [\"node.facts\"] }};\nlet nodes = env::cluster(\"blue\").nodes;\n{body}\n"
    );
    let finished = host.test.playbook(&text).run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    let note =
        "yum 2.8.5-1 of [\"kong\"], held: false, to be had: [\"2.8.5\", \"3.4.2\", \"3.9.1\"]";
    assert!(told(&finished).contains(note), "{}", told(&finished));
}

#[test]
fn what_yum_does_not_check_is_refused() {
    let Some(host) = Host::new(None) else {
        return;
    };
    host.root.check_nothing();
    let refused = host.test.run();
    assert_eq!(refused.status, REFUSED, "{}", told(&refused));
    let why =
        "yum on `kong-1` does not check the signatures of the packages of the repository `kong`";
    assert!(told(&refused).contains(why), "{}", told(&refused));
    assert_eq!(host.root.installed(), "2.8.5");
}
