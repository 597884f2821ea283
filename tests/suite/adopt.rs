//! Going on with an edited playbook, and never with copies that somebody changed behind the run's back.

use std::fs;

use cutover::journal::Event;

use super::harness::{RUN, Test, files, told, with_header};

/// A playbook with a module that waits for an approval after its first file.
const WAITING: &str = "import \"words\" as words;
practice::write(\"one\", words::first());
run::approve(\"go on\");
practice::write(\"two\", words::second());";

fn waiting() -> Test {
    let test = Test::new()
        .environment("[grants]\nallow = [\"practice.*\"]\ndeny = [\"traffic.*\"]\n")
        .module("words", "fn first() { \"1\" }\nfn second() { \"2\" }")
        .steps(WAITING);
    assert_eq!(test.run().status, 8);
    test
}

const RESUME: [&str; 6] = [
    "resume",
    RUN,
    "--approve",
    "practice",
    "--playbook",
    "playbook.rhai",
];

#[test]
fn an_edited_playbook_is_adopted_and_the_journal_says_so() {
    let test = waiting();
    fs::write(
        test.path("words.rhai"),
        "fn first() { \"1\" }\nfn second() { \"edited\" }",
    )
    .expect("written");
    fs::write(test.path("late.rhai"), "fn third() { \"3\" }").expect("written");
    let edited = format!("{WAITING}\npractice::write(\"three\", late::third());");
    let edited = with_header(&format!("import \"late\" as late;\n{edited}"));
    let renamed = test.path("edited.rhai");
    fs::write(&renamed, edited).expect("written");
    let resumed = test.cutover(&[
        "resume",
        RUN,
        "--approve",
        "practice",
        "--playbook",
        "edited.rhai",
    ]);
    insta::assert_snapshot!(told(&resumed), @r"
    operator adopted an edited playbook: `edited` new, `late` new, `playbook` left out, `words` changed
      2 ? nobody had answered; it is asked again
      2 ? approval wanted: run first of `edited` in `practice`; 2 steps done, 1 to undo on the way back; everything so far can be undone.
          The playbook says: > go on
      2 ✓ approved by operator
      2 ✓ run.approve go on  TIME
      3 ✓ practice.write two  TIME
      4 ✓ practice.write three  TIME
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
    let world = [("one", "1"), ("three", "3"), ("two", "edited")];
    assert_eq!(
        test.world(),
        world.map(|(name, text)| (name.to_owned(), text.to_owned()))
    );
    // What the run went by before is kept, and what it goes by now is what a way back would use.
    let names = |folder: &str| -> Vec<String> {
        let files = files(&test.run_path().join(folder));
        files.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names("sources"), ["playbook.rhai", "words.rhai"]);
    assert_eq!(
        names("sources-2"),
        ["edited.rhai", "late.rhai", "words.rhai"]
    );
    let records = test.records();
    let adoption = records.iter().find_map(|record| match &record.event {
        Event::PlaybookAdopted(adoption) => Some(adoption),
        _ => None,
    });
    let adoption = adoption.expect("it is recorded");
    assert_eq!((adoption.replaced.len(), adoption.sources.len()), (2, 3));
    assert_ne!(adoption.replaced[1].digest, adoption.sources[2].digest);
    assert_eq!(test.cutover(&["rollback", RUN]).status, 0);
    assert_eq!(test.world(), []);
}

#[test]
fn an_edited_past_is_refused_with_the_first_difference_and_nothing_changes() {
    let test = waiting();
    let before = fs::read(test.journal_path()).expect("a journal");
    let edits = [
        // Another text in a recorded step, in the playbook and in its module.
        with_header(&WAITING.replace("words::first()", "\"other\"")),
        // A step less, a step more, an end before the recorded one, a failure before it.
        with_header(&WAITING.replace("practice::write(\"one\", words::first());\n", "")),
        with_header(&WAITING.replace("run::approve", "run::note(\"more\");\nrun::approve")),
        with_header("practice::write(\"one\", \"1\");"),
        with_header("practice::write(\"one\", \"1\");\nthrow \"not today\";"),
        // An approval that asks for something else: it is not given yet, and recorded all the same.
        with_header(&WAITING.replace("go on", "go elsewhere")),
    ];
    let told = edits.map(|edited| {
        fs::write(test.path("playbook.rhai"), edited).expect("written");
        let resumed = test.cutover(&RESUME);
        assert_eq!(fs::read(test.journal_path()).expect("a journal"), before);
        assert!(!test.run_path().join("sources-2").exists());
        format!("{}{}", resumed.status, resumed.stderr)
    });
    insta::assert_snapshot!(told.join("\n"), @r#"
    4error: the playbook went another way than recorded
      recorded:  step 1, {"verb":"practice.write","files":["one"],"text":"1"}
      attempted: {"verb":"practice.write","files":["one"],"text":"other"}
      at playbook:4:11
    help: nothing was changed; what is recorded cannot be edited any more, only what comes after it
    4error: the playbook went another way than recorded
      recorded:  step 1, {"verb":"practice.write","files":["one"],"text":"1"}
      attempted: {"verb":"run.approve","what":"go on"}
      at playbook:4:6
    help: nothing was changed; what is recorded cannot be edited any more, only what comes after it
    4error: the playbook went another way than recorded
      recorded:  step 2, {"verb":"run.approve","what":"go on"}
      attempted: {"verb":"run.note","text":"more"}
      at playbook:5:6
    help: nothing was changed; what is recorded cannot be edited any more, only what comes after it
    4error: the playbook went another way than recorded
      recorded:  step 2, {"verb":"run.approve","what":"go on"}
      attempted: the end of the playbook
    help: nothing was changed; what is recorded cannot be edited any more, only what comes after it
    4error: the playbook went another way than recorded
      recorded:  step 2, {"verb":"run.approve","what":"go on"}
      attempted: raising `not today`
    help: nothing was changed; what is recorded cannot be edited any more, only what comes after it
    4error: the playbook went another way than recorded
      recorded:  step 2, {"verb":"run.approve","what":"go on"}
      attempted: {"verb":"run.approve","what":"go elsewhere"}
      at playbook:5:6
    help: nothing was changed; what is recorded cannot be edited any more, only what comes after it
    "#);
}

#[test]
fn an_edited_playbook_is_checked_like_a_new_one() {
    let test = waiting();
    let status = |text: &str| {
        fs::write(test.path("playbook.rhai"), text).expect("written");
        test.cutover(&RESUME)
    };
    assert_eq!(
        status(&with_header(&format!("{WAITING}\nnosuch();"))).status,
        3
    );
    let denied = status(&needs_more(&format!(
        "{WAITING}\ntraffic::drain(\"kong-1\");"
    )));
    assert_eq!(denied.status, 4, "{}", denied.stderr);
    let parameter = |preset: &str| {
        let header = format!(
            "const PLAYBOOK = #{{ api: 1, params: #{{ word: #{{ type: \"text\", help: \"a word\"{preset} }} }}, needs: [\"practice.*\"] }};"
        );
        format!("{header}\n\n{WAITING}\npractice::write(\"three\", params.word);")
    };
    let missing = status(&parameter(""));
    insta::assert_snapshot!(told(&missing), @r"
    error: the parameter `word` is missing: a word
    help: a run keeps the values that it has: give a new parameter a preset
    --- 2
    ");
    let with_preset = status(&parameter(", preset: \"preset\""));
    assert_eq!(with_preset.status, 0, "{}", with_preset.stderr);
    assert_eq!(
        fs::read_to_string(test.path("store/practice/three")).expect("written"),
        "preset"
    );
}

fn needs_more(body: &str) -> String {
    with_header(body).replace("\"practice.*\"", "\"practice.*\", \"traffic.drain\"")
}

#[test]
fn a_held_run_goes_on_past_its_failure_with_an_edited_playbook() {
    let body = "run::phase(\"Write\", || {\n    practice::write(\"one\", \"1\");\n    practice::write(\"../out\", \"2\");\n    practice::write(\"three\", \"3\");\n});";
    let test = Test::new()
        .environment("on_failure = \"hold\"\n[grants]\nallow = [\"practice.*\"]\n")
        .steps(body);
    assert_eq!(test.run().status, 8);
    let caught = body.replace(
        "practice::write(\"../out\", \"2\");",
        "try { practice::write(\"../out\", \"2\"); } catch (failure) { run::note(failure.code); }",
    );
    fs::write(test.path("playbook.rhai"), with_header(&caught)).expect("written");
    insta::assert_snapshot!(told(&test.cutover(&RESUME)), @r"
      operator adopted an edited playbook: `playbook` changed
        3 · practice.name
        4 ✓ practice.write three  TIME
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
}

#[test]
fn an_approval_for_the_text_before_is_asked_again() {
    let test = waiting();
    // It was approved and stopped behind the approval: the edited text has to be approved for itself.
    let paused = format!("{WAITING}\nrun::approve(\"and on\");");
    fs::write(test.path("playbook.rhai"), with_header(&paused)).expect("written");
    assert_eq!(test.cutover(&["approve", RUN]).status, 0);
    let resumed = test.cutover(&["resume", RUN, "--playbook", "playbook.rhai"]);
    assert_eq!(resumed.status, 8, "{}", resumed.stderr);
    assert_eq!(test.cutover(&RESUME).status, 0);
    let given = test
        .state()
        .approvals
        .into_values()
        .map(|approval| approval.lapsed);
    assert_eq!(given.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn copies_that_were_changed_behind_the_run_are_refused_by_name() {
    let test = waiting();
    let changes = [
        ("sources/playbook.rhai", "two"),
        ("sources/words.rhai", "2"),
        ("environment.json", "practice"),
    ];
    let told = changes.map(|(name, word)| {
        let file = test.run_path().join(name);
        let text = fs::read_to_string(&file).expect("stored");
        fs::write(&file, text.replacen(word, "other", 1)).expect("written");
        let told = ["resume", "rollback"].map(|verb| told(&test.cutover(&[verb, RUN])));
        fs::write(&file, text).expect("written");
        told.join("\n")
    });
    insta::assert_snapshot!(told.join("\n"), @r"
    error: the run's copy `DIRECTORY/store/runs/first/sources/playbook.rhai` was changed after it was stored
    help: put it back as it was, or adopt what the run is to go by with `cutover resume RUN --playbook FILE`
    --- 4

    error: the run's copy `DIRECTORY/store/runs/first/sources/playbook.rhai` was changed after it was stored
    help: put it back as it was, or adopt what the run is to go by with `cutover resume RUN --playbook FILE`
    --- 4

    error: the run's copy `DIRECTORY/store/runs/first/sources/words.rhai` was changed after it was stored
    help: put it back as it was, or adopt what the run is to go by with `cutover resume RUN --playbook FILE`
    --- 4

    error: the run's copy `DIRECTORY/store/runs/first/sources/words.rhai` was changed after it was stored
    help: put it back as it was, or adopt what the run is to go by with `cutover resume RUN --playbook FILE`
    --- 4

    error: the run's copy `DIRECTORY/store/runs/first/environment.json` was changed after it was stored
    help: put it back as it was: a run stays in the environment that it began in
    --- 4

    error: the run's copy `DIRECTORY/store/runs/first/environment.json` was changed after it was stored
    help: put it back as it was: a run stays in the environment that it began in
    --- 4
    ");
    fs::remove_file(test.run_path().join("sources/words.rhai")).expect("removed");
    let gone = test.cutover(&["resume", RUN]);
    assert_eq!(gone.status, 4);
    assert!(
        gone.stderr.contains("sources/words.rhai` is gone"),
        "{}",
        gone.stderr
    );
    // The remedy that was named.
    assert_eq!(test.cutover(&RESUME).status, 0);
}

#[test]
fn nothing_in_a_changed_environment_is_used_before_it_is_refused() {
    let test = Test::new()
        .environment(
            "[grants]\nallow = [\"practice.*\"]\n[databases.blue]\nhost = \"127.0.0.1\"\nport = 1\ndatabase = \"kong\"\nuser = \"kong\"\npassword = { command = [\"touch\", \"honest\"] }\n",
        )
        .steps(WAITING)
        .module("words", "fn first() { \"1\" }\nfn second() { \"2\" }");
    assert_eq!(test.run().status, 8);
    let file = test.run_path().join("environment.json");
    let text = fs::read_to_string(&file).expect("stored");
    let trap = test.path("trap");
    fs::write(&file, text.replace("honest", &trap.to_string_lossy())).expect("written");
    for verb in ["resume", "rollback"] {
        let refused = test.cutover(&[verb, RUN]);
        assert_eq!(refused.status, 4, "{}", refused.stderr);
        assert!(!trap.exists(), "`{verb}` ran a command of the changed copy");
    }
    let given_up = test.cutover(&[
        "abandon",
        RUN,
        "--reason",
        "its copies are not to be trusted",
    ]);
    assert_eq!(given_up.status, 0, "{}", given_up.stderr);
    assert!(!trap.exists());
}

#[test]
fn parameters_that_were_changed_behind_the_run_are_damage() {
    let test = Test::new()
        .playbook("const PLAYBOOK = #{ api: 1, params: #{ word: #{ type: \"text\", help: \"a word\" } }, needs: [\"practice.*\"] };\npractice::write(\"one\", params.word);\nrun::approve(\"go on\");");
    let run = test.cutover(&["run", "playbook.rhai", "word=before", "--run-id", RUN]);
    assert_eq!(run.status, 8, "{}", run.stderr);
    let text = fs::read_to_string(test.journal_path()).expect("a journal");
    fs::write(
        test.journal_path(),
        text.replacen("\"word\":\"before\"", "\"word\":\"others\"", 1),
    )
    .expect("written");
    let resumed = test.cutover(&["resume", RUN]);
    assert_eq!(resumed.status, 9, "{}", resumed.stderr);
}
