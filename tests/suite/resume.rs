//! Crashes: a run is cut off after every record and in the middle of it, taken up again or taken back, and always ends the same.
//!
//! Two kinds of crash. Made ones: the journal of a finished run is cut, and the world put as it was at that moment, once as if the
//! last effect had happened and once as if not. Real ones: SIGKILL to the supervisor and to the script's process.

use std::collections::BTreeMap;
use std::fs;

use cutover::journal::{Ending, Event, Record};
use cutover::primitive::Intent;
use rustix::process::Signal;

use super::harness::{Finished, RUN, Running, Test, with_header};

/// Everything that a journal can hold, on toys: phases, steps with one and several targets, reads, notes, a caught failure, an
/// approval, closures for the way back, in and out of phases.
const PLAYBOOK: &str = "run::note(\"begin\");
run::phase(\"First\", || {
    practice::write(\"one\", \"1\");
    practice::write([\"two\", \"three\"], \"2\");
    run::on_rollback(\"leave a trace\", || { practice::write(\"trace\", \"was here\"); practice::remove(\"trace\"); });
});
clock::pause(\"1ms\");
try { practice::write(\"../out\", \"x\"); } catch (failure) { run::note(failure.code); }
practice::remove(\"kept\");
run::approve(\"go on\");
for name in [\"four\", \"five\"] {
    run::on_rollback(name, || run::note(name));
    practice::write(name, \"4\");
}
run::phase(\"Last\", || {
    run::phase(\"Inner\", || practice::write(\"one\", \"again\"));
});
run::note(\"end\");";

/// What the practice files are before the run.
fn before() -> World {
    [("kept", "old"), ("one", "was")]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

/// What they are after it.
fn after() -> World {
    let files = [
        ("five", "4"),
        ("four", "4"),
        ("one", "again"),
        ("three", "2"),
        ("two", "2"),
    ];
    files
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

type World = BTreeMap<String, String>;

fn test(body: &str) -> Test {
    let test = Test::new().playbook(&with_header(body));
    before()
        .iter()
        .fold(test, |test, (name, text)| test.practice(name, text))
}

fn world(test: &Test) -> World {
    test.world().into_iter().collect()
}

fn set_world(test: &Test, world: &World) {
    let directory = test.path("store/practice");
    fs::remove_dir_all(&directory).expect("removed");
    fs::create_dir(&directory).expect("made");
    for (name, text) in world {
        fs::write(directory.join(name), text).expect("written");
    }
}

const RESUME: [&str; 4] = ["resume", RUN, "--approve", "practice"];

/// What `intent` makes of a practice file.
fn effect(world: &mut World, intent: &Intent, target: &str) {
    match intent {
        Intent::Write(write) => {
            world.insert(target.to_owned(), write.text.clone());
        }
        Intent::Remove(_) => {
            world.remove(target);
        }
        _ => {}
    }
}

/// The world as it may be after `records`: without and with the effect that was begun and whose end is not recorded.
fn worlds(records: &[Record]) -> Vec<World> {
    let mut world = before();
    let mut begun: Option<(Intent, String)> = None;
    let mut steps = BTreeMap::new();
    for record in records {
        match &record.event {
            Event::Started {
                step,
                intent,
                targets,
                ..
            } => {
                let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
                if let [only] = names.as_slice() {
                    begun = Some((intent.clone(), only.clone()));
                }
                steps.insert(*step, (intent.clone(), names));
            }
            Event::TargetStarted { step, target } => {
                let (intent, names) = &steps[step];
                begun = Some((intent.clone(), names[*target].clone()));
            }
            Event::UndoStarted {
                step,
                target,
                intent,
            } => begun = Some((intent.clone(), steps[step].1[*target].clone())),
            Event::TargetFinished { .. } | Event::Finished { .. } | Event::UndoFinished { .. } => {
                if let Some((intent, target)) = begun.take() {
                    effect(&mut world, &intent, &target);
                }
            }
            _ => {}
        }
    }
    let mut with = world.clone();
    if let Some((intent, target)) = &begun {
        effect(&mut with, intent, target);
    }
    if with == world {
        vec![world]
    } else {
        vec![world, with]
    }
}

/// The lines of a finished run's journal, each with its newline, and the records.
fn finished_run(test: &Test) -> (Vec<Vec<u8>>, Vec<Record>) {
    let bytes = fs::read(test.journal_path()).expect("a journal");
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    (lines.map(<[u8]>::to_vec).collect(), test.records())
}

/// Every crash that can be made from a finished run: after each record, and in the middle of the next, in each world that may be.
fn crashes(lines: &[Vec<u8>], records: &[Record]) -> Vec<(usize, Vec<u8>, World)> {
    let mut crashes = Vec::new();
    for kept in 1..records.len() {
        let whole = lines[..kept].concat();
        let mut torn = whole.clone();
        torn.extend(&lines[kept][..lines[kept].len() / 2]);
        for world in worlds(&records[..kept]) {
            // In every other crash the tail is torn: both kinds of tail in both kinds of world, over the sweep.
            let journal = if (kept + crashes.len()) % 2 == 0 {
                &whole
            } else {
                &torn
            };
            crashes.push((kept, journal.clone(), world));
        }
    }
    crashes
}

/// What the script saw: the events without those that tell of crashes.
fn story(records: &[Record]) -> Vec<String> {
    let own = |record: &&Record| {
        !matches!(
            record.event,
            Event::Attached { .. }
                | Event::TailCut { .. }
                | Event::Settled { .. }
                | Event::ApprovalAsked { .. }
                | Event::Approved { .. }
                | Event::TargetStarted { .. }
                | Event::TargetFinished { .. }
        )
    };
    let records: Vec<Record> = records.iter().filter(own).cloned().collect();
    super::harness::events(&records)
        .lines()
        .map(str::to_owned)
        .collect()
}

fn explain(test: &Test, kept: usize, finished: &Finished) -> String {
    format!(
        "cut after {kept} records: exit {}\n{}\n{}\n{}",
        finished.status,
        finished.stderr,
        finished.stdout,
        test.journal()
    )
}

#[test]
fn a_crash_at_every_record_is_resumed_to_the_same_end() {
    let test = test(PLAYBOOK);
    let whole = test.cutover(&[
        "run",
        "playbook.rhai",
        "--run-id",
        RUN,
        "--approve",
        "practice",
    ]);
    assert_eq!(
        (whole.status, world(&test)),
        (0, after()),
        "{}",
        whole.stderr
    );
    let (lines, records) = finished_run(&test);
    let told = story(&records);
    let crashes = crashes(&lines, &records);
    for (kept, journal, world_then) in &crashes {
        fs::write(test.journal_path(), journal).expect("written");
        set_world(&test, world_then);
        let finished = test.cutover(&RESUME);
        let explained = || explain(&test, *kept, &finished);
        assert_eq!(finished.status, 0, "{}", explained());
        assert_eq!(world(&test), after(), "{}", explained());
        assert_eq!(story(&test.records()), told, "{}", explained());
    }
    println!(
        "{} records, {} crashes resumed",
        records.len(),
        crashes.len()
    );
}

#[test]
fn a_crash_at_every_record_is_taken_back_to_the_world_as_found() {
    let test = test(PLAYBOOK);
    let whole = test.cutover(&[
        "run",
        "playbook.rhai",
        "--run-id",
        RUN,
        "--approve",
        "practice",
    ]);
    assert_eq!(whole.status, 0, "{}", whole.stderr);
    let (lines, records) = finished_run(&test);
    let mut crashes = crashes(&lines, &records);
    crashes.push((records.len(), lines.concat(), after()));
    for (kept, journal, world_then) in &crashes {
        fs::write(test.journal_path(), journal).expect("written");
        set_world(&test, world_then);
        let finished = test.cutover(&["rollback", RUN]);
        let explained = || explain(&test, *kept, &finished);
        assert_eq!(finished.status, 0, "{}", explained());
        assert_eq!(world(&test), before(), "{}", explained());
        assert_eq!(test.state().ending, Some(Ending::Undone), "{}", explained());
    }
    println!(
        "{} records, {} crashes taken back",
        records.len(),
        crashes.len()
    );
}

#[test]
fn a_crash_at_every_record_of_a_way_back_goes_on_back() {
    let test = test(&format!("{PLAYBOOK}\nthrow \"not today\";"));
    let whole = test.cutover(&[
        "run",
        "playbook.rhai",
        "--run-id",
        RUN,
        "--approve",
        "practice",
    ]);
    assert_eq!(
        (whole.status, world(&test)),
        (5, before()),
        "{}",
        whole.stderr
    );
    let (lines, records) = finished_run(&test);
    let turned = records
        .iter()
        .position(|record| matches!(record.event, Event::UnwindingStarted { .. }))
        .expect("it turned back");
    let mut tried = 0;
    for verb in ["resume", "rollback"] {
        for (kept, journal, world_then) in crashes(&lines, &records) {
            if kept <= turned {
                continue;
            }
            fs::write(test.journal_path(), journal).expect("written");
            set_world(&test, &world_then);
            let finished = test.cutover(&[verb, RUN]);
            let explained = || format!("{verb}: {}", explain(&test, kept, &finished));
            let wanted = if verb == "rollback" { 0 } else { 5 };
            assert_eq!(finished.status, wanted, "{}", explained());
            assert_eq!(world(&test), before(), "{}", explained());
            tried += 1;
        }
    }
    println!(
        "{} records, {tried} crashes on the way back gone on from",
        records.len()
    );
}

#[test]
fn a_journal_without_a_whole_record_is_started_anew() {
    let test = test(PLAYBOOK);
    assert_eq!(test.run().status, 8);
    for tail in ["", "{\"v\":1,\"seq\":1,"] {
        fs::write(test.journal_path(), tail).expect("written");
        assert_eq!(test.cutover(&RESUME).status, 2);
        assert_eq!(test.cutover(&["rollback", RUN]).status, 4);
        let other = test.cutover(&["run", "playbook.rhai", "--run-id", "other"]);
        assert_eq!(other.status, 8, "{}", other.stderr);
        assert_eq!(
            test.cutover(&["abandon", "other", "--reason", "next"])
                .status,
            0
        );
        fs::remove_dir_all(test.path("store/runs/other")).expect("removed");
    }
}

/// How many real crashes: some in every run of the tests, many with `CUTOVER_TEST_ALL=1`.
fn many(default: usize, all: usize) -> usize {
    if std::env::var_os("CUTOVER_TEST_ALL").is_some() {
        all
    } else {
        default
    }
}

/// A playbook that takes its time, so that a kill hits it anywhere.
fn slow(steps: usize) -> (String, World) {
    let body = format!(
        "for number in range(0, {steps}) {{\n    let name = `file-${{number}}`;\n    practice::write([name, `${{name}}-too`], `${{number}}`);\n    run::on_rollback(name, || {{ clock::pause(\"20ms\"); run::note(name); }});\n    clock::pause(\"20ms\");\n}}\npractice::remove(\"kept\");"
    );
    let mut world = before();
    world.remove("kept");
    for number in 0..steps {
        world.insert(format!("file-{number}"), number.to_string());
        world.insert(format!("file-{number}-too"), number.to_string());
    }
    (body, world)
}

fn kill(mut running: Running) {
    let mut child = running.0.take().expect("running");
    child.kill().expect("killed");
    child.wait().expect("waited for");
}

/// Starts the program with `begin`, kills it after a few records and starts it with `again`, until it is over or was killed `kills`
/// times; then lets it end. How often it was killed.
fn killed_again_and_again(test: &Test, begin: &[&str], again: &[&str], kills: usize) -> usize {
    let over = |records: &[Record]| {
        matches!(
            records.last().map(|record| &record.event),
            Some(Event::Verdict { .. })
        )
    };
    let (mut running, mut killed) = (test.start(begin), 0);
    let mut seen = test.records().len();
    while killed < kills {
        // Another few records each time, and a moment that the machine chooses.
        let goal = seen + 1 + (killed * 7) % 11;
        test.wait_until(|records| records.len() > goal);
        kill(running);
        killed += 1;
        seen = test.records().len();
        if over(&test.records()) {
            return killed;
        }
        running = test.start(again);
    }
    let finished = test.finish(running);
    assert_eq!(finished.status, 0, "{}", explain(test, seen, &finished));
    killed
}

#[test]
fn killed_again_and_again_a_run_ends_as_if_it_had_not_been() {
    let kills = many(12, 150);
    let (body, wanted) = slow(kills * 3);
    let test = test(&body);
    let run = ["run", "playbook.rhai", "--run-id", RUN];
    let killed = killed_again_and_again(&test, &run, &["resume", RUN], kills);
    assert_eq!(world(&test), wanted);
    println!(
        "{killed} kills of the supervisor, {} records",
        test.records().len()
    );
    assert!(killed >= 10);
}

#[test]
fn killed_again_and_again_a_way_back_ends_at_the_world_as_found() {
    let kills = many(10, 100);
    let (body, _) = slow(kills * 5);
    let test = test(&body);
    assert_eq!(test.run().status, 0);
    let back = ["rollback", RUN];
    let killed = killed_again_and_again(&test, &back, &back, kills);
    assert_eq!(world(&test), before());
    println!("{killed} kills of the supervisor on its way back");
    assert!(killed >= 10);
}

#[test]
fn a_script_that_is_killed_at_any_step_is_taken_back_by_a_fresh_one() {
    let (body, _) = slow(6);
    // After the last step the script still lives for a while.
    let body = body.replace("20ms", "120ms") + "\nclock::pause(\"5s\");";
    let mut killed = 0;
    for step in (1..=18).step_by(many(5, 1)) {
        let test = test(&body);
        let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
        test.wait_until(|records| {
            let begun = records.iter().filter(|record| {
                matches!(record.event, Event::Started { .. } | Event::Read { .. })
            });
            begun.count() >= step
        });
        let script = running.script().expect("a script");
        rustix::process::kill_process(script, Signal::KILL).expect("killed");
        let finished = test.finish(running);
        assert_eq!(finished.status, 5, "{}", explain(&test, step, &finished));
        assert_eq!(world(&test), before());
        let notes = test
            .state()
            .steps
            .iter()
            .filter(|step| step.within.is_some())
            .count();
        let closures = test.journal().matches("undo_started").count();
        assert!(closures >= notes, "{}", test.journal());
        killed += 1;
    }
    println!("{killed} scripts killed");
}

#[test]
fn a_fresh_script_sees_its_modules_as_they_were_when_the_run_began() {
    let test = Test::new()
        .module("tools", "fn word() { \"then\" }")
        .steps("import \"tools\" as tools;\nlet word = tools::word();\npractice::write(\"one\", word);\nrun::on_rollback(\"say\", || run::note(word));\nrun::phase(\"Wait\", || clock::pause(\"1s\"));\nrun::note(\"after\");");
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until_idle(&running, |records| records.len() > 6);
    fs::write(test.path("tools.rhai"), "fn word() { \"now\" }").expect("written");
    let script = running.script().expect("a script");
    rustix::process::kill_process(script, Signal::KILL).expect("killed");
    let finished = test.finish(running);
    assert_eq!(finished.status, 5, "{}", finished.stderr);
    insta::assert_snapshot!(finished.stderr, @r"
      1 ✓ practice.write one  TIME
      2 ✓ run.on_rollback say  TIME
    ▸ Wait
        3 · clock.pause TIME
    undoing, because the script's process ended unexpectedly (signal: 9 (SIGKILL))
      4 · then
      2 ↶ undid by closure: say
      1 ↶ undid practice.write one
    ");
    // Replaying for the closures writes nothing past the record: the phase was never left.
    assert!(!test.journal().contains("phase_left"), "{}", test.journal());
}
