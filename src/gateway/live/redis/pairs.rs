//! Which Redis of one side goes with which of the other, and which of them are one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::RedisError;
use super::store::Place;
use crate::environment::{Access, Redis};
use crate::kong::rate_limits::in_redis;
use crate::kong::redis_counters::{Names, Place as Called, SHARED, told_by_name};

/// What is known of where one side counts.
pub struct Side<'a> {
    /// Rows of the table `plugins` that count.
    pub plugins: Vec<Value>,
    /// What the environment names for its database.
    pub stores: Vec<(&'a str, &'a Redis)>,
    /// What they are opened for.
    pub access: Access,
}

/// Two that are not the same, and what plugins count under in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Where the original's plugins count.
    pub from: Place,
    /// Where the copy's do.
    pub to: Place,
    pub(super) names: Names,
}

impl Pair {
    /// The two, as figures are told of them.
    #[must_use]
    pub fn told(&self) -> String {
        format!("Redis {} to {}", self.from.name, self.to.name)
    }
}

/// What was found out.
#[derive(Debug, Default)]
pub struct Pairs {
    /// Between these is carried.
    pub carried: Vec<Pair>,
    /// Plugins that are left, by the id of their rows, and why.
    pub left: Vec<(Value, &'static str)>,
}

impl Pairs {
    /// Why the counters of a plugin are not carried; nothing where they are.
    #[must_use]
    pub fn why_left(&self, row: &Value) -> Option<&'static str> {
        let mut left = self.left.iter();
        Some(left.find(|(id, _)| *id == row["id"])?.1)
    }
}

/// What several servers share, no script can change at once.
const CLUSTER: &str = "its counters are in a cluster of Redis, which is not carried: if the sides do not share it, up to its whole limit may pass again";

/// Finds out by asking, since names may mean one thing on one side and another on the other.
pub async fn pairs(original: &Side<'_>, copy: &Side<'_>) -> Result<Pairs, RedisError> {
    let mut found = Pairs::default();
    let mut known = Known::default();
    for (row, copied) in in_redis(&original.plugins, &copy.plugins) {
        let here = Called::of(row);
        let there = copied.and_then(Called::of);
        let by_name = told_by_name(here.as_ref(), there.as_ref());
        let places = here.as_ref().zip(there.as_ref()).and_then(|(here, there)| {
            let places = (original.place(here)?, copy.place(there)?);
            here.is_named_as(there).then_some(places)
        });
        let Some((from, to)) = places else {
            found.left.push((row["id"].clone(), by_name));
            continue;
        };
        if let Some(why) = known.why_not(&from, &to).await? {
            found.left.push((row["id"].clone(), why));
            continue;
        }
        let pair = found
            .carried
            .iter_mut()
            .find(|pair| pair.from == from && pair.to == to);
        if let Some(pair) = pair {
            pair.names.add(row);
        } else {
            let mut names = Names::default();
            names.add(row);
            found.carried.push(Pair { from, to, names });
        }
    }
    Ok(found)
}

impl Side<'_> {
    /// Every Redis of the environment in which plugins of this side count.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let mut found: Vec<Place> = Vec::new();
        for (row, _) in in_redis(&self.plugins, &[]) {
            let place = Called::of(row).and_then(|called| self.place(&called));
            found.extend(place.filter(|place| !found.contains(place)));
        }
        found
    }

    /// The Redis of the environment that plugins of this side call so.
    fn place(&self, called: &Called) -> Option<Place> {
        let mut stores = self.stores.iter();
        let (name, settings) = stores.find(|(_, store)| store.called() == called.called)?;
        Some(Place {
            name: format!("{name}/{}", called.database),
            settings: (*settings).clone(),
            database: called.database,
            access: self.access,
        })
    }
}

/// What was asked already, by name: many plugins count in one place.
#[derive(Default)]
struct Known(BTreeMap<String, (String, bool)>);

impl Known {
    /// Why nothing is to be carried between two.
    async fn why_not(
        &mut self,
        from: &Place,
        to: &Place,
    ) -> Result<Option<&'static str>, RedisError> {
        for place in [from, to] {
            if !self.0.contains_key(&place.name) {
                let identity = place.open().await?.identity().await?;
                let known = (identity.run, identity.is_cluster);
                self.0.insert(place.name.clone(), known);
            }
        }
        let (from_run, from_is_cluster) = &self.0[&from.name];
        let (to_run, to_is_cluster) = &self.0[&to.name];
        Ok(if *from_is_cluster || *to_is_cluster {
            Some(CLUSTER)
        } else if from_run == to_run && from.database == to.database {
            Some(SHARED)
        } else {
            None
        })
    }
}
