//! Durable execution: the gate, the way back, standing conditions, verdicts.
//!
//! This room knows no script, no HTTP and no terminal. What drives a run is seen through [`Script`], what a person answers through
//! [`People`], the world through a gateway, and everything that happens goes through the [`Recorder`] into the journal.
//!
//! The gate is generic over journal and gateway, so that a dry run, a drill and a test are the same gate with other two.

mod closure;
mod conduct;
mod cursor;
mod evidence;
mod examine;
mod fault;
mod gate;
mod hold;
mod leave;
mod lock;
mod loss;
mod moment;
mod people;
mod play;
mod recorder;
mod retrace;
mod script;
mod settle;
mod standing;
mod trouble;
mod unwind;
mod watching;
mod ways_ahead;

pub use crate::journal::Raised;
pub use conduct::{Conclusion, conduct, roll_back};
pub use examine::{acts, broken, denied_by};
pub use fault::{Denial, Divergence, Fault};
pub use gate::{Call, Gate, Reply};
pub use lock::{EnvironmentLock, LockError};
pub use moment::AtStep;
pub use people::{Answered, Back, People, Question};
pub use play::{Played, Scenario, Session, play_with};
pub use recorder::{Recorder, Watcher};
pub use retrace::retrace;
pub use script::{Answer, Request, Script};
pub use trouble::{Afterwards, Crash, Interference, Kill, KillMoment, Trouble};
pub use ways_ahead::{Foreseen, PlayedWay, WaysAfter, foresee};
