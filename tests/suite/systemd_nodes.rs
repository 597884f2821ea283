//! Nodes whose Kong is a unit of systemd's, over SSH, on any machine: `systemctl` is a stub that answers `show` as version 252 did, recorded, and
//! starts and stops the practice cluster's `kong` as such a unit's own commands would. A real one is asked in `systemd_real`.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::practice_cluster::PracticeCluster;
use crate::ssh_hosts::SshHosts;

/// The answer of a real systemd about a unit with Kong's own unit file.
const RECORDED: &str = include_str!("../fixtures/host/systemctl/kong.txt");

/// A practice cluster whose nodes are units on hosts of their own.
pub(crate) struct Units {
    pub(crate) hosts: SshHosts,
    pub(crate) cluster: PracticeCluster,
}

impl Units {
    pub(crate) fn up() -> Option<Self> {
        let hosts = SshHosts::start(2)?;
        let cluster = PracticeCluster::up();
        let path = cluster.environment();
        let mut text = fs::read_to_string(&path).expect("there");
        for (place, host) in hosts.names().iter().enumerate() {
            let name = format!("name = \"kong-{}\"\n", place + 1);
            let as_unit = format!(
                "{name}transport = {{ ssh = \"{host}\" }}\nservice = {{ systemd = \"kong\" }}\nsystemctl = {:?}\n",
                hosts
                    .host(place + 1)
                    .home()
                    .join("systemctl")
                    .display()
                    .to_string()
            );
            text = text.replace(&name, &as_unit);
        }
        let configuration = hosts.configuration().display().to_string();
        let _ = write!(text, "\n[ssh]\nconfiguration = {configuration:?}\n");
        fs::write(&path, text).expect("written");
        let units = Self { hosts, cluster };
        for node in 1..=2 {
            units.install(node, "");
        }
        Some(units)
    }

    /// The file of a node's unit.
    fn file(&self, node: usize) -> PathBuf {
        self.hosts.host(node).home().join("kong.service")
    }

    /// Makes a node's unit, with these lines in its `[Service]`.
    pub(crate) fn install(&self, node: usize, further: &str) {
        let home = self.hosts.host(node).home();
        let (conf, prefix, kong) = self.cluster.node_paths(node);
        fs::write(
            self.file(node),
            format!(
                "[Service]\nType=forking\nEnvironmentFile={}\n{further}ExecStart={} start -c {} -p {}\nLimitNOFILE=4096\n",
                home.join("kong.env").display(),
                kong.display(),
                conf.display(),
                prefix.display()
            ),
        )
        .expect("written");
        fs::copy(self.file(node), home.join("loaded")).expect("copied");
        fs::write(home.join("kong.env"), "KONG_LOG_LEVEL=notice\n").expect("written");
        let show = RECORDED
            .replace(
                "/etc/systemd/system/kong.service",
                &self.file(node).display().to_string(),
            )
            .replace("User=kong\nGroup=kong\n", "User=\nGroup=\n");
        fs::write(home.join("show"), show).expect("written");
        let stub = format!(
            "#!/bin/sh\nhome={home}\necho \"$*\" >> $home/asked\n\
             case \"$1 $2\" in\n\
             show*) stale=no; cat $home/kong.service $home/own.conf 2>/dev/null | cmp -s - $home/loaded || stale=yes\n\
               if {kong} health -p {prefix} >/dev/null 2>&1; then\n\
               sed 's/ActiveState=inactive/ActiveState=active/; s/SubState=dead/SubState=running/' $home/show; else cat $home/show; fi |\n\
               sed \"s/NeedDaemonReload=no/NeedDaemonReload=$stale/\";;\n\
             '--no-ask-password daemon-reload') cat $home/kong.service $home/own.conf > $home/loaded;;\n\
             '--no-ask-password start') set -a; . $home/kong.env; set +a; exec {kong} start -c {conf} -p {prefix};;\n\
             '--no-ask-password stop') exec {kong} quit -p {prefix};;\n\
             '--no-ask-password reload') exec {kong} reload -c {conf} -p {prefix};;\n\
             *) exit 1;;\nesac\n",
            home = home.display(),
            kong = kong.display(),
            conf = conf.display(),
            prefix = prefix.display(),
        );
        executable(&home.join("systemctl"), &stub);
    }

    /// Makes a file of lines that go over a node's unit, which systemd has read.
    fn drop_in(&self, node: usize, text: &str) {
        let home = self.hosts.host(node).home();
        let path = home.join("own.conf");
        fs::write(&path, text).expect("written");
        let unit = fs::read_to_string(self.file(node)).expect("there");
        fs::write(home.join("loaded"), unit + text).expect("written");
        let show = fs::read_to_string(home.join("show")).expect("there");
        let named = format!("DropInPaths={}", path.display());
        let lines = show.lines().map(|line| match line {
            line if line.starts_with("DropInPaths=") => &named,
            line => line,
        });
        let lines: Vec<&str> = lines.collect();
        fs::write(home.join("show"), lines.join("\n") + "\n").expect("written");
    }

    /// What systemctl was asked on a host, without the questions.
    fn acts(&self, node: usize) -> Vec<String> {
        let asked = fs::read_to_string(self.hosts.host(node).home().join("asked"));
        let asked = asked.unwrap_or_default();
        let acts = asked
            .lines()
            .filter_map(|line| line.strip_prefix("--no-ask-password "));
        acts.map(str::to_owned).collect()
    }

    /// A run whose `systemctl` is the host's.
    fn run(&self, run: &str, body: &str) -> crate::practice_cluster::Ended {
        let playbook = self.cluster.write(
            &format!("{run}.rhai"),
            &format!("const PLAYBOOK = #{{ api: 1, needs: [\"kong.*\"] }};\n\nlet nodes = env::cluster(\"practice\").nodes;\n{body}\n"),
        );
        self.cluster.cutover(&["run", &playbook, "--run-id", run])
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
}

#[test]
fn a_node_is_stopped_and_started_through_its_unit() {
    let Some(units) = Units::up() else {
        return;
    };
    let ended = units.run(
        "through",
        "kong::stop(nodes);\nkong::start(nodes);\nkong::reload(nodes[0]);",
    );
    assert_eq!(ended.code, Some(0), "{}", ended.all);
    assert_eq!(
        units.acts(1),
        ["stop -- kong", "start -- kong", "reload -- kong"]
    );
    assert_eq!(units.acts(2), ["stop -- kong", "start -- kong"]);
    // On the way back what was stopped is started through it, too.
    let ended = units.run("back", "kong::stop(nodes);\nrun::fail(\"enough\");");
    assert_eq!(ended.code, Some(5), "{}", ended.all);
    assert_eq!(units.acts(2)[2..], ["stop -- kong", "start -- kong"]);
}

#[test]
fn a_unit_that_would_do_something_else_is_not_started() {
    let Some(units) = Units::up() else {
        return;
    };
    let ended = units.run("stopped", "kong::stop(nodes[1]);");
    assert_eq!(ended.code, Some(0), "{}", ended.all);
    for (name, further, told) in [
        (
            "migrates",
            "ExecStartPre=/usr/local/bin/kong migrations up\n",
            "migrat",
        ),
        (
            "missing",
            "EnvironmentFile=/none/kong.env\n",
            "/none/kong.env",
        ),
    ] {
        units.install(2, further);
        let ended = units.run(name, "kong::start(nodes[1]);");
        assert_ne!(ended.code, Some(0), "{}", ended.all);
        assert!(ended.all.contains(told), "{told}: {}", ended.all);
    }
    let acts = units.acts(2);
    assert_eq!(acts, ["stop -- kong"]);
}

#[test]
fn a_unit_in_the_way_is_found_before_anything_is_touched() {
    let Some(units) = Units::up() else {
        return;
    };
    let old = units.cluster.world();
    let show = units.hosts.host(2).home().join("show");
    for (name, further, masked, told) in [
        (
            "migrates",
            "ExecStartPre=/usr/local/bin/kong migrations up\n",
            false,
            "it runs `kong migrations` by itself",
        ),
        (
            "templated",
            "ExecStartPre=/usr/local/bin/kong prepare --nginx-conf /etc/kong/own.template\n",
            false,
            "the nginx template that it starts Kong with is `/etc/kong/own.template`",
        ),
        ("masked", "", true, "it is masked: nobody can start it"),
    ] {
        units.install(2, further);
        if masked {
            let text = fs::read_to_string(&show).expect("there");
            let text = text.replace("LoadState=loaded", "LoadState=masked");
            fs::write(&show, text).expect("written");
        }
        let refused = units.cluster.upgrade(name, &[]);
        assert_eq!(refused.code, Some(4), "{}", refused.all);
        let unfit = "the node `kong-2` could not be upgraded as it stands: `kong.service`: ";
        assert!(refused.all.contains(unfit), "{}", refused.all);
        assert!(refused.all.contains(told), "{told}: {}", refused.all);
        assert_eq!(units.cluster.world(), old);
    }
    assert_eq!(units.acts(2), Vec::<String>::new());
}

#[test]
fn the_environment_of_a_unit_is_given_to_kong_and_shown_to_nobody() {
    let Some(units) = Units::up() else {
        return;
    };
    let home = units.hosts.host(1).home();
    fs::write(
        home.join("kong.env"),
        "KONG_PG_RO_PASSWORD=canary-of-a-secret\n",
    )
    .expect("written");
    let line = format!(
        "ps -ww -e -o args= >> {0}/processes; printf '%s' \"$KONG_PG_RO_PASSWORD\" > {0}/given; echo \"$KONG_PG_RO_PASSWORD\" >&2",
        home.display()
    );
    units.cluster.wrap_kong("2.8.5", &line);
    let ended = units.run("asked", "kong::version(nodes[0]);");
    assert_eq!(ended.code, Some(0), "{}", ended.all);
    let read = |name: &str| fs::read_to_string(home.join(name)).expect("written");
    assert_eq!(read("given"), "canary-of-a-secret");
    assert!(
        read("processes").contains("setsid --wait"),
        "{}",
        read("processes")
    );
    assert!(
        !read("processes").contains("canary"),
        "{}",
        read("processes")
    );
    assert!(!units.cluster.journal_text("asked").contains("canary"));
    // What Kong itself prints of it is blacked out where it is kept.
    for file in units.cluster.run_files("asked") {
        let text = fs::read(&file).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&text).contains("canary"),
            "{}",
            file.display()
        );
    }
}

/// systemd goes by what it read, and a unit whose file has changed since is not started.
#[test]
fn a_unit_that_is_adapted_is_read_again_by_systemd_in_both_directions() {
    let Some(units) = Units::up() else {
        return;
    };
    let cluster = &units.cluster;
    let seal = cluster.path().join("seal");
    fs::write(&seal, "a long and random key of the operators").expect("written");
    fs::set_permissions(&seal, fs::Permissions::from_mode(0o600)).expect("set");
    let mut text = fs::read_to_string(cluster.environment()).expect("there");
    let own = |node: usize| units.hosts.host(node).home().join("own.conf");
    for node in [1, 2] {
        units.drop_in(node, "[Service]\nEnvironment=KONG_LOG_LEVEL=notice\n");
        let name = format!("name = \"kong-{node}\"\n");
        let file = own(node).display().to_string();
        let with = format!("{name}files = {{ \"unit:kong.service.d/own.conf\" = {file:?} }}\n");
        text = text.replacen(&name, &with, 1);
    }
    let seal = seal.display().to_string();
    let _ = write!(
        text,
        "\n[change_sets.own]\nfile = \"own.toml\"\nseal = {{ file = {seal:?} }}\ncode = [\"unit:kong.service.d/own.conf\"]\n"
    );
    fs::write(cluster.environment(), text).expect("written");
    let run = |name: &str, also: &str, body: &str| {
        let text = format!(
            "const PLAYBOOK = #{{ api: 1, needs: [\"config.*\", \"{also}\"] }};\n\
             let nodes = env::cluster(\"practice\").nodes;\n{body}"
        );
        let playbook = cluster.write(&format!("{name}.rhai"), &text);
        cluster.cutover(&["run", &playbook, "--run-id", name])
    };
    let body = "config::mark(nodes[0]);\nrun::approve(\"change it\");\nconfig::record(nodes[0], \"own\");\n";
    let paused = run("record", "run.approve", body);
    assert_eq!(paused.code, Some(8), "{}", paused.all);
    units.drop_in(1, "[Service]\nEnvironment=KONG_LOG_LEVEL=info\n");
    let recorded = cluster.cutover(&["resume", "record", "--approve", "practice"]);
    assert_eq!(recorded.code, Some(0), "{}", recorded.all);
    let before = fs::read_to_string(own(2)).expect("there");

    let body =
        "config::adapt([nodes[1]], \"own\");\nkong::stop(nodes[1]);\nkong::start(nodes[1]);\n";
    let adapted = run("adapt", "kong.*", body);
    assert_eq!(adapted.code, Some(0), "{}", adapted.all);
    let after = fs::read_to_string(own(2)).expect("there");
    assert!(after.contains("Environment=KONG_LOG_LEVEL=info"), "{after}");
    let mut acts = vec!["daemon-reload", "stop -- kong", "start -- kong"];
    assert_eq!(units.acts(2), acts);
    let back = cluster.cutover(&["rollback", "adapt", "--confirm", "practice"]);
    assert_eq!(back.code, Some(0), "{}", back.all);
    assert_eq!(fs::read_to_string(own(2)).expect("there"), before);
    acts.extend(["stop -- kong", "start -- kong", "daemon-reload"]);
    assert_eq!(units.acts(2), acts, "{}", back.all);
}
