//! Backups: on all nodes or on none.

use std::collections::BTreeSet;
use std::path::Path;

use cutover::host::cassandra::Id;
use cutover::host::cassandra::answers::{Cause, Failure};
use cutover::host::cassandra::backup::{Has, Verdict, clear, snapshot, unready, verdict, verify};

use super::cluster::{Stub, found, kept, kong, tag};
use crate::practice_cluster::everything;

fn take(stub: &Stub, text: &str) -> Vec<String> {
    let hosts: Vec<Id> = stub.hosts().iter().map(|node| node.host).collect();
    let [flush, take] = snapshot(&hosts, &kong(), &tag(text));
    assert_eq!(stub.carry_out(&flush, Path::new("")), [""; 0]);
    stub.carry_out(&take, Path::new(""))
}

#[test]
fn the_stubs_say_that_they_are_stubs() {
    let stub = Stub::new(1);
    for vector in [
        ["nodetool", "help"],
        ["cqlsh", "--version"],
        ["sstableloader", "--help"],
    ] {
        let answer = stub.ask(1, &vector);
        assert!(
            answer.contains("stub") && answer.contains("no Cassandra"),
            "{answer}"
        );
    }
}

#[test]
fn a_backup_is_whole_and_every_change_is_found() {
    if !everything() {
        return;
    }
    let stub = Stub::new(2);
    assert_eq!(unready(&stub.seen()), []);
    stub.insert("services", "{\"id\": 1}");
    assert_eq!(take(&stub, "kong_1"), [""; 0]);
    assert_eq!(verdict(&stub.has(&tag("kong_1"))), Verdict::All);
    let backup = tempfile::tempdir().expect("a directory");
    let manifest = stub.copy(&tag("kong_1"), backup.path());
    assert_eq!(verify(&manifest, &found(&manifest, backup.path())), []);
    let sources: Vec<_> = manifest.files().map(|(source, _)| source).collect();
    for source in sources {
        let path = kept(backup.path(), &source);
        let bytes = std::fs::read(&path).expect("read");
        let changed: Vec<u8> = bytes.iter().map(|byte| byte ^ 1).collect();
        std::fs::write(&path, changed).expect("written");
        if !path.to_string_lossy().contains("Digest") {
            assert_ne!(
                verify(&manifest, &found(&manifest, backup.path())),
                [],
                "{}",
                source.place
            );
        }
        std::fs::write(&path, bytes).expect("written");
    }
}

#[test]
fn what_was_made_is_cleared_and_nothing_else() {
    if !everything() {
        return;
    }
    let stub = Stub::new(3);
    stub.insert("services", "{\"id\": 1}");
    assert_eq!(take(&stub, "mine"), [""; 0]);
    for (at, failing) in [vec![1], vec![3], vec![1, 2], vec![1, 2, 3]]
        .into_iter()
        .enumerate()
    {
        for node in &failing {
            stub.fault(&format!("snapshot-fails-{node}"));
        }
        let text = format!("kong_{at}");
        let failed = take(&stub, &text);
        assert_eq!(failed.len(), failing.len());
        assert!(
            failed
                .iter()
                .all(|printed| Failure::of(printed).cause == Cause::NoSpace)
        );
        let has = stub.has(&tag(&text));
        assert_eq!(
            has.values()
                .filter(|has| matches!(has, Has::Part { .. }))
                .count(),
            failing.len()
        );
        // A second try with this tag would be refused.
        assert!(
            take(&stub, &text)
                .iter()
                .all(|printed| Failure::of(printed).cause == Cause::TagTaken)
        );
        let Verdict::Some {
            clear: those,
            unknown,
        } = verdict(&has)
        else {
            panic!("{has:?}")
        };
        assert_eq!((those.len(), unknown.len()), (3, 0));
        let stage = clear(&those, &kong(), &tag(&text));
        assert_eq!(stub.carry_out(&stage, Path::new("")), [""; 0]);
        assert_eq!(verdict(&stub.has(&tag(&text))), Verdict::None);
        assert_eq!(verdict(&stub.has(&tag("mine"))), Verdict::All);
        for node in &failing {
            stub.mend(&format!("snapshot-fails-{node}"));
        }
    }
}

#[test]
fn a_snapshot_that_hangs_is_settled_by_what_is_listed() {
    let stub = Stub::new(2);
    stub.fault("hang-snapshot-2");
    let vector = ["nodetool", "snapshot", "-t", "kong_1", "kong"].map(str::to_owned);
    let mut hanging = stub
        .command(2, &vector)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    stub.ask(1, &vector);
    let Verdict::Some { clear, .. } = verdict(&stub.has(&tag("kong_1"))) else {
        panic!("all or none")
    };
    assert_eq!(clear.len(), 1);
    stub.mend("hang-snapshot-2");
    assert!(hanging.wait().expect("it ends").success());
    assert_eq!(verdict(&stub.has(&tag("kong_1"))), Verdict::All);
}

#[test]
fn a_cluster_that_is_not_ready_says_why() {
    let stub = Stub::new(2);
    for (fault, reason) in [
        ("schema-2", "the nodes have 2 schemas"),
        (
            "streaming-1",
            "the node `5b2c1f70-7c3a-11ee-b962-0242ac120001` is busy with Repair",
        ),
        (
            "joining-2",
            "the node `10.0.0.2` is joining, leaving or moving",
        ),
    ] {
        stub.fault(fault);
        let reasons: BTreeSet<String> = unready(&stub.seen())
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(reasons, [reason.to_owned()].into());
        stub.mend(fault);
    }
    stub.fault("down-2");
    let output = stub.output(2, &["nodetool".to_owned(), "version".to_owned()]);
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(Failure::of(&printed).cause, Cause::NotConnected);
}
