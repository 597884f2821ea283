//! Failures: every call that changes the world fails once, before and after it worked, at every step and every target, forward and
//! on the way back; and from each call on everything fails. The world is as it was found, or the run says that it is stuck.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::rc::Rc;

use cutover::environment::{Environment, OnFailure, Permissions};
use cutover::gateway::live::Live;
use cutover::gateway::{Failure, Faulty, Plan, ProcessIdentity, Report};
use cutover::journal::{
    Actor, Digest, Durability, Ending, Event, Header, Journal as _, Mark, MemoryJournal, RunId,
    RunState, StepNo, Way,
};
use cutover::primitive::{Intent, Note, OnRollback, Remove, Write};
use cutover::run::{
    Answer, Answered, Back, Conclusion, Fault, Gate, People, Question, Raised, Recorder, Request,
    Script, conduct, roll_back,
};

use super::harness::files;

type World = BTreeMap<String, String>;

/// A script that is a list: it raises the first failure, and each closure of the way back calls one step.
#[derive(Debug, Clone)]
struct List {
    intents: Vec<Intent>,
    /// What the closure of a step calls.
    closures: BTreeMap<u32, Intent>,
    ahead: usize,
    only_replay: bool,
    next: usize,
    failed: Option<Failure>,
    closure: Option<Closure>,
    in_closure: bool,
    waits: bool,
}

#[derive(Debug, Clone)]
enum Closure {
    Calls(Intent),
    Ends(Answer),
}

impl List {
    fn new(intents: Vec<Intent>, closures: BTreeMap<u32, Intent>) -> Self {
        Self {
            intents,
            closures,
            ahead: 0,
            only_replay: false,
            next: 0,
            failed: None,
            closure: None,
            in_closure: false,
            waits: false,
        }
    }
}

impl Script for List {
    async fn begin(&mut self, ahead: Vec<Answer>, only_replay: bool) -> Result<(), Fault> {
        self.failed = ahead.iter().find_map(|answer| answer.clone().err());
        (self.ahead, self.only_replay, self.next) = (ahead.len(), only_replay, 0);
        (self.closure, self.in_closure, self.waits) = (None, false, true);
        Ok(())
    }

    async fn next(&mut self) -> Result<Request, Fault> {
        match self.closure.take() {
            Some(Closure::Calls(intent)) => {
                return Ok(Request::Call {
                    intent,
                    place: None,
                });
            }
            Some(Closure::Ends(answer)) => return Ok(Request::ClosureEnded { answer }),
            None => {}
        }
        let replayed = self.next >= self.ahead;
        if let Some(failure) = self.failed.clone().filter(|_| replayed) {
            return Ok(Request::Raised(Raised {
                failure,
                place: None,
                through: Vec::new(),
            }));
        }
        if self.only_replay && replayed {
            return Ok(Request::Replayed);
        }
        let Some(intent) = self.intents.get(self.next).cloned() else {
            return Ok(Request::Done);
        };
        self.next += 1;
        Ok(Request::Call {
            intent,
            place: None,
        })
    }

    async fn answer(&mut self, answer: Answer) -> Result<(), Fault> {
        if self.in_closure {
            self.closure = Some(Closure::Ends(answer));
        } else {
            self.ahead = self.next;
            self.failed = answer.err();
        }
        Ok(())
    }

    async fn closure(&mut self, step: StepNo) -> Result<(), Fault> {
        // A closure calls its one step, and ends as that ends.
        self.in_closure = true;
        self.closure = Some(match self.closures.get(&step.0) {
            Some(intent) => Closure::Calls(intent.clone()),
            None => Closure::Ends(Ok(serde_json::Value::Null)),
        });
        Ok(())
    }

    fn waits(&self) -> bool {
        self.waits
    }
}

/// Nobody to ask.
struct Nobody;

impl People for Nobody {
    async fn ask(&mut self, _question: &Question) -> Answered {
        Answered::Nobody
    }

    async fn turn_back(&mut self, _reason: &str, _ways: &[Way]) -> Back {
        Back::Hold
    }

    fn wants_pause(&self) -> Option<String> {
        None
    }
}

/// Practice files start no processes.
struct Silent;

impl Report for Silent {
    fn process_started(&self, _program: &str, _process: &ProcessIdentity) -> Result<(), Failure> {
        Ok(())
    }

    fn progress(&self, _text: &str) {}
}

/// A world in a directory, and a journal in memory that outlives its runner.
struct Bench {
    directory: tempfile::TempDir,
    journal: MemoryJournal,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("cutover-")
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let practice = directory.path().join("practice");
        fs::create_dir(&practice).expect("made");
        for (name, text) in before() {
            fs::write(practice.join(name), text).expect("written");
        }
        Self {
            directory,
            journal: MemoryJournal::default(),
        }
    }

    fn world(&self) -> World {
        files(&self.directory.path().join("practice"))
            .into_iter()
            .collect()
    }

    fn state(&self) -> RunState {
        RunState::of(&self.journal.records()).expect("a possible story")
    }

    /// A gate that goes on with the records so far, to a world that fails as planned.
    fn gate(&self, plan: Plan, mark: Mark) -> Gate<Faulty<Live>, Nobody> {
        // The live world can speak TLS, and wants to know with what; the second call of a process changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let storage = self.directory.path().display();
        let text = format!("name = \"bench\"\n[storage]\npath = \"{storage}\"\n");
        let environment = Environment::parse("environment.toml".as_ref(), &text).expect("valid");
        let output = self.directory.path().join("output");
        let live = Live::new(environment, "run", output, Rc::new(Silent));
        let mut journal = self.journal.clone();
        if journal.count() == 0 {
            let record = journal.append(jiff::Timestamp::now(), header(), Durability::Synced);
            record.expect("in memory");
        }
        let recorder = Recorder::new(Box::new(journal), self.state(), Box::new(|_, _| {}));
        let attached = Event::Attached {
            mark,
            by: Actor::Probe,
            process: ProcessIdentity::own(),
            cutover: "0".to_owned(),
        };
        recorder
            .sync(jiff::Timestamp::now(), attached)
            .expect("in memory");
        Gate::new(
            recorder,
            Faulty::new(live, plan),
            Nobody,
            Permissions::default(),
        )
    }

    /// Runs the list from where it stands; what came of it and how many calls changed the world.
    fn conduct(&self, plan: Plan, script: &mut List, on_failure: OnFailure) -> (Conclusion, u32) {
        let mut gate = self.gate(plan, Mark::Run);
        let conclusion = block_on(conduct(&mut gate, script, on_failure)).expect("in memory");
        (conclusion, gate.world().changes())
    }

    fn roll_back(&self, plan: Plan, script: &mut List) -> (Conclusion, u32) {
        let mut gate = self.gate(plan, Mark::Rollback);
        let conclusion = block_on(roll_back(&mut gate, script, "asked")).expect("in memory");
        (conclusion, gate.world().changes())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn header() -> Event {
    Event::Header(Box::new(Header {
        run: RunId("run".to_owned()),
        playbook: "list".to_owned(),
        api: 1,
        sources: Vec::new(),
        parameters: BTreeMap::new(),
        environment: "bench".to_owned(),
        environment_digest: Digest::ZERO,
        plan: None,
        needs: None,
        granted: Vec::new(),
        sandbox: None,
    }))
}

fn before() -> World {
    [("kept", "old"), ("one", "was")]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

fn write(names: &[&str], text: &str) -> Intent {
    Intent::Write(Write {
        files: names.iter().map(|name| (*name).to_owned()).collect(),
        text: text.to_owned(),
    })
}

fn remove(file: &str) -> Intent {
    Intent::Remove(Remove {
        file: file.to_owned(),
    })
}

/// Steps with one target, with several and with the same one twice, reads between them, and two closures for the way back.
fn list() -> List {
    let note = |text: &str| {
        Intent::Note(Note {
            text: text.to_owned(),
        })
    };
    let closure = |name: &str| {
        Intent::OnRollback(OnRollback {
            name: name.to_owned(),
        })
    };
    let intents = vec![
        note("begin"),
        write(&["one"], "1"),
        write(&["two", "three", "one"], "2"),
        closure("note"),
        remove("kept"),
        write(&["four", "five", "six", "seven"], "4"),
        closure("write and leave"),
        write(&["one", "kept"], "again"),
        remove("two"),
        note("end"),
    ];
    let closures = BTreeMap::from([(4, note("back")), (7, write(&["four"], "by the closure"))]);
    List::new(intents, closures)
}

/// How many calls change the world when nothing fails.
fn changes() -> u32 {
    let bench = Bench::new();
    let (conclusion, changes) = bench.conduct(Plan::Never, &mut list(), OnFailure::Undo);
    assert_eq!(conclusion.ending, Ending::Done, "{}", conclusion.reason);
    changes
}

#[test]
fn any_call_that_fails_once_leaves_the_world_as_found() {
    let total = changes();
    let mut tried = 0;
    for number in 1..=total {
        for plan in [Plan::FailBefore(number), Plan::FailAfter(number)] {
            let bench = Bench::new();
            let (conclusion, _) = bench.conduct(plan, &mut list(), OnFailure::Undo);
            assert_eq!(
                conclusion.ending,
                Ending::Undone,
                "{plan:?}: {}",
                conclusion.reason
            );
            assert_eq!(bench.world(), before(), "{plan:?}");
            tried += 1;
        }
    }
    println!("{total} calls, {tried} failures, all taken back");
    assert_eq!(total, 12);
}

#[test]
fn a_world_in_which_everything_fails_from_some_call_on_is_told_as_stuck() {
    let total = changes();
    for number in 1..=total {
        let bench = Bench::new();
        let plan = Plan::FailFrom(number);
        let (conclusion, _) = bench.conduct(plan, &mut list(), OnFailure::Undo);
        assert_eq!(
            conclusion.ending,
            Ending::Stuck,
            "{plan:?}: {}",
            conclusion.reason
        );
        assert!(!bench.state().closed());
        // Mended, the way back goes on, with the script that waits and with a fresh one alike.
        let (conclusion, _) = bench.roll_back(Plan::Never, &mut list());
        assert_eq!(
            conclusion.ending,
            Ending::Undone,
            "{plan:?}: {}",
            conclusion.reason
        );
        assert_eq!(bench.world(), before(), "{plan:?}");
    }
    println!("{total} outages told as stuck, and taken back once mended");
}

#[test]
fn any_call_of_the_way_back_that_fails_is_stuck_and_goes_on_once_mended() {
    let whole = Bench::new();
    whole.conduct(Plan::Never, &mut list(), OnFailure::Undo);
    let (conclusion, total) = whole.roll_back(Plan::Never, &mut list());
    assert_eq!(
        (conclusion.ending, whole.world()),
        (Ending::Undone, before())
    );
    let mut tried = 0;
    for number in 1..=total {
        for plan in [Plan::FailBefore(number), Plan::FailAfter(number)] {
            let bench = Bench::new();
            bench.conduct(Plan::Never, &mut list(), OnFailure::Undo);
            let (conclusion, made) = bench.roll_back(plan, &mut list());
            assert_eq!(
                conclusion.ending,
                Ending::Stuck,
                "{plan:?}: {}",
                conclusion.reason
            );
            assert_eq!(made, number, "{plan:?}: a deeper undo was tried");
            let (conclusion, _) = bench.roll_back(Plan::Never, &mut list());
            assert_eq!(
                conclusion.ending,
                Ending::Undone,
                "{plan:?}: {}",
                conclusion.reason
            );
            assert_eq!(bench.world(), before(), "{plan:?}");
            tried += 1;
        }
    }
    println!("{total} calls of the way back, {tried} failures, all gone on from");
}

#[test]
fn a_held_run_stands_where_it_failed_and_goes_back_from_there() {
    for number in 1..=changes() {
        let bench = Bench::new();
        let plan = Plan::FailBefore(number);
        let (conclusion, _) = bench.conduct(plan, &mut list(), OnFailure::Hold);
        assert_eq!(conclusion.ending, Ending::Held);
        let (conclusion, _) = bench.roll_back(Plan::Never, &mut list());
        assert_eq!(
            conclusion.ending,
            Ending::Undone,
            "{plan:?}: {}",
            conclusion.reason
        );
        assert_eq!(bench.world(), before());
    }
}

#[test]
fn a_failed_step_is_attempted_again_and_the_run_ends_or_goes_back() {
    let done = Bench::new();
    done.conduct(Plan::Never, &mut list(), OnFailure::Undo);
    for number in 1..=changes() {
        for plan in [Plan::FailBefore(number), Plan::FailAfter(number)] {
            let bench = Bench::new();
            bench.conduct(plan, &mut list(), OnFailure::Hold);
            let step = bench.state().failed_step().expect("a failed step").number;
            let gate = bench.gate(Plan::Never, Mark::Retry);
            let retried = Event::Retried { step };
            gate.recorder()
                .sync(jiff::Timestamp::now(), retried)
                .expect("in memory");
            let (conclusion, _) = bench.conduct(Plan::Never, &mut list(), OnFailure::Hold);
            assert_eq!(
                conclusion.ending,
                Ending::Done,
                "{plan:?}: {}",
                conclusion.reason
            );
            assert_eq!(bench.world(), done.world(), "{plan:?}");
            let (conclusion, _) = bench.roll_back(Plan::Never, &mut list());
            assert_eq!(
                conclusion.ending,
                Ending::Undone,
                "{plan:?}: {}",
                conclusion.reason
            );
            assert_eq!(bench.world(), before(), "{plan:?}");
        }
    }
}

#[test]
fn an_attempt_that_cannot_begin_does_not_hide_what_the_one_before_it_did() {
    let bench = Bench::new();
    bench.conduct(Plan::FailAfter(1), &mut list(), OnFailure::Hold);
    let step = bench.state().failed_step().expect("a failed step").number;
    let gate = bench.gate(Plan::Never, Mark::Retry);
    let retried = Event::Retried { step };
    let recorded = gate.recorder().sync(jiff::Timestamp::now(), retried);
    recorded.expect("in memory");
    let practice = bench.directory.path().join("practice");
    fs::rename(practice.join("one"), practice.join("aside")).expect("renamed");
    fs::create_dir(practice.join("one")).expect("made");
    let (conclusion, _) = bench.conduct(Plan::Never, &mut list(), OnFailure::Undo);
    assert_eq!(conclusion.ending, Ending::Stuck, "{}", conclusion.reason);
    fs::remove_dir(practice.join("one")).expect("removed");
    fs::rename(practice.join("aside"), practice.join("one")).expect("renamed");
    let (conclusion, _) = bench.roll_back(Plan::Never, &mut list());
    assert_eq!(conclusion.ending, Ending::Undone, "{}", conclusion.reason);
    assert_eq!(bench.world(), before());
}

#[test]
fn what_an_interrupted_undo_left_running_is_ended_before_it_is_attempted_again() {
    let bench = Bench::new();
    bench.conduct(Plan::Never, &mut list(), OnFailure::Undo);
    let (conclusion, _) = bench.roll_back(Plan::FailBefore(1), &mut list());
    assert_eq!(conclusion.ending, Ending::Stuck);
    let step = bench.state().next_undo().expect("an undo is left").step;
    let mut left = std::process::Command::new("sleep")
        .arg("600")
        .process_group(0)
        .spawn()
        .expect("started");
    let gate = bench.gate(Plan::Never, Mark::Rollback);
    let started = Event::ProcessStarted {
        step: Some(step),
        program: "sleep".to_owned(),
        process: ProcessIdentity::of(left.id()).expect("it runs"),
    };
    let recorded = gate.recorder().sync(jiff::Timestamp::now(), started);
    recorded.expect("in memory");
    let (conclusion, _) = bench.roll_back(Plan::Never, &mut list());
    let ended = left.try_wait().expect("looked at").is_some();
    left.kill().expect("ended");
    left.wait().expect("waited for");
    assert_eq!(conclusion.ending, Ending::Undone, "{}", conclusion.reason);
    assert!(ended, "it was left running beside its second attempt");
}

#[test]
fn a_world_that_somebody_else_changed_meanwhile_is_not_told_as_found() {
    let bench = Bench::new();
    bench.conduct(Plan::Never, &mut list(), OnFailure::Undo);
    // Its undo writes what was there before; what appears in its place afterwards is not ours to judge.
    let practice = bench.directory.path().join("practice");
    fs::remove_file(practice.join("three")).expect("removed");
    fs::create_dir(practice.join("three")).expect("made");
    let (conclusion, _) = bench.roll_back(Plan::Never, &mut list());
    assert_eq!(conclusion.ending, Ending::Stuck, "{}", conclusion.reason);
    assert!(conclusion.reason.contains("three"), "{}", conclusion.reason);
}
