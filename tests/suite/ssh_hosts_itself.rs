//! The SSH hosts of the tests, seen with the `ssh` command line: what a client finds there, and in what time.

use std::fs;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use crate::ssh_hosts::SshHosts;

pub(crate) fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}

pub(crate) fn answer(hosts: &SshHosts, host: &str, command: &str) -> String {
    let output = hosts.ssh(&[host, command]);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// A client that keeps one connection open, which others use.
pub(crate) struct Master {
    pub(crate) child: Child,
    pub(crate) path: String,
}

impl Master {
    pub(crate) fn to(hosts: &SshHosts, host: &str) -> Self {
        let path = hosts.path().join(format!("to-{host}"));
        let path = path.display().to_string();
        let mut client = hosts.client(&["-M", "-N", "-S", &path, host]);
        let child = client.stderr(Stdio::null()).spawn().expect("ssh starts");
        let master = Self { child, path };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !fs::exists(&master.path).expect("asked") {
            assert!(Instant::now() < deadline, "no connection");
            std::thread::sleep(Duration::from_millis(5));
        }
        master
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A client that is killed leaves it, and the next one would have a connection of its own, without a word.
        let _ = fs::remove_file(&self.path);
    }
}

#[test]
fn five_hosts_are_up_soon_and_differ() {
    let begun = Instant::now();
    let Some(hosts) = SshHosts::start(5) else {
        return;
    };
    println!("5 hosts: {:?}", begun.elapsed());
    assert_eq!(
        hosts.names(),
        ["host-1", "host-2", "host-3", "host-4", "host-5"]
    );
    for (number, name) in (1..).zip(hosts.names()) {
        let host = hosts.host(number);
        let home = host.home().display().to_string();
        let seen = answer(
            &hosts,
            name,
            "echo ~ $HOME $PWD; echo $SSH_CONNECTION | cut -d' ' -f3",
        );
        let address = host.address;
        assert_eq!(seen, format!("{home} {home} {home}\n{address}"));
    }
    let host = hosts.host(2);
    host.program("systemctl", "#!/bin/sh\necho \"stood in for: $*\"\n");
    let asked = answer(&hosts, "host-2", "systemctl is-active kong");
    assert_eq!(asked, "stood in for: is-active kong");
    assert_eq!(
        hosts.ssh(&["host-2", "exit 3; true"]).status.code(),
        Some(3)
    );
    let words = answer(&hosts, "host-1", "printf '<%s>' \"a  b\" 'c\"d' \\$e");
    assert_eq!(words, "<a  b><c\"d><$e>");
    assert!(host.log().contains("Accepted publickey"), "{}", host.log());
    let mut shell = hosts.client(&["-T", "host-2"]);
    fs::write(hosts.path().join("script"), "pwd\n").expect("written");
    let script = fs::File::open(hosts.path().join("script")).expect("opened");
    let printed = shell.stdin(script).output().expect("ssh starts");
    assert_eq!(said(&printed), host.home().display().to_string());
}

#[test]
fn fifty_hosts() {
    let begun = Instant::now();
    let Some(hosts) = SshHosts::start(50) else {
        return;
    };
    println!("50 hosts: {:?}", begun.elapsed());
    assert_eq!(
        answer(&hosts, "host-50", "echo $SSH_CONNECTION | cut -d' ' -f3"),
        "127.0.0.51"
    );
    let begun = Instant::now();
    drop(hosts);
    println!("50 hosts gone: {:?}", begun.elapsed());
}

#[test]
fn a_command_over_a_kept_connection_is_quick() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    for shell in ["/bin/sh", "/bin/bash"] {
        hosts.host(1).use_shell(shell);
        let master = Master::to(&hosts, "host-1");
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..50 {
            let begun = Instant::now();
            let output = hosts.ssh(&["-S", &master.path, "host-1", "true"]);
            assert!(output.status.success(), "{}", said(&output));
            times.push(begun.elapsed());
        }
        times.sort();
        println!(
            "{shell}: {:?} at best, {:?} mostly, {:?} at worst",
            times[0], times[25], times[49]
        );
    }
    let begun = Instant::now();
    answer(&hosts, "host-1", "true");
    println!("with a connection of its own: {:?}", begun.elapsed());
}

#[test]
fn bash_reads_what_is_in_the_home_of_the_host() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let host = hosts.host(1);
    fs::write(host.home().join(".bashrc"), "echo Welcome\n").expect("written");
    assert_eq!(answer(&hosts, "host-1", "echo done"), "done");
    host.use_shell("/bin/bash");
    assert_eq!(answer(&hosts, "host-1", "echo done"), "Welcome\ndone");
}
