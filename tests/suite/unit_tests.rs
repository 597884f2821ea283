//! Unit tests of playbooks: those that ship pass and reach everything, and those that fail say where.

use std::path::Path;
use std::process::Command;

use crate::simulated::{ended, fixture};

fn test(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    command
        .env_clear()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("test")
        .args(arguments);
    ended(&command.output().expect("cutover runs"))
}

#[test]
fn the_shipped_tests_pass_and_reach_every_step() {
    let (code, told, error) = test(&["playbooks"]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{told}");
    let (_, end) = told.split_once("\n\n").expect("a summary");
    assert!(end.contains(" 0 failed\n"), "{end}");
    let unreached: Vec<&str> = end
        .lines()
        .filter(|line| line.ends_with("is reached by no test"))
        .collect();
    // Nothing of `hello` fails behind its last statement, so its closure for the way back never runs.
    assert_eq!(
        unreached,
        ["  hello.rhai:20: run.note is reached by no test"]
    );
}

#[test]
fn the_tests_of_a_shipped_playbook_are_found_by_its_name() {
    let (code, told, _) = test(&["hello"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.starts_with("hello_test\n  ok     test_a_file"),
        "{told}"
    );
}

#[test]
fn a_test_that_fails_says_where() {
    let path = fixture("tested/failing_test.rhai");
    let (code, told, error) = test(&[path.to_str().expect("text")]);
    assert_eq!((code, error.as_str()), (Some(4), ""));
    let told = told.replace(path.to_str().expect("text"), "FILE");
    insta::assert_snapshot!(told, @r#"
    FILE
      FAILED test_a_trouble_that_never_comes
    test.missed

      × step 1 of `kong.stop` was to fail, and its call never came
        ╭─[failing_test.rhai:14:11]
     13 │     test::fails("kong.stop");
     14 │     test::run("hello", #{});
        ·           ┬
        ·           ╰── here
     15 │ }
        ╰────
      help: the run takes no such step, or ends before it
      FAILED test_a_verb_that_is_none
    test.verb

      × there is no step `practice.wirte`
        ╭─[failing_test.rhai:18:11]
     17 │ fn test_a_verb_that_is_none() {
     18 │     test::fails("practice.wirte");
        ·           ┬
        ·           ╰── here
     19 │ }
        ╰────
      help: did you mean `practice.write`?
      FAILED test_another_ending
    test.equal

      × found "undone", and "done" is right
       ╭─[failing_test.rhai:4:11]
     3 │ fn compare(found) {
     4 │     test::equal(found, "done");
       ·           ┬
       ·           ╰── here
     5 │ }
       ╰────
       called in failing_test.rhai:9
      ok     test_one_that_holds

    test: 4 tests, 1 passed, 3 failed
    reached: 4 of 5 steps, 1 of 3 undos undone
      hello.rhai:17: practice.write is undone by no test
      hello.rhai:20: run.note is reached by no test
      hello.rhai:20: run.on_rollback is undone by no test
    "#);
}

#[test]
fn a_file_of_tests_that_does_not_pass_its_check_is_rejected() {
    let directory = tempfile::tempdir().expect("a directory");
    for (text, code) in [
        ("fn test_a() { kong::stop(1); }", "unknown-module"),
        ("fn test_a() { test::equl(1, 1); }", "unknown-function"),
        ("fn test_a(x) { }", "test-arguments"),
        ("fn helper() { }", "no-tests"),
        ("fn test_a() {", "syntax"),
    ] {
        let path = directory.path().join("x_test.rhai");
        std::fs::write(&path, text).expect("written");
        let (status, _, error) = test(&[directory.path().to_str().expect("text")]);
        assert_eq!(status, Some(3), "{text}: {error}");
        assert!(error.starts_with(code), "{text}: {error}");
    }
}

#[test]
fn a_playbook_has_no_words_of_tests() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sly.rhai");
    let text = "const PLAYBOOK = #{ api: 1, params: #{}, needs: [] };\ntest::equal(1, 1);\n";
    std::fs::write(&path, text).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    let (code, _, error) = ended(&command.arg("check").arg(&path).output().expect("runs"));
    assert_eq!(code, Some(3));
    assert!(error.contains("there is no module `test`"), "{error}");
}

/// A folder as people have it: a playbook, a module beside it, and its tests in `tests`, with a world in a file.
fn folder(directory: &Path) {
    let write = |name: &str, text: &str| {
        std::fs::write(directory.join(name), text).expect("written");
    };
    std::fs::create_dir(directory.join("tests")).expect("made");
    write(
        "ours.rhai",
        "const PLAYBOOK = #{ api: 1, params: #{}, needs: [\"practice.write\"] };\nimport \"words\" as words;\npractice::write(\"a\", words::greeting());\nif false { run::note(\"never\"); }\n",
    );
    write(
        "words.rhai",
        "fn greeting() { run::note(\"asked\"); \"hello\" }\n",
    );
    std::fs::copy(
        fixture("simulated/world.json"),
        directory.join("tests/world.json"),
    )
    .expect("copied");
    write(
        "tests/ours_test.rhai",
        "fn test_ours() {\n    test::world_file(\"world.json\");\n    let run = test::run(\"ours\", #{});\n    test::equal([run.ending, run.messages], [\"done\", [\"asked\"]]);\n    test::equal(run.world.databases.other.writes, 0);\n}\nfn test_out() {\n    let refused = false;\n    try { test::world_file(\"../ours.rhai\"); } catch { refused = true; }\n    test::that(refused, \"nothing outside is read\");\n}\n",
    );
}

#[test]
fn a_folder_of_ones_own_is_tested_and_told_what_is_missing() {
    let directory = tempfile::tempdir().expect("a directory");
    folder(directory.path());
    let (code, told, error) = test(&[directory.path().to_str().expect("text")]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{told}");
    let (_, end) = told.split_once("\n\n").expect("a summary");
    insta::assert_snapshot!(end, @r"
    test: 2 tests, 2 passed, 0 failed
    reached: 2 of 3 steps, 0 of 1 undo undone
      ours.rhai:3: practice.write is undone by no test
      ours.rhai:4: run.note is reached by no test
    ");
}

#[test]
fn build_servers_get_a_report() {
    let path = fixture("tested/failing_test.rhai");
    let (code, told, _) = test(&[path.to_str().expect("text"), "--output", "junit"]);
    assert_eq!(code, Some(4));
    assert!(
        told.contains("tests=\"4\" skipped=\"0\" failures=\"3\""),
        "{told}"
    );
    assert!(
        told.contains("failing_test.rhai:4: found &quot;undone&quot;"),
        "{told}"
    );
}
