//! The three ways back of a run that migrated a database, on a practice cluster with a real PostgreSQL: which there are, what the
//! operator is shown, what each leaves, and that an upgrade goes on after each.

use crate::practice_cluster::{Ended, PracticeCluster};

const REFUSED: i32 = 4;
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
    let first = cluster.cutover(&[
        "run",
        "in-place",
        "cluster=practice",
        "to=3.4.2",
        "checks=/health=200",
        "watch=0s",
        "bake=0s",
        "--run-id",
        run,
    ]);
    assert_eq!(first.code, Some(WAITING), "{}", first.all);
    let approved = cluster.cutover(&["approve", run]);
    assert_eq!(approved.code, Some(0), "{}", approved.all);
    cluster.cutover(&["resume", run])
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
            "left as chosen: the database `main` keeps the schema of 3.4.2, and these migrations stay pending: core 016_280_to_300, http-log 001_280_to_300, post-function 001_280_to_300, pre-function 001_280_to_300; the next upgrade to 3.4.2 goes on with them"
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
fn the_screens_list_the_ways_with_their_times_and_losses() {
    let cluster = before_finish("shown");
    cluster.admin("POST", "/consumers", "{\"username\": \"late\"}");
    cluster.admin(
        "POST",
        "/services",
        "{\"name\": \"late\", \"host\": \"127.0.0.1\"}",
    );
    cluster.admin("PATCH", "/services/late", "{\"host\": \"127.0.0.2\"}");
    let down = cluster.cutover(&["why-down"]);
    println!("{}", down.all);
    let refused = cluster.cutover(&["rollback", "shown", "--way", "swap"]);
    assert_eq!(refused.code, Some(REFUSED));
    println!("{}", refused.all);
}
