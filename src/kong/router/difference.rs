//! Which requests go elsewhere under another router, or with other routes.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::{Asked, Matched, Router};

/// A request that goes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The request, with those of its headers that some route looks at.
    pub asked: Asked,
    /// How often it was made.
    pub times: u64,
    /// Where it went; `None` is Kong's 404.
    pub old: Option<Matched>,
    /// Where it goes.
    pub new: Option<Matched>,
}

/// The requests that `new` gives to another route or service than `old`, for which it asks another path of the upstream, or which it
/// answers itself; those that were made most often first.
#[must_use]
pub fn difference(
    old: &Router,
    new: &Router,
    requests: impl Iterator<Item = Asked>,
) -> Vec<Changed> {
    let headers: BTreeSet<String> = old.headers().into_iter().chain(new.headers()).collect();
    let mut times: HashMap<Asked, u64> = HashMap::new();
    for mut asked in requests {
        // What no route looks at makes requests different that are all the same here.
        asked
            .headers
            .retain(|name, _| headers.contains(&name.replace('_', "-")));
        *times.entry(asked).or_default() += 1;
    }
    let changed = times.into_iter().filter_map(|(asked, times)| {
        let (old, new) = (old.find(&asked), new.find(&asked));
        (old != new).then_some(Changed {
            asked,
            times,
            old,
            new,
        })
    });
    let mut changed: Vec<Changed> = changed.collect();
    changed.sort_by(|one, other| {
        let by_times = other.times.cmp(&one.times);
        by_times.then_with(|| one.asked.cmp(&other.asked))
    });
    changed
}
