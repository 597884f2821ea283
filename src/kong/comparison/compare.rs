//! Kind by kind and entity by entity: what belongs together, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use super::alias;
use super::change;
use super::entities::{Entities, Entity, Listing};
use super::field::Field;
use super::migrate::{self, Note};
use super::path::is_within;
use super::schemas::Schemas;
use super::secret::{sealed, shown};
use super::verdict::{Comparison, Difference, Expected, Subject, What, Why};
use super::walk::{self, Place};
use crate::kong::Version;

/// Compares the entities of an old gateway with those of a new one, which `schemas` describe, after the way from one version to the
/// other.
#[must_use]
pub fn compare(
    blue: &Entities,
    green: &Entities,
    schemas: &Schemas,
    from: &Version,
    to: &Version,
) -> Comparison {
    let mut comparison = Comparing {
        schemas,
        way: (from, to),
        found: Comparison::default(),
    };
    // Each kind by what the new version calls it, with what the old one does.
    let mut kinds: BTreeMap<&str, &str> = green.kinds().map(|kind| (kind, kind)).collect();
    for old in blue.kinds() {
        let kind = change::called(from, to, old);
        if kind == old || blue.of(kind).is_none() {
            kinds.insert(kind, old);
        } else {
            let why = format!("the new version calls it `{kind}`, which the old gateway has too");
            comparison.found.not_compared.push((old.to_owned(), why));
        }
    }
    for (kind, old) in kinds {
        let nothing = Listing::Read(Vec::new());
        let (blue, green) = (
            blue.of(old).unwrap_or(&nothing),
            green.of(kind).unwrap_or(&nothing),
        );
        let why = match (change::left_out(kind), blue, green) {
            (Some(why), ..) => why,
            (None, Listing::Unread(why), _) | (None, _, Listing::Unread(why)) => why,
            (None, Listing::Read(blue), Listing::Read(green)) => {
                comparison.kind(kind, blue, green);
                continue;
            }
        };
        let left_out = (kind.to_owned(), why.to_owned());
        comparison.found.not_compared.push(left_out);
    }
    comparison.found
}

struct Comparing<'a> {
    schemas: &'a Schemas,
    way: (&'a Version, &'a Version),
    found: Comparison,
}

impl Comparing<'_> {
    fn kind(&mut self, kind: &str, blue: &[Entity], green: &[Entity]) {
        let (blue, green) = (by_key(kind, blue), by_key(kind, green));
        let keys: BTreeSet<_> = blue.keys().chain(green.keys()).collect();
        let mut pairs: Vec<(Subject, Option<&Entity>, Option<&Entity>)> = keys
            .into_iter()
            .filter_map(|key| {
                let (blue, green) = (blue.get(key).copied(), green.get(key).copied());
                Some((subject(kind, blue.or(green)?), blue, green))
            })
            .collect();
        pairs.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let mut records = BTreeMap::new();
        let mut both = 0;
        for pair in pairs {
            match pair {
                (subject, Some(blue), Some(green)) => {
                    both += 1;
                    let name = green.text("name").unwrap_or_default();
                    let record = records.entry(name);
                    let record = record.or_insert_with(|| self.schemas.of(kind, name));
                    self.entity(&subject, blue, green, record);
                }
                (subject, Some(_), None) => self.differs(&subject, What::OnlyBlue),
                (subject, ..) => self.differs(&subject, What::OnlyGreen),
            }
        }
        self.found.compared.insert(kind.to_owned(), both);
    }

    fn entity(&mut self, subject: &Subject, blue: &Entity, green: &Entity, record: &Field) {
        let (from, to) = self.way;
        let (mut old, mut new) = (blue.fields.clone(), green.fields.clone());
        let mut notes = Vec::new();
        let plugin = blue.text("name").unwrap_or_default();
        for change in change::between(from, to, &subject.kind, plugin) {
            migrate::apply(change, &mut old, &green.fields, &mut notes);
        }
        let (mut shown_by_old, mut shown_by_new) = (Vec::new(), Vec::new());
        alias::leave_out(&mut old, record, "", &mut shown_by_old);
        alias::leave_out(&mut new, record, "", &mut shown_by_new);
        alias::settle(&mut old, &new, record, "", &mut notes);
        // A second name that both show is nothing new, and one that only the old gateway shows will not be missed.
        shown_by_new.retain(|note| !shown_by_old.contains(note));
        notes.extend(shown_by_new);
        let places = walk::places(&old, &new, record);
        let mut expected: Vec<Note> = Vec::new();
        let mut differing = Vec::new();
        for place in &places {
            match explained(place, &subject.kind) {
                Some(why) => expected.push((place.path.clone(), why)),
                None => differing.push(place),
            }
        }
        // What has moved or was written otherwise is explained where the new gateway has it so.
        notes.retain(|(path, _)| {
            let mut paths = differing.iter().map(|place| &place.path);
            !paths.any(|other| is_within(path, other) || is_within(other, path))
        });
        expected.extend(notes);
        expected.sort_by(|(one, _), (other, _)| one.cmp(other));
        for place in differing {
            self.differs(subject, told(place));
        }
        let expected = expected.into_iter().map(|(path, why)| Expected {
            subject: subject.clone(),
            path,
            why,
        });
        self.found.expected.extend(expected);
    }

    fn differs(&mut self, subject: &Subject, what: What) {
        self.found.differences.push(Difference {
            subject: subject.clone(),
            what,
        });
    }
}

/// A place as it may be told.
fn told(place: &Place<'_>) -> What {
    let tell = |value| {
        if place.is_secret {
            sealed(value)
        } else {
            shown(value, place.name, place.field)
        }
    };
    let (blue, green) = place.values();
    What::Field {
        path: place.path.clone(),
        blue: tell(blue),
        green: tell(green),
    }
}

/// Why a place where two entities of a kind differ was to be expected.
fn explained(place: &Place<'_>, kind: &str) -> Option<Why> {
    let (blue, green) = place.values();
    if change::is_volatile(&place.path, !blue.is_null() && !green.is_null()) {
        Some(Why::Volatile)
    } else if place.path == "id" && change::is_by_name(kind) {
        Some(Why::Derived)
    } else {
        place.is_default.then_some(Why::Default)
    }
}

/// What entities are matched by: their workspace, their id or name, and which of several with the same it is.
type Key<'a> = (&'a str, &'a str, usize);

fn by_key<'a>(kind: &str, entities: &'a [Entity]) -> BTreeMap<Key<'a>, &'a Entity> {
    let is_by_name = change::is_by_name(kind);
    let mut keyed = BTreeMap::new();
    let mut seen: BTreeMap<_, usize> = BTreeMap::new();
    for entity in entities {
        let name = entity.name().filter(|_| is_by_name);
        let key = name.unwrap_or_else(|| entity.id());
        // Two that are told as one must not hide each other.
        let before = seen.entry((&entity.workspace, key)).or_default();
        keyed.insert((entity.workspace.as_str(), key, *before), entity);
        *before += 1;
    }
    keyed
}

fn subject(kind: &str, entity: &Entity) -> Subject {
    Subject {
        kind: kind.to_owned(),
        workspace: entity.workspace.clone(),
        name: entity.name().map(str::to_owned),
        id: entity.id().to_owned(),
    }
}
