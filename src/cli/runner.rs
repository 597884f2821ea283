//! Taking up a run: store, lock, journal, gate, signals; and putting it down again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::exit::{CliError, Exit};
use super::injection::Injection;
use super::kept_plan::last_line;
use super::operator::{Operator, PauseWish, login};
use super::sandbox::SandboxArguments;
use super::signals::Signals;
use super::silence::Silence;
use super::{OutputFormat, bug, needs, output, telling};
use crate::environment::Environment;
use crate::gateway::live::Live;
use crate::gateway::live::postgres::Claim;
use crate::gateway::live::world_lock::{WorldLockError, WorldLocks};
use crate::gateway::{Failure, Faulty, ProcessIdentity, Report};
use crate::journal::{
    Actor, Digest, Durability, Ending, Event, FileJournal, Header, Mark, Record, RunDirectory,
    RunState, Store,
};
use crate::render;
use crate::run::{Conclusion, Fault, Gate, Recorder, Watcher};
use crate::script::Host;

/// The stored environment of a run.
pub(super) const ENVIRONMENT: &str = "environment.json";

/// How a run is shown and answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) format: OutputFormat,
    pub(super) wait: bool,
    /// Whether approvals were given in advance.
    pub(super) approved: bool,
    /// What is to go wrong.
    pub(super) injection: Injection,
}

/// How a run is shown and answered, on the command line.
#[derive(Debug, clap::Args)]
pub(super) struct MannerArguments {
    /// How the run is shown.
    #[arg(short, long, default_value = "text")]
    output: OutputFormat,
    /// Wait for approvals from another terminal instead of putting the run down.
    #[arg(long)]
    wait: bool,
    /// Approve in advance whatever the run asks for, by the environment's name. The journal says who did.
    #[arg(long, value_name = "ENVIRONMENT")]
    approve: Option<String>,
    #[command(flatten)]
    injection: Injection,
    #[command(flatten)]
    pub(super) sandbox: SandboxArguments,
}

impl MannerArguments {
    /// The manner of a run in `environment`; an approval for another environment is refused.
    pub(super) fn manner(&self, environment: &Environment) -> Result<Manner, CliError> {
        if let Some(other) = self
            .approve
            .as_ref()
            .filter(|name| **name != environment.name)
        {
            let message = format!("`--approve {other}` is not for this environment");
            return Err(
                CliError::usage(message).hint(format!("its name is `{}`", environment.name))
            );
        }
        Ok(Manner {
            format: self.output,
            wait: self.wait,
            approved: self.approve.is_some(),
            injection: self.injection,
        })
    }
}

/// What a runner takes up.
pub(super) struct TakenUp<'a> {
    /// The journal, ready to append.
    pub(super) journal: FileJournal,
    /// What its records fold to.
    pub(super) state: RunState,
    /// The header, where the run begins with this runner.
    pub(super) begun: Option<Record>,
    /// Bytes of a torn last line that were cut.
    pub(super) cut: u64,
    /// The run's directory.
    pub(super) directory: &'a RunDirectory,
    /// The environment as the run stored it.
    pub(super) environment: &'a Environment,
    /// What the runner comes to do.
    pub(super) mark: Mark,
    /// How it shows itself and is answered.
    pub(super) manner: Manner,
    /// What keeps other machines' runners out, where the playbook does more than toy.
    pub(super) locks: Option<WorldLocks>,
}

/// A run that was taken up.
pub(super) struct Runner {
    pub(super) gate: Gate<Faulty<Live>, Operator>,
    pause: PauseWish,
    report: Rc<Reporter>,
    directory: RunDirectory,
    locks: Option<Rc<WorldLocks>>,
}

impl Runner {
    /// Takes up the run in `directory`, whose journal holds `state` so far.
    pub(super) fn attach(taken: TakenUp<'_>) -> Result<Self, CliError> {
        let TakenUp {
            journal,
            state,
            begun,
            cut,
            directory,
            environment,
            mark,
            manner,
            locks,
        } = taken;
        bug::concerns(&directory.run());
        let locks = locks.map(Rc::new);
        let now = jiff::Timestamp::now();
        let silence = Rc::new(Silence::new());
        let mut watcher = watcher(manner.format, directory.clone(), silence.clone());
        // A person has just typed what the header says; a program that reads records gets all of them.
        if let Some(header) = begun.filter(|_| manner.format == OutputFormat::Ndjson) {
            watcher(&header, &state);
        }
        let pause: PauseWish = Rc::new(RefCell::new(None));
        let operator = Operator::new(
            directory.clone(),
            environment.name.clone(),
            manner,
            pause.clone(),
            silence.clone(),
        );
        let permissions = needs::permissions_of(environment, &state);
        let recorder = Recorder::new(manner.injection.journal(Box::new(journal)), state, watcher);
        let attached = Event::Attached {
            mark,
            by: Actor::Person(login()),
            process: ProcessIdentity::own(),
            cutover: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let tail = (cut > 0).then_some(Event::TailCut { bytes: cut });
        let recorded = tail
            .into_iter()
            .chain([attached])
            .try_for_each(|event| recorder.sync(now, event));
        match recorded {
            Ok(()) => {}
            Err(Fault::Journal(error)) => return Err(error.into()),
            Err(fault) => unreachable!("recording fails with the journal alone, not with: {fault}"),
        }
        let report = Rc::new(Reporter {
            recorder: recorder.clone(),
            format: manner.format,
            silence,
        });
        let output = directory.path().join("output");
        let run = &directory.run().0;
        let world = Faulty::new(
            Live::new(environment.clone(), run, output, report.clone()).held_by(locks.clone()),
            manner.injection.plan(),
        );
        let gate = Gate::new(recorder, world, operator, permissions);
        Ok(Self {
            gate,
            pause,
            report,
            directory: directory.clone(),
            locks,
        })
    }

    /// Holds the run to what the playbook declares that it goes by now.
    pub(super) fn hold_to_needs(&mut self, environment: &Environment) {
        let recorder = self.gate.recorder();
        let now = recorder.state(|state| needs::permissions_of(environment, state));
        self.gate.permit_by(now);
    }

    /// Lets `work` run with the gate until it concludes, or a second signal ends it.
    pub(super) async fn until_concluded<Work>(
        self,
        host: Host,
        work: Work,
    ) -> Result<Exit, CliError>
    where
        Work: AsyncFnOnce(
            &mut Gate<Faulty<Live>, Operator>,
            &mut Host,
        ) -> Result<Conclusion, crate::journal::JournalError>,
    {
        let Self {
            mut gate,
            pause,
            report,
            directory,
            locks,
        } = self;
        let recorder = gate.recorder().clone();
        let mut host = host;
        let mut signals = Signals::listen()
            .map_err(|error| CliError::usage(format!("cannot listen for signals: {error}")))?;
        let concluded = {
            // On the heap: a run's whole state would be moved from frame to frame.
            let mut work = Box::pin(work(&mut gate, &mut host));
            let mut beat = Box::pin(beat(locks.as_deref()));
            let mut telling = Box::pin(report.tell_what_is_at_work());
            loop {
                tokio::select! {
                    concluded = &mut work => break Some(concluded),
                    () = &mut beat => {}
                    () = &mut telling => {}
                    name = signals.next() => {
                        if pause.borrow().is_some() {
                            break None;
                        }
                        output::people(&format!("{name}: finishing the current step, then putting the run down; once more to end it at once"));
                        *pause.borrow_mut() = Some(format!("{name} was received"));
                    }
                }
            }
        };
        // Whatever a step was running ends with the gate.
        drop((gate, host));
        if let Some(locks) = locks {
            locks.release().await;
        }
        let exit = match concluded {
            Some(conclusion) => Exit::of(conclusion?.ending),
            None => Exit::Waiting,
        };
        let at = jiff::Timestamp::now();
        let choices = recorder.state(|state| {
            // A run that waits for an approval has just shown the same with what is to be approved.
            let stands = matches!(state.ending, Some(Ending::Held | Ending::Stuck));
            stands.then(|| render::choices(state, at)).flatten()
        });
        if let Some(choices) = choices {
            output::people(&choices);
        }
        telling::last_words(
            report.format,
            &recorder.state(|state| last_line(&directory, state)),
        );
        Ok(exit)
    }
}

/// Writes what a gateway tells into the journal, and shows progress at a terminal.
struct Reporter {
    recorder: Recorder,
    format: OutputFormat,
    silence: Rc<Silence>,
}

impl Reporter {
    /// Tells which step is at work where nothing else was told for a while; for ever.
    async fn tell_what_is_at_work(&self) {
        let what = || self.recorder.state(render::at_work);
        let tell = |what: &str| self.progress(what);
        self.silence.break_with(what, tell).await;
    }
}

impl Report for Reporter {
    fn process_started(&self, program: &str, process: &ProcessIdentity) -> Result<(), Failure> {
        let step = self.recorder.state(RunState::step_at_work);
        let event = Event::ProcessStarted {
            step,
            program: program.to_owned(),
            process: process.clone(),
        };
        // Outside a step that changes something nobody will have to look for the process, so nothing waits for the disk.
        let durability = if step.is_some() {
            Durability::Synced
        } else {
            Durability::WithNext
        };
        let recorded = self
            .recorder
            .record(jiff::Timestamp::now(), event, durability);
        recorded.map_err(|fault| Failure::new("journal.unwritable", fault.to_string()))
    }

    fn progress(&self, text: &str) {
        self.silence.is_broken();
        match self.format {
            OutputFormat::Text if output::at_terminal() => {
                output::people(&format!("      … {}", render::clean(text)));
            }
            OutputFormat::Text => {}
            OutputFormat::Ndjson => {
                let step = self.recorder.state(RunState::step_at_work);
                output::json(&telling::progress_line(step, text));
            }
        }
    }
}

/// What to do with each record as it is written.
fn watcher(format: OutputFormat, directory: RunDirectory, silence: Rc<Silence>) -> Watcher {
    match format {
        OutputFormat::Text => Box::new(move |record: &Record, state: &RunState| {
            if let Some(line) = telling::told(&directory, record, state) {
                silence.is_broken();
                output::people(&line);
            }
        }),
        OutputFormat::Ndjson => Box::new(|record: &Record, _: &RunState| {
            output::json(&telling::line(record));
        }),
    }
}

/// Lets the leases be heard of, for ever.
async fn beat(locks: Option<&WorldLocks>) {
    match locks {
        Some(locks) => locks.beat().await,
        None => std::future::pending().await,
    }
}

/// The environment that a run began in, and goes on in. It names servers to connect to and commands to run, so it is compared with
/// the journal before anything in it is used.
pub(super) fn stored_environment(directory: &RunDirectory) -> Result<Environment, CliError> {
    let text = directory.stored(ENVIRONMENT)?.unwrap_or_default();
    let (_, state) = directory.read()?;
    let changed = |header: &Header| header.environment_digest != Digest::of(&text);
    if state.header.as_ref().is_some_and(changed) {
        let file = directory.path().join(ENVIRONMENT);
        let message = format!(
            "the run's copy `{}` was changed after it was stored",
            file.display()
        );
        let hint = "put it back as it was: a run stays in the environment that it began in";
        return Err(CliError::refused(message).hint(hint).under(&state));
    }
    serde_json::from_str(&text).map_err(|_| {
        CliError::usage(format!(
            "the run in `{}` has no readable environment",
            directory.path().display()
        ))
    })
}

/// Opens the store that an environment names.
pub(super) fn store(environment: &Environment) -> Result<Store, CliError> {
    Ok(Store::open(&environment.storage.path)?)
}

/// Takes the environment's locks in the world. Going on with a run, or back, does not wait for a database that is down: there may
/// be much to do without it, and what needs it will say so.
pub(super) async fn lock_world(
    environment: &Environment,
    run: &str,
    mark: Mark,
    term: Duration,
) -> Result<Option<WorldLocks>, CliError> {
    let claim = Claim {
        run: run.to_owned(),
        process: ProcessIdentity::own(),
        term,
    };
    match WorldLocks::take(environment, &claim).await {
        Ok(locks) => {
            for reason in locks.without_lease().await {
                let text = format!(
                    "warning: other machines are kept out by a lock alone, since a lease cannot be kept: {reason}"
                );
                output::people(&render::clean(&text));
            }
            Ok(Some(locks))
        }
        Err(error @ WorldLockError::Unseen(_)) if mark != Mark::Run => {
            output::people(&format!("warning: {}", render::clean(&error.to_string())));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
