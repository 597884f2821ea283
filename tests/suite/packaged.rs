//! Shipped playbooks on nodes whose Kong is a package of real apt and dpkg, each on a host of its own over SSH: the new version is tried on
//! another host that has it, the packages are installed, and the old ones come back.

use std::fs;
use std::path::Path;

use crate::apt_operators::{UPDATE, done};
use crate::apt_repository::AptRepository;
use crate::apt_root::{AptRoot, Moment};
use crate::killed_at_work::wait;
use crate::practice_cluster::PracticeCluster;
use crate::ssh_hosts::SshHosts;
use crate::topologies;

const OLD: &str = "2.8.5";
const NEW: &str = "3.4.2";
const REFUSED: i32 = 4;

/// A practice cluster whose nodes are on hosts of their own, and have Kong as a package; and one more host, where versions are tried.
struct Packaged {
    cluster: PracticeCluster,
    /// Those of the nodes, and the further one at the end.
    roots: Vec<AptRoot>,
    // Ended after the cluster, whose nodes run what is in there.
    _repository: AptRepository,
    hosts: SshHosts,
}

impl Packaged {
    /// `tried` is the version of the further host.
    fn of(cluster: PracticeCluster, tried: &str) -> Option<Self> {
        let text = fs::read_to_string(cluster.environment()).expect("there");
        let nodes = text.matches("\npackages = ").count();
        let hosts = SshHosts::start(u8::try_from(nodes + 1).expect("a few"))?;
        let (_, _, current) = cluster.node_paths(1);
        let prefix = current.ancestors().nth(3).expect("a prefix");
        let program = |_: &str, version: &str| {
            let command = prefix.join(format!("kong-{version}/bin/kong"));
            fs::read_to_string(command).expect("a version")
        };
        let repository = AptRepository::build(&[("kong", OLD), ("kong", NEW)], program)?;
        let root = |version: &str| {
            let root = AptRoot::of(&repository);
            done(&root.apt(&UPDATE));
            let wanted = format!("kong={version}");
            done(&root.apt(&["-q", "-y", "install", &wanted]));
            root
        };
        let mut roots: Vec<AptRoot> = (0..nodes).map(|_| root(OLD)).collect();
        roots.push(root(tried));
        describe(&cluster, &roots);
        Some(Self {
            cluster: hosts.carry(cluster),
            roots,
            _repository: repository,
            hosts,
        })
    }

    /// What the nodes have installed.
    fn installed(&self) -> Vec<String> {
        let nodes = self.roots.iter().take(self.roots.len() - 1);
        nodes.map(|root| root.installed("kong")).collect()
    }

    /// Upgrades, and takes it home.
    fn there_and_back(&self, further: &[&str]) {
        let old = self.cluster.world();
        let count = self.roots.len() - 1;
        let run = self.cluster.upgrade("whole", further);
        assert_eq!(run.code, Some(0), "{}", run.all);
        assert_eq!(self.cluster.world().version(), Some(NEW));
        assert_eq!(self.installed(), vec![format!("ii {NEW}"); count]);
        self.cluster.roll_back("whole", &old);
        assert_eq!(self.installed(), vec![format!("ii {OLD}"); count]);
    }
}

/// Has the environment file say all that.
fn describe(cluster: &PracticeCluster, roots: &[AptRoot]) {
    let path = cluster.environment();
    let text = fs::read_to_string(&path).expect("there");
    let mut of_nodes = roots.iter();
    let lines = text.lines().map(|line| {
        if line.starts_with("packages = ") {
            return packages(of_nodes.next().expect("a root"));
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
        packages(of_nodes.next().expect("a root")),
    ));
    fs::write(&path, lines.join("\n")).expect("written");
}

fn packages(root: &AptRoot) -> String {
    let path = |path: std::path::PathBuf| path.display().to_string();
    format!(
        "packages = {{ apt = {{ archive = {:?}, command = {:?}, programs = {:?} }} }}",
        path(root.file("var/cache/cutover")),
        path(root.file("usr/local/bin/kong")),
        path(root.programs()),
    )
}

#[test]
fn a_cluster_of_packages_is_upgraded_and_taken_home() {
    let Some(packaged) = Packaged::of(PracticeCluster::up(), NEW) else {
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
    let Some(packaged) = Packaged::of(PracticeCluster::up(), NEW) else {
        return;
    };
    let old = packaged.cluster.world();
    let root = &packaged.roots[1];
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
    assert_eq!(packaged.installed(), ["ii 3.4.2"; 2]);
    packaged.cluster.roll_back("killed", &old);
    assert_eq!(packaged.installed(), ["ii 2.8.5"; 2]);
}

#[test]
fn a_hybrid_cluster_of_packages_is_upgraded_and_taken_home() {
    let Some(packaged) = Packaged::of(topologies::hybrid(), NEW) else {
        return;
    };
    packaged.there_and_back(&[]);
}

#[test]
fn a_dbless_cluster_of_packages_is_upgraded_and_taken_home() {
    let Some(packaged) = Packaged::of(topologies::dbless(), NEW) else {
        return;
    };
    packaged.there_and_back(&[]);
}

#[test]
fn a_version_that_cannot_be_tried_is_not_installed() {
    let Some(packaged) = Packaged::of(PracticeCluster::up(), OLD) else {
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
    assert_eq!(packaged.installed(), ["ii 2.8.5"; 2]);
}

/// Files are compared by digest wherever they are brought to a host or kept of it.
#[test]
fn a_file_that_is_damaged_on_its_way_is_not_taken_for_another() {
    let Some(packaged) = Packaged::of(topologies::dbless(), NEW) else {
        return;
    };
    let old = packaged.cluster.world();
    let last = packaged.roots.len();
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
