//! What stands in the way of Kong's package on a host with real apt and dpkg, with the product throughout: changed configuration, what restarts
//! services after packages, another installer's lock, a full disk, another edition.

use std::fs;
use std::time::Duration;

use crate::apt_operators::{UPDATE, done};
use crate::apt_package::{BIG, Flaw, Making};
use crate::harness::{RUN, told};
use crate::packages_apt::{Host, kong, playbook};
use crate::practice_cluster::everything;

const REFUSED: i32 = 4;
const UNDONE: i32 = 5;

#[test]
fn changed_configuration_stays_there_and_back_and_nothing_is_restarted() {
    let Some(host) = Host::new("") else {
        return;
    };
    let root = &host.root;
    let conf = root.file("etc/kong/kong.conf.default");
    fs::write(&conf, "# mine\n").expect("written");
    // What restarts services after packages asks this variable, and nobody else can be asked.
    let hook = format!(
        "DPkg::Post-Invoke {{ \"[ x$NEEDRESTART_SUSPEND != x ] || echo by needrestart >> {}\"; }};\n",
        root.file("started").display()
    );
    fs::write(root.file("etc/apt/apt.conf.d/99needrestart"), hook).expect("written");
    let started = root.started();
    let finished = host.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.installed(), "ii 3.4.2");
    let mine = || fs::read_to_string(&conf).expect("there");
    assert_eq!(mine(), "# mine\n");
    let beside = fs::read_to_string(root.file("etc/kong/kong.conf.default.dpkg-dist"));
    assert_eq!(
        beside.expect("there"),
        "# kong.conf.default of 3.4.2\n",
        "the package's own is beside it"
    );
    let back = host
        .test
        .cutover(&["rollback", RUN, "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(mine(), "# mine\n");
    assert_eq!(root.started(), started);
    // By hand it would have been restarted, so the hook is one.
    done(&root.apt(&[
        "-q",
        "-y",
        "-o",
        "Dpkg::Options::=--force-confold",
        "install",
        "kong=3.4.2",
    ]));
    assert!(root.started().contains("by needrestart"));
}

#[test]
fn another_installer_is_waited_for() {
    let Some(host) = Host::new("") else {
        return;
    };
    let lock = host.root.lock().expect("nobody has it");
    let runner = host.test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    // By then it is at the package.
    host.test.wait_until(|records| {
        let told = crate::harness::events(records);
        told.contains("process_started 1")
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(host.installed(), "ii 2.8.5");
    drop(lock);
    let finished = host.test.finish(runner);
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.installed(), "ii 3.4.2");
}

#[test]
fn another_installer_that_does_not_end_is_named() {
    if !everything() {
        return println!("skipped: it is waited for for two minutes; set CUTOVER_TEST_ALL");
    }
    let Some(host) = Host::new("") else {
        return;
    };
    let lock = host.root.lock().expect("nobody has it");
    let runner = host.test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    let finished = host.test.finish(runner);
    let said = told(&finished);
    // Nothing was done, so the way back has nothing to wait for.
    assert_eq!(finished.status, UNDONE, "{said}");
    assert!(said.contains("process PID (`suite-"), "{said}");
    assert!(said.contains("never remove its lock"), "{said}");
    assert_eq!(host.installed(), "ii 2.8.5");
    drop(lock);
}

/// dpkg unpacks until there is no room any more, and leaves what it has in between.
#[test]
fn a_disk_that_fills_up_while_it_is_unpacked_brings_the_old_one_back() {
    let Some(host) = Host::new("") else {
        return;
    };
    host.repository.drop_version("kong", "3.4.2");
    host.repository.add(&Making {
        name: "kong",
        version: "3.4.2",
        flaw: Flaw::UnpackedSize,
        program: &kong("3.4.2"),
    });
    done(&host.root.apt(&UPDATE));
    if !host.root.give_little_space() {
        return println!("skipped: no mount of a process's own");
    }
    let finished = host.test.run();
    let said = told(&finished);
    assert_eq!(finished.status, UNDONE, "{said}");
    assert!(said.contains("there is not enough space"), "{said}");
    assert_eq!(host.installed(), "ii 2.8.5");
    assert!(!host.root.file(BIG).exists());
}

/// Both editions have the same files, and neither gives way to the other.
#[test]
fn an_edition_is_not_installed_over_the_other_and_goes_its_own_way() {
    const ENTERPRISE: &str = "kong-enterprise-edition";
    let Some(host) = Host::new(", name = \"kong-enterprise-edition\"") else {
        return;
    };
    for version in ["2.8.4.4", "3.4.3.5"] {
        host.repository.add(&Making {
            name: ENTERPRISE,
            version,
            flaw: Flaw::None,
            program: &kong(version),
        });
    }
    done(&host.root.apt(&UPDATE));
    let test = playbook(host.test, "packages::install(nodes, \"3.4.3.5\");");
    let finished = test.run();
    let said = told(&finished);
    assert_eq!(finished.status, REFUSED, "{said}");
    assert!(
        said.contains("has `kong` installed, which is the open source, and `kong-enterprise-edition` is Enterprise"),
        "{said}"
    );
    assert_eq!(host.root.installed("kong"), "ii 2.8.5");

    done(&host.root.apt(&[
        "-q",
        "-y",
        "install",
        "kong-",
        "kong-enterprise-edition=2.8.4.4",
    ]));
    let words = ["run", "playbook.rhai", "--run-id", "enterprise"];
    let finished = test.cutover(&words);
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(host.root.installed(ENTERPRISE), "ii 3.4.3.5");
    let back = test.cutover(&["rollback", "enterprise", "--confirm", "practice"]);
    assert_eq!(back.status, 0, "{}", told(&back));
    assert_eq!(host.root.installed(ENTERPRISE), "ii 2.8.4.4");
}
