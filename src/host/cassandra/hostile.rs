//! Whatever the tools answer, no reader panics: texts of all sorts, and answers with something cut out or put in.

use proptest::prelude::*;

use super::{Id, Name, Size, Tag, answers, backup, export, files};

/// Answers of each kind.
const SEEDS: [&str; 16] = [
    include_str!("../../../tests/fixtures/cassandra/status-3.11.txt"),
    include_str!("../../../tests/fixtures/cassandra/status-4.1.txt"),
    include_str!("../../../tests/fixtures/cassandra/status-token.txt"),
    include_str!("../../../tests/fixtures/cassandra/describecluster-4.1.txt"),
    include_str!("../../../tests/fixtures/cassandra/info-3.11.txt"),
    include_str!("../../../tests/fixtures/cassandra/ring-3.11.txt"),
    include_str!("../../../tests/fixtures/cassandra/listsnapshots-2.2.txt"),
    include_str!("../../../tests/fixtures/cassandra/listsnapshots-3.0.txt"),
    include_str!("../../../tests/fixtures/cassandra/listsnapshots-4.1.txt"),
    include_str!("../../../tests/fixtures/cassandra/netstats-busy.txt"),
    include_str!("../../../tests/fixtures/cassandra/describe.txt"),
    "ReleaseVersion: 3.11.14\n",
    "\n [json]\n---\n {\"table_name\": \"a\", \"id\": \"00000000-0000-0000-0000-000000000002\", \"flags\": [\"counter\"]}\n\n(1 rows)\n",
    "\n [json]\n---------------\n {\"count\": 12}\n\n(1 rows)\n",
    "12\tservices-5b2c1f707c3a11eeb9620242ac120002/snapshots/kong_1/.a_idx/mc-5-big-Data.db\0",
    "Skipping file mc-1-big-Data.db: table kong.services doesn't exist\nRepair completed successfully\n",
];

fn texts() -> impl Strategy<Value = String> {
    let changed = (
        prop::sample::select(&SEEDS),
        0..6000_usize,
        0..60_usize,
        "\\PC{0,3}|[\n\t \\\\'\"$/*;:|%()-]{0,3}|\u{0}",
    );
    prop_oneof![
        4 => changed.prop_map(|(seed, at, cut, put)| {
            let letters: Vec<char> = seed.chars().collect();
            let at = at % letters.len();
            let rest = &letters[(at + cut).min(letters.len())..];
            let (before, behind): (String, String) = (letters[..at].iter().collect(), rest.iter().collect());
            [before, put, behind].concat()
        }),
        1 => "\\PC{0,40}",
        1 => "([\\PC\t]{0,20}\n){0,6}",
    ]
}

/// Gives `text` to every reader; those that made something of it are named.
fn read(text: &str) -> Vec<&'static str> {
    let is_read = [
        (answers::nodes(text).is_ok(), "status"),
        (answers::Cluster::of(text).is_ok(), "cluster"),
        (answers::Information::of(text).is_ok(), "information"),
        (
            answers::ring(text)
                .map(|ring| answers::token_map(&ring).len())
                .is_ok(),
            "ring",
        ),
        (answers::snapshots(text).is_ok(), "snapshots"),
        (answers::Streams::of(text).is_ok(), "streams"),
        (answers::Release::of(text).is_ok(), "release"),
        (answers::tables(text).is_ok(), "tables"),
        (answers::counted(text).is_ok(), "counted"),
        (answers::Schema::of(text).is_ok(), "schema"),
        (
            files::listed(text).is_ok_and(|files| !files.is_empty()),
            "listed",
        ),
    ];
    let _ = (
        answers::Failure::of(text),
        answers::CqlshFailure::of(text),
        answers::taken(text),
        answers::repaired(text),
        answers::passed_over(text),
    );
    let _ = (
        text.parse::<Id>(),
        text.parse::<Name>(),
        text.parse::<Tag>(),
        Size::of(text).map(Size::at_most),
        text.parse::<files::Place>(),
    );
    let _ = (
        files::listed_components(text),
        files::stored(text),
        serde_json::from_str::<backup::Manifest>(text).is_ok(),
    );
    is_read
        .into_iter()
        .filter_map(|(is_read, reader)| is_read.then_some(reader))
        .collect()
}

#[test]
fn each_answer_is_one_readers_only() {
    for seed in SEEDS {
        assert!(read(seed).len() <= 1, "{seed}");
    }
    let read: Vec<&str> = SEEDS.into_iter().flat_map(read).collect();
    let readers = [
        "status",
        "status",
        "status",
        "cluster",
        "information",
        "ring",
        "snapshots",
        "snapshots",
        "snapshots",
        "streams",
        "schema",
        "release",
        "tables",
        "counted",
        "listed",
    ];
    assert_eq!(read, readers);
}

proptest! {
    #[test]
    fn no_answer_makes_a_reader_panic(text in texts()) {
        read(&text);
    }

    #[test]
    fn every_table_has_a_fate(name in "[a-z_]{1,20}", is_counter: bool) {
        let table = answers::Table { name: name.parse().expect("a name"), id: Id::new(0), is_counter };
        let fate = export::fate(&table, export::Era::Three);
        prop_assert!(!(is_counter && fate == export::Fate::Unknown));
    }
}
