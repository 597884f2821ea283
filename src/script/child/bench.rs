//! What a test of a playbook works at: a world, what is to go wrong in it, and the playbooks that were played.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::FutureExt as _;
use rhai::NativeCallContext;
use serde_json::{Map, Value};

use super::engine::engine;
use super::inside::Inside;
use super::link::SharedLink;
use super::load::{self, Parsed};
use crate::environment::{Permissions, Role};
use crate::gateway::simulated::{Durations, World};
use crate::journal::{Digest, Header, RunId};
use crate::playbook;
use crate::primitive::Failure;
use crate::run::{self, Afterwards, Scenario, Trouble};
use crate::script::check;
use crate::script::protocol::{FromChild, Inventory, InventoryCluster, SourceKind, ToChild};
use crate::trial::{Coverage, Described, told};

/// The bench, shared between the engine and its functions.
#[derive(Clone)]
pub(in crate::script) struct SharedBench(Rc<Bench>);

/// A bench: one for a source of tests, emptied before each test.
pub(in crate::script) struct Bench {
    link: SharedLink,
    described: RefCell<Described>,
    trouble: RefCell<Trouble>,
    /// The playbooks that a test wrote itself.
    own: RefCell<BTreeMap<String, Rc<Parsed>>>,
    /// The playbooks that were fetched; they stay what they were for every test.
    fetched: RefCell<BTreeMap<String, Rc<Parsed>>>,
    coverage: RefCell<Coverage>,
}

impl std::ops::Deref for SharedBench {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.0
    }
}

impl SharedBench {
    pub(super) fn new(link: &SharedLink) -> Self {
        Self(Rc::new(Bench {
            link: link.clone(),
            described: RefCell::new(Described::preset()),
            trouble: RefCell::new(calm()),
            own: RefCell::default(),
            fetched: RefCell::default(),
            coverage: RefCell::default(),
        }))
    }

    /// The bench of the engine that calls.
    pub(in crate::script) fn of(context: &NativeCallContext) -> Self {
        let tag = context.tag().and_then(|tag| tag.clone().try_cast::<Self>());
        tag.expect("the engine of tests carries the bench as its tag")
    }
}

/// Nothing goes wrong, and a run that waits is left waiting: a test says what a person does.
fn calm() -> Trouble {
    Trouble {
        afterwards: Afterwards::Leave,
        ..Trouble::default()
    }
}

impl Bench {
    /// Forgets everything of an earlier test but what it reached.
    pub(super) fn begin_anew(&self) {
        *self.described.borrow_mut() = Described::preset();
        *self.trouble.borrow_mut() = calm();
        self.own.borrow_mut().clear();
    }

    pub(super) fn coverage(&self) -> Coverage {
        self.coverage.borrow().clone()
    }

    /// The test describes its world.
    pub(in crate::script) fn describe(&self, words: &Map<String, Value>) -> Result<(), Failure> {
        let described = Described::read(words).map_err(|error| {
            Failure::new("test.world", error.to_string())
                .hint("README, `Testing a playbook`, shows what a world has")
        })?;
        *self.described.borrow_mut() = described;
        Ok(())
    }

    /// The test begins with a world that is written down in a file.
    pub(in crate::script) fn describe_by(&self, path: &str) -> Result<(), Failure> {
        let wanted = FromChild::NeedWorld {
            path: path.to_owned(),
        };
        let text = self.fetch(wanted, "test.world")?;
        let world = World::read(&text)
            .map_err(|error| Failure::new("test.world", format!("`{path}`: {error}")))?;
        *self.described.borrow_mut() = Described::of(world);
        Ok(())
    }

    /// The test says what goes wrong.
    pub(in crate::script) fn trouble(&self, change: impl FnOnce(&mut Trouble)) {
        change(&mut self.trouble.borrow_mut());
    }

    /// The test writes a playbook of its own.
    pub(in crate::script) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let parsed = self.load(name, text)?;
        self.own
            .borrow_mut()
            .insert(name.to_owned(), Rc::new(parsed));
        Ok(())
    }

    /// Plays a playbook; what came of it. What was to go wrong has gone wrong then.
    pub(in crate::script) fn play(
        &self,
        name: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Value, Failure> {
        let parsed = self.playbook(name)?;
        let header = parsed
            .header
            .as_ref()
            .expect("a playbook that is sound has a header");
        let described = self.described.borrow().clone();
        let databases: Vec<&str> = described
            .world
            .databases
            .keys()
            .map(String::as_str)
            .collect();
        let clusters = described.clusters.iter();
        let clusters: Vec<&str> = clusters.map(|cluster| cluster.name.as_str()).collect();
        let parameters = playbook::resolve(&header.params, parameters, &clusters, &databases)
            .map_err(|error| Failure::new("test.parameter", error.to_string()))?;
        let scenario = Scenario {
            durations: Durations::built_in(),
            permissions: permissions(&described),
            on_failure: described.on_failure,
            header: Header {
                run: RunId("test".to_owned()),
                playbook: name.to_owned(),
                api: header.api,
                sources: Vec::new(),
                parameters: parameters.clone(),
                environment: described.world.environment.clone(),
                environment_digest: Digest::of(""),
                plan: None,
                needs: None,
                granted: Vec::new(),
                sandbox: None,
            },
            world: described.world.clone(),
        };
        let playbook = parsed
            .runnable()
            .expect("only what is sound is kept")
            .clone();
        let mut script = Inside::new(
            self.link.budgets(),
            &parsed.units,
            playbook,
            parameters,
            inventory(&described),
        );
        let trouble = self.trouble.replace(calm());
        let played = run::play_with(&scenario, &trouble, &mut script)
            .now_or_never()
            .expect("a simulated world keeps nobody waiting");
        self.coverage.borrow_mut().played(&played.records);
        if let Some(missed) = played.missed.first() {
            return Err(Failure::new("test.missed", missed.clone())
                .hint("the run takes no such step, or ends before it"));
        }
        // Whatever is played next goes on in the world as it is now.
        self.described.borrow_mut().world = played.world.clone();
        Ok(told(&played))
    }

    fn playbook(&self, name: &str) -> Result<Rc<Parsed>, Failure> {
        let own = self.own.borrow().get(name).cloned();
        if let Some(parsed) = own.or_else(|| self.fetched.borrow().get(name).cloned()) {
            return Ok(parsed);
        }
        let wanted = FromChild::NeedPlaybook {
            name: name.to_owned(),
        };
        let text = self.fetch(wanted, "test.playbook")?;
        let parsed = Rc::new(self.load(name, &text)?);
        let mut coverage = self.coverage.borrow_mut();
        for unit in &parsed.units {
            for (verb, line) in check::verbs_called(unit) {
                coverage.call(&unit.name, line, &verb);
            }
        }
        self.fetched
            .borrow_mut()
            .insert(name.to_owned(), parsed.clone());
        Ok(parsed)
    }

    /// Parses and checks a playbook, which must be sound.
    fn load(&self, name: &str, text: &str) -> Result<Parsed, Failure> {
        let parsed = load::load(
            &engine(&self.link),
            &self.link,
            SourceKind::Playbook,
            name,
            text,
        );
        if parsed.runnable().is_some() {
            return Ok(parsed);
        }
        let finding = parsed.diagnostics.first().map(|finding| {
            let (source, line) = (&finding.source, finding.line);
            format!(": {} ({source}.rhai:{line})", finding.message)
        });
        let message = format!(
            "the playbook `{name}` does not pass its check{}",
            finding.unwrap_or_default()
        );
        Err(Failure::new("test.playbook", message).hint("`cutover check` shows everything"))
    }

    /// Asks for a text that only the supervisor can read.
    fn fetch(&self, wanted: FromChild, code: &str) -> Result<String, Failure> {
        self.link.send(wanted);
        match self.link.receive() {
            Some(ToChild::Text {
                text: Some(text), ..
            }) => Ok(text),
            Some(ToChild::Text { problem, .. }) => {
                Err(Failure::new(code, problem.unwrap_or_default()))
            }
            _ => Err(Failure::new(code, "nobody is there to read it")),
        }
    }
}

/// What scripts may know of a described world.
/// What a run may do in a described world.
fn permissions(described: &Described) -> Permissions {
    let clusters = described.clusters.iter().cloned();
    let clusters = clusters.map(|one| (one.name, one.nodes, one.database, None));
    Permissions::new(described.grants.clone(), clusters)
}

fn inventory(described: &Described) -> Inventory {
    let nodes = &described.world.nodes;
    let clusters = described.clusters.iter().cloned().map(|cluster| {
        let mut own = cluster.nodes.iter().filter_map(|name| nodes.get(name));
        let balanced = own.any(|node| node.rotation.is_some());
        let known = InventoryCluster {
            traffic: balanced.then(|| "edge".to_owned()),
            topology: cluster.topology(&described.world),
            control_planes: cluster.with(Role::ControlPlane, &described.world),
            data_planes: cluster.with(Role::DataPlane, &described.world),
            declarative: cluster.with_files(&described.world),
            nodes: cluster.nodes,
            database: cluster.database,
        };
        (cluster.name, known)
    });
    Inventory {
        environment: described.world.environment.clone(),
        clusters: clusters.collect(),
        databases: described.world.databases.keys().cloned().collect(),
    }
}
