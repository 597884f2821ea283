//! Kong's package through real dnf and rpm in a root of its own: proven and kept before it is replaced, installed without starting
//! anything, locked as before, and brought back, whatever comes in between.

use std::fs;

use super::harness::{RUN, Test, told};
use crate::rpm_repository::{RpmMaking, RpmRepository};
use crate::rpm_root::{RpmRoot, has_dnf};
use crate::ssh_hosts::SshHosts;

/// The exit codes of the product that these tests speak of.
const REFUSED: i32 = 4;
const UNDONE: i32 = 5;

/// A machine with 2.8.5 installed, and a node on it.
struct Host {
    repository: RpmRepository,
    root: RpmRoot,
    test: Test,
}

impl Host {
    fn new(further: &str) -> Option<Self> {
        if !has_dnf() {
            return None;
        }
        let repository = RpmRepository::build(&["2.8.5", "3.4.2", "3.9.1"])?;
        let root = RpmRoot::of(&repository)?;
        root.done("dnf", &["--quiet", "--assumeyes", "install", "kong-2.8.5"]);
        let test = on(&root, &format!("dnf = {{ COMMON{further} }}"));
        let test = playbook(test, "packages::install(nodes, \"3.4.2\");");
        Some(Self {
            repository,
            root,
            test,
        })
    }

    fn back(&self) {
        let back = self
            .test
            .cutover(&["rollback", RUN, "--confirm", "practice"]);
        assert_eq!(back.status, 0, "{}", told(&back));
    }
}

/// An environment with a node in `root`; `COMMON` in its packages is what all of them have.
pub(crate) fn on(root: &RpmRoot, packages: &str) -> Test {
    reached(root, packages, None)
}

/// The same with the node on a host over SSH.
pub(crate) fn reached(root: &RpmRoot, packages: &str, hosts: Option<&SshHosts>) -> Test {
    let path = |path: std::path::PathBuf| path.display().to_string();
    let common = format!(
        "archive = {:?}, command = {:?}, programs = {:?}",
        path(root.file("var/cache/cutover")),
        path(root.file("usr/local/bin/kong")),
        path(root.programs()),
    );
    let (ssh, transport) = hosts.map_or_else(Default::default, |hosts| {
        (
            format!("[ssh]\nconfiguration = {:?}\n", path(hosts.configuration())),
            "transport = { ssh = \"host-1\" }\n".to_owned(),
        )
    });
    Test::new().environment(&format!(
        "[grants]\nallow = [\"packages.*\", \"kong.*\", \"node.facts\"]\n{ssh}[[clusters.blue.nodes]]\nname = \"kong-1\"\n{transport}\
         conf = \"/kong.conf\"\nprefix = \"/prefix\"\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\npackages = {{ {} }}\n",
        packages.replace("COMMON", &common)
    ))
}

pub(crate) fn playbook(test: Test, body: &str) -> Test {
    test.playbook(&format!(
        "const PLAYBOOK = #{{ api: 1, needs: [\"packages.*\"] }};\n\nlet nodes = env::cluster(\"blue\").nodes;\n{body}\n"
    ))
}

/// By dnf from a repository, and by rpm from a file, on a host that is reached over SSH.
#[test]
fn packages_are_installed_on_another_host_and_come_back() {
    let Some(hosts) = SshHosts::start(1).filter(|_| has_dnf()) else {
        return;
    };
    let Some(repository) = RpmRepository::build(&["2.8.5", "3.4.2"]) else {
        return;
    };
    for driver in ["dnf", "rpm"] {
        let Some(root) = RpmRoot::of(&repository) else {
            return;
        };
        root.done("dnf", &["--quiet", "--assumeyes", "install", "kong-2.8.5"]);
        let directory = root.file("srv/kong");
        fs::create_dir_all(&directory).expect("made");
        for version in ["2.8.5", "3.4.2"] {
            let name = directory.join(format!("kong-{version}.x86_64.rpm"));
            fs::copy(repository.file(&RpmMaking::kong(version)), name).expect("copied");
        }
        let packages = match driver {
            "dnf" => "dnf = { COMMON }".to_owned(),
            _ => format!(
                "rpm = {{ directory = {:?}, COMMON }}",
                directory.display().to_string()
            ),
        };
        let test = reached(&root, &packages, Some(&hosts));
        let body = "packages::archive(nodes);\npackages::fetch(nodes, \"3.4.2\");\npackages::install(nodes, \"3.4.2\");";
        let test = playbook(test, body);
        let finished = test.run();
        assert_eq!(finished.status, 0, "{driver}: {}", told(&finished));
        assert_eq!(root.installed(), "3.4.2", "{driver}");
        let back = test.cutover(&["rollback", RUN, "--confirm", "practice"]);
        assert_eq!(back.status, 0, "{driver}: {}", told(&back));
        assert_eq!(root.installed(), "2.8.5", "{driver}");
    }
}

#[test]
fn a_package_is_installed_and_comes_back_once_no_repository_has_it() {
    let Some(host) = Host::new("") else {
        return;
    };
    let versionlock = ["--quiet", "versionlock", "add", "kong"];
    host.root.done("dnf", &versionlock);
    fs::write(host.root.file("etc/kong/kong.conf.default"), "# ours\n").expect("written");
    let started = host.root.started();
    assert_eq!(started, "start kong\n", "by whoever installed it first");
    let finished = host.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed(), "3.4.2");
    assert_eq!(host.root.started(), started, "nothing but by the playbook");
    // Locked before, locked again; changed before, changed still.
    assert_eq!(host.root.locks(), "kong-0:3.4.2-1.*");
    let configuration = fs::read_to_string(host.root.file("etc/kong/kong.conf.default"));
    assert_eq!(configuration.expect("read"), "# ours\n");
    fs::remove_dir_all(host.repository.published()).expect("removed");
    host.back();
    assert_eq!(host.root.installed(), "2.8.5");
    assert_eq!(host.root.locks(), "kong-0:2.8.5-1.*");
}

#[test]
fn what_cannot_be_had_or_must_not_is_refused_before_anything_is_touched() {
    let Some(host) = Host::new("") else {
        return;
    };
    let refused = |test: &Test, run: &str, why: &str| {
        let finished = test.cutover(&["run", "playbook.rhai", "--run-id", run]);
        let said = told(&finished);
        assert_eq!(finished.status, REFUSED, "{said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(host.root.installed(), "2.8.5");
    };
    let versionlock = |words: &[&str]| {
        let words = [&["--quiet", "versionlock"], words].concat();
        host.root.done("dnf", &words);
    };
    let exclude = ["exclude", "kong-3.4.2"];
    versionlock(&exclude);
    let kept_out = "is kept out of `kong-1` by a version lock: `!kong-3.4.2-1`";
    refused(&host.test, "excluded", kept_out);
    versionlock(&["clear"]);
    let test = playbook(host.test, "packages::install(nodes, \"3.6.0\");");
    let absent = "version 3.6.0 is not available on the node `kong-1`";
    refused(&test, "absent", absent);
    let test = playbook(test, "packages::install(nodes, \"3.4.2\");");
    host.root.check_nothing();
    let unchecked = "does not check the signatures of the packages of the repository `kong`";
    refused(&test, "unchecked", unchecked);
}

#[test]
fn a_package_that_nobody_vouches_for_is_not_installed() {
    let Some(host) = Host::new("") else {
        return;
    };
    let unsigned = RpmMaking {
        is_signed: false,
        ..RpmMaking::kong("3.5.0")
    };
    host.repository.add(&unsigned);
    let test = playbook(host.test, "packages::install(nodes, \"3.5.0\");");
    let finished = test.run();
    let said = told(&finished);
    assert_eq!(finished.status, UNDONE, "{said}");
    assert!(said.contains("nothing says what"), "{said}");
    assert_eq!(host.root.installed(), "2.8.5");
    // One whose payload is another's, though its head is signed.
    let file = host.repository.file(&RpmMaking::kong("3.4.2"));
    let mut bytes = fs::read(&file).expect("read");
    *bytes.last_mut().expect("some") ^= 1;
    let kept = host.root.file("var/cache/cutover");
    fs::write(kept.join(file.file_name().expect("a name")), bytes).expect("written");
    let test = playbook(test, "packages::install(nodes, \"3.4.2\");");
    let finished = test.cutover(&["run", "playbook.rhai", "--run-id", "changed"]);
    let said = told(&finished);
    assert_eq!(finished.status, UNDONE, "{said}");
    assert!(said.contains("is not what it must be: Payload"), "{said}");
    assert_eq!(host.root.installed(), "2.8.5");
}

#[test]
fn an_installer_that_is_killed_in_the_middle_is_made_good() {
    let Some(host) = Host::new("") else {
        return;
    };
    let versionlock = ["--quiet", "versionlock", "add", "kong"];
    host.root.done("dnf", &versionlock);
    // Left by somebody else's attempt; dnf would have nothing to do.
    fs::write(host.root.file("kill-in-post"), "").expect("written");
    let file = host.repository.file(&RpmMaking::kong("3.4.2"));
    let install = [
        "--quiet",
        "--assumeyes",
        "install",
        &file.display().to_string(),
    ];
    let killed = host.root.run("dnf", &install);
    assert_ne!(killed.code, Some(0), "{}", killed.text);
    assert_eq!(host.root.installed(), "2.8.5 3.4.2 damaged");
    host.root.done("dnf", &install);
    assert_eq!(host.root.installed(), "2.8.5 3.4.2 damaged");
    let finished = host.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed(), "3.4.2");
    assert_eq!(host.root.locks(), "kong-0:3.4.2-1.*");
}

#[test]
fn an_installer_whose_runner_is_killed_is_made_good() {
    let Some(host) = Host::new("") else {
        return;
    };
    let versionlock = ["--quiet", "versionlock", "add", "kong"];
    host.root.done("dnf", &versionlock);
    let pause = host.root.file("wait-in-post");
    fs::write(&pause, "").expect("written");
    let runner = host.test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    let waits = host.root.file("waits");
    host.test.wait_for(|| waits.exists());
    drop(runner);
    fs::remove_file(&pause).expect("removed");
    let resumed = host.test.cutover(&["resume", RUN]);
    assert_eq!(resumed.status, 0, "{}", told(&resumed));
    assert_eq!(host.root.installed(), "3.4.2");
    assert_eq!(host.root.locks(), "kong-0:3.4.2-1.*");
    host.back();
    assert_eq!(host.root.installed(), "2.8.5");
    assert_eq!(host.root.locks(), "kong-0:2.8.5-1.*");
}

#[test]
fn another_edition_is_refused_with_the_remedy() {
    let Some(host) = Host::new("") else {
        return;
    };
    let enterprise = RpmMaking {
        name: "kong-enterprise-edition",
        ..RpmMaking::kong("3.4.3.5")
    };
    host.repository.add(&enterprise);
    let test = playbook(
        on(
            &host.root,
            "dnf = { name = \"kong-enterprise-edition\", COMMON }",
        ),
        "packages::install(nodes, \"3.4.3.5\");",
    );
    let finished = test.run();
    let said = told(&finished);
    assert_eq!(finished.status, REFUSED, "{said}");
    assert!(
        said.contains("has `kong` installed, which is the open source, and `kong-enterprise-edition` is Enterprise"),
        "{said}"
    );
    assert_eq!(host.root.installed(), "2.8.5");
}
