//! What `cutover check` says: every finding once, as a person sees it.

use super::harness::{Test, with_header};

/// The whole message about a playbook that is refused.
fn refused(test: &Test) -> String {
    let finished = test.check();
    assert_eq!((finished.status, finished.stdout.as_str()), (3, ""));
    finished.stderr
}

/// The whole message about a playbook with this body.
fn refusal(body: &str) -> String {
    refused(&Test::new().steps(body))
}

/// What is said about a playbook that passes.
fn passed(test: &Test) -> String {
    let finished = test.check();
    assert_eq!(finished.status, 0, "{}", finished.stderr);
    format!("{}\n{}", finished.stderr, finished.stdout)
        .trim()
        .to_owned()
}

#[test]
fn a_sound_playbook_passes() {
    let test = Test::new().steps("practice::write(\"one\", \"text\");");
    insta::assert_snapshot!(passed(&test), @"`playbook` is sound: 0 modules, needs practice.write");
}

#[test]
fn an_unknown_function_is_told_with_the_nearest_and_its_phase() {
    insta::assert_snapshot!(refusal(
        "run::phase(\"Prepare\", || {\n    practice::wirte(\"one\", \"text\");\n});"
    ), @r#"
    unused-need

      ⚠ the header declares the need `practice.*`, and nothing calls it
       ╭─[playbook.rhai:1:1]
     1 │ const PLAYBOOK = #{ api: 1, needs: ["practice.*"] };
       · ┬
       · ╰── here
     2 │ 
       ╰────
      help: take it out; a reader grants what is declared
    unknown-function

      × there is no function `practice::wirte`
       ╭─[playbook.rhai:4:15]
     3 │ run::phase("Prepare", || {
     4 │     practice::wirte("one", "text");
       ·               ──┬──
       ·                 ╰── in the phase `Prepare`
     5 │ });
       ╰────
      help: did you mean `practice::write`?
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn an_unknown_function_is_found_in_a_dead_branch_under_a_catch() {
    insta::assert_snapshot!(refusal(
        "if false { try { stepp(1); } catch { } }\npractice::write(\"one\", `${nosuch(2)}`);"
    ), @r#"
    unknown-function

      × there is no function `stepp`
       ╭─[playbook.rhai:3:18]
     2 │ 
     3 │ if false { try { stepp(1); } catch { } }
       ·                  ──┬──
       ·                    ╰── here
     4 │ practice::write("one", `${nosuch(2)}`);
       ╰────
    unknown-function

      × there is no function `nosuch`
       ╭─[playbook.rhai:4:27]
     3 │ if false { try { stepp(1); } catch { } }
     4 │ practice::write("one", `${nosuch(2)}`);
       ·                           ───┬──
       ·                              ╰── here
       ╰────
    `playbook` is rejected: 2 errors
    "#);
}

#[test]
fn an_unknown_method_is_a_warning_since_a_map_may_hold_it() {
    let test = Test::new().steps(
        "let tools = #{ own: |x| x };\nlet three = tools.own(3);\npractice::write(\"one\", `${three}`);",
    );
    insta::assert_snapshot!(passed(&test), @r#"
    unknown-function

      ⚠ there is no function `own`
       ╭─[playbook.rhai:4:19]
     3 │ let tools = #{ own: |x| x };
     4 │ let three = tools.own(3);
       ·                   ─┬─
       ·                    ╰── here
     5 │ practice::write("one", `${three}`);
       ╰────
    `playbook` is sound: 0 modules, needs practice.write
    "#);
}

#[test]
fn a_wrong_number_of_arguments_is_told() {
    insta::assert_snapshot!(refusal(
        "fn greet(name) { name }\npractice::write(\"one\");\ngreet();\n\"text\".contains();"
    ), @r#"
    arguments

      × `practice::write` takes 2 arguments, not 1
       ╭─[playbook.rhai:4:11]
     3 │ fn greet(name) { name }
     4 │ practice::write("one");
       ·           ──┬──
       ·             ╰── here
     5 │ greet();
       ╰────
      help: `cutover api practice::write` shows how it is called
    arguments

      × `greet` takes 1 argument, not 0
       ╭─[playbook.rhai:5:1]
     4 │ practice::write("one");
     5 │ greet();
       · ──┬──
       ·   ╰── here
     6 │ "text".contains();
       ╰────
    arguments

      × `contains` takes 1 argument, not 0
       ╭─[playbook.rhai:6:8]
     5 │ greet();
     6 │ "text".contains();
       ·        ────┬───
       ·            ╰── here
       ╰────
    `playbook` is rejected: 3 errors
    "#);
}

#[test]
fn an_unknown_namespace_is_told_with_the_nearest() {
    insta::assert_snapshot!(refusal("practise::write(\"one\", \"text\");"), @r#"
    unknown-module

      × there is no module `practise`
       ╭─[playbook.rhai:3:1]
     2 │ 
     3 │ practise::write("one", "text");
       · ────┬───
       ·     ╰── here
       ╰────
      help: did you mean `practice`?
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn a_function_of_a_module_is_looked_up_in_it() {
    let test = Test::new()
        .module(
            "tools",
            "fn greet(name) { name }\nprivate fn secret() { 1 }",
        )
        .steps("import \"tools\" as tools;\ntools::great(\"a\");\ntools::greet();\ntools::secret();\npractice::write(\"a\", \"b\");");
    insta::assert_snapshot!(refused(&test), @r#"
    unknown-function

      × the module `tools` has no function `great`
       ╭─[playbook.rhai:4:8]
     3 │ import "tools" as tools;
     4 │ tools::great("a");
       ·        ──┬──
       ·          ╰── here
     5 │ tools::greet();
       ╰────
      help: did you mean `tools::greet`?
    arguments

      × `tools::greet` takes 1 argument, not 0
       ╭─[playbook.rhai:5:8]
     4 │ tools::great("a");
     5 │ tools::greet();
       ·        ──┬──
       ·          ╰── here
     6 │ tools::secret();
       ╰────
    unknown-function

      × the module `tools` has no function `secret`
       ╭─[playbook.rhai:6:8]
     5 │ tools::greet();
     6 │ tools::secret();
       ·        ───┬──
       ·           ╰── here
     7 │ practice::write("a", "b");
       ╰────
    `playbook` is rejected: 3 errors
    "#);
}

#[test]
fn a_module_is_checked_like_the_playbook() {
    let test = Test::new()
        .module("tools", "fn greet() {\n    practice::remove();\n}")
        .steps("import \"tools\" as tools;\ntools::greet();");
    insta::assert_snapshot!(refused(&test), @r"
    arguments

      × `practice::remove` takes 1 argument, not 0
       ╭─[tools.rhai:2:15]
     1 │ fn greet() {
     2 │     practice::remove();
       ·               ───┬──
       ·                  ╰── here
     3 │ }
       ╰────
      help: `cutover api practice::remove` shows how it is called
    `playbook` is rejected: 1 error
    ");
}

#[test]
fn a_function_that_replaces_a_built_in_one_is_refused() {
    insta::assert_snapshot!(refusal(
        "fn trim(text) { text }\nfn string.to_upper() { this }\npractice::write(\"one\", trim(\"x\"));"
    ), @r#"
    shadowing

      × the function `trim` would replace a built-in one of the same name
       ╭─[playbook.rhai:3:4]
     2 │ 
     3 │ fn trim(text) { text }
       ·    ──┬─
       ·      ╰── here
     4 │ fn string.to_upper() { this }
       ╰────
      help: give it another name
    shadowing

      × the function `to_upper` would replace a built-in one of the same name
       ╭─[playbook.rhai:4:11]
     3 │ fn trim(text) { text }
     4 │ fn string.to_upper() { this }
       ·           ────┬───
       ·               ╰── here
     5 │ practice::write("one", trim("x"));
       ╰────
      help: give it another name
    `playbook` is rejected: 2 errors
    "#);
}

#[test]
fn functions_of_the_same_name_in_two_sources_are_refused_private_and_far_away_too() {
    let test = Test::new()
        .module("near", "import \"far\" as far;\nfn go_far() { far::run_it(|| 1) }\nprivate fn helper() { \"near\" }")
        .module("far", "fn run_it(f) { f.call() }\nfn helper() { \"far\" }")
        .steps("import \"near\" as near;\nfn helper() { \"playbook\" }\npractice::write(\"one\", near::go_far());");
    insta::assert_snapshot!(refused(&test), @r#"
    collision

      × `helper` is a function of `far` too; a closure could call the wrong one
       ╭─[near.rhai:3:12]
     2 │ fn go_far() { far::run_it(|| 1) }
     3 │ private fn helper() { "near" }
       ·            ───┬──
       ·               ╰── here
       ╰────
      help: give one of them another name
    collision

      × `helper` is a function of `far` too; a closure could call the wrong one
       ╭─[playbook.rhai:4:4]
     3 │ import "near" as near;
     4 │ fn helper() { "playbook" }
       ·    ───┬──
       ·       ╰── here
     5 │ practice::write("one", near::go_far());
       ╰────
      help: give one of them another name
    `playbook` is rejected: 2 errors
    "#);
}

#[test]
fn functions_of_the_same_name_and_other_arity_are_no_collision() {
    let test = Test::new()
        .module("near", "fn helper(x) { x }")
        .steps("import \"near\" as near;\nfn helper() { \"a\" }\npractice::write(helper(), near::helper(\"b\"));");
    insta::assert_snapshot!(passed(&test), @"`playbook` is sound: 1 module, needs practice.write");
}

#[test]
fn an_import_under_a_built_in_name_is_refused() {
    let test = Test::new()
        .module("evil", "fn write(a, b) { 1 }")
        .steps("import \"evil\" as practice;\npractice::write(\"one\", \"text\");");
    insta::assert_snapshot!(refused(&test), @r#"
    import-reserved

      × `practice` is the name of a built-in namespace, which this import would replace
       ╭─[playbook.rhai:3:18]
     2 │ 
     3 │ import "evil" as practice;
       ·                  ────┬───
       ·                      ╰── here
     4 │ practice::write("one", "text");
       ╰────
      help: import it under another name
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn an_import_inside_a_block_a_function_or_a_catch_is_refused() {
    let test = Test::new().module("tools", "fn greet() { 1 }").steps(
        "if true { import \"tools\" as one; }\nfn own() { import \"tools\" as two; }\ntry { import \"tools\" as three; } catch { }\npractice::write(\"a\", \"b\");",
    );
    insta::assert_snapshot!(refused(&test), @r#"
    import-nested

      × an import must stand at the top level
       ╭─[playbook.rhai:3:11]
     2 │ 
     3 │ if true { import "tools" as one; }
       ·           ───┬──
       ·              ╰── here
     4 │ fn own() { import "tools" as two; }
       ╰────
      help: move the import to the top of the file
    import-nested

      × an import must stand at the top level
       ╭─[playbook.rhai:4:12]
     3 │ if true { import "tools" as one; }
     4 │ fn own() { import "tools" as two; }
       ·            ───┬──
       ·               ╰── here
     5 │ try { import "tools" as three; } catch { }
       ╰────
      help: move the import to the top of the file
    import-nested

      × an import must stand at the top level
       ╭─[playbook.rhai:5:7]
     4 │ fn own() { import "tools" as two; }
     5 │ try { import "tools" as three; } catch { }
       ·       ───┬──
       ·          ╰── here
     6 │ practice::write("a", "b");
       ╰────
      help: move the import to the top of the file
    `playbook` is rejected: 3 errors
    "#);
}

#[test]
fn an_import_whose_path_is_computed_is_refused() {
    insta::assert_snapshot!(refusal(
        "let path = \"tools\";\nimport path as tools;\npractice::write(\"a\", \"b\");"
    ), @r#"
    import-literal

      × an import needs a literal path
       ╭─[playbook.rhai:4:1]
     3 │ let path = "tools";
     4 │ import path as tools;
       · ───┬──
       ·    ╰── here
     5 │ practice::write("a", "b");
       ╰────
      help: write the module's path as a literal, so that what a playbook consists of is known before
            it runs
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn modules_that_import_each_other_are_refused() {
    let test = Test::new()
        .module("one", "import \"two\" as two;\nfn first() { 1 }")
        .module("two", "import \"one\" as one;\nfn second() { 2 }")
        .steps("import \"one\" as one;\npractice::write(\"a\", \"b\");");
    insta::assert_snapshot!(refused(&test), @r#"
    import-cycle

      × `one` imports itself, through playbook → one → two
       ╭─[two.rhai:1:8]
     1 │ import "one" as one;
       ·        ┬
       ·        ╰── here
     2 │ fn second() { 2 }
       ╰────
      help: take one of the imports out
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn a_playbook_that_imports_itself_is_refused() {
    insta::assert_snapshot!(refusal("import \"playbook\" as own;\npractice::write(\"a\", \"b\");"), @r#"
    import-cycle

      × `playbook` imports itself, through playbook
       ╭─[playbook.rhai:3:8]
     2 │ 
     3 │ import "playbook" as own;
       ·        ┬
       ·        ╰── here
     4 │ practice::write("a", "b");
       ╰────
      help: take one of the imports out
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn a_module_that_is_not_there_is_told() {
    insta::assert_snapshot!(refusal("import \"tools\" as tools;\nimport \"std/tools\" as more;\npractice::write(\"a\", \"b\");"), @r#"
    unknown-module

      × there is no module `tools`: `tools.rhai` beside the playbook cannot be read: No such file or
      │ directory (os error 2)
       ╭─[playbook.rhai:3:8]
     2 │ 
     3 │ import "tools" as tools;
       ·        ┬
       ·        ╰── here
     4 │ import "std/tools" as more;
       ╰────
      help: import `std/…`, or a file beside the playbook by its path without `.rhai`
    unknown-module

      × there is no module `std/tools`: the standard library has no such module
       ╭─[playbook.rhai:4:8]
     3 │ import "tools" as tools;
     4 │ import "std/tools" as more;
       ·        ┬
       ·        ╰── here
     5 │ practice::write("a", "b");
       ╰────
      help: import `std/…`, or a file beside the playbook by its path without `.rhai`
    `playbook` is rejected: 2 errors
    "#);
}

#[test]
fn no_path_leads_out_of_the_playbooks_folder() {
    let outside = Test::new().module("secret", "fn read() { 1 }");
    let absolute = outside.path("secret");
    let absolute = absolute.to_string_lossy();
    let test = Test::new().steps(&format!(
        "import \"../secret\" as up;\nimport \"{absolute}\" as far;\nimport \"link\" as link;\nimport \"folder/secret\" as deep;\npractice::write(\"a\", \"b\");"
    ));
    std::os::unix::fs::symlink(outside.path("secret.rhai"), test.path("link.rhai"))
        .expect("linked");
    std::os::unix::fs::symlink(outside.path(""), test.path("folder")).expect("linked");
    let told = refused(&test).replace(&*absolute, "OUTSIDE/secret");
    let messages: Vec<&str> = told.lines().filter(|line| line.contains('×')).collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    × there is no module `../secret`: a module's path is plain words joined by `/`
    × there is no module `OUTSIDE/secret`: a module's path is plain words joined by `/`
    × there is no module `link`: `link.rhai` beside the playbook cannot be read: a path led outside
    × there is no module `folder/secret`: `folder/secret.rhai` beside the playbook cannot be read: a
    ");
}

#[test]
fn a_link_inside_the_folder_is_a_module_like_any_other() {
    let test = Test::new()
        .module("tools", "fn greet() { \"b\" }")
        .steps("import \"same\" as same;\npractice::write(\"a\", same::greet());");
    std::os::unix::fs::symlink("tools.rhai", test.path("same.rhai")).expect("linked");
    insta::assert_snapshot!(passed(&test), @"`playbook` is sound: 1 module, needs practice.write");
}

#[test]
fn a_closure_that_is_kept_in_a_loop_is_refused() {
    insta::assert_snapshot!(refusal(
        "let later = [];\nfor name in [\"a\", \"b\"] {\n    later.push(|| practice::write(name, \"text\"));\n}\nfor (name, index) in [\"a\"] { later.push(|| index + 1); }"
    ), @r#"
    loop-capture

      × this closure shares the loop's variable `name` and will see its last value
       ╭─[playbook.rhai:5:16]
     4 │ for name in ["a", "b"] {
     5 │     later.push(|| practice::write(name, "text"));
       ·                ┬
       ·                ╰── here
     6 │ }
       ╰────
      help: copy it inside the loop first: `let own = name;`
    loop-capture

      × this closure shares the loop's variable `index` and will see its last value
       ╭─[playbook.rhai:7:41]
     6 │ }
     7 │ for (name, index) in ["a"] { later.push(|| index + 1); }
       ·                                         ┬
       ·                                         ╰── here
       ╰────
      help: copy it inside the loop first: `let own = index;`
    `playbook` is rejected: 2 errors
    "#);
}

#[test]
fn a_closure_in_a_loop_that_is_called_at_once_or_frozen_passes() {
    let test = Test::new().steps(
        "for name in [\"a\", \"b\"] {\n    run::phase(name, || practice::write(name, \"text\"));\n    run::on_rollback(name, || run::note(name));\n    let both = [1, 2].map(|x| `${x} ${name}`);\n    let own = name;\n    let later = || own;\n}",
    );
    insta::assert_snapshot!(passed(&test), @"`playbook` is sound: 0 modules, needs practice.write");
}

#[test]
fn a_parameter_that_is_not_declared_is_told_with_the_nearest() {
    let test = Test::new().playbook(
        "const PLAYBOOK = #{ api: 1, params: #{ text: #{ type: \"text\", help: \"what\" } }, needs: [\"practice.write\"] };\n\npractice::write(\"one\", params.txet);\npractice::write(\"one\", params.other.len());",
    );
    insta::assert_snapshot!(refused(&test), @r#"
    undeclared-parameter

      × the header declares no parameter `txet`
       ╭─[playbook.rhai:3:31]
     2 │ 
     3 │ practice::write("one", params.txet);
       ·                               ──┬─
       ·                                 ╰── here
     4 │ practice::write("one", params.other.len());
       ╰────
      help: did you mean `params.text`?
    undeclared-parameter

      × the header declares no parameter `other`
       ╭─[playbook.rhai:4:31]
     3 │ practice::write("one", params.txet);
     4 │ practice::write("one", params.other.len());
       ·                               ──┬──
       ·                                 ╰── here
       ╰────
      help: declare it under `params` in the header
    `playbook` is rejected: 2 errors
    "#);
}

#[test]
fn a_need_that_is_not_declared_is_told_in_modules_too() {
    let test = Test::new()
        .module("tools", "fn tidy() { practice::remove(\"one\"); }")
        .playbook("const PLAYBOOK = #{ api: 1 };\nimport \"tools\" as tools;\n\npractice::write(\"one\", \"text\");\npractice::write(\"two\", \"text\");\ntools::tidy();");
    insta::assert_snapshot!(refused(&test), @r#"
    undeclared-need

      × `practice::write` is called and `practice.write` is not among the header's needs
       ╭─[playbook.rhai:4:11]
     3 │ 
     4 │ practice::write("one", "text");
       ·           ──┬──
       ·             ╰── here
     5 │ practice::write("two", "text");
       ╰────
      help: add `"practice.write"` to `needs` in the header of `playbook`
    undeclared-need

      × `practice::remove` is called and `practice.remove` is not among the header's needs
       ╭─[tools.rhai:1:23]
     1 │ fn tidy() { practice::remove("one"); }
       ·                       ───┬──
       ·                          ╰── here
       ╰────
      help: add `"practice.remove"` to `needs` in the header of `playbook`
    `playbook` is rejected: 2 errors
    "#);
}

#[test]
fn a_need_that_nothing_calls_is_a_warning() {
    let test = Test::new().playbook(
        "const PLAYBOOK = #{ api: 1, needs: [\"practice.write\", \"kong.*\"] };\n\npractice::write(\"one\", \"text\");",
    );
    insta::assert_snapshot!(passed(&test), @r#"
    unused-need

      ⚠ the header declares the need `kong.*`, and nothing calls it
       ╭─[playbook.rhai:1:1]
     1 │ const PLAYBOOK = #{ api: 1, needs: ["practice.write", "kong.*"] };
       · ┬
       · ╰── here
     2 │ 
       ╰────
      help: take it out; a reader grants what is declared
    `playbook` is sound: 0 modules, needs practice.write
    "#);
}

#[test]
fn words_that_would_act_outside_the_journal_are_refused_with_what_to_use() {
    insta::assert_snapshot!(refusal(
        "sleep(1);\nlet now = timestamp();\nexit(1);\n30.sleep();\nprint(\"x\");\ndebug(\"x\");\npractice::write(\"a\", \"b\");"
    ), @r#"
    withheld

      × `sleep` is not part of the language of playbooks
       ╭─[playbook.rhai:3:1]
     2 │ 
     3 │ sleep(1);
       · ──┬──
       ·   ╰── here
     4 │ let now = timestamp();
       ╰────
      help: use `clock::pause("30s")`, which is journaled
    withheld

      × `timestamp` is not part of the language of playbooks
       ╭─[playbook.rhai:4:11]
     3 │ sleep(1);
     4 │ let now = timestamp();
       ·           ────┬────
       ·               ╰── here
     5 │ exit(1);
       ╰────
      help: use `clock::now()`, which is journaled
    withheld

      × `exit` is not part of the language of playbooks
       ╭─[playbook.rhai:5:1]
     4 │ let now = timestamp();
     5 │ exit(1);
       · ──┬─
       ·   ╰── here
     6 │ 30.sleep();
       ╰────
      help: let the playbook end, or `throw` what is wrong
    withheld

      × `sleep` is not part of the language of playbooks
       ╭─[playbook.rhai:6:4]
     5 │ exit(1);
     6 │ 30.sleep();
       ·    ──┬──
       ·      ╰── here
     7 │ print("x");
       ╰────
      help: use `clock::pause("30s")`, which is journaled
    withheld

      × `print` is not part of the language of playbooks
       ╭─[playbook.rhai:7:1]
     6 │ 30.sleep();
     7 │ print("x");
       · ──┬──
       ·   ╰── here
     8 │ debug("x");
       ╰────
      help: use `run::note(text)`, which is journaled
    withheld

      × `debug` is not part of the language of playbooks
       ╭─[playbook.rhai:8:1]
     7 │ print("x");
     8 │ debug("x");
       · ──┬──
       ·   ╰── here
     9 │ practice::write("a", "b");
       ╰────
      help: use `run::note(text)`, which is journaled
    `playbook` is rejected: 6 errors
    "#);
}

#[test]
fn eval_is_no_word_at_all() {
    insta::assert_snapshot!(refusal("eval(\"1\");"), @r#"
    syntax

      × reserved keyword 'eval' is disabled
       ╭─[playbook.rhai:3:1]
     2 │ 
     3 │ eval("1");
       · ┬
       · ╰── here
       ╰────
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn a_comparer_must_not_act() {
    insta::assert_snapshot!(refusal(
        "let prefix = \"x\";\nlet names = [\"b\", \"a\"];\nnames.sort(|a, b| { practice::write(a, b); 0 });\nnames.sort(|a, b| { practice::write(prefix, b); 0 });\nnames.sort(|a, b| a.len() - b.len());\nfn acts(a, b) { deep(a) }\nfn deep(a) { practice::remove(a); 0 }\nnames.sort(acts);\nsort(names, Fn(\"acts\"));\nnames.dedup(|a, b| acts(a, b));"
    ), @r#"
    deaf-closure

      × a failure inside `sort` would be lost
       ╭─[playbook.rhai:5:7]
     4 │ let names = ["b", "a"];
     5 │ names.sort(|a, b| { practice::write(a, b); 0 });
       ·       ──┬─
       ·         ╰── here
     6 │ names.sort(|a, b| { practice::write(prefix, b); 0 });
       ╰────
      help: call primitives before, and sort their answers
    deaf-closure

      × a failure inside `sort` would be lost
       ╭─[playbook.rhai:6:7]
     5 │ names.sort(|a, b| { practice::write(a, b); 0 });
     6 │ names.sort(|a, b| { practice::write(prefix, b); 0 });
       ·       ──┬─
       ·         ╰── here
     7 │ names.sort(|a, b| a.len() - b.len());
       ╰────
      help: call primitives before, and sort their answers
    deaf-closure

      × a failure inside `sort` would be lost
        ╭─[playbook.rhai:10:7]
      9 │ fn deep(a) { practice::remove(a); 0 }
     10 │ names.sort(acts);
        ·       ──┬─
        ·         ╰── here
     11 │ sort(names, Fn("acts"));
        ╰────
      help: call primitives before, and sort their answers
    deaf-closure

      × a failure inside `sort` would be lost
        ╭─[playbook.rhai:11:1]
     10 │ names.sort(acts);
     11 │ sort(names, Fn("acts"));
        · ──┬─
        ·   ╰── here
     12 │ names.dedup(|a, b| acts(a, b));
        ╰────
      help: call primitives before, and sort their answers
    deaf-closure

      × a failure inside `dedup` would be lost
        ╭─[playbook.rhai:12:7]
     11 │ sort(names, Fn("acts"));
     12 │ names.dedup(|a, b| acts(a, b));
        ·       ──┬──
        ·         ╰── here
        ╰────
      help: call primitives before, and sort their answers
    `playbook` is rejected: 5 errors
    "#);
}

#[test]
fn a_playbook_without_a_header_is_refused() {
    let test = Test::new().playbook("run::note(\"a\");");
    insta::assert_snapshot!(refused(&test), @r#"
    header

      × the playbook has no header
       ╭─[playbook.rhai:1:1]
     1 │ run::note("a");
       · ┬
       · ╰── here
       ╰────
      help: begin the playbook with `const PLAYBOOK = #{ api: 1, params: #{}, needs: [] };`, all in
            literals
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn a_header_must_be_literal() {
    let test = Test::new().playbook("const PLAYBOOK = #{ api: 1 + 0 };");
    insta::assert_snapshot!(refused(&test), @r"
    header

      × the header is not made of literals alone
       ╭─[playbook.rhai:1:1]
     1 │ const PLAYBOOK = #{ api: 1 + 0 };
       · ┬
       · ╰── here
       ╰────
      help: begin the playbook with `const PLAYBOOK = #{ api: 1, params: #{}, needs: [] };`, all in
            literals
    `playbook` is rejected: 1 error
    ");
}

#[test]
fn a_header_for_another_version_is_refused() {
    let test = Test::new().playbook("const PLAYBOOK = #{ api: 2 };");
    insta::assert_snapshot!(refused(&test), @r"
    header

      × the playbook was written for version 2 of the script interface; this cutover speaks version 1
       ╭─[playbook.rhai:1:1]
     1 │ const PLAYBOOK = #{ api: 2 };
       · ┬
       · ╰── here
       ╰────
      help: begin the playbook with `const PLAYBOOK = #{ api: 1, params: #{}, needs: [] };`, all in
            literals
    `playbook` is rejected: 1 error
    ");
}

#[test]
fn an_unknown_key_of_the_header_is_told() {
    let test = Test::new().playbook("const PLAYBOOK = #{ api: 1, need: [] };");
    insta::assert_snapshot!(refused(&test), @r"
    header

      × the header is not right: unknown field `need`, expected one of `api`, `params`, `needs`
       ╭─[playbook.rhai:1:1]
     1 │ const PLAYBOOK = #{ api: 1, need: [] };
       · ┬
       · ╰── here
       ╰────
      help: begin the playbook with `const PLAYBOOK = #{ api: 1, params: #{}, needs: [] };`, all in
            literals
    `playbook` is rejected: 1 error
    ");
}

#[test]
fn an_unknown_type_of_a_parameter_is_told() {
    let test = Test::new().playbook(
        "const PLAYBOOK = #{ api: 1, params: #{ text: #{ type: \"txt\", help: \"what\" } } };",
    );
    insta::assert_snapshot!(refused(&test), @r#"
    header

      × the header is not right: unknown variant `txt`, expected one of `cluster`, `database`,
      │ `version`, `window`, `checks`, `duration`, `text`, `number`, `flag`
       ╭─[playbook.rhai:1:1]
     1 │ const PLAYBOOK = #{ api: 1, params: #{ text: #{ type: "txt", help: "what" } } };
       · ┬
       · ╰── here
       ╰────
      help: begin the playbook with `const PLAYBOOK = #{ api: 1, params: #{}, needs: [] };`, all in
            literals
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn a_syntax_error_is_told_with_its_place() {
    insta::assert_snapshot!(refusal("run::note(\"é\" \"b\");"), @r#"
    syntax

      × expecting ',' to separate the arguments to function call 'note'
       ╭─[playbook.rhai:3:16]
     2 │ 
     3 │ run::note("é" "b");
       ·               ┬
       ·               ╰── here
       ╰────
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn an_unknown_variable_is_told() {
    insta::assert_snapshot!(refusal("run::phase(\"Prepare\", || run::note(nmae));"), @r#"
    unknown-variable

      × there is no variable `nmae`
       ╭─[playbook.rhai:3:36]
     2 │ 
     3 │ run::phase("Prepare", || run::note(nmae));
       ·                                    ──┬─
       ·                                      ╰── here
       ╰────
      help: functions see their parameters and `global::NAME` of a constant
    `playbook` is rejected: 1 error
    "#);
}

#[test]
fn a_syntax_error_in_a_module_is_told_with_the_modules_name() {
    let test = Test::new()
        .module("tools", "fn greet( { 1 }")
        .steps("import \"tools\" as tools;\npractice::write(\"a\", tools::greet());");
    insta::assert_snapshot!(refused(&test), @r"
    syntax

      × expecting ')' to close the parameters list of function 'greet'
       ╭─[tools.rhai:1:11]
     1 │ fn greet( { 1 }
       ·           ┬
       ·           ╰── here
       ╰────
    `playbook` is rejected: 1 error
    ");
}

#[test]
fn foreign_text_cannot_repaint_the_terminal() {
    let told = refused(&Test::new().playbook(&with_header("nosuch(\"\u{1b}[31m\u{202e}\");")));
    assert!(
        !told.contains('\u{1b}') && !told.contains('\u{202e}'),
        "{told:?}"
    );
}
