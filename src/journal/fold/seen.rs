//! What clients got while a run went on, from its journal alone.

use super::{RunState, StepResult};
use crate::primitive::{Intent, Moment, Seen, Watch};

/// What was seen of a cluster in one moment of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenThen {
    /// The cluster.
    pub cluster: String,
    /// The moment.
    pub moment: Moment,
    /// What was seen.
    pub seen: Seen,
}

impl RunState {
    /// What is watched, and was when the last runner put the run down.
    #[must_use]
    pub fn watches(&self) -> Vec<Watch> {
        let mut watches: Vec<Watch> = Vec::new();
        let done = self
            .steps
            .iter()
            .filter(|step| matches!(step.result, StepResult::Finished(_)));
        for step in done {
            match &step.intent {
                Intent::Watch(watch) => watches.push(watch.clone()),
                Intent::Unwatch(end) => watches.retain(|watch| watch.cluster != end.cluster),
                _ => {}
            }
        }
        watches
    }

    /// Takes in what was seen. What is of the same step is added to it, and so is what was found out later of a time that is known.
    pub(super) fn take_in(&mut self, cluster: &str, moment: Moment, seen: &Seen) {
        let mut known = self.seen.iter_mut().rev();
        let same = known.find(|known| {
            known.cluster == cluster
                && known.moment == moment
                && (moment.step.is_some() || seen.sent == 0)
        });
        match same {
            Some(known) => known.seen.add(seen),
            None => self.seen.push(SeenThen {
                cluster: cluster.to_owned(),
                moment,
                seen: seen.clone(),
            }),
        }
    }
}
