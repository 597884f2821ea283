//! A package on a host that is reached by SSH, and a connection that is cut while it is installed.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::apt_operators::{done, with_the_first_version};
use crate::apt_root::{AptRoot, Moment};
use crate::ssh_hosts::SshHosts;
use crate::ssh_hosts_itself::answer;
use crate::ssh_hosts_troubled::await_file;

fn await_state(root: &AptRoot, state: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while root.installed("kong") != state {
        let seen = root.installed("kong");
        assert!(Instant::now() < deadline, "{seen}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_install_goes_on_where_its_connection_is_cut() {
    let (Some(hosts), Some((repository, root))) = (SshHosts::start(1), with_the_first_version())
    else {
        return;
    };
    let host = hosts.host(1);
    host.programs_of(&root.programs());
    let known = answer(&hosts, "host-1", "apt-cache policy kong");
    assert!(known.contains("Installed: 2.8.5"), "{known}");
    let cut = |moment, command: &str| {
        root.pause(moment);
        let mut client = hosts.client(&["host-1", command]);
        let client = client.stdout(Stdio::null()).stderr(Stdio::null());
        let mut client = client.spawn().expect("ssh starts");
        await_file(&root.waits());
        host.cut();
        client.wait().expect("ended");
        let seen = root.installed("kong");
        root.go_on(moment);
        seen
    };
    // What is seen meanwhile looks like a death, and is none.
    let seen = cut(Moment::Unpack, "apt-get -q -y install kong=3.4.2");
    assert_eq!(seen, "iHR 2.8.5");
    await_state(&root, "ii 3.4.2");
    let seen = cut(Moment::Postinst, "apt-get -q -y install kong=3.9.1");
    assert_eq!(seen, "iF 3.9.1");
    await_state(&root, "ii 3.9.1");
    // Without apt above it dpkg has nobody to tell that it goes on, and dies of that.
    let archive = repository.archive("kong", "3.4.2");
    let seen = cut(
        Moment::Unpack,
        &format!("dpkg --install {}", archive.display()),
    );
    assert_eq!(seen, "iHR 3.9.1");
    await_state(&root, "iU 3.4.2");
    let deadline = Instant::now() + Duration::from_secs(20);
    while root.lock().is_none() {
        assert!(Instant::now() < deadline, "dpkg works on");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(root.installed("kong"), "iU 3.4.2");
    done(&root.dpkg(&["--configure", "-a"]));
    assert_eq!(root.installed("kong"), "ii 3.4.2");
}
