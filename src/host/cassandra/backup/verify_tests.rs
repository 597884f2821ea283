//! What is wrong with a backup is told, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, File, Finding, Found, Manifest, verify};
use crate::host::cassandra::plan::Source;
use crate::host::cassandra::sample::{COMPONENTS, manifest};
use crate::host::cassandra::{Digest, Id, Name};

fn found(manifest: &Manifest) -> Found {
    let files: BTreeMap<Source, File> = manifest
        .files()
        .map(|(source, file)| (source, file.clone()))
        .collect();
    let is = |component: &str| {
        let component = component.to_owned();
        files
            .keys()
            .filter(move |source| source.place.file.ends_with(&component))
            .cloned()
    };
    let tables: BTreeSet<Name> = manifest
        .tables
        .iter()
        .map(|table| table.name.clone())
        .collect();
    Found {
        listed: manifest
            .nodes
            .keys()
            .map(|node| (*node, tables.clone()))
            .collect(),
        tocs: is("TOC.txt")
            .map(|source| (source, COMPONENTS.join("\n")))
            .collect(),
        checked: is("Digest.crc32")
            .map(|source| {
                (
                    source,
                    Checked {
                        stored: 7,
                        counted: 7,
                    },
                )
            })
            .collect(),
        files,
    }
}

#[test]
fn a_whole_backup_has_nothing_wrong() {
    let manifest = manifest(3);
    assert_eq!(verify(&manifest, &found(&manifest)), []);
}

#[test]
fn each_file_that_is_gone_or_another_is_told() {
    let manifest = manifest(2);
    for source in found(&manifest).files.keys() {
        let mut gone = found(&manifest);
        gone.files.remove(source);
        assert!(verify(&manifest, &gone).contains(&Finding::Missing(source.clone())));
        let mut other = found(&manifest);
        other.files.get_mut(source).expect("a file").digest = Digest::of(b"other");
        assert_eq!(
            verify(&manifest, &other),
            [Finding::Differs(source.clone())]
        );
    }
}

#[test]
fn a_file_that_nobody_copied_is_told() {
    let (kept, more) = (manifest(1), manifest(2));
    let findings = verify(
        &kept,
        &Found {
            listed: BTreeMap::new(),
            ..found(&more)
        },
    );
    let unknown = findings
        .iter()
        .filter(|finding| matches!(finding, Finding::Unknown(_)));
    assert_eq!((unknown.count(), findings.len()), (21, 21));
}

#[test]
fn a_wrong_checksum_and_a_missing_part_are_told() {
    let manifest = manifest(1);
    let mut wrong = found(&manifest);
    wrong.checked.first_entry().expect("one").get_mut().counted = 8;
    assert!(matches!(
        verify(&manifest, &wrong)[..],
        [Finding::Checksum { .. }]
    ));
    let mut unlisted = found(&manifest);
    unlisted
        .listed
        .first_entry()
        .expect("one")
        .get_mut()
        .pop_last();
    let table = "services".parse().expect("a name");
    assert_eq!(
        verify(&manifest, &unlisted),
        [Finding::NotListed {
            node: Id::new(1),
            table
        }]
    );
}

#[test]
fn a_manifest_that_can_be_no_backup_is_told() {
    let whole = manifest(2);
    let told = |change: fn(&mut Manifest)| {
        let mut changed = whole.clone();
        change(&mut changed);
        verify(&changed, &found(&changed))
    };
    assert_eq!(told(|one| one.format = 2), [Finding::Format(2)]);
    assert!(told(|one| one.nodes.clear()).contains(&Finding::Empty));
    let twice = told(|one| {
        _ = one
            .nodes
            .values_mut()
            .next()
            .expect("one")
            .tokens
            .insert("2".to_owned());
    });
    assert_eq!(twice, [Finding::TokenTwice("2".to_owned())]);
    let left_out = told(|one| one.schema.left_out.push("Table kong.Old".to_owned()));
    assert_eq!(
        left_out,
        [Finding::NotMade(vec!["Table kong.Old".to_owned()])]
    );
    let foreign = told(|one| one.tag = "kong_2".parse().expect("a tag"));
    assert_eq!(foreign.len(), 2 * 3 * COMPONENTS.len());
    let no_file = told(|one| one.nodes.values_mut().next().expect("one").data.clear());
    assert_eq!(no_file.len(), 3);
}
