//! The shipped upgrades of hybrid and DB-less clusters on practice clusters: clients notice nothing, what is wrong keeps data planes off, and
//! they go back and survive being killed and failing as `in-place` does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::in_place::{calls, failures, sweep};
use crate::practice_cluster::{PracticeCluster, World, everything};

const HYBRID: [&str; 8] = [
    "hybrid",
    "cluster=practice",
    "to=3.4.2",
    "checks=/health=200",
    "watch=0s",
    "bake=0s",
    "interval=10ms",
    "floor=2",
];

const ROLLING: [&str; 6] = [
    "rolling",
    "cluster=practice",
    "to=3.4.2",
    "checks=/health=200",
    "watch=0s",
    "floor=2",
];

const CONVERTED: [&str; 7] = [
    "dbless",
    "cluster=practice",
    "to=3.4.2",
    "checks=/health=200",
    "watch=0s",
    "floor=2",
    "change_set=to-3-4",
];

pub(crate) fn hybrid() -> PracticeCluster {
    PracticeCluster::up_for(&HYBRID, &["--topology", "hybrid"])
}

pub(crate) fn dbless() -> PracticeCluster {
    PracticeCluster::up_for(&ROLLING, &["--topology", "dbless"])
}

#[test]
fn a_hybrid_cluster_is_upgraded_and_taken_home_without_a_failed_request() {
    let cluster = hybrid();
    let old = cluster.world();
    let run = cluster.upgrade("whole", &["probe=50"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert!(run.verdict.contains(" probes, 0 failed"), "{}", run.verdict);
    assert!(!run.verdict.contains("downtime"), "{}", run.verdict);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    cluster.roll_back("whole", &old);
}

#[test]
fn a_dbless_cluster_is_upgraded_and_taken_home_without_a_failed_request() {
    let cluster = dbless();
    let old = cluster.world();
    let planned = cluster.cutover(&[&["plan"], &ROLLING[..]].concat());
    assert_eq!(planned.code, Some(0), "{}", planned.all);
    assert!(
        planned.all.contains("clients unserved       never"),
        "{}",
        planned.all
    );
    assert_eq!(cluster.world(), old, "a plan changes nothing");
    let run = cluster.upgrade("whole", &["probe=50"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert!(run.verdict.contains(" probes, 0 failed"), "{}", run.verdict);
    assert!(!run.verdict.contains("downtime"), "{}", run.verdict);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    cluster.roll_back("whole", &old);
}

#[test]
fn a_dbless_cluster_is_converted_by_a_change_set_that_goes_back_with_its_node() {
    let cluster = PracticeCluster::up_for(&CONVERTED, &["--topology", "dbless"]);
    let environment = cluster.environment();
    let seal = cluster.path().join("seal");
    fs::write(&seal, "a long and random key of the operators").expect("written");
    fs::set_permissions(&seal, fs::Permissions::from_mode(0o600)).expect("set");
    let mut text = fs::read_to_string(&environment).expect("there");
    let mut files = Vec::new();
    for line in text
        .clone()
        .lines()
        .filter(|line| line.starts_with("declarative ="))
    {
        let path = line.split('"').nth(1).expect("a path");
        files.push(path.to_owned());
        let with = format!("{line}\nfiles = {{ \"declarative:kong.yml\" = {path:?} }}");
        text = text.replacen(line, &with, 1);
    }
    let seal = seal.display().to_string();
    let set = format!(
        "\n[change_sets.to-3-4]\nfile = \"to-3-4.toml\"\nseal = {{ file = {seal:?} }}\ncode = [\"declarative:kong.yml\"]\n"
    );
    fs::write(&environment, text + set.as_str()).expect("written");
    // Recorded where it was rehearsed; here on a node that is put back by hand.
    let playbook = cluster.write(
        "record.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"config.*\", \"run.approve\"] };\nlet node = env::cluster(\"practice\").nodes[0];\n\
         config::mark(node);\nrun::approve(\"convert it\");\nconfig::record(node, \"to-3-4\");\n",
    );
    let paused = cluster.cutover(&["run", &playbook, "--run-id", "record"]);
    assert_eq!(paused.code, Some(8), "{}", paused.all);
    let old = fs::read_to_string(&files[0]).expect("there");
    let new = old
        .replace("_format_version: '2.1'", "_format_version: '3.0'")
        .replace("\"/items", "\"~/items")
        .replace("\"/orders/(", "\"~/orders/(");
    assert!(new.contains("3.0") && new.contains("~/items"), "{new}");
    fs::write(&files[0], &new).expect("written");
    cluster.link(0, "3.4.2");
    let done = cluster.cutover(&["resume", "record", "--approve", "practice"]);
    assert_eq!(done.code, Some(0), "{}", done.all);
    cluster.link(0, "2.8.5");
    fs::write(&files[0], &old).expect("written");
    // It holds keys of consumers, so who replays it says where the converted file is to be had.
    let converted = cluster.path().join("converted.yml");
    fs::write(&converted, new).expect("written");
    fs::set_permissions(&converted, fs::Permissions::from_mode(0o600)).expect("set");
    let recorded = cluster.path().join("to-3-4.toml");
    let text = fs::read_to_string(&recorded).expect("there");
    assert!(!text.contains("practice-key-1"), "{text}");
    let said = format!(
        "form = \"secret\"\nreference = {{ file = {:?} }}",
        converted.display().to_string()
    );
    fs::write(&recorded, text.replacen("form = \"secret\"", &said, 1)).expect("written");

    let before = cluster.world();
    let run = cluster.upgrade("converted", &["probe=50"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert!(run.verdict.contains(" probes, 0 failed"), "{}", run.verdict);
    for file in &files {
        assert!(
            fs::read_to_string(file).expect("there").contains("3.0"),
            "{file}"
        );
    }
    cluster.roll_back("converted", &before);
    for file in &files {
        assert!(
            !fs::read_to_string(file).expect("there").contains("3.0"),
            "{file}"
        );
    }
}

/// The nodes have what they were sent, and no file.
fn send(cluster: &PracticeCluster) {
    let environment = cluster.environment();
    let text = fs::read_to_string(&environment).expect("there");
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("declarative ="))
        .collect();
    fs::write(&environment, without.join("\n")).expect("written");
    for number in [1, 2, 3] {
        let (conf, ..) = cluster.node_paths(number);
        let text = fs::read_to_string(&conf).expect("there");
        let (files, others): (Vec<&str>, Vec<&str>) = text
            .lines()
            .partition(|line| line.starts_with("declarative_config"));
        let file = files[0].split_once('=').expect("a setting").1.trim();
        let declared = fs::read_to_string(file).expect("there");
        fs::write(&conf, others.join("\n") + "\n").expect("written");
        let body = serde_json::json!({ "config": declared });
        cluster.admin_of(number, "POST", "/config", &body.to_string());
    }
}

#[test]
fn what_a_dbless_node_was_sent_is_sent_again_in_both_directions() {
    let cluster = dbless();
    send(&cluster);
    let old = cluster.world();
    let run = cluster.upgrade("sent", &["probe=50"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert!(run.verdict.contains(" probes, 0 failed"), "{}", run.verdict);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    cluster.roll_back("sent", &old);
    assert!(cluster.serves());
}

#[test]
fn a_file_that_the_new_version_cannot_read_is_refused_before_anything_is_touched() {
    let cluster = dbless();
    let old = cluster.world();
    let (conf, ..) = cluster.node_paths(2);
    let text = fs::read_to_string(&conf).expect("there");
    let file = text
        .lines()
        .find_map(|line| line.strip_prefix("declarative_config = "));
    let file = file.expect("set");
    let declared = fs::read_to_string(file).expect("there");
    fs::write(file, declared.replace("services:", "servces:")).expect("written");
    let refused = cluster.upgrade("unreadable", &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    assert!(
        refused
            .all
            .contains("Kong 3.4.2 cannot read the declarative configuration of `kong-2`"),
        "{}",
        refused.all
    );
    assert_eq!(cluster.world(), old);
}

/// An empty push is seen before anything is touched; a data plane that has nothing, or something else than the others, stays out of rotation.
#[test]
fn an_empty_or_wrong_push_keeps_data_planes_out_of_rotation() {
    if !everything() {
        println!(
            "skipped: each push is waited for until its time is over; set CUTOVER_TEST_ALL to try them"
        );
        return;
    }
    for (fault, ends, code) in [
        (&["push-empty", "cp-1"], 4, "http.poll.timeout"),
        (&["push-wrong", "cp-1"], 8, "kong.sync.late"),
        (&["push-refused", "dp-1"], 5, "kong.start.not_ready"),
    ] {
        let cluster = hybrid();
        let old = cluster.world();
        cluster.fault(fault);
        let ended = cluster.upgrade("pushed", &["probe=50"]);
        assert_eq!(ended.code, Some(ends), "{fault:?}: {}", ended.all);
        let journal = cluster.journal_text("pushed");
        assert!(journal.contains(code), "{fault:?}: {}", ended.all);
        if ends != 4 {
            let unnoticed = ended.verdict.contains(" probes, 0 failed");
            assert!(unnoticed, "{fault:?}: {}", ended.verdict);
        }
        cluster.fault(&["clear"]);
        if ends == 8 {
            // Data planes of two control planes had two configurations: clients kept the one that they had.
            cluster.roll_back("pushed", &old);
        }
        assert_eq!(cluster.world(), old, "{fault:?}: {}", ended.all);
    }
}

/// How many of a run's points one sweep takes: with five nodes a run is long.
const EVERY: usize = 16;

fn long() -> bool {
    let wanted = everything();
    if !wanted {
        println!(
            "skipped: sweeps of three and five nodes take minutes; set CUTOVER_TEST_ALL to play them"
        );
    }
    wanted
}

/// Takes a run up that was killed: it goes on to the new world, and is taken back.
pub(crate) fn goes_on(cluster: &PracticeCluster, run: &str, old: &World, new: &World) {
    let resumed = cluster.cutover(&["resume", run, "--approve", "practice"]);
    // One that was killed behind its verdict is over.
    assert!(
        [Some(0), Some(4)].contains(&resumed.code),
        "{run}: {}",
        resumed.all
    );
    assert_eq!(cluster.world(), *new, "{run}: {}", resumed.all);
    cluster.roll_back(run, old);
}

#[test]
fn a_rolling_upgrade_goes_on_wherever_it_is_killed() {
    if !long() {
        return;
    }
    let swept = sweep("crash", 1, dbless, goes_on);
    println!(
        "rolling, crash sweep: {swept} points, every one resumed to the same world and came back"
    );
}

#[test]
fn a_rolling_upgrade_comes_back_from_every_prefix() {
    if !long() {
        return;
    }
    let swept = sweep("back", 1, dbless, |cluster, run, old, _| {
        cluster.roll_back(run, old);
    });
    println!("rolling, rollback from {swept} prefixes: the old world every time");
}

#[test]
fn a_rolling_upgrade_comes_back_whatever_fails() {
    if long() {
        failures(&dbless(), &calls(1));
    }
}

#[test]
fn a_hybrid_upgrade_goes_on_wherever_it_is_killed() {
    if !long() {
        return;
    }
    let swept = sweep("crash", EVERY, hybrid, goes_on);
    println!(
        "hybrid, crash sweep: {swept} points, every one resumed to the same world and came back"
    );
}

#[test]
fn a_hybrid_upgrade_comes_back_from_every_prefix() {
    if !long() {
        return;
    }
    let swept = sweep("back", EVERY, hybrid, |cluster, run, old, _| {
        cluster.roll_back(run, old);
    });
    println!("hybrid, rollback from {swept} prefixes: the old world every time");
}

#[test]
fn a_hybrid_upgrade_comes_back_whatever_fails() {
    if long() {
        failures(&hybrid(), &calls(4));
    }
}
