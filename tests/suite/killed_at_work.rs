//! SIGKILL while something is at work, rather than between two records: the supervisor in the middle of `pg_dump`, `kong` or a
//! rename, and the process that interprets the playbook, at any step.

use std::cell::RefCell;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command};
use std::rc::Rc;
use std::time::{Duration, Instant};

use cutover::environment::Environment;
use cutover::gateway::live::Live;
use cutover::gateway::{Failure, ProcessIdentity, Processes as _, Report};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::practice_cluster::{PracticeCluster, everything};

const REFUSED: i32 = 4;
const UNDONE: i32 = 5;
const HELD: i32 = 8;

/// The acts that take their time, so that a kill a moment after their beginning meets them at work.
const ACTS: [&str; 8] = [
    "database.backup",
    "database.verify",
    "kong.stop",
    "packages.install",
    "kong.migrate_up",
    "kong.start",
    "traffic.admit",
    "kong.finish",
];

/// How long something that has to happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Kills the runner so long after each act began; the run is taken on, or back, whatever it met.
#[test]
fn a_runner_that_is_killed_at_work_leaves_a_run_that_goes_on_and_back() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let delays: &[u64] = if everything() {
        &[0, 3, 10, 30, 100, 300]
    } else {
        &[15]
    };
    let acts: &[&str] = if everything() {
        &ACTS
    } else {
        &["kong.migrate_up", "kong.finish"]
    };
    let mut met = [0_usize; 2];
    for act in acts {
        for delay in delays {
            let run = format!("{}-{delay}", act.replace('.', "-"));
            let mut runner = cluster.start_upgrade(&run);
            wait_for_start(&cluster, &run, act, &mut runner);
            std::thread::sleep(Duration::from_millis(*delay));
            runner.kill().expect("killed");
            runner.wait().expect("ended");
            met[usize::from(has_ended(&cluster, &run, act))] += 1;
            let resumed = cluster.cutover(&["resume", &run, "--approve", "practice"]);
            // Also in the middle of a migration: what was begun is waited for, since Kong does not go on from a half.
            assert_eq!(resumed.code, Some(0), "{run}: {}", resumed.all);
            cluster.roll_back(&run, &old);
        }
    }
    let [at_work, past] = met;
    println!(
        "killed at work: {at_work} in the middle of an act, {past} just past it; every run went on and came back"
    );
    assert!(at_work > 0);
}

/// What a killed runner began is waited for while it may go on, which is told, and ended when its time is over.
#[tokio::test]
async fn a_process_of_a_killed_runner_goes_on_for_its_time_and_no_longer() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!(
        "name = \"bench\"\n[storage]\npath = \"{}\"\n",
        directory.path().display()
    );
    let environment = Environment::parse("environment.toml".as_ref(), &text).expect("valid");
    // The live world can speak TLS, and wants to know with what; the second call of a process changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let told = Rc::new(Told::default());
    let live = Live::new(
        environment,
        "run",
        directory.path().join("output"),
        told.clone(),
    );
    let begin = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(directory.path());
        let child = shell.process_group(0).spawn().expect("started");
        let identity = ProcessIdentity::of(child.id()).expect("it runs");
        (child, identity)
    };

    let (mut child, identity) = begin("sleep 0.5; touch done");
    live.end_process(&identity, PATIENCE).await.expect("gone");
    assert!(directory.path().join("done").exists());
    assert_eq!(child.wait().expect("ended").code(), Some(0));
    let words = told.0.take().join("\n");
    let expected = format!(
        "process {} of an earlier runner is still at work, and is waited for: ",
        identity.pid
    );
    assert!(words.starts_with(&expected), "{words}");

    let (mut child, identity) = begin("sleep 600");
    let (time, begun) = (Duration::from_millis(300), Instant::now());
    live.end_process(&identity, time).await.expect("gone");
    assert!(begun.elapsed() >= time);
    let killed = child.wait().expect("ended");
    assert_eq!(killed.signal(), Some(Signal::KILL.as_raw()));
}

/// Keeps what is told.
#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl Report for Told {
    fn process_started(&self, _: &str, _: &ProcessIdentity) -> Result<(), Failure> {
        Ok(())
    }

    fn progress(&self, text: &str) {
        self.0.borrow_mut().push(text.to_owned());
    }
}

/// The same in the middle of the way back, whose acts are begun by undo records.
#[test]
fn a_way_back_that_is_killed_at_work_goes_on_back() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let delays: &[u64] = if everything() {
        &[0, 20, 50, 100, 150, 200, 300, 400, 600, 800, 1000]
    } else {
        &[150]
    };
    let mut killed = 0;
    for delay in delays {
        let run = format!("back-{delay}");
        let done = cluster.upgrade(&run, &[]);
        assert_eq!(done.code, Some(0), "{}", done.all);
        let mut runner = cluster.start(&["rollback", &run, "--confirm", "practice"]);
        wait(&cluster, &run, &mut runner, |events| {
            events.iter().any(|event| event["event"] == "undo_started")
        });
        std::thread::sleep(Duration::from_millis(*delay));
        runner.kill().expect("killed");
        // One that had come to its end by then is none that was killed.
        if runner.wait().expect("ended").code().is_none() {
            killed += 1;
            cluster.roll_back(&run, &old);
        }
        assert_eq!(cluster.world(), old, "{run}");
    }
    println!(
        "killed on the way back: {killed} of {}; every one came back",
        delays.len()
    );
    assert!(killed > 0);
}

/// What a swap leaves that was killed between closing the live database and renaming it, made here without luck.
#[test]
fn a_database_that_a_killed_swap_left_closed_is_swapped_all_the_same() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let done = cluster.upgrade("closed", &[]);
    assert_eq!(done.code, Some(0), "{}", done.all);
    cluster.close_database();
    cluster.roll_back("closed", &old);
}

/// The script's process is killed at steps of the real run. The runner lives, says so, and ends the run as it ends any that failed.
#[test]
fn a_script_that_is_killed_ends_the_run_like_any_failure() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let done = cluster.upgrade("reference", &[]);
    assert_eq!(done.code, Some(0), "{}", done.all);
    let steps = begun(&cluster.journal("reference"));
    cluster.roll_back("reference", &old);
    // Without the long sweeps before anything is stopped, and once clients are back.
    let chosen = if everything() {
        (2..steps).collect()
    } else {
        vec![steps / 3, steps * 6 / 7]
    };
    let (mut killed, mut held) = (0, 0);
    for step in chosen {
        let run = format!("script-{step}");
        let mut runner = cluster.start_upgrade(&run);
        wait(&cluster, &run, &mut runner, |events| begun(events) >= step);
        // The last child that is left is the script's: the others are commands of a step.
        if let Some(script) = script_of(&runner) {
            let _ = kill_process(script, Signal::KILL);
        }
        let code = runner.wait().expect("ended").code();
        match code {
            Some(REFUSED | UNDONE) => {
                killed += 1;
                assert_eq!(cluster.world(), old, "{run}");
            }
            // Clients may have used the new version: a person says which way.
            Some(HELD) => {
                (killed, held) = (killed + 1, held + 1);
                cluster.roll_back(&run, &old);
            }
            // It had said its last word already.
            Some(0) => cluster.roll_back(&run, &old),
            other => panic!("{run} ended with {other:?}"),
        }
        if code != Some(0) {
            let told = cluster.journal(&run).iter().any(|event| {
                event["event"] == "verdict"
                    && event["reason"]
                        .as_str()
                        .is_some_and(|reason| reason.contains("script"))
            });
            assert!(told, "{run}: {:?}", cluster.journal(&run).last());
        }
    }
    println!(
        "script killed at {killed} of {steps} steps: {held} held and taken back, the others undone or not begun"
    );
    assert!(killed > 0 && held > 0);
}

/// How many steps a journal has: reads have one record, acts have more.
fn begun(events: &[Value]) -> usize {
    events
        .iter()
        .filter(|event| event["event"] == "started" || event["event"] == "read")
        .count()
}

fn has_ended(cluster: &PracticeCluster, run: &str, act: &str) -> bool {
    let events = cluster.journal(run);
    let Some(step) = step_of(&events, act) else {
        return false;
    };
    events
        .iter()
        .any(|event| event["event"] == "finished" && event["step"] == *step)
}

fn step_of<'a>(events: &'a [Value], act: &str) -> Option<&'a Value> {
    let started = events
        .iter()
        .find(|event| event["event"] == "started" && event["intent"]["verb"] == act)?;
    Some(&started["step"])
}

fn wait_for_start(cluster: &PracticeCluster, run: &str, act: &str, runner: &mut Child) {
    wait(cluster, run, runner, |events| {
        step_of(events, act).is_some()
    });
}

/// Waits until the journal says so, or the runner is at its end.
pub(crate) fn wait(
    cluster: &PracticeCluster,
    run: &str,
    runner: &mut Child,
    there: impl Fn(&[Value]) -> bool,
) {
    let deadline = Instant::now() + PATIENCE;
    while !there(&cluster.journal_so_far(run)) && runner.try_wait().expect("asked").is_none() {
        assert!(Instant::now() < deadline, "{run}: waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The process that interprets the playbook: the child of the runner that runs the same binary.
fn script_of(runner: &Child) -> Option<Pid> {
    let path = format!("/proc/{0}/task/{0}/children", runner.id());
    let children = std::fs::read_to_string(path).ok()?;
    children
        .split_whitespace()
        .filter(|child| {
            let binary = std::fs::read_link(format!("/proc/{child}/exe"));
            binary.is_ok_and(|binary| binary == Path::new(env!("CARGO_BIN_EXE_cutover")))
        })
        .find_map(|child| Pid::from_raw(child.parse().ok()?))
}
