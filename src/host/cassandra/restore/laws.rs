//! What holds for every plan of a restore.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Loading, Refill, load, refill};
use crate::host::cassandra::Id;
use crate::host::cassandra::answers::Cqlsh;
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::plan::{Act, Purpose, Source, Stage};
use crate::host::cassandra::sample::{manifest, nodes, tables};

/// A backup of `count` nodes in which each file was kept or not, as `kept` says.
fn any_manifest() -> impl Strategy<Value = Manifest> {
    (1_u8..5, prop::collection::vec(any::<bool>(), 1..30)).prop_map(|(count, kept)| {
        let mut manifest = manifest(count);
        let mut kept = kept.into_iter().cycle();
        for node in manifest.nodes.values_mut() {
            for files in node.data.values_mut() {
                files.retain(|_, _| kept.next().expect("without end"));
            }
        }
        manifest
    })
}

fn put(stages: &[Stage]) -> Vec<(Id, &Source, &str)> {
    let steps = stages.iter().flat_map(|stage| &stage.steps);
    let put = steps.filter_map(|step| match &step.act {
        Act::Put { source, target } => Some((step.node, source, target.as_str())),
        Act::Run(_) => None,
    });
    put.collect()
}

fn cqlsh() -> Cqlsh {
    Cqlsh {
        address: "10.0.0.1".to_owned(),
        port: 9042,
        settings: None,
    }
}

/// Each file of a table once, each path once, and nothing is put or taken before all is emptied.
fn holds(manifest: &Manifest, stages: &[Stage]) -> Result<(), TestCaseError> {
    let put = put(stages);
    let sources: BTreeSet<&Source> = put.iter().map(|(_, source, _)| *source).collect();
    let targets: BTreeSet<(Id, &str)> = put
        .iter()
        .map(|(node, _, target)| (*node, *target))
        .collect();
    let all: Vec<Source> = manifest.files().map(|(source, _)| source).collect();
    prop_assert_eq!(sources, all.iter().collect::<BTreeSet<_>>());
    prop_assert_eq!((targets.len(), put.len()), (all.len(), all.len()));
    let at = |purpose| stages.iter().position(|stage| stage.purpose == purpose);
    prop_assert_eq!(at(Purpose::Truncate), Some(0));
    prop_assert!(at(Purpose::Put) < at(Purpose::Refresh).or(at(Purpose::Load)));
    prop_assert_eq!(at(Purpose::Repair), Some(stages.len() - 1));
    let emptied: Vec<&Act> = stages[0].steps.iter().map(|step| &step.act).collect();
    prop_assert_eq!(emptied.len(), manifest.tables.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_refill_puts_each_file_once(manifest in any_manifest()) {
        let count = u8::try_from(manifest.nodes.len()).expect("few");
        let pairs: BTreeMap<Id, Id> = manifest.nodes.keys().map(|host| (*host, *host)).collect();
        let stages = refill(&Refill {
            manifest: &manifest,
            pairs: &pairs,
            nodes: &nodes(count),
            tables: &tables(0x100),
            cqlsh: &cqlsh(),
            by: Id::new(1),
        });
        let stages = stages.expect("stages");
        holds(&manifest, &stages)?;
        for (node, source, target) in put(&stages) {
            prop_assert_eq!(node, source.node);
            prop_assert!(target.starts_with("/data/kong/") && !target.contains("snapshots"));
        }
        let refresh = stages.iter().find(|stage| stage.purpose == Purpose::Refresh).expect("a stage");
        prop_assert_eq!(refresh.steps.len(), usize::from(count) * manifest.tables.len());
    }

    #[test]
    fn a_load_sends_every_directory_once(manifest in any_manifest(), now in 1_u8..5) {
        let stages = load(&Loading {
            manifest: &manifest,
            nodes: &nodes(now),
            by: Id::new(1),
            directory: "/spool",
            cqlsh: &cqlsh(),
        });
        holds(&manifest, &stages)?;
        let put = put(&stages);
        let directories: BTreeSet<&str> = put.iter().filter_map(|(_, _, target)| Some(target.rsplit_once('/')?.0)).collect();
        let sent: Vec<&str> = stages[2].steps.iter().filter_map(|step| match &step.act {
            Act::Run(vector) => vector.last().map(String::as_str),
            Act::Put { .. } => None,
        }).collect();
        prop_assert_eq!(sent.len(), directories.len());
        prop_assert_eq!(sent.into_iter().collect::<BTreeSet<_>>(), directories);
    }
}
