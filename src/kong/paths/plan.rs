//! The steps from one version to another, each of which the vendor guarantees or its guides describe.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::hop::{self, Hop};
use super::line::{Line, NEWEST};
use crate::kong::Version;
use crate::kong::advisories::Topology;

/// Where a cluster's configuration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// In PostgreSQL.
    Postgres,
    /// In Cassandra.
    Cassandra,
}

/// What else decides on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// How nodes get their configuration.
    pub topology: Topology,
    /// Where it is; means nothing without a database.
    pub store: Store,
}

/// The way from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The steps, in order.
    pub hops: Vec<Hop>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// Why there is no way, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// Why.
    pub why: String,
    /// What to do instead.
    pub instead: String,
}

/// The version that every older one goes to first.
const BEFORE_ONE: Version = Version::new(0, 14, 1);

/// The first of 3.1 of Enterprise that data planes before 3.0 can speak to again.
const WITH_OLD_PROTOCOL: Version = Version {
    build: Some(2),
    ..Version::new(3, 1, 1)
};

/// Plans the way from `from` to `to`.
pub fn plan(from: &Version, to: &Version, setting: Setting) -> Result<Plan, Refusal> {
    let refused = |why: String, instead: &str| {
        Err(Refusal {
            why,
            instead: instead.to_owned(),
        })
    };
    if to == from {
        return refused(
            format!("{from} is installed already"),
            "nothing is to be done",
        );
    }
    if to < from {
        return refused(
            format!("{to} is older than {from}"),
            "go back with the backup and the old package, not by an upgrade",
        );
    }
    if Line::of(to) > NEWEST {
        return refused(
            format!("no release {} is known", Line::of(to)),
            "look into the vendor's guide, or for a newer cutover",
        );
    }
    if Line::of(to) < Line(0, 14) {
        return refused(
            format!("nothing is known of upgrades to {to}"),
            "go to 0.14.1, from which there is a way on",
        );
    }
    let has_database = setting.topology != Topology::Dbless;
    if has_database && setting.store == Store::Cassandra && Line::of(to) >= Line(3, 4) {
        return refused(
            format!("{to} has no Cassandra: 3.3 is the last line that has"),
            "move to PostgreSQL first, on a line up to 3.3: `kong config db_export`, a new database, `kong config db_import`",
        );
    }
    if !has_database && Line::of(from) < Line(1, 1) {
        return refused(
            format!("{from} cannot run without a database: 1.1 is the first that can"),
            "say how it really gets its configuration: `--topology traditional`",
        );
    }
    let mut stops = stops(from, to, setting);
    stops.push(*to);
    let mut plan = Plan {
        hops: Vec::new(),
        notes: notes(from, to, setting),
    };
    let mut at = *from;
    for stop in stops {
        for (start, end) in lines_between(&at, &stop) {
            plan.hops.push(hop::hop(&start, &end, setting));
        }
        at = stop;
    }
    Ok(plan)
}

/// Versions that must be gone through exactly.
fn stops(from: &Version, to: &Version, setting: Setting) -> Vec<Version> {
    let mut stops = Vec::new();
    if *from < BEFORE_ONE && *to > BEFORE_ONE {
        stops.push(BEFORE_ONE);
    }
    let is_without = Line::of(from) == Line(3, 1) && from.build.is_some();
    if setting.topology == Topology::Hybrid
        && is_without
        && *from < WITH_OLD_PROTOCOL
        && *to > WITH_OLD_PROTOCOL
    {
        stops.push(WITH_OLD_PROTOCOL);
    }
    stops
}

/// The pairs of versions to go through from one to the other. A line on the way is gone through at its newest patch, whatever that is.
fn lines_between(from: &Version, to: &Version) -> Vec<(Version, Version)> {
    let lines = shortest(Line::of(from), Line::of(to));
    let on_the_way = lines.iter().skip(1);
    let mut pairs = Vec::new();
    let mut at = *from;
    for line in on_the_way {
        let next = if *line == Line::of(to) {
            *to
        } else {
            Version::new(line.0, line.1, u16::MAX)
        };
        pairs.push((at, next));
        at = next;
    }
    if lines.len() == 1 {
        pairs.push((*from, *to));
    }
    pairs
}

/// The fewest lines from one to another; where there are several ways, the one that reaches the newest line first.
fn shortest(from: Line, to: Line) -> Vec<Line> {
    let mut came_from: BTreeMap<Line, Line> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(line) = queue.pop_front() {
        if line == to {
            break;
        }
        for next in reached_from(line) {
            if next > line && next <= to && next != from && !came_from.contains_key(&next) {
                came_from.insert(next, line);
                queue.push_back(next);
            }
        }
    }
    let mut lines = vec![to];
    while let Some(before) = came_from.get(&lines[lines.len() - 1]) {
        lines.push(*before);
    }
    lines.reverse();
    lines
}

/// The lines that one is upgraded to in one step, the newest first.
fn reached_from(line: Line) -> Vec<Line> {
    let mut reached: Vec<Line> = Vec::new();
    reached.extend(line.next_long_term());
    match line {
        // Every 1.x has what brings the APIs of 0.14 over.
        Line(0, 14) => reached.extend((0..=5).rev().map(|minor| Line(1, minor))),
        Line(0, _) => reached.push(Line(0, 14)),
        // The migrations of every 2.x begin at 1.0.
        Line(1, _) => reached.extend((0..=8).rev().map(|minor| Line(2, minor))),
        _ => {}
    }
    if line.0 >= 1 {
        reached.extend(line.next());
    }
    reached
}

/// What is to be known of the way as a whole.
fn notes(from: &Version, to: &Version, setting: Setting) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |is_so: bool, text: &str| {
        if is_so {
            notes.push(text.to_owned());
        }
    };
    let crosses =
        |major: u16, minor: u16| !from.is_at_least(major, minor) && to.is_at_least(major, minor);
    note(
        crosses(3, 10) && from.build.is_none(),
        "from 3.10 on there are no builds of the open source: the step to 3.10 is one to Enterprise too, which runs with fewer features without a license",
    );
    note(
        setting.topology == Topology::Hybrid,
        "control planes first, then data planes; a data plane is never newer than its control planes, and is older only until it is upgraded too",
    );
    note(
        setting.topology == Topology::Hybrid && crosses(3, 0),
        "data planes before 3.0 lose the connection to control planes of 3.x and serve what they have until they are upgraded",
    );
    note(
        setting.topology == Topology::Hybrid
            && to.is_at_least(3, 1)
            && *to < WITH_OLD_PROTOCOL
            && to.build.is_some(),
        "data planes before 3.0 cannot connect to 3.1.0.0 to 3.1.1.1: take 3.1.1.2",
    );
    note(
        setting.topology != Topology::Dbless && setting.store == Store::Cassandra && crosses(2, 1),
        "2.1 cannot share a keyspace with older versions: a new keyspace, `kong config db_export` there and `db_import` here",
    );
    notes
}
