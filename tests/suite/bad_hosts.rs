//! What can be wrong with the hosts of an upgrade: refused before anything is touched, with a code of its own and the remedy.

use insta::assert_snapshot;

use crate::bad_input::{mishap, unchanged};
use crate::in_place_over_ssh::{NODES, cluster};
use crate::practice_cluster::PracticeCluster;
use crate::ssh_hosts::SshHosts;
use crate::topologies;

/// What an upgrade says that finds the hosts so; the cluster is as it was.
fn refusal(cluster: &PracticeCluster, run: &str) -> String {
    let ended = cluster.upgrade(run, &[]);
    let text = mishap(cluster, ended.code, &ended.all);
    let ports = regex::Regex::new(r"\b(port |:|\[127\.0\.0\.\d+\]:)\d{4,5}\b").expect("a pattern");
    let text = ports.replace_all(&text, "${1}PORT").into_owned();
    let keys = regex::Regex::new(r"SHA256:[A-Za-z0-9+/]+|/[^ `]*/known_hosts").expect("a pattern");
    keys.replace_all(&text, "KEY").into_owned()
}

#[test]
fn hosts_that_are_not_what_they_were_are_told_before_anything_is_touched() {
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let cluster = cluster(&hosts);
    let old = cluster.world();
    let host = hosts.host(2);
    host.stop();
    assert_snapshot!(refusal(&cluster, "unreachable"), @r#"
        1 ✗ kong.check_hosts kong-1, kong-2: no connection to `host-2`, the host of the node `kong-2`: connect to host 127.0.0.3 port PORT: Connection refused [host.unreachable]
            help: `ssh host-2 true` must work without a question, by the same user on this machine
    refused after TIME: no connection to `host-2`, the host of the node `kong-2`: connect to host 127.0.0.3 port PORT: Connection refused; run unreachable, journal head DIGEST; next: `cutover show unreachable`
    --- 4
    "#);
    // Whoever mends the one is not to hear of the next a run later.
    hosts.host(1).stop();
    assert_snapshot!(refusal(&cluster, "both"), @r#"
        1 ✗ kong.check_hosts kong-1, kong-2: no connection to `host-1`, the host of the node `kong-1`: connect to host 127.0.0.2 port PORT: Connection refused; also no connection to `host-2`, the host of the node `kong-2`: connect to host 127.0.0.3 port PORT: Connection refused [host.unreachable]
            help: `ssh host-1 true` must work without a question, by the same user on this machine
    refused after TIME: no connection to `host-1`, the host of the node `kong-1`: connect to host 127.0.0.2 port PORT: Connection refused; also no connection to `host-2`, the host of the node `kong-2`: connect to host 127.0.0.3 port PORT: Connection refused; run both, journal head DIGEST; next: `cutover show both`
    --- 4
    "#);
    hosts.host(1).start();
    host.start();
    host.refuse_login();
    assert_snapshot!(refusal(&cluster, "denied"), @r#"
        1 ✗ kong.check_hosts kong-1, kong-2: no connection to `host-2`, the host of the node `kong-2`: root@127.0.0.3: Permission denied (publickey). [host.refused]
            help: nobody can type a password here: give the user a key, and the agent or the configuration of ssh its private half
    refused after TIME: no connection to `host-2`, the host of the node `kong-2`: root@127.0.0.3: Permission denied (publickey).; run denied, journal head DIGEST; next: `cutover show denied`
    --- 4
    "#);
    host.allow_login();
    host.replace_key();
    assert_snapshot!(refusal(&cluster, "another"), @r#"
        1 ✗ kong.check_hosts kong-1, kong-2: no connection to `host-2`, the host of the node `kong-2`: it shows the key KEY, and another one is known for it: `KEY:2` [host.key]
            help: its key is not the one that is known, or none is known: compare it with what the host itself shows (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then put it into known_hosts
    refused after TIME: no connection to `host-2`, the host of the node `kong-2`: it shows the key KEY, and another one is known for it: `KEY:2`; run another, journal head DIGEST; next: `cutover show another`
    --- 4
    "#);
    unchanged(&cluster, &old);
}

#[test]
fn nodes_of_different_versions_are_told_before_anything_is_touched() {
    let cluster = topologies::dbless();
    cluster.link(1, "3.4.2");
    cluster.configure("kong-2", "log_level", "notice");
    let old = cluster.world();
    assert_snapshot!(refusal(&cluster, "mixed"), @r#"
    refused after TIME: kong-1 runs 2.8.5 and kong-2 runs 3.4.2; run mixed, journal head DIGEST; next: `cutover show mixed`
    --- 4
    "#);
    unchanged(&cluster, &old);
}
