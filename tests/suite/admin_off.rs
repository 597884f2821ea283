//! `kong.freeze` with closed Admin APIs: closed through starts and reloads, told otherwise meanwhile, open again however it ends.

use crate::practice_cluster::{Ended, PracticeCluster, everything};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const REFUSED: i32 = 4;
const UNDONE: i32 = 5;
const PAUSED: i32 = 8;

fn run(cluster: &PracticeCluster, name: &str, body: &str, further: &[&str]) -> Ended {
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"kong.*\", \"run.*\"] }};\n\
         let cluster = env::cluster(\"practice\");\nlet nodes = cluster.nodes;\n{body}\n"
    );
    let path = cluster.write(&format!("{name}.rhai"), &text);
    let mut arguments = vec!["run", &path, "--run-id", name];
    arguments.extend(further);
    cluster.cutover(&arguments)
}

#[test]
fn closed_admin_apis_stay_closed_until_the_thaw_and_the_nodes_are_told_apart_all_the_same() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let body = r#"let before = kong::entities(cluster);
kong::freeze(cluster, #{ mode: "admin_off" });
run::approve("look");
kong::compare(cluster, before);
kong::stop([nodes[0]]);
kong::start([nodes[0]]);
kong::reload([nodes[1]]);
kong::status(nodes[0]);
run::approve("look again");
kong::thaw(cluster);
kong::compare(cluster, before);"#;
    let frozen = run(&cluster, "closed", body, &[]);
    assert_eq!(frozen.code, Some(PAUSED), "{}", frozen.all);
    assert!(!cluster.admin_listens(0) && !cluster.admin_listens(1));
    assert_eq!(cluster.cutover(&["approve", "closed"]).code, Some(DONE));
    let again = cluster.cutover(&["resume", "closed"]);
    assert_eq!(again.code, Some(PAUSED), "{}", again.all);
    // A start and a reload later.
    assert!(!cluster.admin_listens(0) && !cluster.admin_listens(1));
    let on = cluster.cutover(&["resume", "closed", "--approve", "practice"]);
    assert_eq!(on.code, Some(DONE), "{}", on.all);
    assert_eq!(cluster.world(), old);
    assert!(cluster.closed_admins().is_empty());
}

#[test]
fn an_upgrade_with_closed_admin_apis_ends_open_and_goes_back_open() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let upgraded = cluster.upgrade("off", &["freeze=admin_off"]);
    assert_eq!(upgraded.code, Some(DONE), "{}", upgraded.all);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    cluster.roll_back("off", &old);
    for call in [14, 26] {
        let run = format!("off-{call}");
        let failing = format!("after:{call}");
        let failed = cluster.upgrade(&run, &["freeze=admin_off", "--fail", &failing]);
        assert_eq!(failed.code, Some(UNDONE), "{run}: {}", failed.all);
        assert_eq!(cluster.world(), old, "{run}");
    }
    assert!(cluster.closed_admins().is_empty());
}

#[test]
fn a_node_that_died_since_keeps_nobody_from_going_back() {
    let cluster = PracticeCluster::up();
    let thawed = run(
        &cluster,
        "dead",
        "kong::freeze(cluster, #{ mode: \"admin_off\" });\nkong::thaw(cluster);",
        &[],
    );
    assert_eq!(thawed.code, Some(DONE), "{}", thawed.all);
    let stopped = cluster.kong("2.8.5", &["stop"]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.all);
    let back = cluster.cutover(&["rollback", "dead", "--confirm", "practice"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert!(cluster.closed_admins().is_empty());
}

/// A denial that was there before is somebody else's.
#[test]
fn going_back_from_closed_admin_apis_leaves_a_denial_that_was_there() {
    const DENIED: &str =
        "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'cutover_frozen%')";
    let cluster = PracticeCluster::up();
    let denied = run(
        &cluster,
        "denied",
        "kong::freeze(cluster, #{ mode: \"deny\" });",
        &[],
    );
    assert_eq!(denied.code, Some(DONE), "{}", denied.all);
    let closed = run(
        &cluster,
        "closed",
        "kong::freeze(cluster, #{ mode: \"admin_off\" });\nrun::fail(\"not today\");",
        &[],
    );
    assert_eq!(closed.code, Some(UNDONE), "{}", closed.all);
    assert!(cluster.admin_listens(0) && cluster.admin_listens(1));
    assert_eq!(cluster.try_sql(DENIED).as_deref(), Ok("t"));
}

#[test]
fn a_runner_that_is_killed_around_a_closed_admin_api_leaves_none_behind() {
    const BODY: &str = "kong::freeze(cluster, #{ mode: \"admin_off\" });\nkong::stop(nodes);\nkong::start(nodes);\nkong::thaw(cluster);";
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let whole = run(&cluster, "whole", BODY, &[]);
    assert_eq!(whole.code, Some(DONE), "{}", whole.all);
    let mut killed = 0;
    let step = if everything() { 1 } else { 5 };
    for record in (3..cluster.records("whole")).step_by(step) {
        for (when, verb) in [("before", "resume"), ("after", "rollback")] {
            let name = format!("{when}-{record}");
            let died = run(
                &cluster,
                &name,
                BODY,
                &["--crash", &format!("{when}:{record}")],
            );
            if died.code.is_some() {
                // The run was over before that record came: it has fewer.
                assert_eq!(died.code, Some(DONE), "{name}: {}", died.all);
                assert!(cluster.records(&name) < record, "{name}: {}", died.all);
                continue;
            }
            let mut words = vec![verb, &name];
            if verb == "rollback" {
                words.extend(["--confirm", "practice"]);
            }
            let ended = cluster.cutover(&words);
            assert_eq!(ended.code, Some(DONE), "{name}: {}", ended.all);
            assert_eq!(cluster.world(), old, "{name}: {}", ended.all);
            assert!(cluster.closed_admins().is_empty(), "{name}");
            killed += 1;
        }
    }
    assert!(killed > 8, "{killed}");
    println!("closed Admin APIs: {killed} kills, open again after each");
}

#[test]
fn an_admin_api_that_somebody_opens_puts_the_run_down() {
    let cluster = PracticeCluster::up();
    let body = "kong::freeze(cluster, #{ mode: \"admin_off\" });\nrun::approve(\"go on\");\nkong::stop(nodes);";
    let closed = run(&cluster, "opened", body, &[]);
    assert_eq!(closed.code, Some(PAUSED), "{}", closed.all);
    let reloaded = cluster.kong("2.8.5", &["reload"]);
    assert_eq!(reloaded.code, Some(0), "{}", reloaded.all);
    cluster.await_admin(0);
    let seen = cluster.cutover(&["resume", "opened", "--approve", "practice"]);
    assert_eq!(seen.code, Some(PAUSED), "{}", seen.all);
    let told = "the freeze of `practice` is not in force any more";
    assert!(seen.all.contains(told), "{}", seen.all);
    let back = cluster.cutover(&["rollback", "opened", "--confirm", "practice"]);
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert!(cluster.admin_listens(0) && cluster.admin_listens(1));
}

#[test]
fn a_node_that_would_tell_nothing_else_is_not_closed_and_a_plan_says_so() {
    let cluster = PracticeCluster::up();
    cluster.configure("kong-2", "status_listen", "off");
    let text = "const PLAYBOOK = #{ api: 1, params: #{}, needs: [\"kong.freeze\"] };\n\
                kong::freeze(env::cluster(\"practice\"), #{ mode: \"admin_off\" });\n";
    let path = cluster.write("silent.rhai", text);
    let told = "the Admin API of `kong-2` cannot be closed: nothing else would tell whether the node is ready";
    let planned = cluster.cutover(&["plan", &path]);
    assert!(planned.all.contains(told), "{}", planned.all);
    let refused = cluster.cutover(&["run", &path, "--run-id", "silent"]);
    assert!(
        [Some(REFUSED), Some(UNDONE)].contains(&refused.code),
        "{}",
        refused.all
    );
    assert!(refused.all.contains(told), "{}", refused.all);
    assert!(
        refused.all.contains("set `status_listen` in its kong.conf"),
        "{}",
        refused.all
    );
    assert!(cluster.admin_listens(0) && cluster.admin_listens(1));
    assert!(cluster.closed_admins().is_empty());
}
