//! A plan: the whole of it as people read it, the same whatever the machine, and clear about what it cannot use.

use serde_json::Value;

use crate::simulated::{UPGRADE, ended, fixture, played};

#[test]
fn the_plan_of_an_upgrade_is_told_step_by_step() {
    let (code, told, error) = ended(&played("plan", "in-place", &UPGRADE).output().expect("runs"));
    assert_eq!((code, error.as_str()), (Some(0), ""));
    insta::assert_snapshot!(told, @r"
    plan of `in-place` in `practice`, for the world of 2026-11-23 02:00 UTC

    ▸ Preflight
        1 · kong.check_hosts kong-1, kong-2                                    600 ms ?
        2 · traffic.check_listed practice                                       10 ms ?
        3 · kong.status kong-1                                                  10 ms ?
        4 · review.path 2.8.5 to 3.4.2                                                 
        5 · packages.available kong-1                                           10 ms ?
        6 · kong.status kong-2                                                  10 ms ?
        7 · review.path 2.8.5 to 3.4.2                                                 
        8 · packages.available kong-2                                           10 ms ?
        9 · kong.prove_database kong-1, kong-2                                 600 ms ?
       10 · database.facts main                                                 10 ms ?
       11 · kong.check_leftovers practice                                      940 ms ?
       12 · http.poll kong-1 /health                                           170 ms ?
       13 · http.poll kong-2 /health                                           170 ms ?
       14 ~ packages.archive kong-1, kong-2                                    620 ms ?
       15 ~ packages.fetch 3.4.2 on kong-1, kong-2                              40 ms ?
          ↩ undo, loses nothing                                               ≤ 2.6 s ?
    ▸ Rehearse
       16 · kong.entities kong-1                                                10 ms ?
       17 ~ database.backup main                                                4.4 s ?
       18 ~ database.clone main                                                10.0 s ?
       19 ~ kong.migrate_scratch up on kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5   11.6 s ?
       20 ~ kong.start_scratch kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5    3.6 s ?
       21 · http.poll kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5 /health   170 ms ?
       22 · kong.compare kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5       10 ms ?
       23 ~ kong.migrate_scratch finish on kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5    6.6 s ?
       24 · http.poll kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5 /health   170 ms ?
       25 · kong.compare kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5       10 ms ?
       26 ~ kong.stop_scratch kong-1@3.4.2/main/cutover_rehearsal_e594cef680c5    2.3 s ?
       27 ~ database.drop_copy cutover_rehearsal_e594cef680c5                  210 ms ?
       28 · run.note rehearsed on a copy: backup 4400 ms, restore 10000 ms, up 11000 ms (0 rows changed), start 3000 ms, finish 6000 ms (0 rows changed)           
    ▸ Close
       29 · run.wait_for any                                                     0 ms  
       30 · kong.freeze practice, watched, not frozen                          920 ms ?
       31 · kong.check_leftovers practice                                      940 ms ?
     32 · kong.entities kong-1                                                  10 ms ?
    ▸ Rollback backup
       33 ~ database.backup main                                                4.4 s ?
       34 ~ database.verify main by restore, kept as standby                   10.0 s ?
     35 ~ run.approve stop 2 nodes of practice and migrate its database to 3.4.2   920 ms ?
    ▸ Stop and migrate
       36 ~ traffic.drain kong-1, kong-2                                        3.0 s ?
       37 ~ kong.stop kong-1, kong-2                                            4.6 s ?
          ↩ undo, loses nothing                                              ≤ 20.6 s ?
       38 ~ packages.install 3.4.2 on kong-1, kong-2                           11.8 s ?
       39 · kong.check kong-1, kong-2                                           1.5 s ?
       40 ~ kong.migrate_up main                                               14.6 s ?
          ↩ repackage, loses nothing, the new schema stays                   ≤ 28.2 s ?
          ↩ swap, loses what is written after the backup of step 33          ≤ 30.4 s ?
          ↩ restore, loses what is written after the backup of step 33       ≤ 40.6 s ?
    ▸ Prove and admit
       41 ~ kong.start kong-1, kong-2                                           6.6 s ?
       42 · http.poll kong-1 /health                                           170 ms ?
       43 · http.poll kong-2 /health                                           170 ms ?
       44 · kong.compare kong-1                                                 10 ms ?
       45 · traffic.status kong-1                                               10 ms ?
       46 · traffic.status kong-2                                               10 ms ?
       47 ~ traffic.admit kong-1                                                40 ms ?
       48 · clock.pause 10000 ms                                               10.0 s  
       49 ~ traffic.admit kong-1                                                40 ms ?
       50 ~ traffic.admit kong-2                                                40 ms ?
       51 · clock.pause 10000 ms                                               10.0 s  
       52 ~ traffic.admit kong-2                                                40 ms ?
       53 · clock.pause 1800000 ms                                           30 min 0 s  
       54 · http.poll kong-1 /health                                           170 ms ?
       55 · http.poll kong-2 /health                                           170 ms ?
    ▸ Finish
       56 ~ run.approve cross the point of no return: `kong migrations finish`   920 ms ?
       57 ! kong.finish main                                                   19.4 s ?
          ↩ swap, loses what is written after the backup of step 33          ≤ 30.4 s ?
          ↩ restore, loses what is written after the backup of step 33       ≤ 40.6 s ?
       58 · http.poll kong-1 /health                                           170 ms ?
       59 · http.poll kong-2 /health                                           170 ms ?
       60 · kong.compare kong-1                                                 10 ms ?
       61 ~ kong.thaw practice                                                  30 ms ?

    takes                  32 min 23 s
    clients unserved       40.5 s, from step 36 to step 47
    point of no return     step 57
    people are asked       before step 35, 56
    disk                   600 MiB for backups, 600 MiB for copies on the database server
    left behind            cutover_standby_65b7cbd86b34
    ends                   done: the playbook ran to its end

    ~ changes something, ! has no way back of its own, ✗ fails; = measured here before, ? a rate that ships with cutover
    ↩ a way back from here on, with the longest that it takes until the next ↩
    ");
}

#[test]
fn a_runbook_tells_every_step_to_somebody_without_cutover() {
    let mut command = played("plan", "in-place", &UPGRADE);
    let (code, told, _) = ended(&command.arg("--runbook").output().expect("runs"));
    assert_eq!(code, Some(0));
    for words in [
        "kong quit -p /usr/local/kong -t 30   # on kong-1",
        "ln -sfn kong-3.4.2 /opt/kong/current   # on kong-2",
        "kong migrations up -c /etc/kong/kong.conf --lock-timeout",
        "createdb -h /run/postgresql -p 5432 -U kong COPY",
        "**Stop when:** `Kong stopped forcefully`",
        "Point of no return: step ",
    ] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    let mut command = played("plan", "in-place", &UPGRADE);
    let plan = command.args(["--output", "json"]).output().expect("runs");
    let plan: Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    let steps = plan["steps"].as_array().expect("steps").len();
    assert_eq!(told.matches("- [ ] **").count(), steps);
}

#[test]
fn a_plan_is_the_same_on_any_machine() {
    let plan = |settings: &[(&str, &str)]| {
        let mut command = played("plan", "in-place", &UPGRADE);
        command
            .args(["--output", "json"])
            .envs(settings.iter().copied());
        command.output().expect("runs").stdout
    };
    let first = plan(&[]);
    assert!(!first.is_empty());
    for turn in 0..100 {
        let zone = ["UTC", "Asia/Kathmandu", "America/St_Johns"][turn % 3];
        let locale = ["C", "de_DE.UTF-8", "tr_TR.UTF-8"][turn / 3 % 3];
        // Hash seeds are the process's own, so each turn has others.
        assert_eq!(
            plan(&[("TZ", zone), ("LC_ALL", locale), ("LANG", locale)]),
            first
        );
    }
}

#[test]
fn a_program_learns_by_the_exit_code_whether_anything_would_change() {
    let code = |playbook, parameters: &[&str]| {
        let mut command = played("plan", playbook, parameters);
        command.arg("--detailed-exitcode");
        command.output().expect("runs").status.code()
    };
    assert_eq!(code("in-place", &UPGRADE), Some(10));
    let same = ["cluster=practice", "to=2.8.5", "checks=/health=200"];
    assert_eq!(code("in-place", &same), Some(4), "the path is refused");
}

#[test]
fn a_plan_fits_its_published_schema() {
    let mut command = played("plan", "in-place", &UPGRADE);
    let plan = command.args(["--output", "json"]).output().expect("runs");
    let plan: Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    let schema = std::process::Command::new(env!("CARGO_BIN_EXE_cutover"))
        .args(["environment", "schema", "plan"])
        .output()
        .expect("runs");
    let schema: Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    let named = |value: &Value| -> Vec<String> {
        let mut names: Vec<String> = value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect();
        names.sort();
        names
    };
    assert_eq!(named(&plan), named(&schema["properties"]));
}

#[test]
fn a_world_that_cannot_be_used_is_told_with_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let told = |text: &str| {
        let path = directory.path().join("world.json");
        std::fs::write(&path, text).expect("written");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cutover"));
        command.env_clear().args(["plan", "in-place"]).args(UPGRADE);
        command
            .arg("--environment")
            .arg(fixture("simulated/environment.toml"));
        let (code, _, error) = ended(&command.arg("--offline").arg(&path).output().expect("runs"));
        assert_eq!(code, Some(2), "{error}");
        error.replace(&path.display().to_string(), "WORLD")
    };
    let world = std::fs::read_to_string(fixture("simulated/world.json")).expect("a world");
    insta::assert_snapshot!(told(&world.replacen("\"format\": 1", "\"format\": 7", 1)), @r#"
    error: `WORLD`: this world has format 7, and this version of cutover reads format 1
    help: `cutover observe > world.json` writes one
    "#);
    insta::assert_snapshot!(told(&world.replacen("\"installed\"", "\"instaled\"", 1)), @r"
    error: `WORLD`: this is not a world that can be planned with, at `line 15, column 16`: unknown field `instaled`, expected one of `proxy`, `role`, `declared`, `cluster_database`, `database`, `available`, `trials`, `kept`, `installed`, `running`, `rotation`, `admin`, `files`, `refuses_configuration`, `stand_in`, `plugins`, `adaptations`, `templates`, `hindrances`, `strange`, `facts`
    help: `cutover observe > world.json` writes one
    ");
    insta::assert_snapshot!(told(&world.replacen("\"2.8.5\"", "\"two\"", 1)), @r#"
    error: `WORLD`: this is not a world that can be planned with, at `line 12, column 8`: `two` is not a version of Kong (`3.4.2`, or `3.4.3.5` for Enterprise)
    help: `cutover observe > world.json` writes one
    "#);
    insta::assert_snapshot!(told("{"), @r#"
    error: `WORLD`: this is not a world that can be planned with, at `line 1, column 1`: EOF while parsing an object
    help: `cutover observe > world.json` writes one
    "#);
}
