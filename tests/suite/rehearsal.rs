//! The rehearsal on a copy: production hears nothing of it, what it learns stops an upgrade that would fail, and nothing is left of it
//! however it ends.

use crate::practice_cluster::PracticeCluster;

const REFUSED: i32 = 4;

/// A playbook that rehearses and does nothing else.
const REHEARSE: &str = r#"
const PLAYBOOK = #{
    api: 1,
    needs: ["kong.*", "database.backup", "database.clone", "database.drop_copy", "http.poll"],
};
import "std/rehearsal" as rehearsal;
let cluster = env::cluster("practice");
let rehearsed = rehearsal::on_scratch(cluster, "3.4.2", [#{ path: "/health", status: 200 }]);
if rehearsed.up_ms <= 0 || rehearsed.changes.up.rows == 0 { throw "nothing was measured"; }
kong::compare(cluster, rehearsed.after);
"#;

#[test]
fn production_hears_nothing_of_a_rehearsal_and_a_person_sees_what_it_changed() {
    let cluster = PracticeCluster::up();
    let (old, content) = (cluster.world(), cluster.content());
    let playbook = cluster.write("rehearse.rhai", REHEARSE);
    let run = cluster.cutover(&["run", &playbook, "--run-id", "rehearsed"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert_eq!((cluster.world(), cluster.content()), (old, content));
    assert_eq!(cluster.left_of_a_rehearsal("rehearsed"), [""; 0]);
    assert!(
        run.all.contains(r#"~ routes order-lines: paths ["/ord"#)
            && run.all.contains(r#"→ ["~/ord"#),
        "{}",
        run.all
    );
}

#[test]
fn a_migration_that_fails_in_the_rehearsal_refuses_the_upgrade_in_kongs_words() {
    let cluster = PracticeCluster::up();
    let (old, content) = (cluster.world(), cluster.content());
    cluster.fault(&["migration-fails", "016_280_to_300"]);
    let run = cluster.upgrade("fails", &[]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(
        run.verdict
            .contains("failed to run migration '016_280_to_300' up"),
        "{}",
        run.all
    );
    assert_eq!((cluster.world(), cluster.content()), (old, content));
    assert_eq!(cluster.left_of_a_rehearsal("fails"), [""; 0]);
}

/// The runner is killed around records of the rehearsal; the run goes on, or is taken back.
#[test]
fn whatever_ends_a_rehearsal_nothing_is_left_of_it() {
    let cluster = PracticeCluster::up();
    let (old, content) = (cluster.world(), cluster.content());
    let playbook = cluster.write("rehearse.rhai", REHEARSE);
    let run = ["run", &playbook, "--run-id"];
    let reference = cluster.cutover(&[&run[..], &["reference"]].concat());
    assert_eq!(reference.code, Some(0), "{}", reference.all);
    let started = |verb: &str| {
        let journal = cluster.journal("reference");
        let is = |event: &serde_json::Value| {
            event["event"] == "started" && event["intent"]["verb"] == verb
        };
        journal.iter().position(is).expect("a step of it") + 1
    };
    let after_start = started("kong.stop_scratch") - 1;
    for (name, at) in [
        ("clone", started("database.clone") + 1),
        ("node", started("kong.start_scratch") + 1),
        ("finish", after_start),
        ("stop", started("kong.stop_scratch") + 1),
    ] {
        let crash = format!("after:{at}");
        for (then, back) in [("on", false), ("back", true)] {
            let id = format!("{name}-{then}");
            let killed = cluster.cutover(&[&run[..], &[&id, "--crash", &crash]].concat());
            assert_eq!(killed.code, None, "{id}: {}", killed.all);
            let ended = if back {
                cluster.cutover(&["rollback", &id, "--confirm", "practice"])
            } else {
                cluster.cutover(&["resume", &id])
            };
            assert_eq!(ended.code, Some(0), "{id}: {}", ended.all);
            assert_eq!(
                cluster.left_of_a_rehearsal(&id),
                [""; 0],
                "{id}: {}",
                ended.all
            );
        }
    }
    assert_eq!((cluster.world(), cluster.content()), (old, content));
}

#[test]
fn an_upgrade_that_does_not_fit_into_its_window_is_refused_with_figures() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let run = cluster.cutover(&[
        "run",
        "in-place",
        "cluster=practice",
        "to=3.4.2",
        "checks=/health=200",
        "watch=0s",
        "bake=30m",
        "window=mon,tue,wed,thu,fri,sat,sun 02:00-02:30 UTC",
    ]);
    assert_eq!(run.code, Some(REFUSED), "{}", run.all);
    assert!(
        run.all
            .contains("its longest opening this week is 30m [run.window.too_short]"),
        "{}",
        run.all
    );
    assert_eq!(cluster.world(), old);
}
