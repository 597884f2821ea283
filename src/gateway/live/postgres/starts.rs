//! Whoever writes down which client tools were started, so that the next runner can end what a dead one left at work.

use std::fmt;
use std::io;
use std::rc::Rc;

use crate::gateway::ProcessIdentity;

/// Called with each tool and its process before anything is awaited; an error ends the tool at once.
#[derive(Clone, Default)]
pub struct Starts(Option<Rc<Recording>>);

type Recording = dyn Fn(&str, &ProcessIdentity) -> io::Result<()>;

impl Starts {
    /// Starts that `record` writes down.
    #[must_use]
    pub fn recorded(record: impl Fn(&str, &ProcessIdentity) -> io::Result<()> + 'static) -> Self {
        Self(Some(Rc::new(record)))
    }

    pub(in crate::gateway::live) fn record(
        &self,
        program: &str,
        process: &ProcessIdentity,
    ) -> io::Result<()> {
        match &self.0 {
            Some(record) => record(program, process),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Starts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() {
            "recorded"
        } else {
            "unrecorded"
        })
    }
}
