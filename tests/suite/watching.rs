//! What clients get while a playbook runs: seen, told by step, and gone on with by the next runner.

use std::path::Path;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::practice_cluster::PracticeCluster;

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const HELD: i32 = 6;

/// A playbook that watches the cluster, and then does `body`.
fn playbook(cluster: &PracticeCluster, name: &str, body: &str) -> String {
    let needs = if body.contains("practice::write") {
        "[\"traffic.*\", \"practice.write\"]"
    } else {
        "[\"traffic.*\"]"
    };
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: {needs} }};\n\
         let practice = env::cluster(\"practice\");\n\
         traffic::watch(practice, [#{{ path: \"/catalogue\", status: 200 }}, #{{ path: \"/orders\", status: 401 }}], #{{ rate: 100 }});\n\
         clock::pause(\"500ms\");\n\
         {body}\n"
    );
    cluster.write(&format!("{name}.rhai"), &text)
}

/// What `show` tells of clients, without the figures that every run has others of, and without the steps in which an outage falls: these
/// depend on the machine.
fn told(cluster: &PracticeCluster, run: &str) -> String {
    let shown = cluster.cutover(&["show", run]);
    let begins = shown
        .all
        .lines()
        .skip_while(|line| !line.starts_with("clients of"));
    let lines = begins.take_while(|line| line.starts_with("clients of") || line.starts_with("  "));
    let lines = lines.filter(|line| {
        !["  step", "  between"]
            .iter()
            .any(|begins| line.starts_with(begins))
    });
    let text: Vec<&str> = lines.collect();
    let replaced = [
        (r" \([0-9]+ status 503\)|, longest outage [0-9.]+ m?s", ""),
        (r"[0-9]+(:[0-9]+)*(\.[0-9]+)*( (ms|s)\b)?", "#"),
        (" +", " "),
    ];
    replaced
        .into_iter()
        .fold(text.join("\n"), |text, (pattern, by)| {
            let pattern = regex::Regex::new(pattern).expect("a pattern");
            pattern.replace_all(&text, by).into_owned()
        })
}

#[test]
fn an_outage_is_told_with_the_step_in_which_it_began() {
    let cluster = PracticeCluster::up();
    let path = playbook(
        &cluster,
        "outage",
        "traffic::drain(practice.nodes);\n\
         clock::pause(\"300ms\");\n\
         traffic::admit(practice.nodes);\n\
         clock::pause(\"500ms\");\n\
         let seen = traffic::watched(practice);\n\
         run::note(`seen: ${seen.sent} ${seen.failed} ${seen.longest_outage} ${seen.longest_stall}`);\n\
         if seen.median == () || seen.p99 < seen.median { throw \"no figures\"; }",
    );
    let run = cluster.cutover(&["run", &path, "--run-id", "outage", "--approve", "practice"]);
    assert_eq!(run.code, Some(DONE), "{}", run.all);
    let note = run.all.lines().find_map(|line| line.split_once("seen: "));
    let note = note.unwrap_or_else(|| panic!("{}", run.all)).1;
    let figures: Vec<u64> = note
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [sent, failed, outage, stall] = figures[..] else {
        panic!("{note}")
    };
    // At 100 a second: about 30 failed in 300 ms, and as long was the outage.
    assert!(sent > 100 && failed > 20 && failed < sent, "{note}");
    assert!(outage + 20 + stall >= 300 && outage < 5_000, "{note}");
    assert!(run.verdict.contains(" probes, "), "{}", run.verdict);
    assert!(
        run.verdict.contains("failed, longest outage"),
        "{}",
        run.verdict
    );
    let shown = cluster.cutover(&["show", "outage"]).all;
    let began = |line: &str| {
        let told = ["  step ", "  between steps "];
        told.iter().any(|begins| line.starts_with(begins)) && line.contains("longest outage")
    };
    let shifting =
        |line: &str| line.starts_with("  while shifting ") && line.contains("status 503");
    assert!(
        shown.lines().any(began) && shown.lines().any(shifting),
        "{shown}"
    );
    // Whether one of the few requests of that time was answered is chance.
    let answered = regex::Regex::new("( while shifting # requests, # failed)[^\n]*");
    let told = told(&cluster, "outage");
    let told = answered
        .expect("a pattern")
        .replace(&told, "$1")
        .into_owned();
    assert_snapshot!(told, @r"
    clients of practice, as probed: # requests, # failed; longest silence #, own stalls at most #
     before # requests, # failed, p# #, p# #; kong/# #
     while shifting # requests, # failed
     after # requests, # failed, p# #, p# #; kong/# #
    ");
}

#[test]
fn an_upgrade_in_place_tells_what_clients_noticed() {
    let cluster = PracticeCluster::up();
    let upgraded = cluster.upgrade("upgraded", &["probe=100"]);
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    let told = regex::Regex::new(
        r"^done after .*, downtime ([0-9]+) ms, [0-9]+ probes, [0-9]+ failed, longest outage ([0-9]+) ms: ",
    );
    let seconds = regex::Regex::new(r"([0-9]+)\.([0-9]) s\b").expect("a pattern");
    let verdict = seconds.replace_all(&upgraded.verdict, "${1}${2}00 ms");
    let told = told.expect("a pattern").captures(&verdict);
    let told = told.unwrap_or_else(|| panic!("{}", upgraded.verdict));
    let (downtime, outage): (u64, u64) = (
        told[1].parse().expect("a number"),
        told[2].parse().expect("a number"),
    );
    // The journal knows when nodes were taken away and given back; clients know it as exactly as they ask.
    assert!(downtime.abs_diff(outage) < 1_000, "{}", upgraded.verdict);
}

#[test]
fn the_next_runner_goes_on_watching_and_tells_when_nobody_did() {
    let cluster = PracticeCluster::up();
    let path = playbook(
        &cluster,
        "killed",
        "practice::write(\"one\", \"begun\");\n\
         clock::pause(\"3s\");\n\
         practice::write(\"two\", \"gone on\");\n\
         clock::pause(\"300ms\");\n\
         traffic::unwatch(practice);\n\
         throw \"enough\";",
    );
    let mut running = cluster.start_run(Path::new(&path), "killed");
    let written = cluster.storage().join("practice/one");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !written.exists() {
        assert!(
            Instant::now() < deadline,
            "never written: {}",
            written.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    running.kill().expect("killed");
    running.wait().expect("ended");
    // For so long nobody looks.
    std::thread::sleep(Duration::from_millis(1_300));
    let resumed = cluster.cutover(&["resume", "killed"]);
    assert_ne!(resumed.code, Some(DONE), "{}", resumed.all);
    assert_ne!(resumed.code, Some(HELD), "{}", resumed.all);
    assert!(
        resumed.verdict.contains(" probes, 0 failed"),
        "{}",
        resumed.verdict
    );
    assert_snapshot!(told(&cluster, "killed"), @r"
    clients of practice, as probed: # requests, # failed; longest silence #, own stalls at most #
     nobody looked from # to # UTC
    ");
}

#[test]
fn a_cluster_that_clients_cannot_be_found_at_is_named() {
    let cluster = PracticeCluster::up();
    let environment = cluster.environment();
    let text = std::fs::read_to_string(&environment).expect("an environment");
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("url = "))
        .collect();
    std::fs::write(&environment, without.join("\n")).expect("written");
    let path = playbook(&cluster, "nowhere", "");
    let run = cluster.cutover(&["run", &path, "--run-id", "nowhere"]);
    let line = run.all.lines().find(|line| line.contains("traffic.watch "));
    assert_snapshot!(line.unwrap_or(&run.all).trim(), @r"1 ✗ traffic.watch practice: the environment does not say where clients reach `practice` [traffic.watch.nowhere]");
}
