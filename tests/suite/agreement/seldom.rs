//! What random walks seldom come to: nodes of two versions, a lock that is held, writes that are denied, a node at another database,
//! and a way back. Each begins in the world that the one before left.

use serde_json::Value;

use super::{Agreement, playbook};
use crate::practice_cluster::PracticeCluster;

/// A node of the new version beside one of the old: both are looked at, before anything is migrated and after it.
const TWO_VERSIONS: [&[&str]; 4] = [
    &[
        "kong::stop([n[0]])",
        "kong::stop([n[0]])",
        "kong::reload([n[0]])",
        "kong::status(n[0])",
        "http::poll(n[0], \"/health\", #{ status: 200 }, #{ passes: 1, within: \"1s\" })",
        "packages::install([n[0]], \"3.4.2\")",
        "kong::version(n[0])",
        "kong::migrations(c)",
        "kong::start([n[0]])",
        "traffic::admit(n[0], #{ weight: 7 })",
        "traffic::status(n[0])",
        "kong::entities(c)",
    ],
    &[
        "kong::status(n[0])",
        "kong::status(n[1])",
        "kong::check_hosts(n)",
        "traffic::check_listed(c)",
        "traffic::status(n[0])",
        "packages::available(n[0])",
        "packages::fetch([n[0]], \"3.9.1\")",
        "packages::fetch([n[1]], \"9.9.9\")",
        "packages::archive(n)",
        "database::verify(c.database, backup, #{ tier: \"checksum\" })",
        "kong::migrate_up(c, #{ backup: backup })",
        "kong::migrate_up(c, #{ backup: database::backup(c.database) })",
        "kong::migrations(c)",
        "http::poll(n[1], \"/health\", #{ status: 200 }, #{ passes: 1, within: \"1s\" })",
        "kong::check_leftovers(c)",
        "kong::finish(c, #{ bake: \"0s\", interval: \"1ms\" })",
    ],
    &[
        "kong::migrations(c)",
        "kong::check_leftovers(c)",
        "kong::start([n[0]])",
        "http::poll(n[0], \"/health\", #{ status: 200 }, #{ passes: 1, within: \"1s\" })",
        "kong::stop(n)",
        "packages::install([n[0]], \"2.8.5\")",
        "kong::migrations(c)",
        "kong::check_leftovers(c)",
        "kong::start(n)",
        "kong::status(n[0])",
    ],
    &[
        "kong::check_leftovers(c)",
        "kong::status(n[0])",
        "traffic::split(n[0], n[1], 30)",
        "traffic::status(n[0])",
        "traffic::split(n[0], n[1], 100)",
        "traffic::status(n[1])",
    ],
];

#[test]
fn two_versions_at_one_database_go_as_they_are_planned() {
    let cluster = PracticeCluster::up();
    let mut agreement = Agreement::default();
    for (number, words) in TWO_VERSIONS.into_iter().enumerate() {
        walk(
            &mut agreement,
            &cluster,
            &format!("versions-{number}"),
            words,
        );
    }
    agreement.conclude("two versions");
}

#[test]
fn locks_and_denials_go_as_they_are_planned() {
    let cluster = PracticeCluster::up();
    let mut agreement = Agreement::default();
    let stopped = [
        "kong::stop(n); packages::install(n, \"3.4.2\")",
        "kong::check_leftovers(c)",
        "kong::migrate_up(c, #{ backup: backup })",
        "kong::migrations(c)",
    ];
    cluster.fault(&["lock-held", "3600"]);
    walk(
        &mut agreement,
        &cluster,
        "lock-1",
        &["kong::check_leftovers(c)"],
    );
    walk(&mut agreement, &cluster, "lock-2", &stopped);
    cluster.fault(&["clear"]);
    let back = ["packages::install(n, \"2.8.5\"); kong::start(n)"];
    walk(&mut agreement, &cluster, "lock-3", &back);
    let deny = [
        "kong::freeze(c, #{ mode: \"deny\" })",
        "kong::freeze(c, #{ mode: \"deny\" })",
        // Before what stops traffic the freeze is looked at again.
        "kong::stop([n[0]])",
        "kong::start([n[0]])",
    ];
    walk(&mut agreement, &cluster, "deny-1", &deny);
    let thaw = ["kong::thaw(c)", "kong::thaw(c)", "kong::check_leftovers(c)"];
    walk(&mut agreement, &cluster, "deny-2", &thaw);
    let close = [
        "kong::freeze(c, #{ mode: \"admin_off\" })",
        "kong::stop([n[0]])",
        "kong::start([n[0]])",
        "kong::status(n[0])",
        "kong::freeze(c, #{ mode: \"admin_off\" })",
    ];
    walk(&mut agreement, &cluster, "close-1", &close);
    let open = [
        "kong::stop([n[0]])",
        "kong::thaw(c)",
        "kong::freeze(c, #{ mode: \"admin_off\" })",
        "kong::start([n[0]])",
        "kong::status(n[0])",
    ];
    walk(&mut agreement, &cluster, "close-2", &open);
    agreement.conclude("locks and denials");
}

#[test]
fn plugins_on_routes_go_as_they_are_planned() {
    let cluster = PracticeCluster::up();
    let mut agreement = Agreement::default();
    let notice = "traffic::terminate(c, [\"search\", \"site\"], #{ message: \"back at noon\" })";
    let words = [
        notice,
        "kong::entities(c)",
        "traffic::terminate(c, \"search\", #{ status: 410 })",
        "kong::entities(c)",
        "traffic::redirect(c, \"orders\", #{ to: \"https://green.example\" })",
        "traffic::canary(c, \"orders\", #{ percent: 10, upstream: \"http://10.0.0.12:8000\" })",
        "kong::freeze(c, #{ mode: \"deny\" })",
        "traffic::terminate(c, \"site\", #{})",
        "kong::thaw(c)",
        "kong::freeze(c, #{ mode: \"admin_off\" })",
        "traffic::terminate(c, \"site\", #{})",
        "kong::thaw(c)",
        "kong::stop([n[0]])",
        "traffic::terminate(c, \"site\", #{})",
        "kong::stop([n[1]])",
        notice,
        "kong::start(n)",
        "kong::entities(c)",
    ];
    walk(&mut agreement, &cluster, "notices", &words);
    agreement.conclude("plugins on routes");
}

#[test]
fn an_upgrade_that_fails_goes_back_as_it_is_planned() {
    let cluster = PracticeCluster::up();
    let mut agreement = Agreement::default();
    let path = cluster.write("back.rhai", BACK);
    agreement.compare(&cluster, &path, &[], "back");
    let looks = [
        "kong::migrations(c)",
        "kong::check_leftovers(c)",
        "kong::status(n[0])",
        "traffic::status(n[0])",
        "kong::entities(c)",
    ];
    walk(&mut agreement, &cluster, "after", &looks);
    agreement.conclude("a way back");
}

/// Everything is looked at once more when all of it was taken back, which is when the first to be registered comes.
const BACK: &str = r#"const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "packages.*", "database.*", "traffic.*", "http.poll", "practice.*"] };
let c = env::cluster("practice");
let n = c.nodes;
run::on_rollback("look", || {
    kong::migrations(c);
    kong::entities(c);
    kong::status(n[0]);
    traffic::status(n[0]);
    kong::check_leftovers(c);
});
practice::write("kept", "one");
practice::remove("kept");
practice::write("left", "two");
let entities = kong::entities(c);
let backup = database::backup(c.database);
let copy = database::verify(c.database, backup, #{ tier: "restore", keep: true });
traffic::drain(n);
kong::stop(n);
packages::install(n, "3.4.2");
kong::migrate_up(c, #{ backup: backup, copy: copy });
kong::start(n);
for node in n { http::poll(node, "/health", #{ status: 200 }, #{ passes: 1, within: "1s" }); }
kong::compare(c, entities);
if false { packages::available(n[0]); database::facts(c.database); practice::write("x", "y"); }
run::fail("not today");
"#;

#[test]
fn as_many_copies_are_left_as_planned() {
    let cluster = PracticeCluster::up();
    let before = cluster.databases().len();
    let path = cluster.write("copies.rhai", COPIES);
    let plan = cluster.cutover(&["plan", &path, "--output", "json"]);
    let plan: Value = serde_json::from_str(&plan.out).expect("a plan");
    let mut agreement = Agreement::default();
    agreement.compare(&cluster, &path, &[], "copies");
    agreement.conclude("copies");
    let planned = plan["left"].as_object().expect("databases by name").len();
    assert_eq!(cluster.databases().len() - before, planned);
}

/// One copy is kept, one is dropped, and one is what was live.
const COPIES: &str = r#"const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "database.*"] };
let c = env::cluster("practice");
let backup = database::backup(c.database);
let kept = database::verify(c.database, backup, #{ tier: "restore", keep: true });
let copy = database::clone(c.database, backup);
database::drop_copy(copy);
kong::stop(c.nodes);
database::restore(c.database, backup);
kong::start(c.nodes);
run::note(kept);
if false { database::facts(c.database); }
"#;

#[test]
fn a_restore_beside_a_session_that_cannot_be_ended_fails_as_planned() {
    let cluster = PracticeCluster::up_with(&["--hardened"]);
    let inside = cluster.foreign_session("kong");
    let path = cluster.write("busy.rhai", BUSY);
    let mut agreement = Agreement::default();
    agreement.compare(&cluster, &path, &[], "busy");
    drop(inside);
    agreement.conclude("a busy database");
}

/// The database is not what the backup holds any more, or nothing would have to be restored.
const BUSY: &str = r#"const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.*", "packages.install", "database.*"] };
let c = env::cluster("practice");
let backup = database::backup(c.database);
database::verify(c.database, backup, #{ tier: "restore" });
kong::stop(c.nodes);
packages::install(c.nodes, "3.4.2");
kong::migrate_up(c, #{ backup: backup });
try { database::restore(c.database, backup); } catch (problem) { run::note(`caught ${problem.code}`); }
if false { database::facts(c.database); database::clone(c.database, backup); }
"#;

#[test]
fn a_node_at_another_database_is_planned_as_it_is() {
    let cluster = PracticeCluster::up();
    cluster.lead_astray(1, "postgres");
    let mut agreement = Agreement::default();
    let looks = [
        "kong::prove_database([n[0]])",
        "kong::prove_database([n[1]])",
        "kong::prove_database(n)",
    ];
    walk(&mut agreement, &cluster, "astray", &looks);
    agreement.conclude("another database");
}

/// A playbook of these words, planned and run.
pub(super) fn walk(
    agreement: &mut Agreement,
    cluster: &PracticeCluster,
    run: &str,
    words: &[&str],
) {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let path = cluster.write(&format!("{run}.rhai"), &playbook(&words));
    agreement.compare(cluster, &path, &[], run);
}
