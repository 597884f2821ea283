//! The shipped `in-place` playbook on a practice cluster with a real PostgreSQL: it works, it goes back, and it survives being killed
//! and failing at every point.

use crate::practice_cluster::{PracticeCluster, World, everything};

/// The exit codes of the product that these tests speak of.
const UNDONE: i32 = 5;
const STUCK: i32 = 7;
const WAITING: i32 = 8;
const REFUSED: i32 = 4;

#[test]
fn an_upgrade_and_the_way_home() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    assert_eq!(old.version(), Some("2.8.5"));
    let run = cluster.upgrade("whole", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    assert!(run.verdict.starts_with("done after "), "{}", run.verdict);
    assert!(run.verdict.contains("downtime"), "{}", run.verdict);
    let new = cluster.world();
    assert_eq!(new.version(), Some("3.4.2"));
    cluster.roll_back("whole", &old);
    let again = cluster.cutover(&["rollback", "whole", "--confirm", "practice"]);
    assert_eq!(
        (again.code, again.all.contains("undone already")),
        (Some(REFUSED), true),
        "{}",
        again.all
    );
}

#[test]
fn whatever_fails_the_old_world_comes_back_or_a_person_is_called() {
    let chosen = if everything() {
        calls(1)
    } else {
        vec![1, 9, 20, 27]
    };
    let [undone, stuck, held] = failures(&PracticeCluster::up(), &chosen);
    assert!(undone > 0 && stuck > 0 && held > 0);
}

/// Every so manieth call that changes the world, more than any run has.
pub(crate) fn calls(every: usize) -> Vec<u32> {
    share((1..=256).collect(), every)
}

/// Each of these calls that change the world fails once, before it acts and after; and from each on everything fails. Answers how many
/// were undone or refused, stuck, and held.
pub(crate) fn failures(cluster: &PracticeCluster, chosen: &[u32]) -> [usize; 3] {
    let old = cluster.world();
    let mut counted = [0_usize; 3];
    'calls: for call in chosen {
        for when in ["before", "after", "from"] {
            let run = format!("fail-{when}-{call}");
            let ended = cluster.upgrade(&run, &["--fail", &format!("{when}:{call}")]);
            match ended.code {
                // Past the last call nothing fails.
                Some(0) => {
                    cluster.roll_back(&run, &old);
                    break 'calls;
                }
                Some(UNDONE | REFUSED) => {
                    assert_eq!(cluster.world(), old, "{run}: {}", ended.all);
                    counted[0] += 1;
                }
                Some(STUCK) => {
                    assert_eq!(when, "from", "{run}: {}", ended.all);
                    let down = cluster.cutover(&["why-down"]);
                    assert!(down.all.contains("cutover rollback"), "{}", down.all);
                    cluster.roll_back(&run, &old);
                    counted[1] += 1;
                }
                Some(WAITING) => {
                    // Clients may have used the new version: held, and a person takes it back.
                    cluster.roll_back(&run, &old);
                    counted[2] += 1;
                }
                other => panic!("{run} ended with {other:?}: {}", ended.all),
            }
        }
    }
    let [undone, stuck, held] = counted;
    println!(
        "failure sweep: {undone} undone or refused, {stuck} stuck, {held} held; every one came back"
    );
    counted
}

/// The runner is killed with SIGKILL around every record, its last record lost in half or not, and the run taken up again.
#[test]
fn wherever_the_runner_is_killed_the_run_goes_on_to_the_same_end() {
    let swept = sweep("crash", 1, PracticeCluster::up, resumed);
    println!("crash sweep: {swept} points, every one resumed to the same world and came back");
}

/// The runner is killed, and the run is taken back instead of on.
#[test]
fn a_run_can_be_taken_back_from_every_prefix() {
    let swept = sweep("back", 1, PracticeCluster::up, |cluster, run, old, _| {
        cluster.roll_back(run, old);
    });
    println!("rollback from {swept} prefixes: the old world every time");
}

/// Takes a run up that was killed: it goes on to the new world, does nothing twice, and is taken back.
pub(crate) fn resumed(cluster: &PracticeCluster, run: &str, old: &World, new: &World) {
    let wanted = if cluster.is_over(run) { REFUSED } else { 0 };
    let resumed = cluster.cutover(&["resume", run, "--approve", "practice"]);
    assert_eq!(resumed.code, Some(wanted), "{run}: {}", resumed.all);
    assert_eq!(cluster.world(), *new, "{run}: {}", resumed.all);
    assert_eq!(finished(cluster, run, "kong.migrate_up"), 1, "{run}");
    assert_eq!(finished(cluster, run, "kong.finish"), 1, "{run}");
    cluster.roll_back(run, old);
}

/// By how many records two runs of the same upgrade differ at most. On a busy machine more is polled.
pub(crate) const UNEQUAL: usize = 48;

/// What this machine plays of a long sweep: with `CUTOVER_TEST_SHARE=2/8` the second of every eight, so that several machines, or several
/// evenings, play all of it. Without it every so manieth.
pub(crate) fn share<T>(all: Vec<T>, every: usize) -> Vec<T> {
    let Ok(said) = std::env::var("CUTOVER_TEST_SHARE") else {
        return all.into_iter().step_by(every).collect();
    };
    let (own, of) = said.split_once('/').expect("as in `2/8`");
    let (own, of): (usize, usize) = (
        own.parse().expect("a number"),
        of.parse().expect("a number"),
    );
    assert!((1..=of).contains(&own), "`{said}` is no share");
    all.into_iter().skip(own - 1).step_by(of).collect()
}

/// Kills a run at every so manieth of the points, on clusters that `up` brings up, and lets `follow` see to what comes then. The long sweep
/// shares the points among clusters of their own, since most of its time is waiting.
pub(crate) fn sweep(
    name: &str,
    every: usize,
    up: impl Fn() -> PracticeCluster + Sync,
    follow: impl Fn(&PracticeCluster, &str, &World, &World) + Sync,
) -> usize {
    let workers = if everything() { 3 } else { 1 };
    let play = |worker: usize| {
        let cluster = up();
        let old = cluster.world();
        let (new, records) = reference(&cluster, &old);
        let points = share(points(records), every);
        let own = points.iter().skip(worker).step_by(workers);
        let swept = own.map(|(when, record)| {
            let run = format!("{name}-{when}-{record}");
            let moment = if *when == "before" { "before" } else { "after" };
            let killed = cluster.upgrade(&run, &["--crash", &format!("{moment}:{record}")]);
            // How often something is polled differs from run to run, and so does the number of the verdict: a point behind it is none.
            let behind = || cluster.records(&run) < *record && *record + UNEQUAL > records;
            let over = killed.code == Some(0) && behind();
            assert!(killed.code.is_none() || over, "{run}: {}", killed.all);
            if *when == "torn" && !over {
                cluster.tear(&run);
            }
            follow(&cluster, &run, &old, &new);
        });
        swept.count()
    };
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn({
                    let play = &play;
                    move || play(worker)
                })
            })
            .collect();
        started
            .into_iter()
            .map(|worker| worker.join().expect("the share was swept"))
            .sum()
    })
}

/// An uninterrupted run, taken back: the world it leads to, and the length of its journal.
fn reference(cluster: &PracticeCluster, old: &World) -> (World, usize) {
    let run = cluster.upgrade("reference", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    let (new, records) = (cluster.world(), cluster.records("reference"));
    cluster.roll_back("reference", old);
    (new, records)
}

/// Where to kill: around every record but the run's own beginning, or around a sample that is spread over the run. `torn` is a kill
/// after a record of which the disk then has only half.
fn points(records: usize) -> Vec<(&'static str, usize)> {
    if everything() {
        let around = |record| ["before", "after", "torn"].map(|when| (when, record));
        return (3..=records).flat_map(around).collect();
    }
    let moments = ["before", "after", "torn", "after"];
    let sampled = (3..=records).step_by(records / moments.len());
    moments.into_iter().cycle().zip(sampled).collect()
}

/// How often a step of this verb ended well in a run.
fn finished(cluster: &PracticeCluster, run: &str, verb: &str) -> usize {
    let journal = cluster.journal(run);
    let is =
        |event: &&serde_json::Value| event["event"] == "started" && event["intent"]["verb"] == verb;
    let steps: Vec<&serde_json::Value> = journal
        .iter()
        .filter(is)
        .map(|event| &event["step"])
        .collect();
    journal
        .iter()
        .filter(|event| event["event"] == "finished" && steps.contains(&&event["step"]))
        .count()
}
