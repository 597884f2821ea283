//! Hosts on each of which somebody else logs in, who is not root: Kong's files and processes are his, and an upgrade needs nothing that he may not.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use crate::in_place_over_ssh::{NODES, cluster};
use crate::practice_cluster::PracticeCluster;
use crate::ssh_hosts::SshHosts;

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

#[test]
fn an_upgrade_is_done_by_users_who_may_nothing_but_run_kong() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let cluster = cluster(&hosts);
    // The nodes reach their database by its socket.
    let socket = cluster.path().join("socket");
    fs::set_permissions(socket, fs::Permissions::from_mode(0o711)).expect("set");
    let mut users = Vec::new();
    for number in 1..=usize::from(NODES) {
        let Some(user) = hosts.host(number).log_in_as_own_user() else {
            return;
        };
        let (conf, prefix, kong) = cluster.node_paths(number);
        let [conf_text, prefix_text, kong] =
            [&conf, &prefix, &kong].map(|path| path.display().to_string());
        let name = format!("host-{number}");
        let quit = std::process::Command::new(&kong)
            .args(["quit", "-p", &prefix_text])
            .output();
        assert!(quit.expect("it starts").status.success());
        give(conf.parent().expect("a directory"), user);
        let start = format!("{kong} start -c {conf_text} -p {prefix_text}");
        let started = hosts.ssh(&[&name, &start]);
        assert!(started.status.success(), "{started:?}");
        users.push(user);
    }
    let owners = || {
        (1..=users.len())
            .map(|node| runs_as(&cluster, node))
            .collect::<Vec<_>>()
    };
    let all_his = || {
        for (at, user) in users.iter().enumerate() {
            let (conf, ..) = cluster.node_paths(at + 1);
            let home = hosts.host(at + 1).home();
            assert_eq!(not_of(conf.parent().expect("a directory"), *user), [""; 0]);
            assert_eq!(not_of(&home, *user), [""; 0]);
            // Nobody else looks into what the run keeps there.
            let kept = fs::metadata(home.join(".cutover")).expect("kept");
            assert_eq!(kept.permissions().mode() & 0o077, 0);
        }
    };
    assert_eq!(owners(), users);
    let old = cluster.world();
    let run = cluster.upgrade("whole", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    assert_eq!(owners(), users);
    all_his();
    cluster.roll_back("whole", &old);
    assert_eq!(owners(), users);
    all_his();
}
