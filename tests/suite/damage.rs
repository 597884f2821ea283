//! Journals that are torn or damaged: a torn tail is cut and gone on from, anything else stops with exit code 9 before a step.

use std::fs;

use cutover::journal::{Damage, verify};

use super::harness::{RUN, Test};

/// A run that waits for an approval, and its journal.
fn waiting() -> (Test, Vec<u8>) {
    let test = Test::new().steps("practice::write(\"one\", \"1\");\nrun::approve(\"go on\");\npractice::write(\"two\", \"2\");");
    assert_eq!(test.run().status, 8);
    let bytes = fs::read(test.journal_path()).expect("a journal");
    (test, bytes)
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// The exit codes of all that would go on with a run, with this journal; the journal is left as it was.
fn refusals(test: &Test, damaged: &[u8]) -> Vec<i32> {
    fs::write(test.journal_path(), damaged).expect("written");
    let verbs: [&[&str]; 5] = [
        &["resume", RUN],
        &["rollback", RUN],
        &["show", RUN],
        &["journal", "verify", RUN],
        &["run", "playbook.rhai", "--run-id", "other"],
    ];
    let statuses = verbs.map(|arguments| test.cutover(arguments).status);
    assert_eq!(fs::read(test.journal_path()).expect("there"), damaged);
    assert_eq!(test.world().len(), 1, "a step was done");
    statuses.to_vec()
}

#[test]
fn every_truncation_of_the_last_records_is_cut_and_gone_on_from() {
    let (test, bytes) = waiting();
    let whole = lines(&bytes);
    let start = bytes.len() - whole[whole.len() - 3..].concat().len();
    let mut tried = 0;
    for length in start..=bytes.len() {
        let chain = verify(&bytes[..length]).expect("torn, not damaged");
        assert_eq!(chain.intact + chain.torn, length as u64);
        tried += 1;
        // Through the program for a sample: around each record's end, and now and then between.
        let near = whole.iter().scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        let sampled = length % 97 == 0
            || near
                .into_iter()
                .any(|end| length + 1 >= end && length <= end + 1);
        if !sampled {
            continue;
        }
        fs::write(test.journal_path(), &bytes[..length]).expect("written");
        let finished = test.cutover(&["resume", RUN]);
        assert_eq!(finished.status, 8, "at {length}: {}", finished.stderr);
        let told = finished.stderr.contains("were cut from the journal");
        assert_eq!(told, chain.torn > 0, "at {length}: {}", finished.stderr);
    }
    println!("{tried} truncations read, a sample of them resumed");
    fs::write(test.journal_path(), &bytes).expect("written");
    assert_eq!(
        test.cutover(&["resume", RUN, "--approve", "practice"])
            .status,
        0
    );
}

#[test]
fn every_flipped_bit_of_two_records_is_found() {
    let (test, bytes) = waiting();
    let whole = lines(&bytes);
    let ends: Vec<usize> = whole
        .iter()
        .scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        })
        .collect();
    let mut tried = 0;
    for record in [0, whole.len() - 2] {
        let begin = ends[record] - whole[record].len();
        for position in begin..ends[record] {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[position] ^= 1 << bit;
                assert!(verify(&damaged).is_err(), "byte {position} bit {bit}");
                tried += 1;
            }
        }
    }
    println!("{tried} flipped bits, all found");
    let mut damaged = bytes.clone();
    damaged[ends[2] + 40] ^= 1;
    assert_eq!(refusals(&test, &damaged), [9, 9, 9, 9, 12]);
    insta::assert_snapshot!(test.cutover(&["resume", RUN]).stderr, @r"
    error: the journal `DIRECTORY/store/runs/first/journal.ndjson` is damaged at line 4: the line was changed after it was written
    help: nothing was done, and how production stands is not known from here: look at the nodes; keep the file, and go on by hand from what `cutover show` tells
    ");
    insta::assert_snapshot!(test.cutover(&["runs"]).stdout, @"first                      the journal `DIRECTORY/store/runs/first/journal.ndjson` is damaged at line 4: the line was changed after it was written");
}

#[test]
fn a_record_doubled_swapped_or_lost_is_found() {
    let (test, bytes) = waiting();
    let whole = lines(&bytes);
    let mut doubled = whole.clone();
    doubled.insert(4, whole[4]);
    let mut swapped = whole.clone();
    swapped.swap(4, 5);
    let mut lost = whole.clone();
    lost.remove(4);
    for damaged in [doubled.concat(), swapped.concat(), lost.concat()] {
        assert_eq!(
            verify(&damaged)
                .map(|chain| chain.records.len())
                .map_err(|(_, damage)| damage),
            Err(Damage::OutOfOrder)
        );
        assert_eq!(refusals(&test, &damaged), [9, 9, 9, 9, 12]);
    }
}

#[test]
fn a_record_of_a_later_format_is_told_as_such() {
    let (test, _) = waiting();
    let line = "{\"v\":2,\"seq\":1,\"at\":\"2026-01-01T00:00:00Z\"";
    let digest = cutover::journal::Digest::of(line);
    let text = format!("{line},\"hash\":\"{digest}\"}}\n");
    fs::write(test.journal_path(), text).expect("written");
    let finished = test.cutover(&["resume", RUN]);
    assert_eq!(finished.status, 9);
    insta::assert_snapshot!(finished.stderr, @r"
    error: the journal `DIRECTORY/store/runs/first/journal.ndjson` is damaged at line 1: the line is of a format that this version of cutover does not know: version 2
    help: nothing was done, and how production stands is not known from here: look at the nodes; keep the file, and go on by hand from what `cutover show` tells
    ");
}

#[test]
fn a_journal_that_cannot_be_written_stops_the_run_with_9() {
    // A limit on the size of files stands in for a full disk: the write fails in the middle of a record.
    let test =
        Test::new().steps("for number in range(0, 200) { practice::write(\"one\", `${number}`); }");
    let mut command = std::process::Command::new("sh");
    let line = "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\"";
    command
        .args(["-c", line, super::harness::CUTOVER])
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
        .stdin(std::process::Stdio::null());
    let output = command.output().expect("started");
    let stderr = test.normalised(&String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(9), "{stderr}");
    let last = stderr.lines().last().expect("told").to_owned();
    insta::assert_snapshot!(last, @"error: cannot append to `DIRECTORY/store/runs/first/journal.ndjson`: File too large (os error 27)");
    let back = test.cutover(&["rollback", RUN]);
    assert_eq!(back.status, 0, "{}", back.stderr);
    assert_eq!(test.world(), []);
}
