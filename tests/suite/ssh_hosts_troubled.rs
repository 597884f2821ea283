//! The SSH hosts of the tests in trouble, seen with the `ssh` command line: what each of their methods does to a client.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::ssh_hosts::{DEAD, SILENT, SshHosts};
use crate::ssh_hosts_itself::{Master, answer, said};

/// What `ssh` answers where the connection is at fault, not the command.
const CONNECTION: i32 = 255;

/// Impatient with hosts that say nothing.
const IMPATIENT: [&str; 2] = ["-o", "ConnectTimeout=1"];

fn refusal(hosts: &SshHosts, host: &str) -> String {
    let output = hosts.ssh(&[&IMPATIENT[..], &[host, "true"]].concat());
    assert_eq!(output.status.code(), Some(CONNECTION), "{}", said(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_host_that_is_off_refuses_and_comes_back() {
    let Some(hosts) = SshHosts::start(2) else {
        return;
    };
    let host = hosts.host(1);
    let mut waiting = hosts.client(&["host-1", "touch begun; sleep 60"]);
    let mut waiting = waiting.stderr(Stdio::null()).spawn().expect("ssh starts");
    await_file(&host.home().join("begun"));
    // Detached as a daemon is, with its connection gone.
    answer(
        &hosts,
        "host-1",
        "setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $! > pid",
    );
    let pid = fs::read_to_string(host.home().join("pid")).expect("read");
    host.stop();
    assert_eq!(waiting.wait().expect("ended").code(), Some(CONNECTION));
    assert!(!is_running(pid.trim()));
    assert!(refusal(&hosts, "host-1").contains("Connection refused"));
    answer(&hosts, "host-2", "true");
    host.start();
    answer(&hosts, "host-1", "true");
}

#[test]
fn a_frozen_host_says_nothing_until_it_thaws() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let host = hosts.host(1);
    let mut counting = hosts.client(&[
        "host-1",
        "touch begun; while :; do echo x >> count; sleep 0.01; done",
    ]);
    let mut counting = counting.stderr(Stdio::null()).spawn().expect("ssh starts");
    await_file(&host.home().join("begun"));
    host.freeze();
    let count = || fs::metadata(host.home().join("count")).map_or(0, |file| file.len());
    let before = count();
    let refused = refusal(&hosts, "host-1");
    assert!(
        refused.contains("timed out during banner exchange"),
        "{refused}"
    );
    assert_eq!(count(), before);
    host.thaw();
    answer(&hosts, "host-1", "true");
    let deadline = Instant::now() + Duration::from_secs(20);
    while count() == before {
        assert!(Instant::now() < deadline, "it stands still");
        std::thread::sleep(Duration::from_millis(5));
    }
    host.freeze();
    host.stop();
    assert_eq!(counting.wait().expect("ended").code(), Some(CONNECTION));
}

#[test]
fn a_cut_ends_connections_and_nothing_else() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let host = hosts.host(1);
    let mut master = Master::to(&hosts, "host-1");
    let mut working = hosts.client(&[
        "-S",
        &master.path,
        "host-1",
        "echo $$ > pid; touch begun; sleep 60",
    ]);
    let mut working = working.stderr(Stdio::null()).spawn().expect("ssh starts");
    await_file(&host.home().join("begun"));
    host.cut();
    assert_eq!(working.wait().expect("ended").code(), Some(CONNECTION));
    assert_eq!(master.child.wait().expect("ended").code(), Some(CONNECTION));
    let pid = fs::read_to_string(host.home().join("pid")).expect("read");
    assert!(is_running(pid.trim()), "the command goes on");
    answer(&hosts, "host-1", "true");
    drop(hosts);
    assert!(!is_running(pid.trim()), "it ends with the test");
}

#[test]
fn keys_that_changed_and_keys_that_nobody_knows() {
    let Some(hosts) = SshHosts::start(2) else {
        return;
    };
    let host = hosts.host(1);
    host.replace_key();
    let changed = refusal(&hosts, "host-1");
    assert!(
        changed.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"),
        "{changed}"
    );
    host.forget_key();
    let unknown = refusal(&hosts, "host-1");
    assert!(
        unknown.contains("Host key verification failed"),
        "{unknown}"
    );
    assert!(!unknown.contains("CHANGED"), "{unknown}");
    answer(&hosts, "host-2", "true");
    host.learn_key();
    answer(&hosts, "host-1", "true");
}

#[test]
fn a_login_that_is_refused() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    hosts.host(1).refuse_login();
    let refused = refusal(&hosts, "host-1");
    assert!(
        refused.contains("Permission denied (publickey)"),
        "{refused}"
    );
    hosts.host(1).allow_login();
    answer(&hosts, "host-1", "true");
}

#[test]
fn forwarding_is_denied_to_new_connections() {
    let Some(hosts) = SshHosts::start(2) else {
        return;
    };
    // A jump is a forwarded port; the client that makes it is given the same configuration.
    let jump = |hosts: &SshHosts| hosts.ssh(&["-o", "ProxyJump=host-1", "host-2", "echo arrived"]);
    let arrived = jump(&hosts);
    assert_eq!(said(&arrived), "arrived");
    let socket = hosts.path().join("forwarded").display().to_string();
    let forward = format!("{socket}:{}/listening", hosts.host(1).home().display());
    let asked = [
        "-o",
        "ExitOnForwardFailure=yes",
        "-R",
        &forward,
        "host-1",
        "echo forwarded",
    ];
    assert_eq!(said(&hosts.ssh(&asked)), "forwarded");
    fs::remove_file(&socket).unwrap_or_default();
    hosts.host(1).deny_forwarding();
    assert!(
        said(&jump(&hosts)).contains("administratively prohibited"),
        "{}",
        said(&jump(&hosts))
    );
    let denied = hosts.ssh(&asked);
    assert_eq!(denied.status.code(), Some(CONNECTION), "{}", said(&denied));
    hosts.host(1).reconfigure("");
    assert_eq!(said(&jump(&hosts)), "arrived");
}

#[test]
fn the_dead_and_the_silent() {
    let Some(hosts) = SshHosts::start(0) else {
        return;
    };
    assert!(refusal(&hosts, DEAD).contains("Connection refused"));
    let silent = refusal(&hosts, SILENT);
    assert!(
        silent.contains("timed out during banner exchange"),
        "{silent}"
    );
}

pub(crate) fn await_file(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !path.exists() {
        assert!(Instant::now() < deadline, "no {}", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_running(pid: &str) -> bool {
    // A zombie has ended; whoever inherited it has just not looked yet.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
