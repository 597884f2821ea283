//! nginx as the load balancer: its upstream's file changed in place, tested, reloaded and seen to be taken.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::behind_a_balancer::{OneShot, environment, refusal, run, set, told};
use crate::kept_connections::Kept;
use crate::practice_cluster::{PracticeCluster, everything};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const UNDONE: i32 = 5;

const WITH_NGINX: [&str; 2] = ["--traffic", "nginx"];

fn upstream_file(cluster: &PracticeCluster) -> PathBuf {
    cluster.path().join("nginx/upstream.conf")
}

#[test]
fn an_upgrade_and_its_way_back() {
    let cluster = PracticeCluster::up_with(&WITH_NGINX);
    let old = cluster.world();
    let file = std::fs::read_to_string(upstream_file(&cluster)).expect("read");
    assert_eq!(told(&cluster), "kong-1 100 \"ready\", kong-2 100 \"ready\"");
    let upgraded = cluster.upgrade("there", &[]);
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    cluster.roll_back("there", &old);
    // To the byte: the weights had been written.
    assert_eq!(
        std::fs::read_to_string(upstream_file(&cluster)).expect("read"),
        file
    );
}

#[test]
fn what_cannot_be_set_is_told_and_the_file_is_as_it_was() {
    let cluster = PracticeCluster::up_with(&WITH_NGINX);
    let look = "traffic::status(nodes[0]);";
    let drain = "traffic::drain(nodes[0]);";
    let refused = |name: &str, body: &str, change: &dyn Fn(&mut toml::Table)| {
        let path = environment(&cluster, &format!("{name}.toml"), change);
        refusal(&run(&cluster, &path, name, body)).replace(&cluster.directory(), "DIRECTORY")
    };
    let mut all = vec![
        refused("upstream", look, &|edge| set(edge, "upstream", "other")),
        refused("server", look, &|edge| {
            let servers: toml::Table = "kong-1 = \"a:1\"\nkong-2 = \"b:2\"".parse().expect("TOML");
            set(edge, "servers", servers);
        }),
        refused("file", look, &|edge| {
            set(edge, "upstream_file", "/nowhere/kong.conf");
        }),
        refused("nobody", look, &|edge| {
            set(edge, "pid_file", "/nowhere/nginx.pid");
        }),
    ];
    // Somebody else's mistake in the file: nginx runs, and would not take it.
    let file = upstream_file(&cluster);
    let text = std::fs::read_to_string(&file).expect("read");
    let broken = text.replace("keepalive 16;", "keepalife 16;");
    std::fs::write(&file, &broken).expect("written");
    let refusal = refused("syntax", drain, &|_| {});
    // Without the time and the number of the process.
    let told = regex::Regex::new(r"(.*?\): ).*?\d+#\d+: (.*?) in ").expect("a pattern");
    let told = told.captures(&refusal).expect("nginx's words");
    all.push(format!("{}{}", &told[1], &told[2]));
    assert_eq!(std::fs::read_to_string(&file).expect("read"), broken);
    std::fs::write(&file, &text).expect("written");
    insta::assert_snapshot!(all.join("\n"), @r#"
    `DIRECTORY/nginx/upstream.conf` does not say what `kong-1` gets: there is no `upstream other` in it
    `DIRECTORY/nginx/upstream.conf` does not say what `kong-1` gets: its `upstream` has no `server a:1`
    cannot read `/nowhere/kong.conf`: entity not found
    no nginx runs by `/nowhere/nginx.pid`
    `nginx -t` failed (exit code 1): unknown directive "keepalife"
    "#);
}

#[test]
fn a_reload_that_is_refused_leaves_the_file_as_it_was() {
    let cluster = PracticeCluster::up_with(&WITH_NGINX);
    let file = upstream_file(&cluster);
    let text = std::fs::read_to_string(&file).expect("read");
    // Takes the file, and cannot reach the master.
    let deaf = cluster.write(
        "deaf",
        "#!/bin/sh\n[ \"$1\" = -t ] || { echo 'no such master' >&2; exit 1; }\n",
    );
    std::fs::set_permissions(&deaf, PermissionsExt::from_mode(0o755)).expect("a mode");
    let path = environment(&cluster, "deaf.toml", |edge| set(edge, "nginx", vec![deaf]));
    let undone = run(&cluster, &path, "deaf", "traffic::drain(nodes[0]);");
    assert_eq!(undone.code, Some(UNDONE), "{}", undone.all);
    assert!(undone.all.contains("no such master"), "{}", undone.all);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), text);
    assert!(
        !file
            .with_file_name(".upstream.conf.cutover-reload-due")
            .exists()
    );
}

#[test]
fn a_link_to_the_file_stays_one() {
    let cluster = PracticeCluster::up_with(&WITH_NGINX);
    let link = cluster.path().join("enabled.conf");
    std::os::unix::fs::symlink(upstream_file(&cluster), &link).expect("linked");
    let path = environment(&cluster, "linked.toml", |edge| {
        set(edge, "upstream_file", link.display().to_string());
    });
    let drained = run(&cluster, &path, "linked", "traffic::drain(nodes[0]);");
    assert_eq!(drained.code, Some(DONE), "{}", drained.all);
    assert!(link.is_symlink());
    assert_eq!(told(&cluster), "kong-1 100 \"drain\", kong-2 100 \"ready\"");
}

/// The workers that do not leave.
fn workers(cluster: &PracticeCluster) -> Vec<String> {
    let pid = std::fs::read_to_string(cluster.path().join("nginx/nginx.pid")).expect("it runs");
    let pid = pid.trim();
    let children =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("told");
    let at_work = |child: &&str| {
        let line = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        !line.contains("shutting down")
    };
    children
        .split_whitespace()
        .filter(at_work)
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_reload_that_a_killed_runner_still_owed_is_made() {
    let cluster = PracticeCluster::up_with(&WITH_NGINX);
    let drain = |name: &str| {
        let before = workers(&cluster);
        let drained = run(
            &cluster,
            &cluster.environment(),
            name,
            "traffic::drain(nodes[0]);",
        );
        assert_eq!(drained.code, Some(DONE), "{}", drained.all);
        workers(&cluster) != before
    };
    assert!(drain("first"));
    assert!(
        !drain("again"),
        "nothing differed, and connections were closed for it"
    );
    // As somebody leaves it who ends between the file and the reload.
    let due = cluster
        .path()
        .join("nginx/.upstream.conf.cutover-reload-due");
    std::fs::write(&due, "").expect("written");
    assert!(drain("owed"));
    assert!(!due.exists());
}

#[test]
fn no_switch_costs_more_than_requests_written_into_a_closing_connection() {
    let turns = if everything() { 100 } else { 5 };
    let cluster = PracticeCluster::up_with(&WITH_NGINX);
    let (kept, one_shot) = (Kept::of(&cluster), OneShot::of(&cluster));
    let body = format!(
        "for turn in 0..{turns} {{\n\
           traffic::split(nodes[1], nodes[0], 100);\n clock::pause(\"50ms\");\n\
           traffic::split(nodes[0], nodes[1], 100);\n clock::pause(\"50ms\");\n\
         }}\n\
         traffic::split(nodes[0], nodes[1], 50);"
    );
    let switched = run(&cluster, &cluster.environment(), "switches", &body);
    let (kept, (asked, failed)) = (kept.stop(), one_shot.stop());
    assert_eq!(switched.code, Some(DONE), "{}", switched.all);
    println!(
        "{} switches: {failed} of {asked} requests failed over new connections; of {} over kept ones {} met a connection that was being closed",
        2 * turns,
        kept.asked,
        kept.raced
    );
    assert_eq!(failed, 0, "of {asked}");
    // A reload closes connections that clients keep: a request that is written at that moment is lost to it. Nothing else may be.
    assert!(kept.otherwise.is_empty(), "{kept:?}");
    assert!(kept.asked > 100 && asked > 50, "{kept:?}, {asked}");
}
