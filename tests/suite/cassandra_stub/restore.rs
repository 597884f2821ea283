//! Restores: into the same ring and into another.

use std::path::Path;

use cutover::host::cassandra::Id;
use cutover::host::cassandra::answers::{CqlshCause, CqlshFailure, passed_over};
use cutover::host::cassandra::backup::{Manifest, snapshot};
use cutover::host::cassandra::plan::{Act, Purpose};
use cutover::host::cassandra::restore::{
    Changed, Effect, Loading, Refill, Way, create, differences, load, lying, refill, refilled,
    truncated, way,
};

use super::cluster::{Stub, cqlsh, kong, name, tag};
use crate::practice_cluster::everything;

/// A cluster with rows, and a backup of it.
fn backed_up(nodes: usize, backup: &Path) -> (Stub, Manifest) {
    let stub = Stub::new(nodes);
    for row in ["{\"id\": 1}", "{\"id\": 2}", "{\"id\": 3}"] {
        stub.insert("services", row);
        stub.insert("ratelimiting_metrics", row);
    }
    stub.insert("routes", "{\"id\": 4}");
    let hosts: Vec<Id> = stub.hosts().iter().map(|node| node.host).collect();
    for stage in snapshot(&hosts, &kong(), &tag("kong_1")) {
        assert_eq!(stub.carry_out(&stage, backup), [""; 0]);
    }
    let manifest = stub.copy(&tag("kong_1"), backup);
    (stub, manifest)
}

#[test]
fn rows_come_back_into_the_same_ring() {
    if !everything() {
        return;
    }
    let backup = tempfile::tempdir().expect("a directory");
    let (stub, manifest) = backed_up(3, backup.path());
    // Since then rows were written, and a table was dropped, so that it gets another id.
    stub.insert("services", "{\"id\": 5}");
    stub.ask(1, &cqlsh().vector("DROP TABLE kong.routes"));
    let changed = differences(&manifest.schema, &stub.schema());
    assert_eq!(changed, [Changed::Gone(name("routes"))]);
    let Way::Refill(pairs) = way(&manifest, &stub.seen()) else {
        panic!("another way")
    };
    let hosts = stub.hosts();
    let made = create(&manifest.schema, &stub.tables(), hosts[0].host, &cqlsh());
    assert_eq!(stub.carry_out(&made, backup.path()), [""; 0]);
    assert_eq!(differences(&manifest.schema, &stub.schema()), []);
    let stages = refill(&Refill {
        manifest: &manifest,
        pairs: &pairs,
        nodes: &hosts,
        tables: &stub.tables(),
        cqlsh: &cqlsh(),
        by: hosts[0].host,
    });
    for stage in stages.expect("stages") {
        assert_eq!(
            stub.carry_out(&stage, backup.path()),
            [""; 0],
            "{:?}",
            stage.purpose
        );
        match stage.purpose {
            Purpose::Truncate => {
                assert_eq!(truncated(manifest.rows.keys(), &stub.rows()), Effect::All);
            }
            Purpose::Look => {
                let answers = stage.steps.iter().map(|step| match &step.act {
                    Act::Run(vector) => stub.ask(1, vector),
                    Act::Put { .. } => panic!("no vector"),
                });
                assert!(answers.into_iter().all(|answer| lying(&answer).is_empty()));
            }
            // Files that lie there are not rows yet.
            Purpose::Put => assert_eq!(
                refilled(&manifest.rows, &stub.rows()),
                Effect::Part(vec![
                    name("ratelimiting_metrics"),
                    name("routes"),
                    name("services")
                ])
            ),
            _ => {}
        }
    }
    assert_eq!(refilled(&manifest.rows, &stub.rows()), Effect::All);
    assert_eq!(stub.rows()[&name("services")], 3);
}

#[test]
fn a_node_that_is_down_leaves_all_rows() {
    let backup = tempfile::tempdir().expect("a directory");
    let (stub, manifest) = backed_up(2, backup.path());
    stub.fault("down-2");
    let output = stub.output(1, &cqlsh().truncate(&kong(), &name("services")));
    assert_eq!(output.status.code(), Some(2));
    let failure = CqlshFailure::of(&String::from_utf8_lossy(&output.stderr));
    assert_eq!(failure.cause, CqlshCause::Unavailable);
    stub.mend("down-2");
    assert_eq!(stub.rows(), manifest.rows);
}

#[test]
fn a_file_that_nobody_can_read_shows_in_the_rows_only() {
    let backup = tempfile::tempdir().expect("a directory");
    let (stub, manifest) = backed_up(1, backup.path());
    let (source, _) = manifest
        .files()
        .find(|(source, _)| {
            source.place.file.ends_with("Data.db")
                && source.place.directory.table == name("services")
        })
        .expect("rows");
    let path = super::cluster::kept(backup.path(), &source);
    std::fs::write(path, "other").expect("written");
    let Way::Refill(pairs) = way(&manifest, &stub.seen()) else {
        panic!("another way")
    };
    let hosts = stub.hosts();
    let stages = refill(&Refill {
        manifest: &manifest,
        pairs: &pairs,
        nodes: &hosts,
        tables: &stub.tables(),
        cqlsh: &cqlsh(),
        by: hosts[0].host,
    });
    for stage in stages.expect("stages") {
        assert_eq!(stub.carry_out(&stage, backup.path()), [""; 0]);
    }
    assert_eq!(
        refilled(&manifest.rows, &stub.rows()),
        Effect::Part(vec![name("services")])
    );
}

#[test]
fn rows_come_into_another_ring() {
    if !everything() {
        return;
    }
    let backup = tempfile::tempdir().expect("a directory");
    let (_, manifest) = backed_up(3, backup.path());
    let other = Stub::new(2);
    assert_eq!(way(&manifest, &other.seen()), Way::Load);
    let hosts = other.hosts();
    let spool = tempfile::tempdir().expect("a directory");
    let stages = load(&Loading {
        manifest: &manifest,
        nodes: &hosts,
        by: hosts[0].host,
        directory: spool.path().to_str().expect("a text"),
        cqlsh: &cqlsh(),
    });
    for stage in &stages {
        assert_eq!(
            other.carry_out(stage, backup.path()),
            [""; 0],
            "{:?}",
            stage.purpose
        );
    }
    assert_eq!(refilled(&manifest.rows, &other.rows()), Effect::All);
    // A table that is not there is passed over, with exit 0.
    other.ask(1, &cqlsh().vector("DROP TABLE kong.routes"));
    let routes = stages[2].steps.iter().find_map(|step| match &step.act {
        Act::Run(vector) if vector[4].ends_with("/routes") => Some(vector.clone()),
        _ => None,
    });
    let answer = other.ask(1, &routes.expect("a vector"));
    assert_eq!(passed_over(&answer).len(), 1);
}
