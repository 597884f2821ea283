//! The ways back of a plan: played from every step, told where they change, the same in every form of the plan.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::simulated::{UPGRADE, ended, fixture, played};

/// The answer of a plan as JSON.
fn planned(mut command: Command) -> Value {
    let output = command.args(["--output", "json"]).output().expect("runs");
    let (_, told, error) = ended(&output);
    serde_json::from_str(&told).unwrap_or_else(|_| panic!("no JSON: {told}{error}"))
}

/// The ways back after the last step of this verb, by their words.
fn ways_after<'a>(plan: &'a Value, verb: &str) -> Vec<(&'a str, &'a Value)> {
    let steps = plan["steps"].as_array().expect("steps");
    let step = steps.iter().rfind(|step| step["verb"] == verb);
    let ways = step.expect("it is planned")["ways_back"].as_array();
    let ways = ways.expect("a list").iter();
    ways.map(|way| (way["way"].as_str().expect("a word"), way))
        .collect()
}

#[test]
fn every_step_of_a_plan_has_its_ways_back_with_times_and_losses() {
    let plan = planned(played("plan", "in-place", &UPGRADE));
    let step = |verb: &str| {
        let steps = plan["steps"].as_array().expect("steps").iter();
        steps.clone().rfind(|step| step["verb"] == verb)
    };
    let backup = step("database.backup").expect("a backup")["number"].clone();

    let first = &plan["steps"][0]["ways_back"];
    assert_eq!(first[0]["way"], "undo");
    assert_eq!(
        (&first[0]["undos"], &first[0]["basis"]),
        (&json!(0), &Value::Null)
    );

    let before = ways_after(&plan, "packages.install");
    let words = |ways: &[(&str, &Value)]| -> Vec<String> {
        ways.iter().map(|(word, _)| (*word).to_owned()).collect()
    };
    assert_eq!(words(&before), ["undo"]);
    assert_eq!(before[0].1["loses"]["what"], "nothing");
    assert_eq!(before[0].1["basis"], "built_in");

    let migrated = ways_after(&plan, "kong.migrate_up");
    assert_eq!(words(&migrated), ["repackage", "swap", "restore"]);
    assert_eq!(migrated[0].1["loses"]["what"], "nothing");
    for (_, way) in &migrated[1..] {
        assert_eq!(way["loses"]["what"], "writes");
        assert_eq!(way["loses"]["since_step"], backup);
    }
    // Restoring 300 MiB takes longer than renaming the copy that stands ready, and that longer than leaving everything.
    let times: Vec<u64> = migrated
        .iter()
        .map(|(_, way)| way["milliseconds"].as_u64().expect("a time"))
        .collect();
    assert!(times.is_sorted() && times[0] < times[2], "{times:?}");

    assert_eq!(
        words(&ways_after(&plan, "kong.finish")),
        ["swap", "restore"]
    );
}

#[test]
fn the_ways_back_are_told_where_they_change_in_every_form_of_the_plan() {
    let mut command = played("plan", "in-place", &UPGRADE);
    let output = command.args(["--output", "ndjson"]).output().expect("runs");
    let (_, told, _) = ended(&output);
    let lines: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let mut changes = Vec::new();
    for pair in lines.windows(2) {
        let change = &pair[1]["ways_back"];
        if change.is_null() {
            continue;
        }
        assert_eq!(pair[1].as_object().expect("an object").len(), 1);
        assert!(
            pair[0]
                .to_string()
                .contains(&format!("\"step\":{}", change["after"]))
        );
        let ways = change["ways"].as_array().expect("a list").iter();
        let words: Vec<&str> = ways.filter_map(|way| way["way"].as_str()).collect();
        changes.push(words.join(" "));
    }
    assert_eq!(
        changes,
        [
            "undo",
            "undo",
            "undo",
            "repackage swap restore",
            "swap restore"
        ]
    );

    let mut command = played("plan", "in-place", &UPGRADE);
    let (_, told, _) = ended(&command.arg("--runbook").output().expect("runs"));
    // The first change says that there is nothing to be undone, which needs no note.
    assert_eq!(told.matches("**Ways back from here on:**").count(), 4);
    let words = "  - repackage: the old package on the migrated database; within ";
    assert_eq!(told.matches(words).count(), 1, "{told}");
}

#[test]
fn a_way_back_that_would_get_stuck_is_told_beforehand() {
    let directory = tempfile::tempdir().expect("a directory");
    let world = fs::read_to_string(fixture("simulated/world.json")).expect("a world");
    let path = directory.path().join("world.json");
    let obstacle = "\"swap_obstacles\": [\"a replication slot follows it\"]";
    fs::write(&path, world.replace("\"swap_obstacles\": []", obstacle)).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    command
        .env_clear()
        .arg("plan")
        .arg(fixture("broken/old-node-left-running.rhai"))
        .args(["cluster=practice", "to=3.4.2", "--environment"])
        .arg(fixture("simulated/environment.toml"))
        .arg("--offline")
        .arg(&path);
    let (_, told, _) = ended(&command.output().expect("runs"));
    let words = "↩ swap WOULD NEED A PERSON: undoing step 6 (main) failed: `main` cannot be swapped: a replication slot follows it";
    assert!(told.contains(words), "{told}");
    let plan = planned(command);
    let ways = ways_after(&plan, "kong.migrate_up");
    assert!(ways[0].1["stuck"].is_null(), "{ways:?}");
    assert!(ways[1].1["stuck"].is_string() && ways[2].1["stuck"].is_string());
}

#[test]
fn closures_of_the_playbook_are_played_as_they_were_at_each_step() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("closures.rhai");
    let text = r#"//! Leaves closures for the way back.
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["practice.write"] };
let seconds = ["3s"];
practice::write("first", "text");
run::on_rollback("one", || clock::pause(seconds[seconds.len() - 1]));
seconds.push("7s");
run::on_rollback("two", || clock::pause(seconds[seconds.len() - 1]));
practice::write("second", "text");
"#;
    fs::write(&path, text).expect("written");
    let plan = planned(played("plan", path.to_str().expect("text"), &[]));
    let times: Vec<&Value> = plan["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| &step["ways_back"][0]["milliseconds"])
        .collect();
    assert_eq!(times, [0, 3_000, 10_000, 10_000]);
}

#[test]
fn the_schema_of_plans_knows_the_ways_back() {
    let plan = planned(played("plan", "in-place", &UPGRADE));
    let schema = Command::new(env!("CARGO_BIN_EXE_cutover"))
        .args(["environment", "schema", "plan"])
        .output()
        .expect("runs");
    let schema: Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    let known = |definition: &str, value: &Value| {
        let known = schema["$defs"][definition]["properties"].as_object();
        let known = known.expect("properties");
        let unknown: Vec<&String> = value
            .as_object()
            .expect("an object")
            .keys()
            .filter(|name| !known.contains_key(*name))
            .collect();
        assert!(unknown.is_empty(), "{definition} has no {unknown:?}");
    };
    for step in plan["steps"].as_array().expect("steps") {
        known("PlannedStep", step);
        for way in step["ways_back"].as_array().expect("a list") {
            known("PlannedWay", way);
        }
    }
}
