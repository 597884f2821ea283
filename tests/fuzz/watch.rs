//! What watches over inputs that never come back: those that hang, and those that end the whole process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::write;

/// How long one input may take before it counts as one that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The input that is being tried, and since when.
type AtWork = Mutex<Option<(Instant, Vec<u8>)>>;

/// Watches the inputs of one target.
pub(super) struct Watch {
    target: &'static str,
    at_work: Arc<AtWork>,
    /// Whether each input is written down before it is tried. A stack that overflows ends the process without a word.
    writes: bool,
}

impl Watch {
    pub(super) fn over(target: &'static str, writes: bool) -> Self {
        let at_work = Arc::new(AtWork::default());
        let watched = Arc::downgrade(&at_work);
        thread::spawn(move || {
            while let Some(at_work) = watched.upgrade() {
                if let Some((_, input)) = lock(&at_work)
                    .as_ref()
                    .filter(|(since, _)| since.elapsed() > PATIENCE)
                {
                    hangs(target, input);
                }
                drop(at_work);
                thread::sleep(Duration::from_secs(1));
            }
        });
        Self {
            target,
            at_work,
            writes,
        }
    }

    pub(super) fn begins(&self, input: &[u8]) {
        if self.writes {
            write(self.target, "tried-last", input);
        }
        *lock(&self.at_work) = Some((Instant::now(), input.to_vec()));
    }

    pub(super) fn ends(&self) {
        *lock(&self.at_work) = None;
    }
}

fn lock(at_work: &AtWork) -> MutexGuard<'_, Option<(Instant, Vec<u8>)>> {
    at_work.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the process: a thread that hangs cannot be ended alone.
#[expect(
    clippy::print_stderr,
    reason = "nobody is left to whom a panic could tell it"
)]
fn hangs(target: &str, input: &[u8]) {
    let path = write(target, "hangs", input);
    eprintln!("`{target}` hangs with the input in `{}`", path.display());
    std::process::exit(101);
}
