//! Hosts on each of which somebody else logs in, who is not root: Kong's files and processes are his, and an upgrade needs nothing that he may not.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use crate::practice_cluster::{PracticeCluster, everything};
use crate::ssh_hosts::SshHosts;
use crate::topologies::hybrid;

/// Gives a directory and all in it to a user.
fn give(path: &Path, user: u32) {
    std::os::unix::fs::lchown(path, Some(user), Some(user)).expect("given");
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).expect("listed") {
            give(&entry.expect("listed").path(), user);
        }
    }
}

/// What in a directory is not a user's.
fn not_of(path: &Path, user: u32) -> Vec<String> {
    let mut found = Vec::new();
    let is_his = fs::symlink_metadata(path).expect("there").uid() == user;
    found.extend((!is_his).then(|| path.display().to_string()));
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).expect("listed") {
            found.extend(not_of(&entry.expect("listed").path(), user));
        }
    }
    found
}

/// Whose process a node is.
fn runs_as(cluster: &PracticeCluster, node: usize) -> u32 {
    let (_, prefix, _) = cluster.node_paths(node);
    let pid = fs::read_to_string(prefix.join("pids/nginx.pid")).expect("it runs");
    fs::metadata(Path::new("/proc").join(pid.trim()))
        .expect("it runs")
        .uid()
}

/// Hosts of whom each has a user of his own, and a cluster whose nodes are theirs and run as they do. Nothing where that cannot be had.
fn given_away(cluster: PracticeCluster) -> Option<(SshHosts, PracticeCluster, Vec<u32>)> {
    let (hosts, cluster) = SshHosts::carrying(cluster)?;
    // Nodes with a database reach it by its socket.
    let socket = cluster.path().join("socket");
    fs::set_permissions(socket, fs::Permissions::from_mode(0o711)).expect("set");
    let mut users = Vec::new();
    for (at, name) in hosts.names().into_iter().enumerate() {
        let user = hosts.host(at + 1).log_in_as_own_user()?;
        let (conf, prefix, kong) = cluster.node_paths(at + 1);
        let home = conf.parent().expect("a directory").to_owned();
        let [conf, prefix, kong] = [conf, prefix, kong].map(|path| path.display().to_string());
        let quit = std::process::Command::new(&kong)
            .args(["quit", "-p", &prefix])
            .output();
        assert!(quit.expect("it starts").status.success());
        give(&home, user);
        // Planes know each other by one certificate and its key, which lie beside their directories.
        let settings = fs::read_to_string(&conf).expect("there");
        for line in settings.lines() {
            if let Some((_, file)) = line.split_once(" = ")
                && line.starts_with("cluster_cert")
            {
                fs::set_permissions(file, fs::Permissions::from_mode(0o644)).expect("set");
            }
        }
        let start = format!("{kong} start -c {conf} -p {prefix}");
        let started = hosts.ssh(&[name, &start]);
        assert!(started.status.success(), "{started:?}");
        users.push(user);
    }
    Some((hosts, cluster, users))
}

/// Upgrades it and takes it home; all that lies on a host is its user's after either, and so is what runs.
fn there_and_back(hosts: &SshHosts, cluster: &PracticeCluster, users: &[u32]) {
    let all_his = || {
        for (at, user) in users.iter().enumerate() {
            assert_eq!(runs_as(cluster, at + 1), *user);
            let (conf, ..) = cluster.node_paths(at + 1);
            let home = hosts.host(at + 1).home();
            assert_eq!(not_of(conf.parent().expect("a directory"), *user), [""; 0]);
            assert_eq!(not_of(&home, *user), [""; 0]);
            // Nobody else looks into what the run keeps there.
            if let Ok(kept) = fs::metadata(home.join(".cutover")) {
                assert_eq!(kept.permissions().mode() & 0o077, 0);
            }
        }
    };
    let old = cluster.world();
    let run = cluster.upgrade("whole", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    all_his();
    cluster.roll_back("whole", &old);
    all_his();
}

#[test]
fn an_upgrade_is_done_by_users_who_may_nothing_but_run_kong() {
    let Some((hosts, cluster, users)) = given_away(PracticeCluster::up()) else {
        return;
    };
    there_and_back(&hosts, &cluster, &users);
}

#[test]
fn control_planes_and_data_planes_are_upgraded_by_five_users() {
    if !everything() {
        return println!("skipped: five hosts are for the long sweeps; set CUTOVER_TEST_ALL");
    }
    let Some((hosts, cluster, users)) = given_away(hybrid()) else {
        return;
    };
    // Data planes of this version keep no id, so those that were stopped are other ones, and known for a minute.
    cluster.sql("DELETE FROM clustering_data_planes");
    assert_eq!(users.len(), 5);
    there_and_back(&hosts, &cluster, &users);
}
