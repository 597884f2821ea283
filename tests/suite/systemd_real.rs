//! Nodes whose Kong is a unit of a real systemd: upgraded and taken home through it, its policies respected, and what is wrong with a unit told.

use std::fs;

use crate::in_place_over_ssh::{NODES, cluster};
use crate::practice_cluster::PracticeCluster;
use crate::ssh_hosts::SshHosts;
use crate::systemd_manager::Systemd;

const REFUSED: i32 = 4;

/// A practice cluster whose nodes are units, each of a manager of its own.
struct Managed {
    // Before the managers, which run its nodes.
    cluster: PracticeCluster,
    managers: Vec<Systemd>,
}

impl Managed {
    /// With these lines in the `[Service]` of each unit.
    fn up(further: &str) -> Option<Self> {
        Self::of(PracticeCluster::up, further)
    }

    /// The same of a cluster that is brought up so.
    fn of(up: impl FnOnce() -> PracticeCluster, further: &str) -> Option<Self> {
        let managers = vec![Systemd::start()?, Systemd::start()?];
        let cluster = up();
        let path = cluster.environment();
        let mut text = fs::read_to_string(&path).expect("there");
        for (place, manager) in managers.iter().enumerate() {
            let name = format!("name = \"kong-{}\"\n", place + 1);
            let command = manager.command().display().to_string();
            let as_unit =
                format!("{name}service = {{ systemd = \"kong\" }}\nsystemctl = {command:?}\n");
            text = text.replace(&name, &as_unit);
        }
        fs::write(&path, text).expect("written");
        let managed = Self { cluster, managers };
        for node in [1, 2] {
            managed.hand_over(node, further);
        }
        Some(managed)
    }

    fn manager(&self, node: usize) -> &Systemd {
        &self.managers[node - 1]
    }

    /// Makes the unit of a node, and has systemd run it.
    fn hand_over(&self, node: usize, further: &str) {
        let (conf, prefix, kong) = self.cluster.node_paths(node);
        let [conf, prefix, kong] = [conf, prefix, kong].map(|path| path.display().to_string());
        let unit = format!(
            "[Service]\nType=forking\nPIDFile={prefix}/pids/nginx.pid\nEnvironmentFile={prefix}.env\n{further}\
             ExecStart={kong} start -c {conf} -p {prefix}\nExecReload={kong} reload -c {conf} -p {prefix}\n\
             ExecStop={kong} quit -p {prefix}\nLimitNOFILE=4096\n"
        );
        fs::write(format!("{prefix}.env"), "KONG_LOG_LEVEL=notice\n").expect("written");
        let manager = self.manager(node);
        fs::write(manager.unit("kong.service"), unit).expect("written");
        let quit = std::process::Command::new(&kong)
            .args(["quit", "-p", &prefix])
            .output();
        assert!(quit.expect("it starts").status.success());
        manager.done(&["daemon-reload"]);
        manager.done(&["start", "kong"]);
    }

    /// A property of a node's unit.
    fn shows(&self, node: usize, property: &str) -> String {
        let property = format!("--property={property}");
        let shown = self
            .manager(node)
            .systemctl(&["show", "--value", &property, "kong"]);
        String::from_utf8_lossy(&shown.stdout).trim().to_owned()
    }
}

/// systemd brings such a service back whoever stops it but systemd, and so whoever upgrades it any other way.
#[test]
fn an_upgrade_goes_through_units_that_come_back_by_themselves() {
    let Some(managed) = Managed::up("Restart=always\nRestartSec=100ms\n") else {
        return;
    };
    let old = managed.cluster.world();
    let run = managed.cluster.upgrade("whole", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert_eq!(managed.cluster.world().version(), Some("3.4.2"));
    let states = || [1, 2].map(|node| managed.shows(node, "ActiveState"));
    assert_eq!(states(), ["active"; 2]);
    managed.cluster.roll_back("whole", &old);
    assert_eq!(states(), ["active"; 2]);
    // Never by itself: a restart that nobody asked for would have counted.
    assert_eq!(
        [1, 2].map(|node| managed.shows(node, "NRestarts")),
        ["0"; 2]
    );
}

#[test]
fn an_upgrade_goes_through_units_of_other_hosts() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let Some(managed) = Managed::of(|| cluster(&hosts), "Restart=always\nRestartSec=100ms\n")
    else {
        return;
    };
    let old = managed.cluster.world();
    let run = managed.cluster.upgrade("whole", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert_eq!(managed.cluster.world().version(), Some("3.4.2"));
    managed.cluster.roll_back("whole", &old);
    assert_eq!(
        [1, 2].map(|node| [
            managed.shows(node, "ActiveState"),
            managed.shows(node, "NRestarts")
        ]),
        [["active", "0"]; 2]
    );
    // The runner is killed where a node is down, and the next one finds systemd's word for it.
    let journal = managed.cluster.journal("whole");
    let is_stop = |event: &serde_json::Value| {
        event["event"] == "started" && event["intent"]["verb"] == "kong.stop"
    };
    let stop = journal.iter().position(is_stop).expect("a step of it");
    let crash = format!("after:{}", stop + 3);
    let killed = managed.cluster.upgrade("killed", &["--crash", &crash]);
    assert_eq!(killed.code, None, "{}", killed.all);
    let resumed = managed
        .cluster
        .cutover(&["resume", "killed", "--approve", "practice"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.all);
    managed.cluster.roll_back("killed", &old);
}

#[test]
fn what_is_wrong_with_a_unit_is_told_before_anything_is_touched() {
    let Some(managed) = Managed::up("") else {
        return;
    };
    let old = managed.cluster.world();
    let manager = managed.manager(2);
    let refused = |name: &str, told: &str| {
        let run = managed.cluster.upgrade(name, &[]);
        assert_eq!(run.code, Some(REFUSED), "{}", run.all);
        assert!(run.all.contains(told), "{told}: {}", run.all);
        assert_eq!(managed.cluster.world(), old);
    };
    let unit = manager.unit("kong.service");
    let text = fs::read_to_string(&unit).expect("there");
    fs::write(&unit, format!("{text}# another line\n")).expect("written");
    refused("stale", "its files have changed since systemd read them");
    fs::write(
        &unit,
        text.replace(
            "ExecReload",
            "ExecStartPre=/usr/local/bin/kong migrations up\nExecReload",
        ),
    )
    .expect("written");
    manager.done(&["daemon-reload"]);
    refused("migrates", "it runs `kong migrations` by itself");
    fs::write(&unit, &text).expect("written");
    manager.done(&["daemon-reload"]);
    // What `systemctl mask` makes where no file of the unit is in the way.
    fs::remove_file(&unit).expect("removed");
    std::os::unix::fs::symlink("/dev/null", &unit).expect("linked");
    manager.done(&["daemon-reload"]);
    refused("masked", "it is masked: nobody can start it");
    fs::remove_file(&unit).expect("removed");
    fs::write(&unit, &text).expect("written");
    manager.done(&["daemon-reload"]);
}

/// Another unit that wants this one up starts it again as soon as it is stopped.
#[test]
fn a_unit_that_does_not_stay_stopped_is_told() {
    let Some(managed) = Managed::up("") else {
        return;
    };
    let manager = managed.manager(1);
    let keeper = "[Unit]\nUpholds=kong.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n";
    fs::write(manager.unit("keeper.service"), keeper).expect("written");
    manager.done(&["daemon-reload"]);
    manager.done(&["start", "keeper"]);
    let playbook = managed.cluster.write(
        "stop.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"kong.*\"] };\nkong::stop(env::cluster(\"practice\").nodes[0]);\n",
    );
    let run = managed
        .cluster
        .cutover(&["run", &playbook, "--run-id", "kept"]);
    assert!(run.all.contains("was stopped and is "), "{}", run.all);
    assert!(
        run.all.contains("systemctl list-dependencies --reverse"),
        "{}",
        run.all
    );
}

/// Between two tries a service that goes down at once does not run, and comes back all the same.
#[test]
fn a_unit_that_is_about_to_come_back_is_stopped() {
    let Some(managed) = Managed::up("Restart=always\nRestartSec=3s\n") else {
        return;
    };
    let (_, prefix, _) = managed.cluster.node_paths(1);
    let pid = fs::read_to_string(prefix.join("pids/nginx.pid")).expect("it runs");
    crate::process_tree::signal(
        pid.trim().parse().expect("a number"),
        rustix::process::Signal::KILL,
    );
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while managed.shows(1, "SubState") != "auto-restart" {
        assert!(
            std::time::Instant::now() < deadline,
            "{}",
            managed.shows(1, "SubState")
        );
    }
    let playbook = managed.cluster.write(
        "stop.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"kong.*\"] };\nkong::stop(env::cluster(\"practice\").nodes[0]);\n",
    );
    let run = managed
        .cluster
        .cutover(&["run", &playbook, "--run-id", "stopped"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert_eq!(managed.shows(1, "ActiveState"), "inactive");
}

/// Of a unit systemd's own files and those that they name tell what Kong is started with; two clusters are compared by it.
#[test]
fn what_a_unit_sets_is_told_with_its_place() {
    let Some(managed) = Managed::up("Environment=KONG_MEM_CACHE_SIZE=64m\n") else {
        return;
    };
    let (_, prefix, _) = managed.cluster.node_paths(1);
    let playbook = managed.cluster.write(
        "read.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"config.read\", \"env.compare\"] };\n\
         let cluster = env::cluster(\"practice\");\n\
         let settings = config::read(cluster.nodes[0]).settings;\n\
         for key in [\"mem_cache_size\", \"log_level\", \"pg_host\"] {\n\
             let one = settings[key];\n\
             run::note(`${key} = ${one.value} by ${one.from}, rendered ${one.rendered}`);\n\
         }\n\
         let compared = env::compare(cluster, cluster);\n\
         run::note(`different: ${compared.different.keys()}, of a node: ${compared.of_a_node.keys()}`);\n",
    );
    let run = managed
        .cluster
        .cutover(&["run", &playbook, "--run-id", "read"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    let notes: Vec<String> = run
        .all
        .lines()
        .filter_map(|line| line.split_once(" · ").map(|(_, note)| note))
        .map(|note| note.replace(&prefix.display().to_string(), "PREFIX"))
        .map(|note| note.replace(&managed.cluster.directory(), "CLUSTER"))
        .collect();
    insta::assert_snapshot!(notes.join("\n"), @r#"
    config.read kong-1
    mem_cache_size = 64m by environment of `kong.service`, rendered 64m
    log_level = notice by environment from PREFIX.env:1, rendered notice
    pg_host = CLUSTER/socket by CLUSTER/nodes/kong-1/kong.conf:7, rendered CLUSTER/socket
    env.compare kong-1 and kong-1
    different: [], of a node: []
    "#);
}

/// A node's own unit keeps it, and that is as it must be; a unit that nobody names would bring it back behind a run.
#[test]
fn a_unit_that_nobody_names_is_told_by_the_doctor() {
    let Some(managed) = Managed::up("") else {
        return;
    };
    let is_told = |line: &str, node: &str| line.contains("node_supervised") && line.contains(node);
    let listed = || {
        let told = managed.cluster.cutover(&["doctor"]);
        let nodes = ["kong-1", "kong-2"];
        nodes.map(|node| told.all.lines().any(|line| is_told(line, node)))
    };
    assert_eq!(listed(), [false; 2]);
    let text = fs::read_to_string(managed.cluster.environment()).expect("there");
    let nameless = text.replacen("service = { systemd = \"kong\" }\n", "", 1);
    fs::write(managed.cluster.environment(), nameless).expect("written");
    assert_eq!(listed(), [true, false]);
    fs::write(managed.cluster.environment(), text).expect("written");
}
