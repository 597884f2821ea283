//! The playbook's own invariants: looked at when they are stated, at its end, and after the way back.

use cutover::journal::Event;
use rustix::process::Signal;

use crate::harness::{RUN, Test, told};
use crate::practice_cluster::{PracticeCluster, cutover_in};

#[test]
fn what_must_hold_is_looked_at_at_once_and_at_the_end() {
    let test = Test::new().steps(
        "let begun = clock::now();\nrun::invariant(\"time goes on\", || clock::now() > begun);\npractice::write(\"one\", \"1\");",
    );
    insta::assert_snapshot!(told(&test.run()), @r"
      1 · clock.now clock
      2 · clock.now clock
      3 · run.invariant time goes on
      4 ✓ practice.write one  TIME
      3 ✓ invariant: time goes on
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
    insta::assert_snapshot!(test.journal(), @r"
    header
    attached run
    read 1
    read 2
    read 3
    started 4
    finished 4
    examined 3
    verdict done
    ");
}

#[test]
fn what_does_not_hold_when_it_is_stated_ends_the_run_before_anything_is_touched() {
    let test =
        Test::new().steps("run::invariant(\"never\", || false);\npractice::write(\"one\", \"1\");");
    insta::assert_snapshot!(told(&test.run()), @r#"
    run.invariant

      × the invariant `never` does not hold: it answers `false`
       ╭─[playbook.rhai:3:6]
     2 │ 
     3 │ run::invariant("never", || false);
       ·      ────┬────
       ·          ╰── here
     4 │ practice::write("one", "1");
       ╰────
    --- 4
    refused after TIME: the invariant `never` does not hold: it answers `false`; run first, journal head DIGEST; next: `cutover show first`
    "#);
}

#[test]
fn an_invariant_does_not_act() {
    let test = Test::new().steps("run::invariant(\"acts\", || practice::write(\"one\", \"1\"));");
    insta::assert_snapshot!(told(&test.run()), @r#"
    run.invariant.acts

      × an invariant only looks, and `practice.write` acts
       ╭─[playbook.rhai:3:37]
     2 │ 
     3 │ run::invariant("acts", || practice::write("one", "1"));
       ·                                     ──┬──
       ·                                       ╰── here
       ╰────
      help: ask for the state that is wanted, such as `kong::status`, and compare
      called from playbook:3:6
    ✗ the playbook: an invariant only looks, and `practice.write` acts [run.invariant.acts]
            help: ask for the state that is wanted, such as `kong::status`, and compare
    --- 4
    refused after TIME: an invariant only looks, and `practice.write` acts; run first, journal head DIGEST; next: `cutover show first`
    "#);
    assert_eq!(test.world(), []);
}

/// Installs another version, though the installed one must stay.
const INSTALLS: &str = r#"
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "packages.install", "traffic.*"] };
let node = env::cluster("practice").nodes[0];
run::invariant("2.8.5 stays", || kong::version(node) == "2.8.5");
traffic::drain(node);
kong::stop(node);
packages::install(node, "3.4.2");
"#;

/// Sees a node die, and would not notice.
const LOSES: &str = r#"
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "traffic.*"] };
let nodes = env::cluster("practice").nodes;
run::invariant("every node runs", || nodes.all(|node| kong::health(node)));
traffic::drain(nodes[1]);
run::approve("go on");
"#;

#[test]
fn what_does_not_hold_at_the_end_takes_the_run_back_or_calls_a_person() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let installs = cluster.write("installs.rhai", INSTALLS);
    let ended = cluster.cutover(&["run", &installs, "--run-id", "installs"]);
    assert_eq!(ended.code, Some(5), "{}", ended.all);
    assert!(
        ended.verdict.contains(
            "the invariant `2.8.5 stays` does not hold: it answers `false`; everything was undone"
        ),
        "{}",
        ended.verdict
    );
    assert!(
        ended
            .all
            .contains("  2 ✗ invariant: 2.8.5 stays: it answers `false`"),
        "{}",
        ended.all
    );
    assert!(
        ended.all.contains("  2 ✓ invariant: 2.8.5 stays"),
        "{}",
        ended.all
    );
    assert_eq!(cluster.world(), old);

    let loses = cluster.write("loses.rhai", LOSES);
    let waiting = cluster.cutover(&["run", &loses, "--run-id", "loses"]);
    assert_eq!(waiting.code, Some(8), "{}", waiting.all);
    cluster.fault(&["node-dies", "kong-1"]);
    let approved = cluster.cutover(&["approve", "loses"]);
    assert_eq!(approved.code, Some(0), "{}", approved.all);
    let stuck = cluster.cutover(&["resume", "loses"]);
    assert_eq!(stuck.code, Some(7), "{}", stuck.all);
    assert!(
        stuck.verdict.contains("as it was found; and yet the invariant `every node runs` does not hold: it answers `false`"),
        "{}",
        stuck.verdict
    );
    // Once somebody has mended it, the way back ends well.
    cluster.fault(&["clear"]);
    let mut start = cluster.start_kong("2.8.5", &["start"]);
    assert!(start.wait().expect("waited for").success());
    let ended = cutover_in(&cluster.environment(), &["rollback", "loses"]);
    assert_eq!(ended.code, Some(0), "{}", ended.all);
}

/// Sees a node die after clients were let through, where nothing is undone by itself any more.
const HOLDS: &str = r#"
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "traffic.*"] };
let nodes = env::cluster("practice").nodes;
run::invariant("every node runs", || nodes.all(|node| kong::health(node)));
traffic::drain(nodes[1]);
traffic::admit(nodes[1]);
run::approve("go on");
"#;

#[test]
fn a_run_that_is_held_by_an_invariant_ends_once_it_is_mended() {
    let cluster = PracticeCluster::up();
    let playbook = cluster.write("holds.rhai", HOLDS);
    let waiting = cluster.cutover(&["run", &playbook, "--run-id", "holds"]);
    assert_eq!(waiting.code, Some(8), "{}", waiting.all);
    cluster.fault(&["node-dies", "kong-1"]);
    let approved = cluster.cutover(&["approve", "holds"]);
    assert_eq!(approved.code, Some(0), "{}", approved.all);
    for words in [["resume", "holds"], ["retry", "holds"]] {
        let held = cluster.cutover(&words);
        assert_eq!(held.code, Some(8), "{}", held.all);
        assert!(
            held.verdict.contains("next: `cutover retry holds` or"),
            "{}",
            held.verdict
        );
    }
    cluster.fault(&["clear"]);
    let mut start = cluster.start_kong("2.8.5", &["start"]);
    assert!(start.wait().expect("waited for").success());
    let done = cluster.cutover(&["retry", "holds"]);
    assert_eq!(done.code, Some(0), "{}", done.all);
}

#[test]
fn what_the_playbook_raised_itself_is_not_offered_to_be_attempted_again() {
    let test = Test::new()
        .environment("on_failure = \"hold\"\n[grants]\nallow = [\"practice.*\"]\n")
        .steps("practice::write(\"one\", \"1\");\nthrow \"not today\";");
    let held = test.run();
    assert_eq!(held.status, 8);
    assert!(
        held.stdout
            .ends_with("next: `cutover resume first --playbook FILE` or `cutover rollback first`"),
        "{}",
        held.stdout
    );
    insta::assert_snapshot!(told(&test.cutover(&["resume", RUN])), @r"
    error: the playbook itself raised the failure, so there is no step to attempt again
    help: go on with an edited playbook by `cutover resume --playbook FILE`, or go back with `cutover rollback`
    --- 4
    ");
}

#[test]
fn an_interrupt_between_two_looks_of_an_invariant_pauses_the_run() {
    let test = Test::new().steps(
        "run::invariant(\"slow\", || { clock::pause(\"1s\"); clock::pause(\"1s\"); true });\npractice::write(\"one\", \"1\");",
    );
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until_idle(&running, |records| {
        let last = records.last();
        last.is_some_and(|last| matches!(last.event, Event::Finished { .. }))
    });
    running.signal(Signal::INT);
    let paused = test.finish(running);
    assert_eq!(paused.status, 8, "{}", told(&paused));
    let resumed = test.cutover(&["resume", RUN]);
    assert_eq!(resumed.status, 0, "{}", told(&resumed));
}
