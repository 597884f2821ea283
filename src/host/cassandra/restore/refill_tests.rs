//! The stages of a restore into the same ring.

use super::{Refill, RefillError, files_in, lying, refill};
use crate::host::cassandra::Id;
use crate::host::cassandra::answers::{Cqlsh, Table};
use crate::host::cassandra::backup::Manifest;
use crate::host::cassandra::plan::{Act, Node, Stage};
use crate::host::cassandra::sample::{manifest, nodes, tables};

fn cqlsh() -> Cqlsh {
    Cqlsh {
        address: "10.0.0.1".to_owned(),
        port: 9042,
        settings: None,
    }
}

fn stages(
    change: impl FnOnce(&mut Manifest, &mut Vec<Node>, &mut Vec<Table>),
) -> Result<[Stage; 5], RefillError> {
    let (mut manifest, mut nodes, mut tables) = (manifest(2), nodes(2), tables(0x100));
    let pairs = manifest.nodes.keys().map(|host| (*host, *host)).collect();
    change(&mut manifest, &mut nodes, &mut tables);
    refill(&Refill {
        manifest: &manifest,
        pairs: &pairs,
        nodes: &nodes,
        tables: &tables,
        cqlsh: &cqlsh(),
        by: Id::new(1),
    })
}

#[test]
fn files_go_to_the_current_directory() {
    let [_, look, put, refresh, _] = stages(|_, _, _| {}).expect("stages");
    let Act::Put { source, target } = &put.steps[0].act else {
        panic!("no file")
    };
    assert_eq!(source.place.directory.id, Id::new(1));
    assert_eq!(
        target,
        "/data/kong/ratelimiting_metrics-00000000000000000000000000000100/mc-1-big-Data.db"
    );
    let Act::Run(vector) = &look.steps[0].act else {
        panic!("no vector")
    };
    assert_eq!(
        vector[1],
        "/data/kong/ratelimiting_metrics-00000000000000000000000000000100"
    );
    let order: Vec<(Id, String)> = refresh
        .steps
        .iter()
        .map(|step| match &step.act {
            Act::Run(vector) => (step.node, vector[3].clone()),
            Act::Put { .. } => panic!("no vector"),
        })
        .collect();
    let mut sorted = order.clone();
    sorted.sort();
    assert_eq!(order, sorted);
}

#[test]
fn what_does_not_fit_is_refused() {
    let name = |name: &str| name.parse().expect("a name");
    assert_eq!(
        stages(|_, _, tables| _ = tables.pop()),
        Err(RefillError::NoTable(name("services")))
    );
    let kind = stages(|_, _, tables| tables[1].is_counter = true);
    assert_eq!(kind, Err(RefillError::OtherKind(name("routes"))));
    assert_eq!(
        stages(|_, nodes, _| _ = nodes.pop()),
        Err(RefillError::NoNode(Id::new(2)))
    );
    let moved = stages(|_, nodes, _| nodes[1].data = vec!["/other".to_owned()]).expect("stages");
    assert!(moved[2].steps.iter().any(
        |step| matches!(&step.act, Act::Put { target, .. } if target.starts_with("/other/kong/"))
    ));
    assert_eq!(
        stages(|_, nodes, _| nodes[1].data.clear()),
        Err(RefillError::NoData(Id::new(2)))
    );
}

#[test]
fn files_that_lie_there_are_told() {
    let vector = files_in("/data/kong/services-1");
    assert_eq!(vector[..3], ["find", "/data/kong/services-1", "-maxdepth"]);
    assert_eq!(vector[8], "-print0");
    assert_eq!(lying(""), [""; 0]);
    assert_eq!(
        lying("/a/mc-1-big-Data.db\0/a/b\0"),
        ["/a/mc-1-big-Data.db", "/a/b"]
    );
}

#[test]
fn two_files_never_get_one_path() {
    let twice = stages(|manifest, _, _| {
        let node = manifest.nodes.values_mut().next().expect("a node");
        let files = node.data["/data"].clone();
        node.data.insert("/gone".to_owned(), files);
    });
    assert!(matches!(twice, Err(RefillError::Twice(_))));
}
