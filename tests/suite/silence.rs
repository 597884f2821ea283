//! A step that takes long and says nothing is told all the same, so that nobody takes it for hanging.

use serde_json::Value;

use crate::practice_cluster::PracticeCluster;

#[test]
fn a_step_that_says_nothing_for_long_is_told() {
    let cluster = PracticeCluster::up();
    cluster.wrap_kong("2.8.5", "[ \"$1\" != reload ] || sleep 12");
    let playbook = cluster.write(
        "reload.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"kong.reload\"] };\nkong::reload(env::cluster(\"practice\").nodes[0]);\n",
    );
    let run = cluster.cutover(&["run", &playbook, "--run-id", "long", "--output", "ndjson"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    let lines = run
        .all
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let told: Vec<Value> = lines
        .map(|mut line: Value| line["progress"].take())
        .collect();
    let at_work = |told: &Value| {
        let text = told["text"].as_str().unwrap_or_default();
        text.starts_with("kong.reload kong-1 is at work since ")
    };
    let told = told.iter().find(|told| at_work(told)).expect(&run.all);
    assert_eq!(told["step"], 1);
}
