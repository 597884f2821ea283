//! `run`: words about the run itself.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, FnPtr, Map, NativeCallContext};

use super::arguments::Options;
use super::{call, wrong_argument};
use crate::playbook::Window;
use crate::primitive::{Approve, Failure, Intent, Invariant, Note, OnRollback, WaitFor};
use crate::run::{broken, denied_by};
use crate::script::child::{Kept, Raise as _, SharedLink, truth_of};

#[export_module]
pub(super) mod run {
    /// Runs a closure as a named phase and answers what it answers.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// The steps inside bear the phase's name in journal, terminal and report.
    /// # Undo
    /// Nothing of its own; the steps inside have theirs.
    /// # On resume
    /// Entered and left as recorded.
    /// # Errors
    /// Those of the closure.
    /// # Example
    /// ```rhai
    /// run::phase("Prepare", || run::note("ready"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn phase(
        context: NativeCallContext,
        name: &str,
        body: FnPtr,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        SharedLink::of(&context).phase(&context, name, &body)
    }

    /// Writes a line into the journal, the terminal and the report.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None outside the journal.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// None.
    /// # Example
    /// ```rhai
    /// run::note("the on-call engineer is informed");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn note(context: NativeCallContext, text: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Note(Note {
                text: text.to_owned(),
            }),
        )
    }

    /// Asks a person before the run goes on. What is shown are facts of the journal; the text is quoted as the playbook's own.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// Waits at a terminal. Without one the run is put down (exit code 8) until `cutover approve RUN` and `cutover resume RUN`.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// An approval that was given stands for eight hours and is asked again after that.
    /// # Errors
    /// None; a refusal puts the run down.
    /// # Example
    /// ```rhai
    /// run::approve("stop the cluster and migrate it");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn approve(context: NativeCallContext, what: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Approve(Approve {
                what: what.to_owned(),
            }),
        )
    }

    /// Waits until a maintenance window such as `sun 02:00-04:00 Europe/Berlin` is open and all of the work fits into what is left of
    /// it. Options: `work`, how long everything up to the point of no return takes; `way_back`, how long the way back takes from there.
    /// Either is a duration, or a list of durations that add up.
    ///
    /// From then on nothing stops traffic, migrates or crosses the point of no return unless the window is open and holds the way back
    /// and the work that is not done yet: the run is put down instead. Done is what the steps after this one took; waiting for a
    /// person is no work.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None but waiting.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated; the window is looked at again before each act that stops traffic or migrates.
    /// # Errors
    /// `run.window.too_short`: no opening in the coming week is long enough. `argument.value`: the text is not a window, or an option
    /// is not a duration.
    /// # Example
    /// ```rhai
    /// run::wait_for("any", #{ work: ["10m", "30m"], way_back: "5m" });
    /// ```
    #[rhai_fn(name = "wait_for", return_raw, volatile)]
    pub fn wait_for_room(
        context: NativeCallContext,
        window: &str,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut options = Options::new(options);
        let work = options.durations("work")?;
        let way_back = options.durations("way_back")?;
        options.done()?;
        let window: Window = window
            .parse()
            .map_err(|error: crate::playbook::WindowError| {
                wrong_argument(
                    error.to_string(),
                    "run::wait_for(\"sun 02:00-04:00 Europe/Berlin\")",
                )
            })?;
        call(
            &context,
            Intent::WaitFor(WaitFor {
                window,
                work,
                way_back,
            }),
        )
    }

    /// Waits until a maintenance window is open, however much of it is left.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None but waiting.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated; the window is looked at again before each act that stops traffic or migrates.
    /// # Errors
    /// `argument.value`: the text is not a window.
    /// # Example
    /// ```rhai
    /// run::wait_for("any");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn wait_for(
        context: NativeCallContext,
        window: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        wait_for_room(context, window, Map::new())
    }

    /// Leaves a closure for the way back: it runs when the undo reaches this place. What it captured is frozen as it is now.
    ///
    /// # Needs
    /// Nothing; what the closure calls needs its own.
    /// # Effect
    /// None until the way back.
    /// # Undo
    /// The closure.
    /// # On resume
    /// Left again by the replay.
    /// # Errors
    /// None. A closure that fails on the way back leaves the run stuck.
    /// # Example
    /// ```rhai
    /// run::on_rollback("tell the team", || run::note("went back"));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn on_rollback(
        context: NativeCallContext,
        name: &str,
        closure: FnPtr,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let link = SharedLink::of(&context);
        let (step, answer) = link.call(
            &context,
            Intent::OnRollback(OnRollback {
                name: name.to_owned(),
            }),
        )?;
        // Kept also when the step failed: its number is what the supervisor would ask for.
        link.keep(step, Kept::new(&context, closure));
        answer
            .map(|_| Dynamic::UNIT)
            .map_err(|failure| failure.raise())
    }

    /// States what must hold wherever the run ends: at once, at the end of the playbook, and after the way back. `holds` looks, and
    /// says no by answering `false` or by a failure; what it captured is frozen as it is now. `cutover drill` looks too, after
    /// everything that it lets go wrong.
    ///
    /// # Needs
    /// Nothing; what `holds` looks at needs its own.
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// What it found at once is what was recorded; at the end the world is looked at anew.
    /// # Errors
    /// `run.invariant`: it does not hold. At the end of the playbook that is like any failure there; after the way back the run is
    /// stuck. `run.invariant.acts`: it calls something that acts.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// run::invariant("no node is half started", || cluster.nodes.all(|node| kong::health(node)));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn invariant(
        context: NativeCallContext,
        name: &str,
        holds: FnPtr,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let link = SharedLink::of(&context);
        let kept = Kept::new(&context, holds.clone());
        let said = link.only_looking(|| holds.call_within_context::<Dynamic>(&context, ()));
        if let Some(denied) = denied_by(&truth_of(&said?)) {
            return Err(broken(name, denied).raise_in(&context));
        }
        let invariant = Invariant {
            name: name.to_owned(),
        };
        let (step, answer) = link.call(&context, Intent::Invariant(invariant))?;
        link.keep(step, kept);
        answer
            .map(|_| Dynamic::UNIT)
            .map_err(|failure| failure.raise())
    }

    /// Raises a failure of the playbook's own.
    ///
    /// # Needs
    /// Nothing.
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Raised again.
    /// # Errors
    /// `playbook.failed`, always.
    /// # Example
    /// ```rhai
    /// try { run::fail("not today"); } catch (failure) { run::note(failure.message); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn fail(context: NativeCallContext, message: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        Err(Failure::new("playbook.failed", message).raise_in(&context))
    }
}
