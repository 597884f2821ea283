//! The drill: shipped playbooks are safe whatever goes wrong, and playbooks that are broken on purpose are caught for their reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::practice_cluster::everything;
use crate::simulated::{UPGRADE, ended, fixture, played, played_in};

/// The words of the shipped upgrade with two sides.
pub(crate) const TWO_SIDES: [&str; 8] = [
    "blue=practice",
    "green=green",
    "to=3.4.2",
    "checks=/health=200",
    "steps=100",
    "watch=0s",
    "settle=0s",
    "bake=0s",
];

#[test]
fn shipped_upgrades_with_two_sides_are_safe_in_every_fault() {
    let words: Vec<&str> = TWO_SIDES.into_iter().chain(["--output", "json"]).collect();
    let drilled = played_in("two_sides", "two_sides", "drill", "blue-green", &words).output();
    let (code, told, error) = ended(&drilled.expect("cutover runs"));
    assert_eq!(code, Some(0), "{told}{error}");
    let report: Value = serde_json::from_str(&told).expect("JSON");
    let outcomes = report["outcomes"].as_array().expect("outcomes");
    println!("blue-green: {} faults, all of them safe", outcomes.len());
    let expected = [
        ("half_a_day", "done"),
        ("node_dies", "held"),
        // Before the freeze nobody minds; behind the copy it is refused; once green has all clients, blue's configuration is nobody's.
        ("write", "done, held, undone"),
    ];
    let expected = expected.map(|(fault, all)| (fault.to_owned(), all.to_owned()));
    assert_eq!(endings(outcomes), expected.into());
}

#[test]
fn what_comes_after_an_upgrade_with_two_sides_is_safe_in_every_fault() {
    let back = ["checks=/health=200", "watch=0s", "settle=0s"];
    let drills: [(&str, &[&str]); 3] = [
        ("switch-back", &back),
        ("dismiss", &["leaving=practice"]),
        ("dismiss", &["leaving=green"]),
    ];
    for (playbook, further) in drills {
        let sides = ["blue=practice", "green=green", "--output", "json"];
        let words = [&sides, further].concat();
        let drilled = played_in("moved_over", "two_sides", "drill", playbook, &words).output();
        let (code, told, error) = ended(&drilled.expect("cutover runs"));
        let report: Value = serde_json::from_str(&told).expect("JSON");
        let outcomes = report["outcomes"].as_array().expect("outcomes");
        if further == ["leaving=green"] {
            // It has the clients: refused, which a drill tells as a playbook that cannot succeed.
            assert_eq!(code, Some(4), "{told}");
            assert!(told.contains("gets requests from clients"), "{told}");
            continue;
        }
        assert_eq!(code, Some(0), "{playbook}: {told}{error}");
        println!("{playbook}: {} faults, all of them safe", outcomes.len());
    }
}

#[test]
fn the_shipped_upgrade_on_one_database_is_safe_in_every_fault() {
    let words = TWO_SIDES
        .into_iter()
        .filter(|word| !word.starts_with("settle"));
    let words: Vec<&str> = words.chain(["--output", "json"]).collect();
    let world = "one_database";
    let drilled = played_in(world, world, "drill", "blue-green-shared", &words).output();
    let (code, told, error) = ended(&drilled.expect("cutover runs"));
    assert_eq!(code, Some(0), "{told}{error}");
    let report: Value = serde_json::from_str(&told).expect("JSON");
    let outcomes = report["outcomes"].as_array().expect("outcomes");
    println!(
        "blue-green-shared: {} faults, all of them safe",
        outcomes.len()
    );
    let all = endings(outcomes);
    assert_eq!(
        all["write"], "done, held, paused, refused, undone",
        "{all:?}"
    );
}

#[test]
fn shipped_upgrades_of_other_topologies_are_safe_in_every_fault() {
    for (playbook, world) in [("rolling", "dbless"), ("hybrid", "hybrid")] {
        if world == "hybrid" && !everything() {
            println!("skipped: {playbook} takes half a minute; set CUTOVER_TEST_ALL to play it");
            continue;
        }
        let upgrade: Vec<&str> = UPGRADE.into_iter().chain(["watch=0s"]).collect();
        let bakes: &[&str] = if world == "hybrid" { &["bake=0s"] } else { &[] };
        let words = [&upgrade, bakes, &["--output", "json"]].concat();
        let drilled = played_in(world, world, "drill", playbook, &words).output();
        let (code, told, error) = ended(&drilled.expect("cutover runs"));
        assert_eq!(code, Some(0), "{playbook}: {told}{error}");
        let report: Value = serde_json::from_str(&told).expect("JSON");
        let outcomes = report["outcomes"].as_array().expect("outcomes");
        println!("{playbook}: {} faults, all of them safe", outcomes.len());
        assert!(outcomes.len() > 50, "{playbook}: {}", outcomes.len());
    }
}

#[test]
fn shipped_playbooks_are_safe_in_every_fault() {
    let upgrade: Vec<&str> = UPGRADE.into_iter().chain(["watch=0s", "bake=0s"]).collect();
    for (playbook, parameters) in [
        ("in-place", upgrade.as_slice()),
        ("restore-drill", &["database=main"]),
        ("hello", &[]),
    ] {
        let words: Vec<&str> = [parameters, &["--output", "json"]].concat();
        let drilled = played("drill", playbook, &words)
            .output()
            .expect("cutover runs");
        let (code, told, error) = ended(&drilled);
        assert_eq!(code, Some(0), "{playbook}: {told}{error}");
        let report: Value = serde_json::from_str(&told).expect("JSON");
        let outcomes = report["outcomes"].as_array().expect("outcomes");
        println!("{playbook}: {} faults, all of them safe", outcomes.len());
        if playbook == "in-place" {
            assert_eq!(
                endings(outcomes),
                ENDINGS
                    .map(|(fault, all)| (fault.to_owned(), all.to_owned()))
                    .into()
            );
        }
    }
}

/// How the first runner of an upgrade puts it down, by what others do to it. That nothing is unsafe is not all: a world that lets a run
/// go on where the real one would stop it is unsafe nowhere.
const ENDINGS: [(&str, &str); 6] = [
    ("break_off_up", "undone"),
    ("full_disk", "refused"),
    ("half_a_day", "done"),
    ("lock", "done, undone"),
    ("node_dies", "held"),
    ("write", "done, held, paused, refused"),
];

fn endings(outcomes: &[Value]) -> BTreeMap<String, String> {
    let mut endings: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for outcome in outcomes {
        let what = &outcome["fault"]["interferes"][1];
        let fault = what
            .as_str()
            .or_else(|| what.as_object()?.keys().next().map(String::as_str));
        if let (Some(fault), Some(first)) = (fault, outcome["endings"][0].as_str()) {
            endings.entry(fault.to_owned()).or_default().insert(first);
        }
    }
    let told = |(fault, all): (String, BTreeSet<&str>)| (fault, Vec::from_iter(all).join(", "));
    endings.into_iter().map(told).collect()
}

/// Each playbook of the fixtures with the invariants that must notice it, and words of the story.
const BROKEN: [(&str, &str, &str); 12] = [
    (
        "nodes-never-started",
        "served_or_declared",
        "no node serves clients",
    ),
    (
        "nodes-never-admitted",
        "served_or_declared",
        "no node serves clients",
    ),
    (
        "finish-before-smoke",
        "runs_to_its_end",
        "`kong-1` was not polled out of rotation",
    ),
    (
        "backup-too-early",
        "proven_backup",
        "no backup of exactly what it held had been proven by restoring it",
    ),
    (
        "backup-only-read",
        "proven_backup",
        "no backup of exactly what it held had been proven by restoring it",
    ),
    (
        "backup-of-another-database",
        "runs_to_its_end",
        "is not what the backup `other-planned-1-1` holds",
    ),
    (
        "old-node-left-running",
        "runs_to_its_end",
        "the node `kong-2` runs 2.8.5, and 3.4.2 would finish",
    ),
    (
        "old-version-after-finish",
        "no_outdated_node",
        "finished for a newer version than 2.8.5 on `kong-2`",
    ),
    (
        "old-version-after-finish",
        "runs_to_its_end",
        "status 500 instead of 200",
    ),
    (
        "nodes-started-after-finish",
        "runs_to_its_end",
        "the Admin API of `kong-1` does not answer",
    ),
    (
        "failure-swallowed",
        "true_verdict",
        "the verdict says done, and `kong-1` does not run",
    ),
    (
        "invariant-not-held",
        "own",
        "the invariant `every node runs` does not hold: it answers `false`",
    ),
];

#[test]
fn broken_playbooks_are_caught_each_for_its_reason() {
    for (name, invariant, words) in BROKEN {
        let path = fixture(&format!("broken/{name}.rhai"));
        let path = path.to_str().expect("text");
        let drilled = played(
            "drill",
            path,
            &["cluster=practice", "to=3.4.2", "--output", "json"],
        )
        .output()
        .expect("cutover runs");
        let (code, told, error) = ended(&drilled);
        assert_eq!(code, Some(4), "{name}: {told}{error}");
        let report: Value = serde_json::from_str(&told).expect("JSON");
        let outcomes = report["outcomes"].as_array().expect("outcomes");
        let broken: Vec<&Value> = std::iter::once(&report["calm"])
            .chain(outcomes)
            .flat_map(|outcome| outcome["broken"].as_array().expect("a list"))
            .collect();
        let story = broken.iter().find(|one| {
            one["invariant"] == invariant
                && one["how"].as_str().is_some_and(|how| how.contains(words))
        });
        let seen: BTreeSet<String> = broken.iter().map(ToString::to_string).collect();
        assert!(
            story.is_some(),
            "{name} was not caught by {invariant}: {seen:#?}"
        );
    }
}

#[test]
fn a_fault_is_played_alone_by_its_number() {
    let path = fixture("broken/failure-swallowed.rhai");
    let path = path.to_str().expect("text");
    let whole = played("drill", path, &["cluster=practice", "to=3.4.2"])
        .output()
        .expect("runs");
    let (_, told, _) = ended(&whole);
    // Up to where the next fault's begins.
    let mut lines = told.lines();
    let first = lines.next().into_iter();
    let story: Vec<&str> = first
        .chain(lines.take_while(|line| line.starts_with("  ")))
        .collect();
    let number = story[0]
        .strip_prefix("fault ")
        .and_then(|rest| rest.split(':').next())
        .expect("a story begins with its fault");
    let alone = played(
        "drill",
        path,
        &["cluster=practice", "to=3.4.2", "--fault", number],
    )
    .output()
    .expect("runs");
    let (code, told, _) = ended(&alone);
    assert_eq!(code, Some(4));
    assert_eq!(told.lines().take(story.len()).collect::<Vec<_>>(), story);
    assert!(
        told.ends_with("drill: 1 fault, 0 safe, 1 unsafe\n"),
        "{told}"
    );
}

#[test]
fn a_fault_names_the_target_of_its_call_and_on_the_way_back_the_step_that_is_undone() {
    let told = |playbook: &str, parameters: &[&str]| -> Vec<String> {
        let mut command = played("drill", playbook, parameters);
        let drilled = command.args(["--output", "json"]).output().expect("runs");
        let report: Value = serde_json::from_slice(&drilled.stdout).expect("JSON");
        let outcomes = report["outcomes"].as_array().expect("outcomes").iter();
        outcomes
            .map(|outcome| outcome["told"].as_str().expect("words").to_owned())
            .collect()
    };
    let path = fixture("broken/failure-swallowed.rhai");
    let faults = told(
        path.to_str().expect("text"),
        &["cluster=practice", "to=3.4.2"],
    );
    let call =
        regex::Regex::new(r"call [0-9]+ \((undoing )?step [0-9]+, [a-z]+\.[a-z_]+ [a-z0-9-]+\)");
    let call = call.expect("a pattern");
    for fault in &faults {
        let calls = fault.matches("call ").count();
        assert_eq!(call.find_iter(fault).count(), calls, "{fault}");
    }
    for words in [
        "(step 4, kong.stop kong-2) fails",
        "(undoing step 4, kong.start kong-2) on the way back",
        "(undoing step 3, traffic.set kong-1) on the way back",
        "(step 4, kong.stop kong-1, kong-2)",
    ] {
        let found = faults.iter().any(|fault| fault.ends_with(words));
        assert!(found, "{words} is not in {faults:#?}");
    }

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("closure.rhai");
    let text = r#"//! A closure that acts.
const PLAYBOOK = #{
    api: 1,
    params: #{ cluster: #{ type: "cluster", help: "the cluster" } },
    needs: ["kong.*", "traffic.drain"],
};
let cluster = env::cluster(params.cluster);
run::on_rollback("fresh caches", || kong::reload(cluster.nodes));
traffic::drain(cluster.nodes);
kong::stop(cluster.nodes);
"#;
    std::fs::write(&path, text).expect("written");
    let faults = told(path.to_str().expect("text"), &["cluster=practice"]);
    let words = "(undoing step 1, kong.reload kong-2) on the way back";
    let found = faults.iter().any(|fault| fault.ends_with(words));
    assert!(found, "{words} is not in {faults:#?}");
}
