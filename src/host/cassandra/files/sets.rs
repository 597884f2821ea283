//! Whether the files of a snapshot are whole SSTables. After `SSTable.java` (`readTOC`: a component a line) and `SSTableReader.java` of 2.2.19
//! to 4.1.0. Cassandra itself makes the filter and the summary anew where they are gone; here what the list names has to be there, since a
//! file that is gone from a backup was lost by somebody.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Component, Place, Sstable, SstableFile};
use crate::host::cassandra::Name;

/// What no SSTable is without.
const ALWAYS: [Component; 4] = [
    Component::Data,
    Component::Index,
    Component::Statistics,
    Component::Toc,
];

/// Why an SSTable is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// A component is not there.
    Missing {
        /// The directory of the table, with the index where it is one's.
        directory: String,
        /// The SSTable.
        sstable: String,
        /// The component.
        component: String,
    },
    /// The list of components names something that cannot be one.
    Unreadable {
        /// The file with the list.
        toc: String,
        /// What it names.
        line: String,
    },
}

/// What the list of an SSTable's components names; the error is what cannot be a component.
pub fn listed_components(toc: &str) -> Result<BTreeSet<Component>, String> {
    let named = |line: &str| Component::named(line).ok_or_else(|| line.to_owned());
    toc.lines().map(named).collect()
}

/// What is missing among `places`, where `tocs` holds the text of each list that could be read.
#[must_use]
pub fn flaws<'a>(
    places: impl IntoIterator<Item = &'a Place>,
    tocs: &BTreeMap<Place, String>,
) -> Vec<Flaw> {
    let mut sets: BTreeMap<(String, Option<Name>, Sstable), BTreeSet<Component>> = BTreeMap::new();
    for place in places {
        if let Ok(file) = place.file.parse::<SstableFile>() {
            let set = (
                place.directory.to_string(),
                place.index.clone(),
                file.sstable,
            );
            sets.entry(set).or_default().insert(file.component);
        }
    }
    let mut flaws = Vec::new();
    let mut wanted: BTreeMap<_, BTreeSet<Component>> = BTreeMap::new();
    for (place, toc) in tocs {
        let Ok(file) = place.file.parse::<SstableFile>() else {
            continue;
        };
        let set = (
            place.directory.to_string(),
            place.index.clone(),
            file.sstable,
        );
        match listed_components(toc) {
            Ok(components) => wanted.entry(set).or_default().extend(components),
            Err(line) => flaws.push(Flaw::Unreadable {
                toc: place.to_string(),
                line,
            }),
        }
    }
    for (set, components) in sets {
        let named = wanted.remove(&set).unwrap_or_default();
        let all: BTreeSet<&Component> = ALWAYS.iter().chain(&named).collect();
        let missing = all
            .into_iter()
            .filter(|component| !components.contains(component));
        let (table, index, sstable) = &set;
        flaws.extend(missing.map(|component| {
            Flaw::Missing {
                directory: index
                    .as_ref()
                    .map_or_else(|| table.clone(), |index| format!("{table}/.{index}")),
                sstable: sstable.to_string(),
                component: component.as_str().to_owned(),
            }
        }));
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOC: &str = "Filter.db\nData.db\nSummary.db\nIndex.db\nTOC.txt\nDigest.crc32\nStatistics.db\nCompressionInfo.db\n";

    fn place(component: &str) -> Place {
        let text = format!(
            "services-5b2c1f707c3a11eeb9620242ac120002/snapshots/kong_1/mc-5-big-{component}"
        );
        text.parse().expect("a place")
    }

    fn whole() -> (Vec<Place>, BTreeMap<Place, String>) {
        let places = TOC.lines().map(place).collect();
        (places, [(place("TOC.txt"), TOC.to_owned())].into())
    }

    #[test]
    fn a_whole_set_has_no_flaw() {
        let (places, tocs) = whole();
        assert_eq!(flaws(&places, &tocs), []);
        assert_eq!(flaws([], &BTreeMap::new()), []);
    }

    #[test]
    fn each_file_that_is_gone_is_named() {
        let (places, tocs) = whole();
        for gone in &places {
            let rest = places.iter().filter(|place| *place != gone);
            let component = gone
                .file
                .rsplit('-')
                .next()
                .expect("a component")
                .to_owned();
            let flaw = Flaw::Missing {
                directory: "services-5b2c1f707c3a11eeb9620242ac120002".to_owned(),
                sstable: "mc-5-big".to_owned(),
                component,
            };
            assert_eq!(flaws(rest, &tocs), [flaw]);
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_is_a_flaw() {
        let (places, mut tocs) = whole();
        tocs.insert(place("TOC.txt"), "Data.db\n../../etc\n".to_owned());
        let flaw = Flaw::Unreadable {
            toc: place("TOC.txt").to_string(),
            line: "../../etc".to_owned(),
        };
        assert_eq!(flaws(&places, &tocs), [flaw]);
    }
}
