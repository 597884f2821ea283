//! Which steps of a playbook some test reached, and which undos some test saw at work.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::{Event, Place, Record, StepNo};

/// What tests reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The calls of the playbooks and modules that were played, by source, line and verb.
    pub spots: Vec<Spot>,
}

/// One call in a source. Several calls of one verb on a line are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The source's name.
    pub source: String,
    /// The line.
    pub line: u32,
    /// The verb.
    pub verb: String,
    /// Whether a test got there.
    pub reached: bool,
    /// Whether it left something to undo.
    pub undoable: bool,
    /// Whether a test saw that undone.
    pub undone: bool,
}

type Key = (String, u32, String);

impl Coverage {
    /// Takes in that `source` calls `verb` in `line`.
    pub fn call(&mut self, source: &str, line: u32, verb: &str) {
        self.spot(&(source.to_owned(), line, verb.to_owned()));
    }

    /// Takes in what a play reached. Places that no known call has are left out: they are in a test's own text.
    pub fn played(&mut self, records: &[Record]) {
        let mut places: BTreeMap<StepNo, Key> = BTreeMap::new();
        for record in records {
            match &record.event {
                Event::Read {
                    step,
                    intent,
                    place: Some(place),
                    ..
                } => {
                    let key = key(place, intent.verb());
                    places.insert(*step, key.clone());
                    self.with(&key, |spot| spot.reached = true);
                }
                Event::Started {
                    step,
                    intent,
                    place: Some(place),
                    targets,
                    ..
                } => {
                    let key = key(place, intent.verb());
                    places.insert(*step, key.clone());
                    let undoable = targets.iter().any(|target| target.undo.is_some());
                    self.with(&key, |spot| {
                        spot.reached = true;
                        spot.undoable |= undoable;
                    });
                }
                Event::UndoFinished { step, .. } => {
                    if let Some(key) = places.get(step).cloned() {
                        self.with(&key, |spot| spot.undone = true);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes in what other tests reached.
    pub fn add(&mut self, other: &Self) {
        for spot in &other.spots {
            let mine = self.spot(&(spot.source.clone(), spot.line, spot.verb.clone()));
            mine.reached |= spot.reached;
            mine.undoable |= spot.undoable;
            mine.undone |= spot.undone;
        }
    }

    /// How many calls were reached.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.spots.iter().filter(|spot| spot.reached).count()
    }

    /// How many calls left something to undo, and of how many that was seen undone.
    #[must_use]
    pub fn undos(&self) -> (usize, usize) {
        let undoable = self.spots.iter().filter(|spot| spot.undoable);
        let undone = self.spots.iter().filter(|spot| spot.undone);
        (undoable.count(), undone.count())
    }

    fn spot(&mut self, key: &Key) -> &mut Spot {
        let at = self.spots.binary_search_by(|spot| cmp(spot, key));
        let at = at.unwrap_or_else(|at| {
            let (source, line, verb) = key.clone();
            let spot = Spot {
                source,
                line,
                verb,
                reached: false,
                undoable: false,
                undone: false,
            };
            self.spots.insert(at, spot);
            at
        });
        &mut self.spots[at]
    }

    fn with(&mut self, key: &Key, change: impl FnOnce(&mut Spot)) {
        if let Ok(at) = self.spots.binary_search_by(|spot| cmp(spot, key)) {
            change(&mut self.spots[at]);
        }
    }
}

fn cmp(spot: &Spot, (source, line, verb): &Key) -> std::cmp::Ordering {
    (&spot.source, spot.line, &spot.verb).cmp(&(source, *line, verb))
}

fn key(place: &Place, verb: &str) -> Key {
    (place.source.clone(), place.line, verb.to_owned())
}
