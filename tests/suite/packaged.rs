//! Shipped playbooks on nodes whose Kong is a package of real apt and dpkg, or of dnf and rpm, each on a host of its own over SSH: the new
//! version is tried on another host that has it, the packages are installed, and the old ones come back.

use std::any::Any;
use std::fs;
use std::path::Path;

use crate::apt_operators::{UPDATE, done};
use crate::apt_repository::AptRepository;
use crate::apt_root::{AptRoot, Moment};
use crate::killed_at_work::wait;
use crate::practice_cluster::{PracticeCluster, everything};
use crate::rpm_repository::{RpmMaking, RpmRepository};
use crate::rpm_root::{RpmRoot, has_dnf};
use crate::ssh_hosts::SshHosts;
use crate::topologies;

const OLD: &str = "2.8.5";
const NEW: &str = "3.4.2";
const REFUSED: i32 = 4;

/// A host's packages.
enum Machine {
    Apt(AptRoot),
    Dnf(RpmRoot),
}

impl Machine {
    /// The version of Kong that is installed as a whole.
    fn installed(&self) -> String {
        match self {
            Self::Apt(root) => root.installed("kong").trim_start_matches("ii ").to_owned(),
            Self::Dnf(root) => root.installed(),
        }
    }

    /// What the environment file says of them.
    fn described(&self) -> String {
        let (driver, kept, command, programs) = match self {
            Self::Apt(root) => (
                "apt",
                root.file("var/cache/cutover"),
                root.file("usr/local/bin/kong"),
                root.programs(),
            ),
            Self::Dnf(root) => (
                "dnf",
                root.file("var/cache/cutover"),
                root.file("usr/local/bin/kong"),
                root.programs(),
            ),
        };
        let [kept, command, programs] =
            [kept, command, programs].map(|path| path.display().to_string());
        format!(
            "packages = {{ {driver} = {{ archive = {kept:?}, command = {command:?}, programs = {programs:?} }} }}"
        )
    }
}

/// A practice cluster whose nodes are on hosts of their own, and have Kong as a package; and one more host, where versions are tried.
struct Packaged {
    cluster: PracticeCluster,
    /// Those of the nodes, and the further one at the end.
    machines: Vec<Machine>,
    hosts: SshHosts,
    // Ended after the cluster, whose nodes run what is in there.
    _repository: Box<dyn Any>,
}

impl Packaged {
    /// By apt. `tried` is the version of the further host.
    fn by_apt(cluster: PracticeCluster, tried: &str) -> Option<Self> {
        let program = |_: &str, version: &str| program(&cluster, version);
        let repository = AptRepository::build(&[("kong", OLD), ("kong", NEW)], program)?;
        let machine = |version: &str| {
            let root = AptRoot::of(&repository);
            done(&root.apt(&UPDATE));
            let wanted = format!("kong={version}");
            done(&root.apt(&["-q", "-y", "install", &wanted]));
            Some(Machine::Apt(root))
        };
        let machines = machines(&cluster, tried, machine)?;
        Self::of(cluster, machines, Box::new(repository))
    }

    /// By dnf.
    fn by_dnf(cluster: PracticeCluster, tried: &str) -> Option<Self> {
        if !has_dnf() {
            return None;
        }
        let repository = RpmRepository::build(&[])?;
        for version in [OLD, NEW] {
            repository.add(&RpmMaking {
                program: Some(&program(&cluster, version)),
                ..RpmMaking::kong(version)
            });
        }
        let machine = |version: &str| {
            let root = RpmRoot::of(&repository)?;
            let wanted = format!("kong-{version}");
            root.done("dnf", &["--quiet", "--assumeyes", "install", &wanted]);
            Some(Machine::Dnf(root))
        };
        let machines = machines(&cluster, tried, machine)?;
        Self::of(cluster, machines, Box::new(repository))
    }

    fn of(
        cluster: PracticeCluster,
        machines: Vec<Machine>,
        repository: Box<dyn Any>,
    ) -> Option<Self> {
        describe(&cluster, &machines);
        let (hosts, cluster) = SshHosts::carrying(cluster)?;
        Some(Self {
            cluster,
            machines,
            hosts,
            _repository: repository,
        })
    }

    /// What the nodes have installed.
    fn installed(&self) -> Vec<String> {
        let nodes = self.machines.iter().take(self.machines.len() - 1);
        nodes.map(Machine::installed).collect()
    }

    /// Upgrades, and takes it home.
    fn there_and_back(&self, further: &[&str]) {
        let old = self.cluster.world();
        let count = self.machines.len() - 1;
        let run = self.cluster.upgrade("whole", further);
        assert_eq!(run.code, Some(0), "{}", run.all);
        assert_eq!(self.cluster.world().version(), Some(NEW));
        assert_eq!(self.installed(), vec![NEW; count]);
        self.cluster.roll_back("whole", &old);
        assert_eq!(self.installed(), vec![OLD; count]);
    }
}

/// The text of the practice cluster's `kong` of a version.
fn program(cluster: &PracticeCluster, version: &str) -> String {
    let (_, _, current) = cluster.node_paths(1);
    let prefix = current.ancestors().nth(3).expect("a prefix");
    let command = prefix.join(format!("kong-{version}/bin/kong"));
    fs::read_to_string(command).expect("a version")
}

/// One for each node, with the old version, and one that has `tried`.
fn machines(
    cluster: &PracticeCluster,
    tried: &str,
    machine: impl Fn(&str) -> Option<Machine>,
) -> Option<Vec<Machine>> {
    let text = fs::read_to_string(cluster.environment()).expect("there");
    let nodes = text.matches("\npackages = ").count();
    let mut versions = vec![OLD; nodes];
    versions.push(tried);
    versions.into_iter().map(machine).collect()
}

/// Has the environment file say all that.
fn describe(cluster: &PracticeCluster, machines: &[Machine]) {
    let path = cluster.environment();
    let text = fs::read_to_string(&path).expect("there");
    let mut of_nodes = machines.iter();
    let lines = text.lines().map(|line| {
        if line.starts_with("packages = ") {
            return of_nodes.next().expect("a machine").described();
        }
        match line {
            "[clusters.practice]" => format!("{line}\nscratch = \"stage-1\""),
            _ => line.to_owned(),
        }
    });
    let mut lines: Vec<String> = lines.collect();
    let conf = cluster.path().join("stage.conf");
    fs::write(
        &conf,
        "database = off\npg_host = 127.0.0.9\npg_port = 1\npg_user = nobody\n",
    )
    .expect("written");
    let shown = |path: &Path| path.display().to_string();
    lines.push(format!(
        "[clusters.stage]\ntopology = \"dbless\"\n[[clusters.stage.nodes]]\nname = \"stage-1\"\nconf = {:?}\nprefix = {:?}\n{}\n\
         admin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"",
        shown(&conf),
        shown(&cluster.path().join("stage")),
        of_nodes.next().expect("a machine").described(),
    ));
    fs::write(&path, lines.join("\n")).expect("written");
}

#[test]
fn a_cluster_of_packages_is_upgraded_and_taken_home() {
    let Some(packaged) = Packaged::by_apt(PracticeCluster::up(), NEW) else {
        return;
    };
    let planned = packaged.cluster.plan();
    assert_eq!(planned.code, Some(0), "{}", planned.all);
    packaged.there_and_back(&[]);
    assert_eq!(packaged.cluster.left_of_a_rehearsal("whole"), [""; 0]);
}

/// The runner is killed while dpkg unpacks on one of the nodes, which are all stopped by then.
#[test]
fn an_upgrade_whose_runner_is_killed_while_packages_are_installed_goes_on() {
    let Some(packaged) = Packaged::by_apt(PracticeCluster::up(), NEW) else {
        return;
    };
    let old = packaged.cluster.world();
    let Machine::Apt(root) = &packaged.machines[1] else {
        unreachable!("they are apt's");
    };
    root.pause(Moment::Unpack);
    let mut runner = packaged.cluster.start_upgrade("killed");
    wait(&packaged.cluster, "killed", &mut runner, |_| {
        root.waits().exists()
    });
    runner.kill().expect("killed");
    runner.wait().expect("ended");
    root.go_on(Moment::Unpack);
    let resumed = packaged
        .cluster
        .cutover(&["resume", "killed", "--approve", "practice"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.all);
    assert_eq!(packaged.cluster.world().version(), Some(NEW));
    assert_eq!(packaged.installed(), [NEW; 2]);
    packaged.cluster.roll_back("killed", &old);
    assert_eq!(packaged.installed(), [OLD; 2]);
}

#[test]
fn a_cluster_of_packages_for_rpm_is_upgraded_and_taken_home() {
    let Some(packaged) = Packaged::by_dnf(PracticeCluster::up(), NEW) else {
        return;
    };
    packaged.there_and_back(&[]);
}

#[test]
fn a_hybrid_cluster_of_packages_is_upgraded_and_taken_home() {
    if !everything() {
        return println!(
            "skipped: a hybrid cluster of packages is for the long sweeps; set CUTOVER_TEST_ALL"
        );
    }
    let Some(packaged) = Packaged::by_apt(topologies::hybrid(), NEW) else {
        return;
    };
    packaged.there_and_back(&[]);
}

#[test]
fn a_dbless_cluster_of_packages_is_upgraded_and_taken_home() {
    let Some(packaged) = Packaged::by_apt(topologies::dbless(), NEW) else {
        return;
    };
    packaged.there_and_back(&[]);
}

#[test]
fn a_version_that_cannot_be_tried_is_not_installed() {
    let Some(packaged) = Packaged::by_apt(PracticeCluster::up(), OLD) else {
        return;
    };
    let old = packaged.cluster.world();
    let planned = packaged.cluster.plan();
    assert_eq!(planned.code, Some(REFUSED), "{}", planned.all);
    assert!(
        planned
            .all
            .contains("3.4.2 cannot be tried for the node `kong-1`, where 2.8.5 can"),
        "{}",
        planned.all
    );
    let run = packaged.cluster.upgrade("refused", &[]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(
        run.all
            .contains("3.4.2 cannot be tried on the host of `stage-1`, where 2.8.5 can"),
        "{}",
        run.all
    );
    assert_eq!(packaged.cluster.world(), old);
    assert_eq!(packaged.installed(), [OLD; 2]);
}

/// Files are compared by digest wherever they are brought to a host or kept of it.
#[test]
fn a_file_that_is_damaged_on_its_way_is_not_taken_for_another() {
    let Some(packaged) = Packaged::by_apt(topologies::dbless(), NEW) else {
        return;
    };
    let old = packaged.cluster.world();
    let last = packaged.machines.len();
    let without_last = "| head -c -1; exit; fi\nexec /bin/cat \"$@\"";
    for (name, host, condition, told) in [
        (
            "fetched",
            1,
            "case \"$*\" in *kong.yml) true;; *) false;; esac",
            "what arrived is not what is there",
        ),
        (
            "brought",
            last,
            "[ $# -eq 0 ]",
            "what arrived is not what was sent",
        ),
    ] {
        let host = packaged.hosts.host(host);
        host.program(
            "cat",
            &format!("if {condition}; then /bin/cat \"$@\" {without_last}"),
        );
        let run = packaged.cluster.upgrade(name, &[]);
        host.program("cat", "exec /bin/cat \"$@\"");
        assert_eq!(run.code, Some(REFUSED), "{}", run.all);
        assert!(run.all.contains(told), "{told}: {}", run.all);
        assert_eq!(packaged.cluster.world(), old);
    }
}
