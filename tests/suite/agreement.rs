//! The model of the world against the practice cluster: the same playbook in the same world, once simulated and once for real, must
//! take the same steps and get the same answers.
//!
//! Shipped playbooks as they are, and walks: playbooks made of random words on random nodes, each caught, so that every step is tried
//! in whatever world the ones before it left. What no two runs share (times, sizes, names made from digests) is taken out in
//! [`essence`] and nowhere else.

mod seldom;
mod world;

use proptest::prelude::{Just, Strategy, any};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest::{prop_oneof, sample};
use serde_json::{Value, json};

use crate::practice_cluster::{PracticeCluster, everything};

/// Steps compared, and those that differ.
#[derive(Default)]
struct Agreement {
    compared: usize,
    different: Vec<String>,
}

impl Agreement {
    /// Plays `playbook` and runs it, and compares step by step.
    fn compare(
        &mut self,
        cluster: &PracticeCluster,
        playbook: &str,
        parameters: &[&str],
        run: &str,
    ) {
        let mut words = vec!["plan", playbook, "--output", "ndjson"];
        words.extend(parameters);
        let planned = cluster.cutover(&words);
        let planned = steps(planned.out.lines());
        assert!(!planned.is_empty(), "{playbook} cannot be planned");
        let mut words = vec!["run", playbook, "--approve", "practice", "--run-id", run];
        words.extend(parameters);
        let ran = cluster.cutover(&words);
        let taken = steps(cluster.journal_text(run).lines());
        assert!(!taken.is_empty(), "{}", ran.all);
        for at in 0..planned.len().max(taken.len()) {
            self.compared += 1;
            if planned.get(at) != taken.get(at) {
                self.different.push(format!(
                    "{playbook}, step {}:\n  simulated {}\n  for real  {}",
                    at + 1,
                    planned.get(at).unwrap_or(&Value::Null),
                    taken.get(at).unwrap_or(&Value::Null)
                ));
            }
        }
    }

    /// Prints the agreement, and insists on 99 %.
    fn conclude(self, of: &str) {
        let agreed = self.compared - self.different.len();
        println!(
            "{of}: the model and the cluster agree on {agreed} of {} steps",
            self.compared
        );
        assert!(
            agreed * 100 >= self.compared * 99,
            "{}",
            self.different.join("\n")
        );
    }
}

#[test]
fn shipped_playbooks_go_as_they_are_planned() {
    let cluster = PracticeCluster::up();
    let mut agreement = Agreement::default();
    agreement.compare(&cluster, "hello", &[], "hello");
    agreement.compare(&cluster, "restore-drill", &["database=main"], "restore");
    let upgrade = [
        "cluster=practice",
        "to=3.4.2",
        "checks=/health=200",
        "watch=0s",
        "bake=0s",
    ];
    agreement.compare(&cluster, "in-place", &upgrade, "upgrade");
    agreement.compare(&cluster, "in-place", &upgrade, "again");
    // An old node on a finished newer schema starts without a word.
    let outdated = [
        "kong::stop([n[1]]); packages::install([n[1]], \"2.8.5\")",
        "kong::start([n[1]])",
        "kong::status(n[1])",
        "kong::check_leftovers(c)",
    ];
    let path = cluster.write("outdated.rhai", &playbook(&outdated.map(str::to_owned)));
    agreement.compare(&cluster, &path, &[], "outdated");
    agreement.conclude("shipped playbooks");
}

#[test]
fn random_walks_go_as_they_are_planned() {
    // A fixed seed: the same walks on every machine, so that a difference can be looked at again.
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let walks = if everything() { 25 } else { 3 };
    let mut agreement = Agreement::default();
    for walk in 0..walks {
        let cluster = PracticeCluster::up();
        let words = proptest::collection::vec(word(), 14)
            .new_tree(&mut runner)
            .expect("words")
            .current();
        let path = cluster.write("walk.rhai", &playbook(&words));
        agreement.compare(&cluster, &path, &[], &format!("walk-{walk}"));
    }
    agreement.conclude(&format!("{walks} random walks"));
}

/// One word of a walk, as a line of a playbook. Acts that can only fail for the model's reasons are as likely as those that succeed.
fn word() -> impl Strategy<Value = String> {
    let node = || sample::select(vec!["n[0]", "n[1]"]);
    let version = || sample::select(vec!["2.8.5", "3.4.2", "3.9.1"]);
    prop_oneof![
        2 => node().prop_map(|node| format!("kong::stop([{node}])")),
        2 => node().prop_map(|node| format!("kong::start([{node}])")),
        2 => (node(), version()).prop_map(|(node, version)| format!("packages::install([{node}], \"{version}\")")),
        1 => version().prop_map(|version| format!("kong::stop(n); packages::install(n, \"{version}\")")),
        1 => node().prop_map(|node| format!("kong::status({node})")),
        1 => node().prop_map(|node| format!("kong::health({node})")),
        1 => node().prop_map(|node| format!("kong::version({node})")),
        1 => node().prop_map(|node| format!("kong::check([{node}])")),
        1 => node().prop_map(|node| format!("kong::reload([{node}])")),
        1 => node().prop_map(|node| format!("packages::available({node})")),
        1 => Just("kong::migrations(c)".to_owned()),
        1 => Just("kong::check_leftovers(c)".to_owned()),
        1 => Just("kong::entities(c)".to_owned()),
        1 => Just("kong::prove_database(n)".to_owned()),
        1 => node().prop_map(|node| format!("traffic::drain([{node}])")),
        1 => (node(), any::<u8>()).prop_map(|(node, weight)| format!("traffic::admit({node}, #{{ weight: {} }})", u16::from(weight) + 1)),
        1 => node().prop_map(|node| format!("traffic::status({node})")),
        1 => node().prop_map(|node| format!("http::poll({node}, \"/health\", #{{ status: 200 }}, #{{ passes: 1, within: \"1s\" }})")),
        2 => Just("backup = database::backup(c.database); database::verify(c.database, backup, #{ tier: \"restore\" })".to_owned()),
        3 => Just("kong::migrate_up(c, #{ backup: backup })".to_owned()),
        2 => Just("kong::finish(c, #{ bake: \"0s\", interval: \"1ms\" })".to_owned()),
    ]
}

/// A playbook that says these words one after the other, whatever becomes of each.
fn playbook(words: &[String]) -> String {
    let mut text = "const PLAYBOOK = #{ api: 1, params: #{}, needs: [\"kong.*\", \"packages.*\", \"database.backup\", \
        \"database.verify\", \"traffic.*\", \"http.poll\"] };\nlet c = env::cluster(\"practice\");\nlet n = c.nodes;\n\
        let backup = database::backup(c.database);\n"
        .to_owned();
    for word in words {
        text.push_str("try { ");
        text.push_str(word);
        text.push_str("; } catch (problem) { run::note(`caught ${problem.code}`); }\n");
    }
    // Each word at least once, or the check would tell of needs that nothing has.
    text.push_str("if false { kong::health(n[0]); packages::available(n[0]); traffic::status(n[0]); http::poll(n[0], \"/\", #{ status: 200 }, #{ passes: 1, within: \"1s\" }); database::verify(c.database, backup, #{ tier: \"checksum\" }); }\n");
    text
}

/// The steps of a journal with what came of each, so far as two runs can share it.
fn steps<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let mut steps: Vec<Value> = Vec::new();
    for line in lines {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let event = &record["event"];
        let step = || usize::try_from(event["step"].as_u64().expect("a step")).expect("small") - 1;
        match event["event"].as_str().unwrap_or_default() {
            "read" => steps.push(json!({ "intent": event["intent"], "outcome": event["outcome"] })),
            "started" => steps.push(json!({ "intent": event["intent"], "outcome": null })),
            "finished" => steps[step()]["outcome"] = json!({ "Ok": event["outcome"] }),
            "failed" => steps[step()]["outcome"] = json!({ "Err": event["failure"] }),
            _ => {}
        }
    }
    steps.into_iter().map(essence).collect()
}

/// What two runs can share of a step.
fn essence(mut step: Value) -> Value {
    if let Some(failure) = step["outcome"].get_mut("Err") {
        *failure = json!({ "code": failure["code"] });
    }
    // What a playbook says of sizes and times is made of such figures.
    if let Some(text) = step["intent"].get_mut("text") {
        let words = text.as_str().unwrap_or_default();
        *text = words
            .chars()
            .filter(|c| !c.is_ascii_digit())
            .collect::<String>()
            .into();
    }
    strip(&mut step);
    step
}

/// Takes out times, sizes and names that are made from digests.
fn strip(value: &mut Value) {
    const VOLATILE: [&str; 17] = [
        "milliseconds",
        "bytes",
        "free_bytes",
        "rows",
        "sessions",
        "asked",
        "taken_at",
        "manifest",
        "configuration",
        "schema",
        "digest",
        "name",
        "copy",
        "baseline",
        "changes",
        "work",
        "way_back",
    ];
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !VOLATILE.contains(&key.as_str()));
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        Value::String(text) if text.contains("cutover_") => *text = String::new(),
        _ => {}
    }
}
