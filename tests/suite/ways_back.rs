//! The three ways back of a run that migrated a database, on a practice cluster with a real PostgreSQL: which there are, what the
//! operator is shown, what each leaves, and that an upgrade goes on after each.

use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::process::{Command, Stdio};

use crate::practice_cluster::{Ended, PracticeCluster, cutover_in};

const REFUSED: i32 = 4;
const UNDONE: i32 = 5;
const STUCK: i32 = 7;
const WAITING: i32 = 8;

/// A cluster with a run that waits for the approval to `finish`: migrated, and clients use the new version.
fn before_finish(run: &str) -> PracticeCluster {
    let cluster = PracticeCluster::up();
    let waiting = to_finish(&cluster, run);
    assert_eq!(waiting.code, Some(WAITING), "{}", waiting.all);
    cluster
}

/// Upgrades to the moment before `finish`.
fn to_finish(cluster: &PracticeCluster, run: &str) -> Ended {
    let approved = to_stop(cluster, run);
    assert_eq!(approved.code, Some(0), "{}", approved.all);
    cluster.cutover(&["resume", run])
}

/// Upgrades to the moment before traffic stops, and approves that; answers what the approval shows.
fn to_stop(cluster: &PracticeCluster, run: &str) -> Ended {
    let first = cluster.cutover(&[
        "run",
        "in-place",
        "cluster=practice",
        "to=3.4.2",
        "checks=/health=200",
        "watch=0s",
        "bake=0s",
        "interval=10ms",
        "--run-id",
        run,
    ]);
    assert_eq!(first.code, Some(WAITING), "{}", first.all);
    cluster.cutover(&["approve", run])
}

fn back(cluster: &PracticeCluster, run: &str, way: &str) -> Ended {
    cluster.cutover(&["rollback", run, "--way", way, "--confirm", "practice"])
}

#[test]
fn repackaging_leaves_the_database_migrated_and_the_next_upgrade_goes_on() {
    let cluster = before_finish("first");
    let ended = back(&cluster, "first", "repackage");
    assert_eq!(ended.code, Some(0), "{}", ended.all);
    assert!(
        ended.verdict.contains(
            "left as it is: the database `main` keeps the schema of 3.4.2, and these migrations stay pending: core 016_280_to_300, http-log 001_280_to_300, post-function 001_280_to_300, pre-function 001_280_to_300; the next upgrade to 3.4.2 goes on with them"
        ),
        "{}",
        ended.verdict
    );
    assert_eq!(cluster.world().version(), Some("2.8.5"));
    assert!(
        cluster.serves(),
        "the old nodes serve on the migrated database"
    );
    for (to, refused) in [
        ("", true),
        ("#{ to: \"3.9.1\" }", true),
        ("#{ to: \"3.4.2\" }", false),
    ] {
        let looked = leftovers(&cluster, to);
        assert_eq!(
            looked.code,
            Some(if refused { REFUSED } else { 0 }),
            "{}",
            looked.all
        );
        assert_eq!(
            looked.all.contains("an earlier upgrade of `practice` to a newer version was not finished; pending: core 016_280_to_300"),
            refused,
            "{}",
            looked.all
        );
    }
    let again = cluster.upgrade("second", &[]);
    assert_eq!(again.code, Some(0), "{}", again.all);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    assert!(cluster.serves());
    let refused = back(&cluster, "second", "repackage");
    assert_eq!(refused.code, Some(REFUSED), "{}", refused.all);
    assert!(
        refused.all.contains("there is no way back by `repackage`: the migrations were finished: no old version serves any more"),
        "{}",
        refused.all
    );
}

/// What `kong::check_leftovers` says, with these options.
fn leftovers(cluster: &PracticeCluster, options: &str) -> Ended {
    let playbook = cluster.environment().with_file_name("look.rhai");
    let options = if options.is_empty() {
        String::new()
    } else {
        format!(", {options}")
    };
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"kong.check_leftovers\"] }};\nkong::check_leftovers(env::cluster(\"practice\"){options});\n"
    );
    std::fs::write(&playbook, text).expect("written");
    cluster.cutover(&["run", &playbook.display().to_string()])
}

#[test]
fn swapping_and_restoring_bring_the_old_world_back_before_and_after_finish() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    for (run, way, finished) in [
        ("swap-before", "swap", false),
        ("restore-before", "restore", false),
        ("swap-after", "swap", true),
        ("restore-after", "restore", true),
    ] {
        let up = if finished {
            cluster.upgrade(run, &[])
        } else {
            to_finish(&cluster, run)
        };
        assert_eq!(
            up.code,
            Some(if finished { 0 } else { WAITING }),
            "{}",
            up.all
        );
        let ended = back(&cluster, run, way);
        assert_eq!(ended.code, Some(0), "{run}: {}", ended.all);
        assert_eq!(cluster.world(), old, "{run}: {}", ended.all);
        let chosen: Vec<serde_json::Value> = cluster
            .journal(run)
            .into_iter()
            .filter(|event| event["event"] == "way_chosen")
            .collect();
        assert_eq!(chosen.len(), 1, "{run}");
        assert_eq!(chosen[0]["way"], way);
        assert_eq!(chosen[0]["by"]["person"], "tester");
    }
}

#[test]
fn an_unknown_pair_is_not_repackaged() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let playbook = cluster.environment().with_file_name("far.rhai");
    std::fs::write(&playbook, FAR).expect("written");
    let path = playbook.display().to_string();
    let run = cluster.cutover(&["run", &path, "--run-id", "far"]);
    assert_eq!(run.code, Some(WAITING), "{}", run.all);
    let refused = back(&cluster, "far", "repackage");
    assert_eq!(refused.code, Some(REFUSED), "{}", refused.all);
    assert!(
        refused
            .all
            .contains("it is not known whether 2.8.5 serves on a database that 3.9.1 has migrated"),
        "{}",
        refused.all
    );
    let refused = back(&cluster, "far", "swap");
    assert!(
        refused
            .all
            .contains("there is no way back by `swap`: no copy of the backup was kept"),
        "{}",
        refused.all
    );
    cluster.roll_back("far", &old);
}

/// Two lines further than the vendor guarantees, without a standby copy; waits once it is migrated.
const FAR: &str = r#"
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "packages.install", "database.backup"] };
let cluster = env::cluster("practice");
let backup = database::backup(cluster.database);
kong::stop(cluster.nodes);
packages::install(cluster.nodes, "3.9.1");
kong::migrate_up(cluster, #{ backup: backup });
run::approve("go on");
"#;

#[test]
fn the_approval_before_traffic_stops_lists_the_ways_to_come() {
    let cluster = PracticeCluster::up();
    insta::assert_snapshot!(told(&to_stop(&cluster, "shown")), @r"
    run shown of `in-place` in `practice`; 35 steps done, 3 to undo on the way back; everything so far can be undone.
    ways back once it is migrated for the database `main`:
      repackage the old package on the migrated database
                takes a time that this run has not measured yet: stopping, packages, starting
                loses nothing, so the old version must be able to read what was written; the database keeps the schema of 3.4.2, not finished
      swap      the kept copy of the backup
                takes a time that this run has not measured yet: two renames (under a second as a rule), stopping, packages, starting
                loses what was written since the backup of CLOCK (TIME ago)
      restore   the backup, restored: N rows, N bytes
                takes about TIME, as measured in this run (restoring the backup TIME); not measured: stopping, packages, starting
                loses what was written since the backup of CLOCK (TIME ago)
    The playbook says: > stop 2 nodes of practice and migrate its database to 3.4.2
    approved step 35; next: `cutover resume shown`, if nobody waits there
    ");
}

#[test]
fn the_screens_list_the_ways_with_their_times_and_losses() {
    let cluster = before_finish("shown");
    cluster.admin("POST", "/consumers", "{\"username\": \"late\"}");
    cluster.admin("PATCH", "/services/orders", "{\"retries\": 1}");
    cluster.admin("DELETE", "/routes/maintenance", "");
    cluster.sql("INSERT INTO ratelimiting_metrics (identifier, period, period_date, value) VALUES ('late', 'day', now(), 1)");
    cluster.admin(
        "POST",
        "/services",
        "{\"name\": \"late\", \"host\": \"127.0.0.1\"}",
    );
    insta::assert_snapshot!(told(&cluster.cutover(&["why-down"])), @r"
    no node is down because of the unfinished run
    paused after TIME: waiting for an approval: cross the point of no return: `kong migrations finish`; run shown, journal head DIGEST; next: `cutover approve shown` or `cutover resume shown` or `cutover rollback shown`
    choices:
      cutover approve shown: approves what it waits for; then `cutover resume`
      cutover resume shown: goes on from where it stands
      cutover rollback shown --way repackage
      cutover rollback shown --way swap
      cutover rollback shown --way restore
    ways back for the database `main`:
      repackage the old package on the migrated database
                takes about TIME, as measured in this run (stopping TIME, packages TIME, starting TIME)
                loses nothing, so the old version must be able to read what was written; the database `main` keeps the schema of 3.4.2, and these migrations stay pending: core 016_280_to_300, http-log 001_280_to_300, post-function 001_280_to_300, pre-function 001_280_to_300; the next upgrade to 3.4.2 goes on with them
      swap      the kept copy of the backup
                takes about TIME, as measured in this run (stopping TIME, packages TIME, starting TIME); not measured: two renames (under a second as a rule)
                loses what was written since the backup of CLOCK (TIME ago)
      restore   the backup, restored: N rows, N bytes
                takes about TIME, as measured in this run (restoring the backup TIME, stopping TIME, packages TIME, starting TIME)
                loses what was written since the backup of CLOCK (TIME ago)
    ");
    let refused = cluster.cutover(&["rollback", "shown"]);
    assert_eq!(refused.code, Some(REFUSED));
    insta::assert_snapshot!(told(&refused), @r"
    written since `up` ended at CLOCK:
      consumers: 1 added, 0 changed, 0 removed
        + ID
      plugins: 0 added, 0 changed, 1 removed
        - ID
      routes: 0 added, 0 changed, 1 removed
        - ID
      services: 1 added, 1 changed, 0 removed
        + ID
        ~ ID
      ratelimiting_metrics (written by traffic): N rows then, N now; which of them differ is not known
    ways back for the database `main`:
      repackage the old package on the migrated database
                takes about TIME, as measured in this run (stopping TIME, packages TIME, starting TIME)
                loses nothing, so the old version must be able to read what was written; the database `main` keeps the schema of 3.4.2, and these migrations stay pending: core 016_280_to_300, http-log 001_280_to_300, post-function 001_280_to_300, pre-function 001_280_to_300; the next upgrade to 3.4.2 goes on with them
      swap      the kept copy of the backup
                takes about TIME, as measured in this run (stopping TIME, packages TIME, starting TIME); not measured: two renames (under a second as a rule)
                loses what was written since the backup of CLOCK (TIME ago)
      restore   the backup, restored: N rows, N bytes
                takes about TIME, as measured in this run (restoring the backup TIME, stopping TIME, packages TIME, starting TIME)
                loses what was written since the backup of CLOCK (TIME ago)
    going back by swap
    error: clients have used what this run changed, and the rollback was not confirmed
    help: confirm it with `--confirm practice`
    ");
    let approved = cluster.cutover(&["approve", "shown"]);
    assert_eq!(approved.code, Some(0), "{}", approved.all);
    // Somebody approves what was written meanwhile; after `finish` the comparison finds it: clients use the new version, so it holds.
    let held = cluster.cutover(&["resume", "shown", "--approve", "practice"]);
    assert_eq!(held.code, Some(WAITING), "{}", held.all);
    insta::assert_snapshot!(told(&cluster.cutover(&["rollback", "shown", "--way", "restore"])), @r"
    written since `up` ended at CLOCK, with what `finish` itself changed:
      consumers: 1 added, 0 changed, 0 removed
        + ID
      plugins: 0 added, 0 changed, 1 removed
        - ID
      routes: 0 added, 0 changed, 1 removed
        - ID
      services: 1 added, 1 changed, 0 removed
        + ID
        ~ ID
      ratelimiting_metrics (written by traffic): N rows then, N now; which of them differ is not known
    ways back for the database `main`:
      repackage not available: the migrations were finished: no old version serves any more
      swap      the kept copy of the backup
                takes about TIME, as measured in this run (stopping TIME, packages TIME, starting TIME); not measured: two renames (under a second as a rule)
                loses what was written since the backup of CLOCK (TIME ago)
      restore   the backup, restored: N rows, N bytes
                takes about TIME, as measured in this run (restoring the backup TIME, stopping TIME, packages TIME, starting TIME)
                loses what was written since the backup of CLOCK (TIME ago)
    going back by restore
    error: clients have used what this run changed, and the rollback was not confirmed
    help: confirm it with `--confirm practice`
    ");
}

/// Fails once the new version runs; where `ADMIT` is a line, after clients were let through to it.
const FAILS: &str = r#"
const PLAYBOOK = #{
    api: 1, params: #{},
    needs: ["kong.*", "packages.install", "database.backup", "database.verify", "traffic.*", "http.poll"],
};
let cluster = env::cluster("practice");
let backup = database::backup(cluster.database);
let copy = database::verify(cluster.database, backup, #{ tier: "restore", keep: true });
traffic::drain(cluster.nodes);
kong::stop(cluster.nodes);
packages::install(cluster.nodes, "3.4.2");
kong::migrate_up(cluster, #{ backup: backup, copy: copy });
kong::start(cluster.nodes);
ADMIT
http::poll(cluster.nodes[0], "/nowhere", #{ status: 200 }, #{ passes: 1, within: "1s" });
"#;

/// A playbook that fails, and an environment that says what happens then.
fn failing(cluster: &PracticeCluster, on_failure: &str, admits: bool) -> (String, String) {
    let admit = if admits {
        "traffic::admit(cluster.nodes);"
    } else {
        ""
    };
    failing_after(cluster, on_failure, admit)
}

/// A playbook that fails after `line`.
fn failing_after(cluster: &PracticeCluster, on_failure: &str, line: &str) -> (String, String) {
    let playbook = cluster.environment().with_file_name("fails.rhai");
    std::fs::write(&playbook, FAILS.replace("ADMIT", line)).expect("written");
    let environment = cluster.environment().with_file_name("other.toml");
    let text = std::fs::read_to_string(cluster.environment()).expect("the environment");
    let text = format!("on_failure = \"{on_failure}\"\n{text}");
    std::fs::write(&environment, text).expect("written");
    (
        playbook.display().to_string(),
        environment.display().to_string(),
    )
}

#[test]
fn a_failure_undoes_before_clients_are_let_through_and_holds_afterwards() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    for (on_failure, admits, code) in [
        ("undo", false, UNDONE),
        ("undo", true, WAITING),
        ("hold", false, WAITING),
        ("ask", false, WAITING),
    ] {
        let run = format!("{on_failure}-{admits}");
        let (playbook, environment) = failing(&cluster, on_failure, admits);
        let ended = cutover_in(environment.as_ref(), &["run", &playbook, "--run-id", &run]);
        assert_eq!(ended.code, Some(code), "{run}: {}", ended.all);
        if code == UNDONE {
            assert_eq!(cluster.world(), old);
            continue;
        }
        if admits {
            let (_, choices) = ended
                .all
                .split_once("choices:")
                .expect("the choices are printed");
            insta::assert_snapshot!(normalised(choices), @r"
            cutover retry undo-true: attempts step 9 (`http.poll`) again and goes on
              cutover rollback undo-true --way repackage
              cutover rollback undo-true --way swap
              cutover rollback undo-true --way restore
            ways back for the database `main`:
              repackage the old package on the migrated database
                        takes about TIME, as measured in this run (stopping TIME, packages TIME, starting TIME)
                        loses nothing, so the old version must be able to read what was written; the database `main` keeps the schema of 3.4.2, and these migrations stay pending: core 016_280_to_300, http-log 001_280_to_300, post-function 001_280_to_300, pre-function 001_280_to_300; the next upgrade to 3.4.2 goes on with them
              swap      the kept copy of the backup
                        takes about TIME, as measured in this run (stopping TIME, packages TIME, starting TIME); not measured: two renames (under a second as a rule)
                        loses what was written since the backup of CLOCK (TIME ago)
              restore   the backup, restored: N rows, N bytes
                        takes about TIME, as measured in this run (restoring the backup TIME, stopping TIME, packages TIME, starting TIME)
                        loses what was written since the backup of CLOCK (TIME ago)
            held after TIME: not right within TIME, asked N times: `GET URL` answered wrongly: status 404 instead of 200; run undo-true, journal head DIGEST; next: `cutover retry undo-true` or `cutover rollback undo-true`
            ");
        }
        let again = cluster.cutover(&["retry", &run]);
        assert_eq!(again.code, Some(WAITING), "{run}: {}", again.all);
        cluster.roll_back(&run, &old);
    }
}

#[test]
fn what_others_wrote_after_up_is_seen_where_no_baseline_could_be_kept() {
    let cluster = PracticeCluster::up();
    // A file where the directory of the baselines is to be: `up` goes on without one.
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(cluster.storage())
        .expect("made");
    std::fs::write(cluster.storage().join("baselines"), "").expect("written");
    let (playbook, environment) = failing_after(&cluster, "undo", "run::approve(\"go on\");");
    let waiting = cutover_in(
        environment.as_ref(),
        &["run", &playbook, "--run-id", "blind"],
    );
    assert_eq!(waiting.code, Some(WAITING), "{}", waiting.all);
    assert!(!cluster.journal_text("blind").contains("\"baseline\":"));
    cluster.sql(
        "UPDATE services SET retries = 7 WHERE id = (SELECT min(id::text)::uuid FROM services)",
    );
    let approved = cluster.cutover(&["approve", "blind"]);
    assert_eq!(approved.code, Some(0), "{}", approved.all);
    let held = cluster.cutover(&["resume", "blind"]);
    assert_eq!(held.code, Some(WAITING), "{}", held.all);
    assert!(
        held.verdict.contains(
            "nothing is undone by itself, since somebody wrote configuration after the migration and going back would lose it"
        ),
        "{}",
        held.verdict
    );
    let ended = back(&cluster, "blind", "repackage");
    assert_eq!(ended.code, Some(0), "{}", ended.all);
}

#[test]
fn a_migration_that_was_attempted_again_can_be_repackaged() {
    let cluster = PracticeCluster::up();
    let (playbook, environment) = failing(&cluster, "hold", false);
    cluster.fault(&["migration-fails", "016_280_to_300"]);
    let held = cutover_in(
        environment.as_ref(),
        &["run", &playbook, "--run-id", "twice"],
    );
    assert_eq!(held.code, Some(WAITING), "{}", held.all);
    assert!(
        held.all
            .contains("repackage not available: `kong migrations up` did not end well"),
        "{}",
        held.all
    );
    cluster.fault(&["clear"]);
    let again = cluster.cutover(&["retry", "twice"]);
    assert_eq!(again.code, Some(WAITING), "{}", again.all);
    let ended = back(&cluster, "twice", "repackage");
    assert_eq!(ended.code, Some(0), "{}", ended.all);
    assert!(
        ended.verdict.contains("left as it is: the database `main`"),
        "{}",
        ended.verdict
    );
    assert_eq!(cluster.world().version(), Some("2.8.5"));
    assert!(cluster.serves());
}

#[test]
fn a_way_back_that_is_killed_goes_on_the_same_way() {
    let cluster = PracticeCluster::up();
    for ahead in [2, 4, 7, 12] {
        let run = format!("killed-{ahead}");
        let waiting = to_finish(&cluster, &run);
        assert_eq!(waiting.code, Some(WAITING), "{}", waiting.all);
        let record = format!("after:{}", cluster.records(&run) + ahead);
        let killed = cluster.cutover(&[
            "rollback",
            &run,
            "--way",
            "repackage",
            "--confirm",
            "practice",
            "--crash",
            &record,
        ]);
        assert_eq!(killed.code, None, "{}", killed.all);
        let other = back(&cluster, &run, "repackage");
        assert_eq!(other.code, Some(0), "{run}: {}", other.all);
        assert!(
            other.verdict.contains("left as it is: the database `main`"),
            "{}",
            other.verdict
        );
        assert_eq!(cluster.world().version(), Some("2.8.5"), "{run}");
        assert!(cluster.serves(), "{run}");
    }
}

#[test]
fn migrations_that_somebody_finished_meanwhile_are_not_left() {
    let cluster = before_finish("foreign");
    let old = cluster.world();
    cluster.sql("UPDATE schema_meta SET executed = executed || pending, pending = '{}'");
    let stuck = back(&cluster, "foreign", "repackage");
    assert_eq!(stuck.code, Some(STUCK), "{}", stuck.all);
    assert!(
        stuck.all.contains("[kong.leave_migrated.different]"),
        "{}",
        stuck.all
    );
    let mended = back(&cluster, "foreign", "swap");
    assert_eq!(mended.code, Some(0), "{}", mended.all);
    assert_eq!(cluster.world().version(), Some("2.8.5"));
    assert_ne!(cluster.world(), old);
}

#[test]
fn a_person_at_the_terminal_is_asked_which_way() {
    let cluster = PracticeCluster::up();
    let (playbook, environment) = failing(&cluster, "ask", true);
    let Some(shown) = at_a_terminal(
        &[
            "run",
            &playbook,
            "--run-id",
            "asked",
            "--environment",
            &environment,
        ],
        "repackage\n",
    ) else {
        println!("skipped: there is no `script` to make a terminal with");
        return;
    };
    assert!(
        shown.contains("Type `repackage`, `swap`, `restore` to go back, anything else to hold:"),
        "{shown}"
    );
    assert!(
        shown.contains("way back chosen by tester: repackage"),
        "{shown}"
    );
    assert!(
        shown.contains("left as it is: the database `main`"),
        "{shown}"
    );
    assert_eq!(cluster.world().version(), Some("2.8.5"));
    assert!(cluster.serves());
}

/// What a person sees who types `answer` while cutover runs at a terminal.
fn at_a_terminal(arguments: &[&str], answer: &str) -> Option<String> {
    let words: Vec<String> = std::iter::once(env!("CARGO_BIN_EXE_cutover"))
        .chain(arguments.iter().copied())
        .map(|word| format!("'{word}'"))
        .collect();
    let mut child = Command::new("script")
        .args(["-qec", &words.join(" "), "/dev/null"])
        .env("USER", "tester")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(answer.as_bytes()).expect("typed");
    let output = child.wait_with_output().expect("ended");
    drop(stdin);
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn told(ended: &Ended) -> String {
    normalised(&ended.all)
}

/// `text` without what differs from run to run.
fn normalised(text: &str) -> String {
    let patterns = [
        (r"\d+ min \d+ s\b|\d+(\.\d)? s\b|\d+ ms\b", "TIME"),
        (r"\d\d:\d\d:\d\d UTC", "CLOCK"),
        (r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID"),
        (r"head [0-9a-f]{12}", "head DIGEST"),
        (r"\d+ rows then, \d+ now", "N rows then, N now"),
        (r"asked \d+ times", "asked N times"),
        (r"http://[^`]+", "URL"),
        (r"\d+ rows, \d+ bytes", "N rows, N bytes"),
    ];
    let mut text = text.to_owned();
    for (pattern, word) in patterns {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, word).into_owned();
    }
    text.trim().to_owned()
}
