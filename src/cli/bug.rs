//! A bug in cutover: a panic of the supervisor, told in words that help, with exit code 1.
//!
//! What was done before it stands in the journal, which is written before anything is done; so the run can be taken up again.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use super::exit::Exit;
use super::output;
use crate::journal::RunId;

thread_local! {
    /// The run that this process works for. A panic's hook is given nothing but the panic.
    static RUN: RefCell<Option<RunId>> = const { RefCell::new(None) };
}

/// Makes every panic of this process ask for a report, from the first statement of `main` on.
pub fn ask_for_reports() {
    panic::set_hook(Box::new(tell));
}

/// Names the run that a report would be about.
pub(super) fn concerns(run: &RunId) {
    RUN.with(|concerned| *concerned.borrow_mut() = Some(run.clone()));
}

/// What `work` answers, or [`Exit::Bug`] if it panics.
pub(super) fn caught<Answer>(work: impl FnOnce() -> Answer) -> Result<Answer, Exit> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| Exit::Bug)
}

fn tell(panic: &PanicHookInfo<'_>) {
    let what = panic
        .payload_as_str()
        .unwrap_or("it does not say what is wrong");
    let place = panic.location().map(ToString::to_string);
    output::people(&format!(
        "bug: cutover {} failed at {}: {}",
        env!("CARGO_PKG_VERSION"),
        place.unwrap_or_default(),
        crate::render::clean(what)
    ));
    let run = RUN.with(|concerned| concerned.borrow().clone());
    output::people(&match run {
        Some(run) => format!(
            "help: please report this with the line above and the journal of run {run}; what was done is written down there\nhelp: `cutover why-down` says how production stands; go on with `cutover resume {run}` or back with `cutover rollback {run}`"
        ),
        None => "help: please report this with the line above; nothing was begun".to_owned(),
    });
}
