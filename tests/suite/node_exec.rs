//! `node.exec`: exact words, no shell, an empty environment; granted by a command alone; told where nothing takes it back.

use insta::assert_snapshot;

use super::harness::{Finished, RUN, Test, told};
use crate::simulated::{ended, played};

/// Two nodes of one cluster on this host, whose `kong` is `PREFIX/current/bin/kong`, with these grants.
fn test(grants: &str) -> Test {
    let node = |name: &str| {
        format!(
            "[[clusters.blue.nodes]]\nname = \"{name}\"\nconf = \"/kong.conf\"\nprefix = \"/prefix\"\n\
            packages = {{ prefix = \"packages\" }}\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n"
        )
    };
    let (one, two) = (node("kong-1"), node("kong-2"));
    let test = Test::new();
    // Relative paths of an environment are not resolved, and a program is started elsewhere.
    let packages = test.path("packages").display().to_string();
    test.environment(
        &format!("[grants]\n{grants}\n[clusters.blue]\n{one}{two}")
            .replace("\"packages\"", &format!("\"{packages}\"")),
    )
}

fn playbook(test: Test, body: &str) -> Test {
    test.playbook(&format!(
        "const PLAYBOOK = #{{ api: 1, needs: [\"node.exec\", \"practice.write\"] }};\n\
        let nodes = env::cluster(\"blue\").nodes;\n{body}"
    ))
}

fn program(test: Test, name: &str, text: &str) -> Test {
    use std::os::unix::fs::PermissionsExt as _;
    let test = test.file(name, text);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(test.path(name), mode).expect("set");
    test
}

#[test]
fn words_arrive_as_they_were_written_and_nothing_else_does() {
    let test = test(
        "allow = [\"practice.*\", \"node.exec:/usr/bin/printf '%s|' 'two words' '$HOME; id' ''\", \"node.exec:/usr/bin/env\", \"node.exec:/bin/pwd\", \"node.exec:/bin/cat\"]",
    );
    let test = playbook(
        test,
        "let told = node::exec(nodes[0], [\"/usr/bin/printf\", \"%s|\", \"two words\", \"$HOME; id\", \"\"]);\n\
        practice::write(\"printf\", told.stdout);\n\
        practice::write(\"env\", node::exec(nodes[0], [\"/usr/bin/env\"]).stdout);\n\
        let both = node::exec(nodes, [\"/bin/pwd\"]);\n\
        practice::write(\"pwd\", both[\"kong-1\"].stdout + both[\"kong-2\"].stdout);\n\
        practice::write(\"cat\", `${node::exec(nodes[0], [\"/bin/cat\"])}`);",
    );
    let finished = test.run();
    assert_snapshot!(told(&finished), @r"
    needs of the playbook:
      node.exec       depends on what it is about: /usr/bin/printf '%s|' 'two words' '$HOME; id' '', /usr/bin/env, /bin/pwd, /bin/cat
      practice.write  granted
      1 ✓ node.exec /usr/bin/printf '%s|' 'two words' '$HOME; id' '' on kong-1  TIME
      2 ✓ practice.write printf  TIME
      3 ✓ node.exec /usr/bin/env on kong-1  TIME
      4 ✓ practice.write env  TIME
          kong-1
          kong-2
      5 ✓ node.exec /bin/pwd on kong-1, kong-2  TIME
      6 ✓ practice.write pwd  TIME
      7 ✓ node.exec /bin/cat on kong-1  TIME
      8 ✓ practice.write cat  TIME
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
    let found: Vec<String> = test
        .world()
        .into_iter()
        .map(|(name, text)| format!("{name}: {text:?}"))
        .collect();
    assert_snapshot!(found.join("\n"), @r##"
    cat: "#{\"status\": 0, \"stderr\": \"\", \"stdout\": \"\"}"
    env: "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    printf: "two words|$HOME; id||"
    pwd: "/\n/\n"
    "##);
}

#[test]
fn kong_is_the_nodes_own() {
    let test = test("allow = [\"practice.*\", \"node.exec:blue: kong version\"]");
    let test = program(
        test,
        "packages/current/bin/kong",
        "#!/bin/sh\necho \"3.4.2 $*\"\n",
    );
    let body = "practice::write(\"kong\", node::exec(nodes[1], [\"kong\", \"version\"]).stdout);";
    let test = playbook(test, body);
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(
        test.world(),
        [("kong".to_owned(), "3.4.2 version\n".to_owned())]
    );
}

#[test]
fn a_command_that_is_not_granted_is_told_with_the_grant_that_would() {
    let run = |grants: &str| -> Finished {
        let body =
            "practice::write(\"a\", \"1\");\nnode::exec(nodes[0], [\"/bin/echo\", \"two words\"]);";
        playbook(test(grants), body).run()
    };
    assert_snapshot!(told(&run("allow = [\"*\", \"node.exec:/bin/echo {name}\"]")), @r#"
    needs of the playbook:
      node.exec       depends on what it is about: /bin/echo {name}
      practice.write  granted
      1 ✓ practice.write a  TIME
    undoing, because step 2, `node.exec`, is not granted on kong-1: `/bin/echo 'two words'`: `"node.exec:/bin/echo 'two words'"` under `[grants] allow`, or `--grant` for one run, would grant it
      1 ↶ undid practice.write a
    --- 5
    undone after TIME: step 2, `node.exec`, is not granted on kong-1: `/bin/echo 'two words'`: `"node.exec:/bin/echo 'two words'"` under `[grants] allow`, or `--grant` for one run, would grant it; everything was undone, and the one thing that was changed is as it was found; run first, journal head DIGEST; next: `cutover show first`
    "#);
    // Nothing could grant it, so nothing begins.
    assert_snapshot!(told(&run("allow = [\"*\", \"node.*\"]")), @r"
    error: the playbook needs `node.exec`, which `practice` does not grant
    help: a person who may decides adds them under `[grants] allow` or `ask` in the environment file, or gives them to one run with `--grant`; `cutover check --needs` shows all of them
    --- 4
    ");
    assert_snapshot!(told(&run("allow = [\"practice.*\"]\nask = [\"node.exec:/bin/echo 'two words'\"]")), @r"
    needs of the playbook:
      node.exec       depends on what it is about: /bin/echo 'two words'
      practice.write  granted
      1 ✓ practice.write a  TIME
      2 ? approval wanted: run first of `playbook` in `practice`; 1 step done, 1 to undo on the way back; everything so far can be undone.
          step 2: `node.exec` on kong-1: `/bin/echo 'two words'`, which this environment grants only when asked
    --- 8
    paused after TIME: step 2 waits for an approval: step 2: `node.exec` on kong-1: `/bin/echo 'two words'`, which this environment grants only when asked; run first, journal head DIGEST; next: `cutover approve first` or `cutover resume first` or `cutover rollback first`
    ");
    assert_snapshot!(told(&run("allow = [\"node.exec:kong {name}\"]")), @r"
    error: environment.toml:3:10: `node.exec:kong {name}` is no need: names and paths make `kong` run code and drop tables: only `{number}` and `{version}` may differ in its commands
    --- 2
    ");
}

#[test]
fn what_is_said_of_another_command_is_not_said_of_this_one() {
    for (said, status) in [
        ("deny = [\"node.exec:/bin/false\"]", 0),
        ("ask = [\"node.exec:/bin/false\"]", 0),
        ("deny = [\"*:kong-1\"]", 4),
        ("ask = [\"*:blue\"]", 8),
    ] {
        let test = test(&format!("allow = [\"node.exec:/bin/true\"]\n{said}"));
        let finished = playbook(test, "node::exec(nodes[0], [\"/bin/true\"]);").run();
        assert_eq!(finished.status, status, "{said}: {}", told(&finished));
    }
}

#[test]
fn a_playbook_declares_its_commands_and_the_check_tells_whether_they_are_granted() {
    let test = test("protected = true\nallow = [\"node.exec:kong version\", \"node.*\"]").playbook(
        "const PLAYBOOK = #{ api: 1, needs: [\"node.exec:kong version\", \"node.exec:kong health\"] };\n\
        let node = env::cluster(\"blue\").nodes[0];\nnode::exec(node, [\"kong\", \"version\"]);\n\
        node::exec(node, [\"kong\", \"health\"]);\nnode::exec(node, [\"kong\", \"roar\"]);",
    );
    assert_snapshot!(told(&test.cutover(&["check", "playbook.rhai", "--needs"])), @r"

    --- 0
    `playbook` is sound: 0 modules, needs node.exec
    needs of the playbook:
      node.exec:kong version  granted
      node.exec:kong health   denied
    ");
    let test = program(test, "packages/current/bin/kong", "#!/bin/sh\n");
    assert_snapshot!(told(&test.cutover(&["run", "playbook.rhai", "--run-id", RUN, "--grant", "node.exec:kong health"])), @r#"
      1 ✓ node.exec kong version on kong-1  TIME
      2 ✓ node.exec kong health on kong-1  TIME
    undoing, because step 3, `node.exec`, is not granted on kong-1: `kong roar`: the playbook does not declare it; `"node.exec:kong roar"` among its needs would
    --- 5
    undone after TIME: step 3, `node.exec`, is not granted on kong-1: `kong roar`: the playbook does not declare it; `"node.exec:kong roar"` among its needs would; there was nothing to undo; commands that ran, which nothing takes back: `kong version` on kong-1; `kong health` on kong-1; run first, journal head DIGEST; next: `cutover show first`
    "#);
}

#[test]
fn a_command_fails_by_its_exit_code_its_signal_and_its_deadline() {
    let test = test(
        "allow = [\"node.exec:/bin/sh -c 'echo out; echo low >&2; exit 3'\", \"node.exec:/bin/sh -c 'kill -9 $$'\", \"node.exec:/bin/sleep {number}\", \"node.exec:/no/such\", \"practice.*\"]",
    );
    let body = "let exit = [\"/bin/sh\", \"-c\", \"echo out; echo low >&2; exit 3\"];\n\
        let told = [];\n\
        let three = node::exec(nodes[0], exit, #{ statuses: [0, 3] }).status;\n\
        for command in [exit, [\"/bin/sh\", \"-c\", \"kill -9 $$\"], [\"/bin/sleep\", \"60\"], [\"/no/such\"]] {\n\
            try { node::exec(nodes[0], command, #{ within: \"500ms\" }); } catch (failure) { told.push(failure.code + \" \" + failure.message); }\n\
        }\n\
        practice::write(\"told\", `${three} ${told}`);";
    let test = playbook(test, body);
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_snapshot!(test.world()[0].1.replace("\", \"", "\",\n\""), @r#"
    3 ["node.exec.status `/bin/sh -c 'echo out; echo low >&2; exit 3'` on `kong-1` ended with exit code 3: low",
    "node.exec.signal `/bin/sh` on `kong-1` was ended by signal 9",
    "node.exec.deadline `/bin/sleep` on `kong-1` was killed at its deadline, after 500 ms",
    "process.failed cannot start `/no/such`: No such file or directory (os error 2)"]
    "#);
    // What was said whole is kept, for a person.
    let output = test.run_path().join("output");
    let logs = std::fs::read_dir(output).expect("listed").count();
    assert_eq!(logs, 5);
}

#[test]
fn what_ran_and_nothing_takes_back_is_named_at_the_end() {
    let test = test("allow = [\"practice.*\", \"node.exec:/bin/true\", \"node.exec:/bin/false\"]");
    let body = "practice::write(\"a\", \"1\");\nnode::exec(nodes, [\"/bin/true\"]);\n\
        run::on_rollback(\"tell\", || node::exec(nodes[0], [\"/bin/true\"]));\nnode::exec(nodes, [\"/bin/false\"]);";
    assert_snapshot!(playbook(test, body).run().stdout, @"undone after TIME: `/bin/false` on `kong-1` ended with exit code 1; everything was undone, and the one thing that was changed is as it was found; commands that ran, which nothing takes back: `/bin/true` on kong-1, kong-2; `/bin/false` on kong-1; closures of the way back did: node.exec kong-1: `/bin/true`; run first, journal head DIGEST; next: `cutover show first`");
}

#[test]
fn a_person_says_whether_a_command_that_was_cut_off_had_its_effect() {
    for (found, times) in [("done", 1), ("not-done", 2)] {
        let directory = tempfile::tempdir().expect("a directory");
        let marks = directory.path().join("marks");
        let release = directory.path().join("release");
        let script = format!(
            "echo x >> {}; [ -e {} ] || sleep 600",
            marks.display(),
            release.display()
        );
        let test = test(&format!(
            "allow = [\"practice.*\", \"node.exec:/bin/sh -c '{script}'\"]"
        ));
        let body = format!(
            "node::exec(nodes[0], [\"/bin/sh\", \"-c\", \"{script}\"], #{{ within: \"20m\" }});\npractice::write(\"a\", \"1\");"
        );
        let test = playbook(test, &body);
        let running = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
        test.wait_for(|| marks.exists());
        running.signal(rustix::process::Signal::KILL);
        let _ = test.finish(running);

        let paused = test.cutover(&["resume", RUN]);
        assert_eq!(paused.status, 8, "{}", told(&paused));
        std::fs::write(&release, "").expect("written");
        let noted = test.cutover(&["settle", RUN, "1", found]);
        assert_eq!(noted.status, 0, "{}", told(&noted));
        let on = test.cutover(&["resume", RUN]);
        assert_eq!(on.status, 0, "{}", told(&on));
        let marks = std::fs::read_to_string(&marks).expect("read");
        assert_eq!(marks.lines().count(), times, "{found}");
    }
}

#[test]
fn a_dry_run_runs_nothing_and_says_what_a_person_would_type() {
    let directory = tempfile::tempdir().expect("a directory");
    let mark = directory.path().join("mark");
    let playbook = directory.path().join("marking.rhai");
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, needs: [\"node.exec\"] }};\n\
        node::exec(env::cluster(\"practice\").nodes, [\"/usr/bin/touch\", \"{}\"], #{{ statuses: [7, 0] }});\n\
        node::exec(env::cluster(\"practice\").nodes[0], [\"kong\", \"reload\", \"a b\"]);\n",
        mark.display()
    );
    std::fs::write(&playbook, text).expect("written");
    let playbook = playbook.to_str().expect("text");
    let touch = format!("node.exec:/usr/bin/touch {}", mark.display());
    let grants = ["--grant", &touch, "--grant", "node.exec:kong reload 'a b'"];
    let told = |word: &str, words: &[&str]| {
        let mut command = played(word, playbook, &grants);
        let (_, told, error) = ended(&command.args(words).output().expect("runs"));
        format!("{error}{told}").replace(mark.to_str().expect("text"), "MARK")
    };
    assert_snapshot!(told("plan", &[]), @r"
    plan of `marking` in `practice`, for the world of 2026-11-23 02:00 UTC

      1 ~ node.exec /usr/bin/touch MARK on kong-1, kong-2      600 ms ?
      2 ~ node.exec kong reload 'a b' on kong-1                                300 ms ?

    takes                  900 ms
    clients unserved       never
    point of no return     none
    people are asked       nothing
    disk                   0 MiB for backups, 0 MiB for copies on the database server
    left behind            nothing
    ends                   done: the playbook ran to its end

    ~ changes something, ! has no way back of its own, ✗ fails; = measured here before, ? a rate that ships with cutover
    ↩ a way back from here on, with the longest that it takes until the next ↩
    ");
    assert_snapshot!(told("plan", &["--runbook"]), @r"
    # Runbook: `marking` in `practice`

    Made from the world of 2026-11-23 02:00 UTC. It takes about 900 ms; clients go unserved for about no time. Point of no return: none.

    Secrets are not in here: put the passwords of the databases into `~/.pgpass` first.

    - [ ] **1.** a command on the hosts of nodes: /usr/bin/touch MARK on kong-1, kong-2

      ```
      /usr/bin/touch MARK   # on kong-1
      /usr/bin/touch MARK   # on kong-2
      ```

      Expect: exit code 7 or 0

      **Stop when:** any other exit code

    - [ ] **2.** a command on the hosts of nodes: kong reload 'a b' on kong-1

      ```
      /opt/kong/current/bin/kong reload 'a b'   # on kong-1
      ```

      Expect: exit code 0

      **Stop when:** any other exit code

    ## If a step does not go as expected

    Stop. Take back what was done in the reverse order, by the lines *take back* above, and check each as it is told there.
    ");
    let drilled = told("drill", &[]);
    assert!(!mark.exists(), "{drilled}");
    assert_snapshot!(drilled, @"drill: 36 faults, 36 safe, 0 unsafe");
}
