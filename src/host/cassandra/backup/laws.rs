//! All or none: whichever nodes fail, what follows removes exactly what was made.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Has, Verdict, clear, snapshot, verdict};
use crate::host::cassandra::Id;
use crate::host::cassandra::plan::{Act, Order};

fn any_has() -> impl Strategy<Value = Has> {
    let missing = ["routes".parse().expect("a name")].into();
    prop_oneof![
        3 => Just(Has::All),
        1 => Just(Has::Part { missing }),
        1 => Just(Has::None),
        1 => Just(Has::Unknown),
    ]
}

#[test]
fn every_subset_of_failures_is_cleared_exactly() {
    let nodes: Vec<Id> = (0..6).map(Id::new).collect();
    let (kong, tag) = (
        "kong".parse().expect("a name"),
        "kong_1".parse().expect("a tag"),
    );
    for failed in 0_u32..64 {
        let made = |node: &Id| {
            failed
                >> u32::try_from(nodes.iter().position(|one| one == node).expect("a node"))
                    .expect("small")
                & 1
                == 0
        };
        let has = nodes
            .iter()
            .map(|node| (*node, if made(node) { Has::All } else { Has::None }));
        let cleared: BTreeSet<Id> = match verdict(&has.collect()) {
            Verdict::All => {
                assert_eq!(failed, 0);
                continue;
            }
            Verdict::None => BTreeSet::new(),
            Verdict::Some {
                clear: those,
                unknown,
            } => {
                assert!(unknown.is_empty());
                let stage = clear(&those, &kong, &tag);
                stage.steps.iter().map(|step| step.node).collect()
            }
        };
        let made: BTreeSet<Id> = nodes.iter().copied().filter(|node| made(node)).collect();
        assert_eq!(cleared, made, "{failed:b}");
    }
}

proptest! {
    #[test]
    fn nothing_is_forgotten(has in prop::collection::btree_map(0_u128..20, any_has(), 0..8)) {
        let has: BTreeMap<Id, Has> = has.into_iter().map(|(id, has)| (Id::new(id), has)).collect();
        let (clear, unknown) = match verdict(&has) {
            Verdict::All => {
                prop_assert!(has.values().all(|has| *has == Has::All));
                return Ok(());
            }
            Verdict::None => (vec![], vec![]),
            Verdict::Some { clear, unknown } => (clear, unknown),
        };
        for (node, has) in &has {
            let has_some = matches!(has, Has::All | Has::Part { .. });
            prop_assert_eq!(clear.contains(node), has_some);
            prop_assert_eq!(unknown.contains(node), *has == Has::Unknown);
        }
    }

    #[test]
    fn every_vector_has_the_tag(ids in prop::collection::btree_set(0_u128..20, 1..8)) {
        let nodes: Vec<Id> = ids.into_iter().map(Id::new).collect();
        let (kong, tag) = ("kong".parse().expect("a name"), "kong_1".parse().expect("a tag"));
        let [flush, take] = snapshot(&nodes, &kong, &tag);
        let clear = clear(&nodes, &kong, &tag);
        for stage in [&flush, &take, &clear] {
            let those: Vec<Id> = stage.steps.iter().map(|step| step.node).collect();
            prop_assert_eq!(&those, &nodes);
            prop_assert_eq!(stage.order, Order::Together);
        }
        for step in take.steps.iter().chain(&clear.steps) {
            let Act::Run(vector) = &step.act else { panic!("no vector") };
            prop_assert_eq!(&vector[2..], ["-t", "kong_1", "kong"]);
        }
    }
}
