//! How production stands, in words.

use super::duration;
use crate::journal::{Outage, RunState};

/// One sentence: is production down, since when, and which nodes. `None` where this run left every node that it knows serving.
#[must_use]
pub fn production(state: &RunState) -> Option<String> {
    let outage = Outage::of(state)?;
    let word = |(name, stopped): (&String, &bool)| {
        if *stopped {
            format!("{name} stopped")
        } else {
            format!("{name} out of rotation")
        }
    };
    let listed: Vec<String> = outage.nodes.iter().map(word).collect();
    let at = outage.since.strftime("%H:%M:%S UTC");
    Some(if outage.whole {
        format!("PRODUCTION IS DOWN since {at} ({})", listed.join(", "))
    } else {
        format!(
            "production is up with fewer nodes since {at} ({})",
            listed.join(", ")
        )
    })
}

/// How long no node that this run touched got requests, if there was such a time and it is over.
#[must_use]
pub fn downtime(state: &RunState) -> Option<String> {
    let (from, to) = Outage::over(state)?;
    Some(duration(from, to))
}
