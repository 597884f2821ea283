//! What Rhai does by itself and a playbook must not meet: each trap that was measured, sprung through the program.

use std::time::{Duration, Instant};

use super::harness::{Finished, RUN, Test};

/// Runs a playbook with this body.
fn run(body: &str) -> (Test, Finished) {
    let test = Test::new().steps(body);
    let finished = test.run();
    (test, finished)
}

/// The practice files that a playbook leaves which ends well.
fn world(body: &str) -> Vec<(String, String)> {
    let (test, finished) = run(body);
    assert_eq!(
        finished.status, 0,
        "{}\n{}",
        finished.stderr, finished.stdout
    );
    test.world()
}

/// Runs a playbook that writes `one` first, and must be stopped and taken back.
fn stopped(body: &str) -> String {
    let begun = Instant::now();
    let (test, finished) = run(&format!(
        "practice::write(\"one\", \"1\");\n{body}\npractice::write(\"after\", \"the trap\");"
    ));
    assert_eq!(
        finished.status, 5,
        "{}\n{}",
        finished.stderr, finished.stdout
    );
    assert_eq!(test.world(), []);
    assert!(
        begun.elapsed() < Duration::from_mins(1),
        "{:?}",
        begun.elapsed()
    );
    let after = test.journal();
    assert!(
        !after.contains("started 2"),
        "a step was done after the stop:\n{after}"
    );
    // The reason alone, between the time it took and what was undone.
    let reason = finished.stdout.split_once(": ").expect("a reason").1;
    reason
        .split("; everything")
        .next()
        .expect("a reason")
        .to_owned()
}

fn files(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let file = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    expected.iter().map(file).collect()
}

#[test]
fn a_closure_calls_its_own_functions_from_inside_a_module() {
    // Found: with a `helper` in both, the module's would be called. So both are refused, and with one the right one is called.
    let module = "fn run_it(f) { f.call() }";
    let body = "import \"tools\" as tools;\nfn helper() { \"mine\" }\npractice::write(\"one\", tools::run_it(|| helper()));\npractice::write(\"two\", tools::run_it(helper));";
    let test = Test::new().module("tools", module).steps(body);
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", finished.stderr);
    assert_eq!(test.world(), files(&[("one", "mine"), ("two", "mine")]));
    for colliding in [
        "fn helper() { \"theirs\" }",
        "private fn helper() { \"theirs\" }",
    ] {
        let test = Test::new()
            .module("tools", &format!("{module}\n{colliding}"))
            .steps(body);
        assert_eq!(test.run().status, 3);
    }
}

#[test]
fn closures_of_a_loop_are_frozen_when_they_are_left_for_the_way_back() {
    let (test, finished) = run(
        "let later = 0;\nfor name in [\"a\", \"b\", \"c\"] {\n    later += 1;\n    run::on_rollback(name, || run::note(`${name} ${later}`));\n}\npractice::write(\"one\", \"1\");\nthrow \"back\";",
    );
    assert_eq!(finished.status, 5);
    let notes: Vec<&str> = finished
        .stderr
        .lines()
        .filter_map(|line| line.split_once(" · ").map(|(_, note)| note))
        // The excerpt of the place that raised has the same dots at its margin.
        .filter(|note| !note.contains('─') && !note.contains('╰'))
        .collect();
    assert_eq!(notes, ["c 3", "b 2", "a 1"]);
    assert_eq!(test.world(), []);
}

#[test]
fn closures_of_a_module_and_of_a_function_live_on_for_the_way_back() {
    let test = Test::new()
        .module("tools", "private fn word() { \"private\" }\nfn say() { run::note(\"said\"); }\nfn leave(what) { run::on_rollback(what, || run::note(word() + what)); }")
        .steps("import \"tools\" as tools;\nfn own(x) { run::on_rollback(\"own\", || run::note(x)); }\ntools::leave(\" a\");\nown(\"mine\");\nrun::on_rollback(\"module\", || tools::say());\nrun::phase(\"P\", || { let local = \"local\"; run::on_rollback(\"l\", || run::note(local)); });\npractice::write(\"one\", \"1\");\nthrow \"back\";");
    let finished = test.run();
    assert_eq!(finished.status, 5, "{}", finished.stderr);
    for note in ["· private a", "· mine", "· local", "· said"] {
        assert!(
            finished.stderr.contains(note),
            "{note}: {}",
            finished.stderr
        );
    }
}

#[test]
fn no_statement_is_optimised_away() {
    // `nosuch; 42` and a `try` around it are removed by Rhai's default optimiser.
    let (_, finished) = run(
        "let x = #{};\ntry { x.nosuch; practice::write(\"one\", \"not reached\"); } catch { practice::write(\"two\", \"caught\"); }\nif true { practice::write(\"three\", \"3\"); }\nlet unused = practice::write(\"four\", \"4\");",
    );
    assert_eq!(finished.status, 0, "{}", finished.stderr);
    assert_eq!(
        world("try { let m = #{}; m.nosuch; 42 } catch { practice::write(\"two\", \"caught\"); }"),
        files(&[("two", "caught")])
    );
}

#[test]
fn operations_are_counted_in_closures_too() {
    let reasons = [
        stopped("loop { }"),
        stopped("while true { [1].map(|x| { for i in range(0, 100000) { x += i; } x }); }"),
        stopped("run::phase(\"Loop\", || { let x = 0; loop { x += 1; } });"),
        stopped("loop { try { loop { } } catch { } }"),
    ];
    for reason in reasons {
        assert!(
            reason.starts_with("the script used up its budget of"),
            "{reason}"
        );
    }
}

#[test]
fn a_stop_cannot_be_caught_whatever_is_around_it() {
    // A refused grant is a fault: no script gets past it.
    let wrappings = [
        "try { practice::remove(\"x\"); } catch { }",
        "try { [1].map(|q| practice::remove(\"x\")); } catch { }",
        "try { [1, 2].filter(|q| { practice::remove(\"x\"); true }); } catch { }",
        "let die = |a, b| { call_remove(); 0 };\nfn call_remove() { practice::remove(\"x\"); }\nlet list = [2, 1];\ntry { list.sort(die); } catch { }",
        "try { run::phase(\"P\", || practice::remove(\"x\")); } catch { }",
        "try { [1].for_each(|q| try { practice::remove(\"x\") } catch { }); } catch { }",
        "try { [1].reduce(|s, v| practice::remove(\"x\")); } catch { }",
    ];
    for wrapping in wrappings {
        let test = Test::new()
            .environment("[grants]\nallow = [\"practice.write\"]\nask = [\"practice.remove\"]\n")
            .steps(&format!("practice::write(\"one\", \"1\");\n{wrapping}\npractice::write(\"after\", \"the trap\");"));
        let finished = test.run();
        assert_eq!(finished.status, 8, "{wrapping}\n{}", finished.stderr);
        assert_eq!(test.world(), files(&[("one", "1")]), "{wrapping}");
    }
}

#[test]
fn a_failure_that_a_comparer_swallows_does_not_pass_silently_by_the_check() {
    let (_, finished) = run("let list = [2, 1];\nlist.sort(|a, b| practice::write(\"x\", \"y\"));");
    assert_eq!(finished.status, 3);
}

#[test]
fn a_replacement_cannot_take_the_memory() {
    let reason = stopped(
        "let big = \"x\";\nfor i in range(0, 16) { big += big; }\nlet copy = big;\nbig.replace(\"x\", copy);",
    );
    insta::assert_snapshot!(reason, @"the replaced text would have 4294967296 bytes, and 1048576 are the limit");
}

#[test]
fn texts_arrays_and_maps_have_limits() {
    for body in [
        "let x = \"x\"; loop { x += x; }",
        "let x = []; loop { x.push(1); }",
        "let x = [0]; loop { x += x; }",
        "let x = #{}; let n = 0; loop { x[`${n}`] = n; n += 1; }",
        "let x = \"\"; x.pad(100000000, 'x');",
        "let x = []; x.pad(100000000, 1);",
    ] {
        let reason = stopped(body);
        let told = ["too large", "budget", "exceeds", "Length", "length", "Size"];
        assert!(
            told.iter().any(|word| reason.contains(word)),
            "{body}: {reason}"
        );
    }
}

#[test]
fn deep_values_do_not_overflow_when_they_are_dropped_or_shown() {
    for body in [
        "let a = []; for i in range(0, 3000) { a = [a]; }\nlet text = `${a.len()}`;",
        "let f = || 1; for i in range(0, 50000) { let g = f; f = || g; }",
        "let a = #{}; for i in range(0, 3000) { let b = #{}; b.inner = a; a = b; }",
    ] {
        let test = Test::new().steps(&format!("practice::write(\"one\", \"1\");\n{body}"));
        let finished = test.run();
        // Either it fits, or a budget or limit stops it in words; what must not be is a process that dies.
        assert!([0, 5].contains(&finished.status), "{body}: {finished:?}");
        assert!(
            !finished.stdout.contains("ended unexpectedly"),
            "{body}: {finished:?}"
        );
    }
}

#[test]
fn closures_that_hold_one_another_are_stopped_by_the_clock() {
    let reason =
        stopped("let f = |x| x;\nfor i in range(0, 60) { f = f.curry(f); }\nlet text = `${f}`;");
    assert!(
        reason.contains("budget") || reason.contains("ended"),
        "{reason}"
    );
}

#[test]
fn recursion_ends_in_words() {
    for body in [
        "fn again(n) { again(n + 1) }\nagain(0);",
        "fn again(n) { [n].map(|x| again(x + 1)) }\nagain(0);",
        "fn again(f) { f.call(f) }\nagain(|f| f.call(f));",
    ] {
        let reason = stopped(body);
        assert!(
            reason.contains("stack overflow") || reason.contains("budget"),
            "{body}: {reason}"
        );
    }
}

#[test]
fn withheld_words_do_nothing_however_they_are_called() {
    for (body, told) in [
        ("Fn(\"sleep\").call(30);", "not part of the language"),
        ("Fn(\"exit\").call();", "not part of the language"),
        ("Fn(\"exit\").call(7);", "not part of the language"),
        ("Fn(\"timestamp\").call();", "unction not found"),
    ] {
        let reason = stopped(body);
        assert!(reason.contains(told), "{body}: {reason}");
    }
    let (_, finished) = run("eval(\"1\");");
    assert_eq!(finished.status, 3);
}

#[test]
fn a_missing_key_is_a_failure_and_not_nothing() {
    let reason = stopped("let map = #{ a: 1 };\nlet b = map.b;");
    insta::assert_snapshot!(reason, @"property not found: b");
}

#[test]
fn nothing_that_a_script_prints_gets_into_the_pipe() {
    for word in ["print", "debug"] {
        let body = format!("Fn(\"{word}\").call(\"{{}}\");");
        let reason = stopped(&body);
        assert!(reason.contains("reserved keyword"), "{reason}");
        let (_, finished) = run(&format!("let f = {word};\n{word}(1);"));
        assert_eq!(finished.status, 3);
    }
}

#[test]
fn a_module_is_evaluated_once_and_the_playbook_never_again() {
    // `call_fn` runs top-level statements again by default; closures of the way back must not.
    let test = Test::new()
        .module("tools", "import \"deep\" as deep;\nfn through() { deep::word() }")
        .module("deep", "run::note(\"deep\");\nfn word() { \"w\" }")
        .steps("import \"tools\" as tools;\nimport \"deep\" as deep;\npractice::write(\"one\", tools::through() + deep::word());\nrun::on_rollback(\"say\", || run::note(tools::through()));\nthrow \"back\";");
    let finished = test.run();
    assert_eq!(finished.status, 5, "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("· deep").count(), 1);
    assert_eq!(finished.stderr.matches("· w").count(), 1);
    assert_eq!(test.journal().matches("\nstarted 2\n").count(), 1);
}

#[test]
fn a_thrown_map_is_a_failure_with_its_words() {
    let reason = stopped("throw #{ code: \"own.code\", message: \"own words\" };");
    assert_eq!(reason, "own words");
    assert_eq!(
        world(
            "try { throw #{ code: \"own.code\", message: \"m\" }; } catch (e) { practice::write(\"one\", e.code); }\ntry { practice::write(\"../x\", \"1\"); } catch (e) { practice::write(\"two\", e.code); }"
        ),
        files(&[("one", "own.code"), ("two", "practice.name")])
    );
}

#[test]
fn a_return_leaves_the_closure_and_the_playbook_well() {
    let (test, finished) = run(
        "run::phase(\"P\", || { practice::write(\"one\", \"1\"); return 1; practice::write(\"no\", \"1\"); });\npractice::write(\"two\", \"2\");\nreturn;\n",
    );
    assert_eq!(finished.status, 0, "{}", finished.stderr);
    assert_eq!(test.world(), files(&[("one", "1"), ("two", "2")]));
}

#[test]
fn values_that_are_no_plain_data_are_refused_as_arguments() {
    for body in [
        "practice::write(|| 1, \"x\");",
        "practice::write([1], \"x\");",
        "practice::write(\"x\", 1);",
        "run::note(|| 1);",
    ] {
        let reason = stopped(body);
        assert!(
            reason.contains("is a text, not a") || reason.contains("unction not found"),
            "{body}: {reason}"
        );
    }
}

#[test]
fn two_runs_of_a_playbook_ask_for_the_same_things() {
    // Closures have names made from a hash, and maps an order: neither may differ from process to process.
    let body = "let f = |x| x;\nlet m = #{ b: 1, a: 2, c: f };\npractice::write(\"one\", `${m.keys()} ${f} ${0.1 + 0.2}`);\nrun::approve(\"go on\");";
    let (test, finished) = run(body);
    assert_eq!(finished.status, 8);
    let resumed = test.cutover(&["resume", RUN, "--approve", "practice"]);
    assert_eq!(resumed.status, 0, "{}", resumed.stdout);
}

#[test]
fn hoarded_memory_ends_the_script_and_not_the_supervisor() {
    let reason = stopped(
        "let big = \"x\";\nfor i in range(0, 19) { big += big; }\nlet hoard = [];\nfor i in range(0, 9000) { let copy = big + `${i}`; hoard.push(|| copy); }",
    );
    insta::assert_snapshot!(reason, @"the script used up its budget of 256 MiB of memory");
}
