//! How runs end: each ending's exit code, what the last line says, and what may follow.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use cutover::journal::{Digest, Event, Record};
use rustix::process::Signal;

use super::harness::{CUTOVER, RUN, Terminal, Test, told};

/// Three files, the middle one over two targets, with a pause before the last.
const THREE: &str = "practice::write(\"one\", \"1\");
practice::write([\"two\", \"three\"], \"2\");
clock::pause(\"500ms\");
practice::write(\"four\", \"4\");";

fn three() -> Test {
    Test::new().steps(THREE)
}

/// A playbook that fails after two files, because the third's name leads out.
fn failing() -> Test {
    Test::new().practice("one", "before").steps(
        "practice::write(\"one\", \"1\");\npractice::write(\"two\", \"2\");\npractice::write(\"../out\", \"3\");",
    )
}

fn started(step: u32) -> impl Fn(&[Record]) -> bool {
    move |records| {
        records.iter().any(|record| match &record.event {
            Event::Started { step: found, .. } => found.0 == step,
            _ => false,
        })
    }
}

fn finished(step: u32) -> impl Fn(&[Record]) -> bool {
    move |records| {
        records.iter().any(|record| match &record.event {
            Event::Finished { step: found, .. } => found.0 == step,
            _ => false,
        })
    }
}

#[test]
fn done_is_0() {
    let test = three();
    insta::assert_snapshot!(told(&test.run()), @r"
      1 ✓ practice.write one  TIME
          two
          three
      2 ✓ practice.write two, three  TIME
      3 · clock.pause TIME
      4 ✓ practice.write four  TIME
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
    insta::assert_snapshot!(test.journal(), @r"
    header
    attached run
    started 1
    finished 1
    started 2
    target_started 2 0
    target_finished 2 0
    target_started 2 1
    target_finished 2 1
    finished 2
    read 3
    started 4
    finished 4
    verdict done
    ");
}

#[test]
fn usage_is_2() {
    let test = three();
    let statuses = [
        vec!["run"],
        vec!["run", "playbook.rhai", "nosuch=1"],
        vec!["run", "nosuch.rhai"],
        vec!["run", "helo"],
        vec!["run", "playbook.rhai", "--approve", "other"],
        vec!["run", "playbook.rhai", "-e", "nosuch.toml"],
        vec!["run", "playbook.rhai", "--run-id", "../out"],
        vec!["run", "playbook.rhai", "--run-id", ""],
        vec!["resume", "nosuch"],
        vec!["nosuch"],
    ]
    .map(|arguments| {
        let finished = test.cutover(&arguments);
        let first = finished
            .stderr
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        format!("{} {first}", finished.status)
    });
    insta::assert_snapshot!(statuses.join("\n"), @r"
    2 error: the following required arguments were not provided:
    2 error: the playbook has no parameter `nosuch`
    2 error: cannot read `nosuch.rhai`: No such file or directory (os error 2)
    2 error: there is no playbook `helo`; did you mean `hello`?
    2 error: `--approve other` is not for this environment
    2 error: cannot read the environment file `nosuch.toml`: No such file or directory (os error 2)
    2 error: `../out` cannot be a run's name
    2 error: `` cannot be a run's name
    2 error: there is no run `nosuch` in `DIRECTORY/store`
    2 error: unrecognized subcommand 'nosuch'
    ");
}

#[test]
fn a_run_id_that_was_used_is_2() {
    let test = three();
    assert_eq!(test.run().status, 0);
    insta::assert_snapshot!(told(&test.run()), @r"
    error: there is a run `first` already
    help: leave out `--run-id`, and a name is made from the time
    --- 2
    ");
}

#[test]
fn a_rejected_playbook_is_3_and_leaves_nothing() {
    let test = Test::new().steps("nosuch();");
    assert_eq!(test.run().status, 3);
    assert!(!test.run_path().exists());
}

#[test]
fn a_need_that_is_not_granted_is_4_before_anything_is_touched() {
    let test = three().environment("[grants]\ndeny = [\"practice.write\"]\n");
    insta::assert_snapshot!(told(&test.run()), @r"
    error: the playbook needs `practice.write`, which `practice` does not grant
    help: a person who may decides adds them under `[grants] allow` or `ask` in the environment file, or gives them to one run with `--grant`; `cutover check --needs` shows all of them
    --- 4
    ");
    assert!(!test.run_path().exists());
}

#[test]
fn a_failure_before_anything_was_touched_is_4() {
    let test = Test::new()
        .steps("run::note(\"looking\");\nthrow \"not today\";\npractice::write(\"one\", \"1\");");
    insta::assert_snapshot!(told(&test.run()), @r#"
      1 · looking
    playbook.raised

      × not today
       ╭─[playbook.rhai:4:1]
     3 │ run::note("looking");
     4 │ throw "not today";
       · ──┬──
       ·   ╰── here
     5 │ practice::write("one", "1");
       ╰────
    --- 4
    refused after TIME: not today; run first, journal head DIGEST; next: `cutover show first`
    "#);
}

#[test]
fn a_window_that_is_too_short_for_the_work_is_4_with_figures() {
    let test = Test::new().steps(
        "run::wait_for(\"mon,thu 02:00-04:00 UTC\", #{ work: [\"90m\", \"20m\"], way_back: \"15m\" });\npractice::write(\"one\", \"1\");",
    );
    insta::assert_snapshot!(told(&test.run()), @r#"
      1 ✗ run.wait_for mon,thu 02:00-04:00 UTC: the window `mon,thu 02:00-04:00 UTC` is too short: the work takes 1h 50m and the way back 15m, 2h 5m together, and its longest opening this week is 2h [run.window.too_short]
            help: give a longer window, or make the work shorter
    run.window.too_short

      × the window `mon,thu 02:00-04:00 UTC` is too short: the work takes 1h 50m and the way back 15m,
      │ 2h 5m together, and its longest opening this week is 2h
       ╭─[playbook.rhai:3:6]
     2 │ 
     3 │ run::wait_for("mon,thu 02:00-04:00 UTC", #{ work: ["90m", "20m"], way_back: "15m" });
       ·      ────┬───
       ·          ╰── here
     4 │ practice::write("one", "1");
       ╰────
      help: give a longer window, or make the work shorter
    --- 4
    refused after TIME: the window `mon,thu 02:00-04:00 UTC` is too short: the work takes 1h 50m and the way back 15m, 2h 5m together, and its longest opening this week is 2h; run first, journal head DIGEST; next: `cutover show first`
    "#);
    assert!(test.world().is_empty());
}

#[test]
fn a_failure_that_nobody_caught_is_undone_and_is_5() {
    let test = failing();
    insta::assert_snapshot!(told(&test.run()), @r#"
      1 ✓ practice.write one  TIME
      2 ✓ practice.write two  TIME
      3 ✗ practice.write ../out: `../out` is not a plain file name [practice.name]
            help: use letters, digits, `-`, `_` and `.`
    practice.name

      × `../out` is not a plain file name
       ╭─[playbook.rhai:5:11]
     4 │ practice::write("two", "2");
     5 │ practice::write("../out", "3");
       ·           ──┬──
       ·             ╰── here
       ╰────
      help: use letters, digits, `-`, `_` and `.`
    undoing, because `../out` is not a plain file name
      2 ↶ undid practice.write two
      1 ↶ undid practice.write one
    --- 5
    undone after TIME: `../out` is not a plain file name; everything was undone, and the 2 things that were changed are as they were found; run first, journal head DIGEST; next: `cutover show first`
    "#);
    insta::assert_snapshot!(test.journal(), @r"
    header
    attached run
    started 1
    finished 1
    started 2
    finished 2
    read 3
    raised
    unwinding_started
    undo_started 2 0
    undo_finished 2 0
    undo_started 1 0
    undo_finished 1 0
    verdict undone
    ");
    assert_eq!(test.world(), [("one".to_owned(), "before".to_owned())]);
}

#[test]
fn an_undo_that_fails_is_7_and_a_rollback_goes_on_from_there() {
    let test = Test::new().steps(
        "practice::write(\"one\", \"1\");\npractice::write(\"two\", \"2\");\nclock::pause(\"500ms\");\nthrow \"not today\";",
    );
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until(finished(2));
    // A directory in the place of the file: it cannot be removed as a file.
    let two = test.path("store/practice/two");
    fs::remove_file(&two).expect("removed");
    fs::create_dir(&two).expect("made");
    insta::assert_snapshot!(told(&test.finish(running)), @r#"
      1 ✓ practice.write one  TIME
      2 ✓ practice.write two  TIME
      3 · clock.pause TIME
    playbook.raised

      × not today
       ╭─[playbook.rhai:6:1]
     5 │ clock::pause("500ms");
     6 │ throw "not today";
       · ──┬──
       ·   ╰── here
       ╰────
    undoing, because not today
      2 ✗ could not undo practice.write two: cannot read `two`: Is a directory (os error 21) [practice.read]
    --- 7
    stuck after TIME: not today; undoing step 2 (two) failed: cannot read `two`: Is a directory (os error 21); run first, journal head DIGEST; next: `cutover rollback first` or `cutover show first`
    "#);
    let resumed = test.cutover(&["resume", RUN]);
    insta::assert_snapshot!(told(&resumed), @r"
    error: the run is stuck on its way back
    help: mend what stopped it, then `cutover rollback`
    --- 4
    ");
    fs::remove_dir(&two).expect("removed");
    let back = test.cutover(&["rollback", RUN]);
    insta::assert_snapshot!(told(&back), @r"
      2 ↶ undid practice.write two
      1 ↶ undid practice.write one
    --- 0
    undone after TIME: everything was undone, and the 2 things that were changed are as they were found; run first, journal head DIGEST; next: `cutover show first`
    ");
    assert_eq!(test.world(), []);
}

#[test]
fn hold_is_8_and_retry_goes_on_inside_its_phase() {
    let test = Test::new()
        .environment("on_failure = \"hold\"\n[grants]\nallow = [\"practice.*\"]\n")
        .steps("run::phase(\"Write\", || {\n    practice::write(\"one\", \"1\");\n    practice::write(\"two\", \"2\");\n    practice::write(\"three\", \"3\");\n});\nrun::note(\"after\");");
    fs::create_dir_all(test.path("store/practice/two/full")).expect("made");
    fs::set_permissions(test.path("store"), fs::Permissions::from_mode(0o700)).expect("closed");
    // Observing a directory fails, so the step fails before it acts.
    insta::assert_snapshot!(told(&test.run()), @r#"
    ▸ Write
        1 ✓ practice.write one  TIME
        2 ✗ practice.write two: cannot read `two`: Is a directory (os error 21) [practice.read]
    practice.read

      × cannot read `two`: Is a directory (os error 21)
       ╭─[playbook.rhai:5:15]
     4 │     practice::write("one", "1");
     5 │     practice::write("two", "2");
       ·               ──┬──
       ·                 ╰── in the phase `Write`
     6 │     practice::write("three", "3");
       ╰────
      called from playbook:3:6
    --- 8
    held after TIME: cannot read `two`: Is a directory (os error 21); run first, journal head DIGEST; next: `cutover retry first` or `cutover rollback first`
    "#);
    let resumed = test.cutover(&["resume", RUN]);
    insta::assert_snapshot!(told(&resumed), @r"
    error: the run is held at a failed step
    help: attempt it again with `cutover retry`, go on with an edited playbook by `cutover resume --playbook FILE`, or go back with `cutover rollback`
    --- 4
    ");
    fs::remove_dir_all(test.path("store/practice/two")).expect("removed");
    let retried = test.cutover(&["retry", RUN]);
    insta::assert_snapshot!(told(&retried), @r"
        2 ↻ attempted again
        2 ✓ practice.write two  TIME
        3 ✓ practice.write three  TIME
      4 · after
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
    insta::assert_snapshot!(test.journal(), @r"
    header
    attached run
    phase_entered Write
    started 1
    finished 1
    read 2
    phase_left Write
    raised
    verdict held
    attached retry
    retried 2
    started 2
    finished 2
    started 3
    finished 3
    phase_left Write
    read 4
    verdict done
    ");
}

#[test]
fn a_held_run_goes_back_on_request() {
    let test = failing().environment("on_failure = \"hold\"\n[grants]\nallow = [\"practice.*\"]\n");
    assert_eq!(test.run().status, 8);
    assert_eq!(test.world().len(), 2);
    insta::assert_snapshot!(told(&test.cutover(&["rollback", RUN])), @r"
    undoing, because a rollback was asked for
      2 ↶ undid practice.write two
      1 ↶ undid practice.write one
    --- 0
    undone after TIME: everything was undone, and the 2 things that were changed are as they were found; run first, journal head DIGEST; next: `cutover show first`
    ");
    assert_eq!(test.world(), [("one".to_owned(), "before".to_owned())]);
}

#[test]
fn a_playbook_that_goes_another_way_than_recorded_is_8_and_says_where() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");\nrun::approve(\"go on\");\npractice::write(\"two\", \"2\");");
    assert_eq!(test.run().status, 8);
    let stored = test.run_path().join("sources/playbook.rhai");
    let text = fs::read_to_string(&stored).expect("stored");
    let other = text.replace("\"1\"", "\"other\"");
    fs::write(&stored, &other).expect("written");
    // The copy and the journal agree, as when a newer cutover understands the same text in another way.
    test.rewrite_journal(|event| {
        if let Event::Header(header) = event {
            header.sources[0].digest = Digest::of(&other);
        }
    });
    insta::assert_snapshot!(told(&test.cutover(&["resume", RUN])), @r#"

    --- 8
    paused after TIME: the playbook went another way than recorded
      recorded:  step 1, {"verb":"practice.write","files":["one"],"text":"1"}
      attempted: {"verb":"practice.write","files":["one"],"text":"other"}
      at playbook:3:11; run first, journal head DIGEST; next: `cutover resume first --playbook FILE` or `cutover rollback first`
    "#);
    let adopted = [
        "resume",
        RUN,
        "--playbook",
        "playbook.rhai",
        "--approve",
        "practice",
    ];
    let resumed = test.cutover(&adopted);
    assert_eq!(resumed.status, 0, "{}", resumed.stderr);
}

#[test]
fn an_approval_without_a_terminal_is_8_then_approved_then_done() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");\nrun::approve(\"go \\u001b[31mon\");\npractice::write(\"two\", \"2\");");
    insta::assert_snapshot!(told(&test.run()), @r"
      1 ✓ practice.write one  TIME
      2 ? approval wanted: run first of `playbook` in `practice`; 2 steps done, 1 to undo on the way back; everything so far can be undone.
          The playbook says: > go [31mon
    --- 8
    paused after TIME: waiting for an approval: go [31mon; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
    insta::assert_snapshot!(told(&test.cutover(&["approve", RUN])), @r"
    run first of `playbook` in `practice`; 2 steps done, 1 to undo on the way back; everything so far can be undone.
    The playbook says: > go [31mon
    --- 0
    approved step 2; next: `cutover resume first`, if nobody waits there
    ");
    insta::assert_snapshot!(told(&test.cutover(&["resume", RUN])), @r"
      2 ? nobody had answered; it is asked again
      2 ? approval wanted: run first of `playbook` in `practice`; 2 steps done, 1 to undo on the way back; everything so far can be undone.
          The playbook says: > go [31mon
      2 ✓ approved by operator
      2 ✓ run.approve go [31mon  TIME
      3 ✓ practice.write two  TIME
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
    insta::assert_snapshot!(test.journal(), @r"
    header
    attached run
    started 1
    finished 1
    started 2
    approval_asked 2
    verdict paused
    attached resume
    settled 2 0 not_done
    approval_asked 2
    approved 2
    target_started 2 0
    finished 2
    started 3
    finished 3
    verdict done
    ");
}

#[test]
fn a_rejected_approval_puts_the_run_down() {
    let test = Test::new().steps("run::approve(\"go on\");\npractice::write(\"two\", \"2\");");
    assert_eq!(test.run().status, 8);
    assert_eq!(test.cutover(&["approve", RUN, "--reject"]).status, 0);
    insta::assert_snapshot!(told(&test.cutover(&["resume", RUN])), @r"
      1 ? nobody had answered; it is asked again
      1 ? approval wanted: run first of `playbook` in `practice`; 1 step done, 0 to undo on the way back; everything so far can be undone.
          The playbook says: > go on
    --- 8
    paused after TIME: operator did not approve: go on; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
}

#[test]
fn waiting_for_an_approval_ends_when_it_comes() {
    let test = Test::new().steps("run::approve(\"go on\");\npractice::write(\"two\", \"2\");");
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN, "--wait"]);
    test.wait_until(|records| {
        records
            .iter()
            .any(|record| matches!(record.event, Event::ApprovalAsked { .. }))
    });
    assert_eq!(test.cutover(&["approve", RUN]).status, 0);
    let finished = test.finish(running);
    assert_eq!(finished.status, 0, "{}", finished.stderr);
}

#[test]
fn a_grant_that_asks_waits_for_a_person() {
    let test = three().environment("[grants]\nask = [\"practice.write\"]\n");
    insta::assert_snapshot!(told(&test.run()), @r"
    needs of the playbook:
      practice.write  asked about
      1 ? approval wanted: run first of `playbook` in `practice`; 0 steps done, 0 to undo on the way back; everything so far can be undone.
          step 1: `practice.write` on one, which this environment grants only when asked
    --- 8
    paused after TIME: step 1 waits for an approval: step 1: `practice.write` on one, which this environment grants only when asked; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
    assert_eq!(test.world(), []);
    assert_eq!(test.cutover(&["approve", RUN]).status, 0);
    insta::assert_snapshot!(told(&test.cutover(&["resume", RUN])), @r"
      1 ? approval wanted: run first of `playbook` in `practice`; 0 steps done, 0 to undo on the way back; everything so far can be undone.
          step 1: `practice.write` on one, which this environment grants only when asked
      1 ✓ approved by operator
      1 ✓ practice.write one  TIME
      2 ? approval wanted: run first of `playbook` in `practice`; 1 step done, 1 to undo on the way back; everything so far can be undone.
          step 2: `practice.write` on two, three, which this environment grants only when asked
    --- 8
    paused after TIME: step 2 waits for an approval: step 2: `practice.write` on two, three, which this environment grants only when asked; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
    insta::assert_snapshot!(test.journal(), @r"
    header
    attached run
    approval_asked 1
    verdict paused
    attached resume
    approval_asked 1
    approved 1
    started 1
    finished 1
    approval_asked 2
    verdict paused
    ");
}

#[test]
fn one_interrupt_finishes_the_step_and_pauses_with_8() {
    let test = three();
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until_idle(&running, finished(2));
    running.signal(Signal::INT);
    insta::assert_snapshot!(told(&test.finish(running)), @r"
      1 ✓ practice.write one  TIME
          two
          three
      2 ✓ practice.write two, three  TIME
    SIGINT: finishing the current step, then putting the run down; once more to end it at once
      3 · clock.pause TIME
    --- 8
    paused after TIME: SIGINT was received; run first, journal head DIGEST; next: `cutover resume first` or `cutover rollback first`
    ");
    assert_eq!(test.cutover(&["resume", RUN]).status, 0);
    assert_eq!(test.world().len(), 4);
}

#[test]
fn two_interrupts_end_the_step_and_the_run_is_taken_back() {
    let test = Test::new()
        .steps("practice::write(\"one\", \"1\");\nrun::phase(\"Wait\", || clock::pause(\"60s\"));");
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until_idle(&running, finished(1));
    let begun = std::time::Instant::now();
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    let ended = test.finish(running);
    assert_eq!(ended.status, 8, "{}", ended.stderr);
    assert!(ended.stderr.contains("once more to end it at once"));
    assert!(begun.elapsed().as_secs() < 50, "the step was waited for");
    assert_eq!(test.cutover(&["rollback", RUN]).status, 0);
    assert_eq!(test.world(), []);
}

#[test]
fn an_interrupt_on_the_way_back_pauses_there() {
    let test = Test::new().steps(
        "practice::write(\"one\", \"1\");\nrun::on_rollback(\"slowly\", || clock::pause(\"500ms\"));\npractice::write(\"two\", \"2\");\nthrow \"not today\";",
    );
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until_idle(&running, |records| {
        records
            .iter()
            .any(|record| matches!(&record.event, Event::UndoStarted { step, .. } if step.0 == 2))
    });
    running.signal(Signal::INT);
    insta::assert_snapshot!(told(&test.finish(running)), @r#"
      1 ✓ practice.write one  TIME
      2 ✓ run.on_rollback slowly  TIME
      3 ✓ practice.write two  TIME
    playbook.raised

      × not today
       ╭─[playbook.rhai:6:1]
     5 │ practice::write("two", "2");
     6 │ throw "not today";
       · ──┬──
       ·   ╰── here
       ╰────
    undoing, because not today
      3 ↶ undid practice.write two
    SIGINT: finishing the current step, then putting the run down; once more to end it at once
      4 · clock.pause TIME
      2 ↶ undid by closure: slowly
    --- 8
    paused after TIME: not today; SIGINT was received; run first, journal head DIGEST; next: `cutover resume first` or `cutover rollback first`
    "#);
    insta::assert_snapshot!(told(&test.cutover(&["resume", RUN])), @r"
      1 ↶ undid practice.write one
    --- 5
    undone after TIME: everything was undone, and the 2 things that were changed are as they were found; run first, journal head DIGEST; next: `cutover show first`
    ");
    assert_eq!(test.world(), []);
}

#[test]
fn a_hangup_and_a_terminal_that_is_gone_do_not_stop_a_run() {
    let test = three();
    let terminal = Terminal::open();
    let mut setsid = terminal.command();
    setsid.args([CUTOVER, "run", "playbook.rhai", "--run-id", RUN]);
    setsid.current_dir(test.path(""));
    setsid
        .env("USER", "operator")
        .env("CUTOVER_ENVIRONMENT", "environment.toml");
    let mut child = setsid.spawn().expect("started");
    test.wait_until(finished(2));
    drop(setsid);
    drop(terminal);
    test.wait_until(|records| {
        records
            .iter()
            .any(|record| matches!(record.event, Event::Verdict { .. }))
    });
    let _ = child.wait();
    assert_eq!(test.world().len(), 4);
    assert_eq!(test.state().ending, Some(cutover::journal::Ending::Done));
}

#[test]
fn a_closed_output_does_not_stop_a_run() {
    for format in ["text", "ndjson"] {
        let test = three();
        let mut running = test.start(&["run", "playbook.rhai", "--run-id", RUN, "-o", format]);
        let child = running.0.as_mut().expect("running");
        drop((child.stdout.take(), child.stderr.take()));
        let status = child.wait().expect("waited for");
        running.0 = None;
        assert_eq!(
            (status.code(), test.world().len()),
            (Some(0), 4),
            "{format}"
        );
    }
}

#[test]
fn every_line_for_programs_is_json_and_progress_is_told_apart() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");\nclock::pause(\"1s\");");
    let finished = test.cutover(&["run", "playbook.rhai", "--run-id", RUN, "-o", "ndjson"]);
    let lines: Vec<serde_json::Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let (progress, records): (Vec<_>, Vec<_>) = lines
        .iter()
        .partition(|line| line.get("progress").is_some());
    assert_eq!(records.len(), test.records().len());
    assert!(
        records
            .iter()
            .all(|record| record["event"]["event"].is_string())
    );
    let [waiting] = progress.as_slice() else {
        panic!("one wait was to be told: {progress:?}");
    };
    let text = waiting["progress"]["text"].as_str().expect("a text");
    assert!(text.starts_with("waiting until "), "{text}");
    assert!(
        finished.stderr.starts_with("done after"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_run_is_not_taken_back_from_under_a_newer_one() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");");
    assert_eq!(test.run().status, 0);
    let second = ["run", "playbook.rhai", "--run-id", "a-later-one"];
    assert_eq!(test.cutover(&second).status, 0);
    let journal = fs::read(test.journal_path()).expect("a journal");
    insta::assert_snapshot!(told(&test.cutover(&["rollback", RUN])), @r"
    error: run a-later-one came after run first and stands; runs are taken back newest first
    help: take that back first, with `cutover rollback a-later-one`
    --- 4
    ");
    assert_eq!(fs::read(test.journal_path()).expect("a journal"), journal);
    assert_eq!(test.cutover(&["rollback", "a-later-one"]).status, 0);
    assert_eq!(test.cutover(&["rollback", RUN]).status, 0);
    assert_eq!(test.world(), []);
}

#[test]
fn what_nobody_caught_is_shown_with_its_line_then_and_later() {
    let test = Test::new()
        .module("tools", "fn prove() {\n    throw \"not today\";\n}")
        .steps("import \"tools\" as tools;\nrun::phase(\"Write\", || {\n    practice::write(\"one\", \"1\");\n    tools::prove();\n});");
    let run = test.run();
    insta::assert_snapshot!(told(&run), @r#"
    ▸ Write
        1 ✓ practice.write one  TIME
    playbook.raised

      × not today
       ╭─[tools.rhai:2:5]
     1 │ fn prove() {
     2 │     throw "not today";
       ·     ──┬──
       ·       ╰── in the phase `Write`
     3 │ }
       ╰────
      called from playbook:6:12
      called from playbook:4:6
    undoing, because not today
      1 ↶ undid practice.write one
    --- 5
    undone after TIME: not today; everything was undone, and the one thing that was changed is as it was found; run first, journal head DIGEST; next: `cutover show first`
    "#);
    let shown = test.cutover(&["show", RUN]);
    let excerpt = run.stderr.split("undoing").next().expect("a beginning");
    assert!(shown.stdout.contains(excerpt), "{}", shown.stdout);
}

#[test]
fn a_bug_in_cutover_is_1_and_the_run_goes_on_after_it() {
    let test = three();
    let broken = ["run", "playbook.rhai", "--run-id", RUN, "--crash", "bug:5"];
    let finished = test.cutover(&broken);
    let (place, rest) = finished.stderr.split_once(": a bug").expect("told");
    assert!(
        place.contains("bug: cutover 0.1.0 failed at src/cli/injection.rs:"),
        "{place}"
    );
    insta::assert_snapshot!(format!("{rest}\n--- {}\n{}", finished.status, finished.stdout), @r"
     was asked for at record 5: two, three
    help: please report this with the line above and the journal of run first; what was done is written down there
    help: `cutover why-down` says how production stands; go on with `cutover resume first` or back with `cutover rollback first`
    --- 1
    ");
    assert_eq!(test.cutover(&["journal", "verify", RUN]).status, 0);
    assert_eq!(test.cutover(&["resume", RUN]).status, 0);
    assert_eq!(test.world().len(), 4);
}

#[test]
fn what_a_killed_write_left_beside_its_file_is_taken_over() {
    let test = three().practice(".one.new", "hal");
    assert_eq!(test.run().status, 0);
    assert!(!test.path("store/practice/.one.new").exists());
    assert_eq!(test.world()[1], ("one".to_owned(), "1".to_owned()));
}

#[test]
fn what_is_undone_and_cannot_be_read_again_is_6() {
    let test = Test::new().steps("run::on_rollback(\"wait\", || clock::pause(\"2s\"));\npractice::write(\"one\", \"1\");\nthrow \"not today\";");
    let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until(|records| {
        records.iter().any(|record| match &record.event {
            Event::UndoStarted { step, .. } => step.0 == 1,
            _ => false,
        })
    });
    // It was removed; a directory in its place is neither what was found nor something that can be read.
    fs::create_dir(test.path("store/practice/one")).expect("made");
    let finished = test.finish(running);
    assert_eq!(finished.status, 6, "{}", finished.stderr);
    insta::assert_snapshot!(finished.stdout, @"undone, not all of it read again after TIME: not today; everything was undone; not read again: practice file `one`; run first, journal head DIGEST; next: `cutover show first`");
}

#[test]
fn two_runners_race_and_one_acts() {
    let test = three();
    let first = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_until(started(1));
    let second = test.cutover(&["run", "playbook.rhai", "--run-id", "second"]);
    insta::assert_snapshot!(told(&second), @r"
    error: another runner holds the environment `practice`: run first, process PID
    --- 12
    ");
    assert!(!test.path("store/runs/second").exists());
    assert_eq!(test.finish(first).status, 0);

    let test = three();
    let both: Vec<_> = ["a", "b"]
        .iter()
        .map(|run| test.start(&["run", "playbook.rhai", "--run-id", run]))
        .collect();
    let mut statuses: Vec<i32> = both
        .into_iter()
        .map(|running| test.finish(running).status)
        .collect();
    statuses.sort_unstable();
    // On a slow machine the second may begin when the first is over; both acting at once is what must not be.
    assert!(statuses == [0, 12] || statuses == [0, 0], "{statuses:?}");
}

#[test]
fn two_resumes_race_and_one_acts() {
    let test = Test::new().steps(
        "run::approve(\"go on\");\npractice::write(\"two\", \"2\");\nclock::pause(\"500ms\");",
    );
    assert_eq!(test.run().status, 8);
    let first = test.start(&["resume", RUN, "--approve", "practice"]);
    test.wait_until(started(2));
    assert_eq!(test.cutover(&["resume", RUN]).status, 12);
    assert_eq!(test.cutover(&["rollback", RUN]).status, 12);
    assert_eq!(test.cutover(&["abandon", RUN, "--reason", "no"]).status, 12);
    assert_eq!(test.finish(first).status, 0);
}

#[test]
fn an_unfinished_run_closes_the_environment_until_it_is_abandoned() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");\nrun::approve(\"go on\");");
    assert_eq!(test.run().status, 8);
    let other = &["run", "playbook.rhai", "--run-id", "second"];
    insta::assert_snapshot!(told(&test.cutover(other)), @r"
    error: run first in the environment `practice` is not finished: waiting for an approval: go on
    help: go on with `cutover resume first`, back with `cutover rollback first`, or give it up with `cutover abandon first --reason …`
    --- 12
    ");
    insta::assert_snapshot!(told(&test.cutover(&["abandon", RUN, "--reason", "we go by hand"])), @r"

    --- 0
    run first is given up; what it changed stays as it is, with 1 undo not done
    ");
    insta::assert_snapshot!(told(&test.cutover(&["resume", RUN])), @r"
    error: the run is over
    help: start a new one with `cutover run`
    --- 4
    ");
    assert_eq!(test.cutover(&["rollback", RUN]).status, 4);
    assert_eq!(test.cutover(other).status, 8);
}

#[test]
fn a_run_that_died_before_its_journal_was_made_leaves_the_environment_open() {
    let test = three();
    assert_eq!(test.cutover(&["runs"]).status, 0);
    fs::create_dir(test.path("store/runs/dead")).expect("made");
    assert_eq!(test.run().status, 0);
    assert_eq!(test.cutover(&["runs"]).status, 0);
}

#[test]
fn everything_is_closed_to_others_under_any_umask() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");\nrun::approve(\"go on\");");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "umask 0; exec \"$0\" \"$@\"", CUTOVER])
        .args([
            "run",
            "playbook.rhai",
            "--run-id",
            RUN,
            "-e",
            "environment.toml",
        ])
        .env_clear()
        .current_dir(test.path(""))
        .stdin(Stdio::null());
    let output = command.output().expect("started");
    assert_eq!(output.status.code(), Some(8));
    let mut open = Vec::new();
    let mut waiting = vec![test.path("store")];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let found = fs::metadata(&path).expect("there");
        let allowed = if found.is_dir() { 0o700 } else { 0o600 };
        let mode = found.permissions().mode() & 0o7777;
        if mode & !allowed != 0 {
            open.push(format!("{mode:o} {}", path.display()));
        }
        if found.is_dir() {
            let entries = fs::read_dir(&path).expect("listed");
            waiting.extend(entries.map(|entry| entry.expect("listed").path()));
        }
        seen += 1;
    }
    assert!(open.is_empty(), "{open:#?}");
    assert!(seen > 8);
}

#[test]
fn a_store_that_is_open_to_others_is_refused() {
    let test = three();
    fs::create_dir(test.path("store")).expect("made");
    fs::set_permissions(test.path("store"), fs::Permissions::from_mode(0o755)).expect("opened");
    insta::assert_snapshot!(told(&test.run()), @r"
    error: `DIRECTORY/store` is open to other users; it holds backups and must have mode 0700
    help: `chmod 700` it, or name another storage in the environment file
    --- 2
    ");
}
