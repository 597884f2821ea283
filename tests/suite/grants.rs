//! What a playbook may do: decided before it runs, held at the gate with what each step is really about.

use cutover::journal::Event;

use super::harness::{Finished, Test, told};

/// A run of `body` with these grants, after a first step that is granted and taken back.
fn run(grants: &str, needs: &str, body: &str) -> (Test, Finished) {
    let test = Test::new().environment(grants).playbook(&format!(
        "const PLAYBOOK = #{{ api: 1, needs: [{needs}] }};\n\n{body}"
    ));
    let finished = test.run();
    (test, finished)
}

#[test]
fn a_grant_can_be_about_one_thing_alone() {
    let (test, finished) = run(
        "[grants]\nprotected = true\nallow = [\"practice.write:one\", \"practice.write:notes-*\"]\n",
        "\"practice.write\"",
        "practice::write(\"one\", \"1\");\npractice::write(\"notes-a\", \"2\");\npractice::write(\"two\", \"3\");",
    );
    insta::assert_snapshot!(told(&finished), @r#"
    needs of the playbook:
      practice.write  depends on what it is about: one, notes-*
      1 ✓ practice.write one  TIME
      2 ✓ practice.write notes-a  TIME
    undoing, because step 3, `practice.write`, is not granted on two: `"practice.write:two"` under `[grants] allow`, or `--grant` for one run, would grant it
      2 ↶ undid practice.write notes-a
      1 ↶ undid practice.write one
    --- 5
    undone after TIME: step 3, `practice.write`, is not granted on two: `"practice.write:two"` under `[grants] allow`, or `--grant` for one run, would grant it; everything was undone, and the 2 things that were changed are as they were found; run first, journal head DIGEST; next: `cutover show first`
    "#);
    assert_eq!(test.world(), []);
}

#[test]
fn a_playbook_is_held_to_what_it_declares() {
    let (test, finished) = run(
        "[grants]\nallow = [\"*\"]\n",
        "\"practice.write:one\"",
        "practice::write(\"one\", \"1\");\npractice::write(\"two\", \"2\");",
    );
    insta::assert_snapshot!(told(&finished), @r#"
      1 ✓ practice.write one  TIME
    undoing, because step 2, `practice.write`, is not granted on two: the playbook does not declare it; `"practice.write:two"` among its needs would
      1 ↶ undid practice.write one
    --- 5
    undone after TIME: step 2, `practice.write`, is not granted on two: the playbook does not declare it; `"practice.write:two"` among its needs would; everything was undone, and the one thing that was changed is as it was found; run first, journal head DIGEST; next: `cutover show first`
    "#);
    assert_eq!(test.world(), []);
}

#[test]
fn what_is_denied_about_one_thing_stays_denied_however_open_the_rest_is() {
    let (_, finished) = run(
        "[grants]\nallow = [\"practice.*\"]\ndeny = [\"practice.*:secret*\"]\n",
        "\"practice.*\"",
        "practice::write(\"secret-plan\", \"1\");",
    );
    insta::assert_snapshot!(told(&finished), @r"
    needs of the playbook:
      practice.write  depends on what it is about: secret*
    --- 4
    refused after TIME: step 1, `practice.write`, is not granted on secret-plan: `practice.*:secret*` under `[grants] deny` denies it; run first, journal head DIGEST; next: `cutover show first`
    ");
}

#[test]
fn a_grant_can_be_counted() {
    let (test, finished) = run(
        "[grants]\nprotected = true\nallow = [{ need = \"practice.write\", at_most = 2 }]\n",
        "\"practice.write\"",
        "for name in [\"one\", \"two\", \"three\"] { practice::write(name, \"1\"); }",
    );
    insta::assert_snapshot!(told(&finished), @r"
      1 ✓ practice.write one  TIME
      2 ✓ practice.write two  TIME
    undoing, because step 3, `practice.write`, is not granted on three: `practice.write, at most 2`, and that is used up
      2 ↶ undid practice.write two
      1 ↶ undid practice.write one
    --- 5
    undone after TIME: step 3, `practice.write`, is not granted on three: `practice.write, at most 2`, and that is used up; everything was undone, and the 2 things that were changed are as they were found; run first, journal head DIGEST; next: `cutover show first`
    ");
    assert_eq!(test.world(), []);
}

#[test]
fn something_can_be_granted_for_one_run_and_is_remembered_by_it() {
    let test = Test::new()
        .environment("[grants]\nprotected = true\n")
        .playbook("const PLAYBOOK = #{ api: 1, needs: [\"practice.write\"] };\n\npractice::write(\"one\", \"1\");\nrun::approve(\"go on\");\npractice::write(\"two\", \"2\");");
    assert_eq!(test.run().status, 4);
    let granted = test.cutover(&[
        "run",
        "playbook.rhai",
        "--run-id",
        "first",
        "--grant",
        "practice.write",
    ]);
    assert_eq!(granted.status, 8, "{}", granted.stderr);
    assert_eq!(test.cutover(&["approve", "first"]).status, 0);
    assert_eq!(test.cutover(&["resume", "first"]).status, 0);
    assert_eq!(test.world().len(), 2);
    // What the environment denies stays denied.
    let test = Test::new()
        .environment("[grants]\ndeny = [\"practice.write\"]\n")
        .steps("practice::write(\"one\", \"1\");");
    let refused = test.cutover(&["run", "playbook.rhai", "--grant", "practice.write"]);
    assert_eq!(refused.status, 4, "{}", refused.stderr);
    let wrong = test.cutover(&["run", "playbook.rhai", "--grant", "Practice write"]);
    insta::assert_snapshot!(told(&wrong), @r"
    error: invalid value 'Practice write' for '--grant <NEED>': `Practice write` is no need: it begins with a verb such as `kong.stop`, or a glob such as `kong.*`

    For more information, try '--help'.
    --- 2
    ");
}

#[test]
fn the_needs_are_shown_as_a_table_before_anything_runs() {
    let test = Test::new()
        .environment("[grants]\nprotected = true\nallow = [\"practice.write\", \"kong.stop:blue\"]\nask = [\"practice.remove\"]\n")
        .playbook("const PLAYBOOK = #{ api: 1, needs: [\"practice.*\", \"http.check:https://kong.internal:8443/*\"] };\n\npractice::write(\"one\", \"1\");\npractice::remove(\"one\");\nhttp::check(\"https://kong.internal:8443\", \"/x\", #{ status: 200 });");
    insta::assert_snapshot!(told(&test.cutover(&["check", "playbook.rhai", "--needs"])), @r"

    --- 0
    `playbook` is sound: 0 modules, needs http.check, practice.remove, practice.write
    needs of the playbook:
      http.check:https://kong.internal:8443/*  denied
      practice.remove                          asked about
      practice.write                           granted
    ");
    insta::assert_snapshot!(told(&test.run()), @r"
    error: the playbook needs `http.check:https://kong.internal:8443/*`, which `practice` does not grant
    help: a person who may decides adds them under `[grants] allow` or `ask` in the environment file, or gives them to one run with `--grant`; `cutover check --needs` shows all of them
    --- 4
    ");
}

#[test]
fn a_grant_that_cannot_be_read_is_told_with_its_place() {
    for (grant, _) in [("kong stop", ""), ("kong.*.stop", "")] {
        let test = Test::new()
            .environment(&format!("[grants]\nallow = [\"{grant}\"]\n"))
            .steps("practice::write(\"one\", \"1\");");
        let finished = test.run();
        assert_eq!(finished.status, 2);
        assert!(
            finished.stderr.contains("environment.toml:3:"),
            "{}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains("is no need"),
            "{}",
            finished.stderr
        );
    }
    let test = Test::new()
        .environment("[grants]\ndeny = [\"practice.wirte\"]\n")
        .steps("practice::write(\"one\", \"1\");");
    insta::assert_snapshot!(told(&test.run()), @r"
    error: environment.toml: `practice.wirte` under `[grants] deny` means no verb
    help: `cutover api` lists them
    --- 2
    ");
}

#[test]
fn an_environment_can_want_an_approval_whatever_the_playbook_says() {
    let test = Test::new()
        .environment("[grants]\nallow = [\"practice.*\"]\n[gates]\nbefore = [\"practice.write:two\"]\ndistinct_approver = true\n")
        .steps("practice::write(\"one\", \"1\");\npractice::write(\"two\", \"2\");");
    insta::assert_snapshot!(told(&test.run()), @r"
      1 ✓ practice.write one  TIME
      2 ? approval wanted: run first of `playbook` in `practice`; 1 step done, 1 to undo on the way back; everything so far can be undone.
          step 2: `practice.write` on two, before which this environment wants an approval
    --- 8
    paused after TIME: step 2 waits for an approval: step 2: `practice.write` on two, before which this environment wants an approval; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
    // Whoever started it does not approve it.
    assert_eq!(test.cutover(&["approve", "first"]).status, 0);
    insta::assert_snapshot!(told(&test.cutover(&["resume", "first"])), @r"
      2 ? approval wanted: run first of `playbook` in `practice`; 1 step done, 1 to undo on the way back; everything so far can be undone.
          step 2: `practice.write` on two, before which this environment wants an approval
    --- 8
    paused after TIME: operator started this run, and step 2 wants the approval of somebody else; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
    let approve = test
        .command(&["approve", "first"])
        .env("USER", "colleague")
        .output();
    assert!(approve.expect("ran").status.success());
    assert_eq!(test.cutover(&["resume", "first"]).status, 0);
}

#[test]
fn nobody_is_asked_for_the_way_back() {
    let test = Test::new()
        .environment("[grants]\nprotected = true\nallow = [\"practice.write\"]\nask = [\"practice.remove\"]\n")
        .steps("practice::write(\"one\", \"1\");\nrun::on_rollback(\"clean\", || practice::remove(\"kept\"));\nthrow \"back\";")
        .practice("kept", "by somebody");
    let finished = test.run();
    assert_eq!(finished.status, 5, "{}", finished.stderr);
    assert!(
        !finished.stderr.contains("approval wanted"),
        "{}",
        finished.stderr
    );
    assert_eq!(test.world(), []);
}

/// A server that nobody serves at, and whether it is asked.
struct Asked(std::net::TcpListener);

impl Asked {
    fn new() -> Self {
        let server = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        server.set_nonblocking(true).expect("set");
        Self(server)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().expect("bound").port()
    }

    fn was(&self) -> bool {
        self.0.accept().is_ok()
    }
}

#[test]
fn no_request_leaves_the_environment_without_a_grant_that_names_it() {
    let server = Asked::new();
    let port = server.port();
    let granted = format!(
        "[grants]\nallow = [\"practice.*\", \"http.*\", \"http.check:http://127.0.0.1:{port}/granted/*\"]\n"
    );
    for (base, path) in [
        ("http://127.0.0.1:PORT", "/"),
        ("http://127.1:PORT", "/status"),
        ("http://localhost:PORT", "/granted/x"),
        ("http:/127.0.0.1:PORT", "/x"),
        ("http:127.0.0.1:PORT", "/x"),
        ("HTTP:\\\\127.0.0.1:PORT", "/x"),
        (" http:/127.0.0.1:PORT", "/x"),
        ("http://[::ffff:127.0.0.1]:PORT", "/granted/x"),
        ("http://granted.example@127.0.0.1:PORT", "/granted/x"),
        ("http://127.0.0.1:PORT", "/granted/../admin"),
        ("http://127.0.0.1:PORT", "/granted/%2e%2e/admin"),
        ("http://127.0.0.1:PORT", "/granted/..%2fadmin"),
        ("http://127.0.0.1:PORT", "/granted\\\\..\\\\admin"),
        ("http://127.0.0.1:PORT", "@evil.example/granted/x"),
    ] {
        let base = base.replace("PORT", &port.to_string());
        let body = format!("http::check(\"{base}\", \"{path}\", #{{ status: 200 }});");
        let (_, finished) = run(&granted, "\"http.check\"", &body);
        assert_eq!(finished.status, 4, "{base}{path}: {}", told(&finished));
        assert!(!server.was(), "{base}{path} was asked");
    }
    // The same server by the URL that is granted, in another spelling.
    let body = format!(
        "http::check(\"http://127.1:{port}\", #{{ url: \"/granted/x\", timeout: 200 }}, #{{ status: 200 }});"
    );
    let (_, finished) = run(&granted, "\"http.check\"", &body);
    assert!(server.was(), "{}", finished.stderr);
}

#[test]
fn a_redirect_is_not_followed_and_no_proxy_is_asked() {
    use std::io::{Read as _, Write as _};
    let elsewhere = Asked::new();
    let there = format!("http://127.0.0.1:{}", elsewhere.port());
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = server.local_addr().expect("bound").port();
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: {there}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let serving = std::thread::spawn(move || {
        let (mut client, _) = server.accept().expect("asked");
        let mut request = [0; 1024];
        let _ = client.read(&mut request).expect("read");
        client.write_all(answer.as_bytes()).expect("answered");
    });
    let test = Test::new()
        .environment(&format!("[grants]\nallow = [\"http.check:http://127.0.0.1:{port}/*\", \"http.check:{there}/*\"]\n"))
        .playbook(&format!("const PLAYBOOK = #{{ api: 1, needs: [\"http.check\"] }};\n\nhttp::check(\"http://127.0.0.1:{port}\", #{{ url: \"/x\", headers: #{{ word: \"word\" }} }}, #{{ status: 302 }});"));
    let mut command = test.command(&["run", "playbook.rhai"]);
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        command.env(name, &there);
    }
    let output = command.output().expect("ran");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serving.join().expect("it was asked itself");
    assert!(!elsewhere.was());
}

#[test]
fn a_grant_can_have_a_rate() {
    let grants = "[grants]\nprotected = true\nallow = [{ need = \"practice.write\", at_most = 1, per_seconds = 1 }]\n";
    let (_, at_once) = run(
        grants,
        "\"practice.write\"",
        "practice::write(\"one\", \"1\");\npractice::write(\"two\", \"2\");",
    );
    assert_eq!(at_once.status, 5, "{}", told(&at_once));
    assert!(
        at_once
            .stdout
            .contains("at most 1 in 1 s`, and that is used up"),
        "{}",
        told(&at_once)
    );
    let (test, later) = run(
        grants,
        "\"practice.write\"",
        "practice::write(\"one\", \"1\");\nclock::pause(\"1100ms\");\npractice::write(\"two\", \"2\");",
    );
    assert_eq!(later.status, 0, "{}", told(&later));
    assert_eq!(test.world().len(), 2);
}

#[test]
fn a_method_that_changes_something_is_granted_by_its_name() {
    let server = Asked::new();
    let port = server.port();
    let body = format!(
        "http::check(\"http://127.0.0.1:{port}\", #{{ url: \"/x\", method: \"DELETE\", timeout: 200 }}, #{{ status: 200 }});"
    );
    let grants = |method: &str| {
        format!("[grants]\nallow = [\"http.check:{method}http://127.0.0.1:{port}/*\"]\n")
    };
    let (_, finished) = run(&grants(""), "\"http.check\"", &body);
    assert_eq!(finished.status, 4, "{}", finished.stderr);
    assert!(!server.was());
    run(&grants("DELETE "), "\"http.check\"", &body);
    assert!(server.was());
}
#[test]
fn a_backup_that_a_playbook_made_up_is_not_read() {
    let tests = r#"
const OWN = `const PLAYBOOK = #{ api: 1, needs: ["database.*"] };

let real = database::backup(env::database("main"));
database::verify(env::database("main"), real, #{ tier: "checksum" });
real.name = "/etc";
database::verify(env::database("main"), real, #{ tier: "checksum" });`;

fn test_only_what_a_step_answered_is_believed() {
    test::world(#{ version: "2.8.5" });
    test::playbook("own", global::OWN);
    let run = test::run("own", #{});
    test::equal(run.failure.code, "argument.made_up");
    test::equal(test::steps(run, "database.verify").len(), 2);
}
"#;
    let test = Test::new().file("made_up_test.rhai", tests);
    let finished = test.cutover(&["test", "made_up_test.rhai"]);
    assert_eq!(finished.status, 0, "{}", told(&finished));
}

#[test]
fn an_environment_file_that_others_may_change_is_not_believed() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = Test::new().steps("practice::write(\"one\", \"1\");");
    let change = |path: std::path::PathBuf, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    change(test.path("environment.toml"), 0o666);
    insta::assert_snapshot!(told(&test.run()), @r"
    error: the environment file `environment.toml` cannot be believed: others may write into it
    help: look at what it says, then `chmod go-w environment.toml`
    --- 2
    ");
    change(test.path("environment.toml"), 0o600);
    change(test.path("."), 0o777);
    insta::assert_snapshot!(told(&test.run()), @r"
    error: the environment file `environment.toml` cannot be believed: anybody may put another file in its place in `.`
    help: keep it in a directory that others cannot write to
    --- 2
    ");
    // As in `/tmp`, where everybody has files of their own.
    change(test.path("."), 0o1777);
    assert_eq!(test.run().status, 0);
}

#[test]
fn an_approval_counts_for_what_was_shown_and_for_nothing_else() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");\nrun::approve(\"go on\");");
    assert_eq!(test.run().status, 8);
    assert_eq!(test.cutover(&["approve", "first"]).status, 0);
    let file = test.run_path().join("answers/approve-2.json");
    let answer = std::fs::read_to_string(&file).expect("an answer");
    // Somebody has approved another text, such as that of another run.
    let mut other: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    other["shown"] = "0".repeat(64).into();
    std::fs::write(&file, other.to_string()).expect("written");
    insta::assert_snapshot!(told(&test.cutover(&["resume", "first"])), @r"
      2 ? nobody had answered; it is asked again
      2 ? approval wanted: run first of `playbook` in `practice`; 2 steps done, 1 to undo on the way back; everything so far can be undone.
          The playbook says: > go on
    an approval by operator was for something else, and does not count
    --- 8
    paused after TIME: waiting for an approval: go on; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
    std::fs::write(&file, answer).expect("written");
    assert_eq!(test.cutover(&["resume", "first"]).status, 0);
}

#[test]
fn an_approval_that_has_grown_too_old_is_asked_for_again() {
    let gated = || {
        Test::new()
            .environment("[grants]\nallow = [\"practice.*\"]\n[gates]\nbefore = [\"practice.write:two\"]\napproval_minutes = 60\n")
            .steps("practice::write(\"one\", \"1\");\npractice::write(\"two\", \"2\");")
    };
    // The runner dies between the approval and what was approved.
    let approved = |test: &Test| {
        let approved = |event: &Event| matches!(event, Event::Approved { .. });
        let whole = test.cutover(&[
            "run",
            "playbook.rhai",
            "--run-id",
            "first",
            "--approve",
            "practice",
        ]);
        assert_eq!(whole.status, 0, "{}", whole.stderr);
        let records = test.records();
        let place = records.iter().position(|record| approved(&record.event));
        place.expect("it was asked for") + 1
    };
    let after = approved(&gated()).to_string();
    let killed = |hours: i64| {
        let test = gated();
        let crash = format!("after:{after}");
        let arguments = [
            "run",
            "playbook.rhai",
            "--run-id",
            "first",
            "--approve",
            "practice",
            "--crash",
            &crash,
        ];
        assert!(test.cutover(&arguments).status > 128);
        test.rewrite_records(|record| record.at -= jiff::SignedDuration::from_hours(hours));
        test.cutover(&["resume", "first"]).status
    };
    assert_eq!(killed(0), 0);
    assert_eq!(killed(2), 8);
}

#[test]
fn an_approval_that_stands_for_no_time_is_refused() {
    let test = Test::new()
        .environment("[gates]\napproval_minutes = 0\n")
        .steps("practice::write(\"one\", \"1\");");
    insta::assert_snapshot!(told(&test.run()), @r"
    error: environment.toml:3:1: an approval that stands for no time is none
    help: give `approval_minutes` 1 or more
    --- 2
    ");
}

#[test]
fn what_a_closure_of_the_way_back_does_is_not_counted() {
    let test = Test::new()
        .environment("[grants]\nprotected = true\nallow = [{ need = \"practice.write\", at_most = 1 }]\n")
        .steps("run::on_rollback(\"tell\", || practice::write(\"left\", \"1\"));\npractice::write(\"one\", \"1\");\nthrow \"back\";");
    let finished = test.run();
    assert_eq!(finished.status, 5, "{}", told(&finished));
}
