//! The sandbox around a playbook's process, as somebody sees it who runs cutover: what holds, what is missing, what was used.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use cutover::journal::{Event, Layer};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use super::harness::{CUTOVER, Finished, Running, Test, told};

/// Says to the second process what to run on a kernel without Landlock.
const ARGUMENTS: &str = "CUTOVER_TEST_WITHOUT_LANDLOCK";

/// What the second process does: it takes Landlock's calls away from itself and becomes cutover. In the first one it does nothing.
#[test]
fn without_landlock() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else {
        return;
    };
    let calls = [
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_restrict_self,
    ];
    let filter = SeccompFilter::new(
        calls.map(|call| (call, Vec::new())).into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        std::env::consts::ARCH.try_into().expect("an architecture"),
    );
    let program: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
    apply_filter(&program).expect("applied");
    let failed = Command::new(CUTOVER)
        .args(arguments.split_whitespace())
        .env_remove(ARGUMENTS)
        .exec();
    panic!("{failed}");
}

/// Runs cutover as on a kernel that has no Landlock.
fn on_an_old_kernel(test: &Test, arguments: &str) -> Finished {
    // What a command of the harness has, with this program in front.
    let cutover = test.command(&[]);
    let variables = cutover
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)))
        // Without one it looks at the machine.
        .filter(|(name, _)| arguments != "doctor" || *name != "CUTOVER_ENVIRONMENT");
    let output = Command::new(std::env::current_exe().expect("known"))
        .args(["--exact", "sandbox::without_landlock", "--nocapture"])
        .env_clear()
        .envs(variables)
        .env(ARGUMENTS, arguments)
        .current_dir(test.path("."))
        .output()
        .expect("started");
    let said = String::from_utf8_lossy(&output.stdout);
    // The second process has said what it tests before it became cutover.
    let said = said
        .trim_start()
        .trim_start_matches("running 1 test\n")
        .trim_start_matches("test sandbox::without_landlock ... ");
    Finished {
        status: output.status.code().expect("an end of its own"),
        stdout: test.normalised(said),
        stderr: test.normalised(&String::from_utf8_lossy(&output.stderr)),
    }
}

fn writes() -> Test {
    Test::new().steps("practice::write(\"one\", \"1\");")
}

#[test]
fn the_first_record_says_what_holds_the_playbook() {
    let test = writes();
    assert_eq!(test.run().status, 0);
    let records = test.records();
    let Event::Header(header) = &records[0].event else {
        panic!("no header");
    };
    let sandbox = header.sandbox.as_ref().expect("said");
    assert_eq!(sandbox.limits, Layer::Active);
    assert_eq!(sandbox.no_new_privileges, Layer::Active);
    assert_eq!(sandbox.layers().count(), 4);
}

#[test]
fn a_layer_that_the_kernel_lacks_is_named_and_the_others_hold() {
    let test = writes();
    let finished = on_an_old_kernel(&test, "run playbook.rhai --run-id first");
    insta::assert_snapshot!(told(&finished), @r"
    warning: the playbook's process is held without Landlock: this kernel has no Landlock, or it is switched off
      1 ✓ practice.write one  TIME
    --- 0
    done after TIME: the playbook ran to its end; run first, journal head DIGEST; next: `cutover show first`
    ");
    let doctor = on_an_old_kernel(&test, "doctor");
    insta::assert_snapshot!(told(&doctor), @r"

    --- 4
    The sandbox around a playbook's process:
      ✓ seccomp
      ✗ Landlock: this kernel has no Landlock, or it is switched off
      ✓ resource limits
      ✓ no new privileges
    The other layers hold without it. `--require-sandbox full` refuses to run a playbook like this.
    ");
}

#[test]
fn a_full_sandbox_can_be_required() {
    let test = writes();
    for arguments in [
        "run playbook.rhai --run-id first --require-sandbox full",
        "check playbook.rhai --require-sandbox full",
        "plan playbook.rhai --require-sandbox full",
        "drill playbook.rhai --require-sandbox full",
    ] {
        let finished = on_an_old_kernel(&test, arguments);
        assert_eq!(
            told(&finished).trim(),
            "error: the sandbox is not full: Landlock (this kernel has no Landlock, or it is switched off)\n--- 4",
            "{arguments}"
        );
    }
    assert_eq!(test.records(), []);
    let mut doctor = test.command(&["doctor"]);
    let doctor = doctor.env_remove("CUTOVER_ENVIRONMENT").spawn();
    let whole = test.finish(Running(doctor.ok()));
    if whole.status == 0 {
        let finished = test.cutover(&["check", "playbook.rhai", "--require-sandbox", "full"]);
        assert_eq!(finished.status, 0, "{}", finished.stderr);
    } else {
        println!(
            "skipped: this kernel lacks a layer itself: {}",
            whole.stdout
        );
    }
}

/// An environment with small budgets.
fn small(body: &str) -> Finished {
    let test = Test::new()
        .environment(
            "[grants]\nallow = [\"practice.*\"]\n[budgets]\noperations = 100000\nmemory_mib = 64\nseconds = 2\nsteps = 20\nsent_mib = 1\nmessages_per_second = 1000\ndepth = 40\n",
        )
        .steps(&format!("practice::write(\"one\", \"1\");\n{body}"));
    let finished = test.run();
    assert_eq!(test.world(), [], "{}", finished.stderr);
    finished
}

/// Why the run ended, without the time and without what was undone.
fn reason(finished: &Finished) -> String {
    assert_eq!(
        finished.status, 5,
        "{}\n{}",
        finished.stderr, finished.stdout
    );
    let reason = finished.stdout.split_once(": ").expect("a reason").1;
    let reason = reason.split("; everything").next().expect("a reason");
    reason.to_owned()
}

#[test]
fn each_budget_that_is_used_up_is_named() {
    let cases = [
        ("loop { }", "100000 operations"),
        (
            "let hoard = []; let text = \"x\"; for i in 0..19 { text += text; } for i in 0..400 { let copy = text + i; hoard.push(|| copy); }",
            "64 MiB of memory",
        ),
        ("for i in 0..30 { run::note(`${i}`); }", "20 steps"),
        (
            "let text = \"x\"; for i in 0..17 { text += text; } for i in 0..15 { run::note(text + i); }",
            "1 MiB sent",
        ),
        (
            "for i in 0..2000 { run::phase(`${i}`, || { }); }",
            "1000 messages in a second",
        ),
    ];
    for (body, budget) in cases {
        assert_eq!(
            reason(&small(body)),
            format!("the script used up its budget of {budget}"),
            "{body}"
        );
    }
}

#[test]
fn time_of_its_own_is_a_budget_that_steps_do_not_use() {
    let waits = "for i in 0..3 { clock::pause(\"1s\"); } throw \"back\";";
    assert_eq!(reason(&small(waits)), "back");
}

#[test]
fn what_was_used_stands_in_the_verdict_and_in_show() {
    let test = writes();
    assert_eq!(test.run().status, 0);
    let last = test.records().pop().expect("a verdict");
    let Event::Verdict { spent, .. } = last.event else {
        panic!("{last:?}");
    };
    let used = |key: &str| {
        let found = spent.iter().find(|spent| spent.budget == key);
        found.map(|spent| (spent.used, spent.of)).expect(key)
    };
    assert_eq!(used("steps"), (1, 20_000));
    assert!((1..10_000).contains(&used("operations").0), "{spent:?}");
    assert!((1..64).contains(&used("memory_mib").0), "{spent:?}");
    let shown = test.cutover(&["show", "first"]).stdout;
    assert!(
        shown.contains("playbook's process held by: seccomp"),
        "{shown}"
    );
    assert!(shown.contains("1 of 20000 steps"), "{shown}");
}

#[test]
fn a_budget_beyond_its_cap_is_refused_with_its_place() {
    let test = writes().environment("[budgets]\noperations = 1000\ndepth = 100000\n");
    insta::assert_snapshot!(told(&test.run()), @r"
    error: environment.toml:4:1: the budget `depth` cannot be 100000
    help: give it something from 1 to 512
    --- 2
    ");
    let test = writes().environment("[budgets]\nsteps = 0\n");
    insta::assert_snapshot!(told(&test.run()), @r"
    error: environment.toml:3:1: the budget `steps` cannot be 0
    help: give it something from 1 to 200000
    --- 2
    ");
}
