//! Fuzzing what a script's process says: nothing of it makes the supervisor panic or wait, whether it is read, decided about, done in
//! a simulated world, written down or shown to a person.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use futures_util::FutureExt as _;
use serde::Deserialize as _;
use serde_json::Value;

use super::Sources;
use super::protocol::{FromChild, Numbered};
use crate::environment::{Environment, Permissions};
use crate::fuzzing::{Shape, Target, fuzz};
use crate::gateway::simulated::{Durations, World};
use crate::journal::{Digest, Ending, Event, Header, Record, RunId, RunState, StepNo, WaysBack};
use crate::plan::{Plan, runbook};
use crate::primitive::{CheckDescription, Intent};
use crate::render;
use crate::run::{self, Afterwards, Answer, Fault, Played, Request, Scenario, Script, Trouble};
use crate::trial::TestedFile;

const MESSAGES: Target = Target {
    name: "messages",
    shape: Shape::JsonLines,
    words: &[
        "kong-1@3.4.2/main/cutover_rehearsal_18c9d7bbb6d0",
        "kong-1@3.4.2/main/x",
        "main/cutover_rehearsal_18c9d7bbb6d0",
        "@1.2.3/",
        "any",
        "sun 02:00-04:00 Europe/Berlin",
        "mon,tue 00:00-00:00 UTC",
        "http://127.0.0.1:8001/",
        "https://a:b@[::1]:99999/%00?*#",
        "../../etc",
        "std/smoke",
        "4294967295.4294967295.4294967295",
        "DELETE",
    ],
    executions: 500,
};

/// A world and an environment of two nodes, and what a run may do there: everything, little, or what is counted and asked.
struct Stage {
    environment: Environment,
    scenarios: Vec<Scenario>,
    sources: Sources,
}

impl Stage {
    fn set() -> Self {
        let world = include_str!("../../tests/fixtures/simulated/world.json");
        let text = include_str!("../../tests/fixtures/simulated/environment.toml");
        let parse = |grants: &str| {
            Environment::parse(Path::new("environment.toml"), &format!("{text}{grants}"))
                .expect("an environment")
        };
        let open = "[grants]\nallow = [\"*\"]\n";
        let counted = "[grants]\nprotected = true\nask = [\"kong.finish\", \"http.*:kong-*\"]\n\
            allow = [\"kong.*:practice\", \"http.check:https://*/*\", { need = \"practice.*\", at_most = 1, per_seconds = 4294967295 }, \
            { need = \"*\", at_most = 2 }]\ndeny = [\"http.check:POST kong-*\"]\n[gates]\nbefore = [\"kong.*\"]\ndistinct_approver = true\n"
            .replace("https://*/*", "https://kong/*");
        let needs = vec![
            "kong.*".parse().expect("a need"),
            "http.*:kong-1".parse().expect("a need"),
        ];
        let environment = parse(open);
        let permissions = [
            environment.permissions(Vec::new(), None),
            environment.permissions(Vec::new(), Some(needs)),
            parse(&counted).permissions(vec!["database.*".parse().expect("a need")], None),
        ];
        Self {
            environment,
            scenarios: permissions
                .map(|permissions| scenario(World::read(world).expect("a world"), permissions))
                .into(),
            sources: Sources::find("hello").expect("it ships"),
        }
    }
}

fn scenario(world: World, permissions: Permissions) -> Scenario {
    let header = Header {
        run: RunId("fuzzed".to_owned()),
        playbook: "fuzzed".to_owned(),
        api: 1,
        sources: Vec::new(),
        parameters: std::collections::BTreeMap::new(),
        environment: world.environment.clone(),
        environment_digest: Digest::of(""),
        plan: None,
        needs: None,
        granted: Vec::new(),
        sandbox: None,
    };
    Scenario {
        world,
        durations: Durations::built_in(),
        permissions,
        on_failure: crate::environment::OnFailure::Undo,
        header,
    }
}

/// A script that says what it was given, whatever it is answered.
struct Said {
    all: Vec<Request>,
    left: VecDeque<Request>,
    in_closure: Cell<bool>,
}

impl Script for Said {
    async fn begin(&mut self, ahead: Vec<Answer>, _only_replay: bool) -> Result<(), Fault> {
        let calls = |request: &Request| matches!(request, Request::Call { .. });
        let mut steps = ahead.len();
        self.left = self.all.iter().cloned().collect();
        self.left.retain(|request| {
            let again = calls(request) && steps > 0;
            steps -= usize::from(again);
            true
        });
        self.in_closure.set(false);
        Ok(())
    }

    async fn next(&mut self) -> Result<Request, Fault> {
        if self.in_closure.replace(false) {
            return Ok(Request::ClosureEnded {
                answer: Ok(Value::Null),
            });
        }
        Ok(self.left.pop_front().unwrap_or(Request::Done))
    }

    async fn answer(&mut self, _answer: Answer) -> Result<(), Fault> {
        Ok(())
    }

    async fn closure(&mut self, _step: StepNo) -> Result<(), Fault> {
        self.in_closure.set(true);
        Ok(())
    }

    fn waits(&self) -> bool {
        true
    }
}

/// Reads a conversation, and does with it what a supervisor does; what it came to.
fn converse(stage: &Stage, input: &[u8]) -> String {
    let mut came_to = BTreeSet::new();
    let mut said = Vec::new();
    for line in input.split_inclusive(|byte| *byte == b'\n').take(200) {
        let exact = Numbered::read(line).is_some();
        let Ok(parsed) = serde_json::from_slice::<Numbered>(line) else {
            assert!(!exact, "read and not parsed");
            continue;
        };
        // What no process of ours would have written is refused; here it goes on as ours would have written it.
        let mut written = serde_json::to_vec(&parsed).expect("messages are plain data");
        written.push(b'\n');
        let read = Numbered::read(&written).expect("what is written is read");
        assert_eq!(read, parsed);
        match read.message {
            FromChild::Request(request) => said.push(request),
            other => came_to.extend(heard(stage, other)),
        }
    }
    for request in &said {
        if let Request::Call { intent, .. } = request {
            asked(stage, intent);
        }
    }
    said.retain(comes_to_an_end);
    if !said.is_empty() {
        came_to.extend(played(stage, input.len(), said));
    }
    came_to.into_iter().collect::<Vec<_>>().join(" ")
}

/// Whether a step ends soon where time costs nothing. One that looks again and again for years is ended by the budget of the process
/// that plays it, which is not here.
fn comes_to_an_end(request: &Request) -> bool {
    match request {
        Request::Call { intent, .. } => {
            let value = serde_json::to_value(intent).expect("plain data");
            let soon = |key: &str| value[key].as_u64().unwrap_or_default() <= 3_600_000;
            soon("within") && soon("samples")
        }
        _ => true,
    }
}

/// Everything that is asked of an intent before it is done.
fn asked(stage: &Stage, intent: &Intent) {
    let _ = (
        intent.names(),
        intent.carries(),
        intent.targets(),
        intent.words(),
        intent.effect(),
        intent.leaves(),
    );
    let Some(wanted) = intent.wanted() else {
        return;
    };
    for scenario in &stage.scenarios {
        let _ = scenario.permissions.gated(&wanted);
        let leave = scenario.permissions.decide(&wanted);
        for grant in &leave.by {
            let _ = scenario.permissions.counts(grant, &wanted);
        }
        if let Some(lacking) = leave.lacking {
            let again = lacking.to_string().parse();
            assert_eq!(again, Ok(lacking), "a need that is advised is a need");
        }
    }
}

/// Does the steps in a simulated world.
fn played(stage: &Stage, choice: usize, said: Vec<Request>) -> Vec<String> {
    let scenario = &stage.scenarios[choice % stage.scenarios.len()];
    let trouble = Trouble {
        afterwards: Afterwards::TakeBack,
        ..Trouble::default()
    };
    let mut script = Said {
        all: said,
        left: VecDeque::new(),
        in_closure: Cell::new(false),
    };
    let played = run::play_with(scenario, &trouble, &mut script)
        .now_or_never()
        .expect("a simulated world keeps nobody waiting");
    shown(&played);
    let _ = runbook(&played, &stage.environment);
    let ended = played
        .sessions
        .iter()
        .filter_map(|session| session.conclusion.as_ref());
    let mut came_to: Vec<String> = ended.map(|ended| format!("{:?}", ended.ending)).collect();
    for record in &played.records {
        match &record.event {
            Event::Failed { failure, .. } => came_to.push(failure.code.clone()),
            Event::Read {
                outcome: Err(failure),
                intent,
                ..
            } => {
                came_to.push(format!("{}:{}", intent.verb(), failure.code));
            }
            Event::Finished { step, .. } => came_to.push(format!("{step}")),
            _ => {}
        }
    }
    came_to
}

/// Shows what was played as a journal's records are shown, which must read back.
fn shown(played: &Played) {
    let mut state = RunState::default();
    for record in &played.records {
        let text = serde_json::to_string(record).expect("records are plain data");
        let again: Record = serde_json::from_str(&text).expect("what is written down is read back");
        assert_eq!(again, *record);
        state
            .apply(record)
            .expect("what the gate wrote makes sense");
        let _ = render::record_line(record, &state);
    }
    let at = state.last.unwrap_or_default();
    let _ = (
        render::verdict(&state),
        render::choices(&state, at),
        render::downtime(&state),
        render::production(&state),
    );
    if let Some(ways) = WaysBack::of(&state) {
        let _ = ways.told(at);
    }
}

/// What a supervisor does with what is not a request.
fn heard(stage: &Stage, message: FromChild) -> Vec<String> {
    match message {
        FromChild::Confined { sandbox } => {
            let _ = render::sandbox(&sandbox);
        }
        FromChild::NeedModule { path, .. } => {
            let mut sources = Sources::find("hello").expect("it ships");
            let _ = sources.module(&path);
        }
        FromChild::NeedPlaybook { name } => {
            let _ = stage.sources.playbook(&name);
        }
        FromChild::NeedWorld { path } => {
            let _ = stage.sources.beside(&path);
        }
        FromChild::Loaded(loaded) => {
            let text = |_: &str| Some(stage.sources.text.clone());
            let _ = render::diagnostics(&loaded.diagnostics, text, false);
        }
        FromChild::Tested(tested) => {
            let file = TestedFile {
                file: "fuzzed".to_owned(),
                tests: vec![*tested],
                broken: None,
            };
            let text = |_: &str| Some(stage.sources.text.clone());
            let _ = (render::tested(&file, text), render::junit_of_tests(&[file]));
        }
        FromChild::Listed { listed } => {
            let listed = listed.unwrap_or_default();
            for check in listed.as_array().into_iter().flatten() {
                let _ = CheckDescription::deserialize(check);
            }
        }
        FromChild::TestsEnded { coverage } => {
            let _ = render::coverage(&[], &coverage);
        }
        FromChild::Foreseen(foreseen) if !foreseen.makes_sense() => {}
        FromChild::Foreseen(foreseen) => {
            let scenario = &stage.scenarios[0];
            let plan = Plan::of(&foreseen, &scenario.world, &scenario.permissions);
            let steps = runbook(&foreseen.played, &stage.environment);
            let _ = (
                render::plan(&plan),
                render::runbook(&plan, &steps),
                plan.changes(),
            );
            return vec![format!("foreseen {:?}", plan.ending == Ending::Done)];
        }
        FromChild::Drilled(report) => {
            let _ = (
                render::drill(&report),
                render::junit_of_drill("fuzzed", &report),
            );
        }
        FromChild::Request(_) | FromChild::Drilling { .. } | FromChild::Budget { .. } => {}
    }
    Vec::new()
}

#[test]
fn fuzz_messages() {
    let stage = Stage::set();
    fuzz(&MESSAGES, |input| converse(&stage, input));
}
