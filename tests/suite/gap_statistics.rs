//! Vitals' statistics by the minute between a database and its copy: each side gets the rows of the other's nodes, and only loses those.

use std::collections::BTreeMap;

use cutover::gateway::live::postgres::gap::{
    Books, Counted, Gap, Lacking, begin, carry, close, counted, holes_of, lacking, take_back,
};
use cutover::gateway::live::postgres::{Role, Session, connect};

use crate::gap_traces::{Pair, begun_now};

/// The Enterprise tables, as far as what is known of them goes.
const TABLES: &str = "
CREATE TABLE kong.vitals_stats_minutes (node_id uuid, at integer, l2_hit integer DEFAULT 0, requests integer, PRIMARY KEY (node_id, at));
CREATE TABLE kong.vitals_node_meta (node_id uuid PRIMARY KEY, first_report timestamp, last_report timestamp, hostname text);
CREATE TABLE kong.vitals_stats_hours (at integer PRIMARY KEY);
CREATE TABLE kong.vitals_stats_seconds_1795000000 (at integer PRIMARY KEY);
";

const BLUE: &str = "00000000-0000-0000-0000-00000000000b";
const GREEN: &str = "00000000-0000-0000-0000-00000000000c";

/// A node has answered so many requests in a minute, as Kong writes it: again and again while the minute lasts.
async fn answered(session: &Session, node: &str, minute: i64, requests: u32) {
    let statement = format!(
        "INSERT INTO kong.vitals_stats_minutes (node_id, at, requests) VALUES ('{node}', {minute}, {requests})
         ON CONFLICT (node_id, at) DO UPDATE SET requests = excluded.requests;
         INSERT INTO kong.vitals_node_meta VALUES ('{node}', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 'host')
         ON CONFLICT (node_id) DO UPDATE SET last_report = excluded.last_report"
    );
    session.batch_execute(&statement).await.expect("written");
}

/// Requests by node and minute, and the nodes that are known.
async fn read(session: &Session) -> (BTreeMap<(String, i64), i64>, Vec<String>) {
    let minutes =
        "SELECT node_id::text, at::bigint, requests::bigint FROM kong.vitals_stats_minutes";
    let minutes = session.query(minutes, &[]).await.expect("read");
    let nodes = "SELECT node_id::text FROM kong.vitals_node_meta ORDER BY 1";
    let nodes = session.query(nodes, &[]).await.expect("read");
    (
        minutes
            .iter()
            .map(|row| ((row.get(0), row.get(1)), row.get(2)))
            .collect(),
        nodes.iter().map(|row| row.get(0)).collect(),
    )
}

fn minutes(rows: &[(&str, i64, i64)]) -> BTreeMap<(String, i64), i64> {
    let rows = rows
        .iter()
        .map(|(node, at, requests)| (((*node).to_owned(), *at), *requests));
    rows.collect()
}

/// How many minutes there are since the copy, the requests of each side in them, and what the copy has not of the original's.
async fn told(pair: &Pair, gap: &Gap) -> Vec<(u64, u64, u64, u64)> {
    let told = counted(&pair.blue, &pair.green, gap).await.expect("told");
    let of = |one: &Counted| (one.counters, one.by_from, one.by_to, one.lacking);
    told.iter().map(of).collect()
}

#[tokio::test]
async fn each_side_gets_the_minutes_of_the_others_nodes_and_loses_no_other() {
    let pair = Pair::new();
    let blue = connect(&pair.blue, Role::Owner, None).await.expect("blue");
    let green = connect(&pair.green, Role::Owner, None)
        .await
        .expect("green");
    let gap = begun_now();
    let minute = gap.since.as_second() / 60 * 60;
    for session in [&blue, &green] {
        session.batch_execute(TABLES).await.expect("made");
        // The copy has what was there at its moment, in the middle of a minute.
        answered(session, BLUE, minute - 120, 5).await;
        answered(session, BLUE, minute, 7).await;
    }
    begin(&pair.green, &gap).await.expect("begun");
    let holes = holes_of(&pair.blue).await.expect("looked for");
    assert_eq!(
        holes,
        ["vitals_stats_hours", "vitals_stats_seconds_1795000000"]
    );

    answered(&blue, BLUE, minute, 20).await;
    answered(&blue, BLUE, minute + 60, 11).await;
    answered(&green, GREEN, minute, 3).await;
    let measured = lacking(&pair.blue, &pair.green, &gap).await;
    let of = |one: &Lacking| {
        (
            one.table.clone(),
            one.totals.counters,
            one.totals.increments,
        )
    };
    let measured: Vec<_> = measured.expect("measured").iter().map(of).collect();
    assert_eq!(measured, [("vitals_stats_minutes".to_owned(), 1, 11)]);

    let rounds = async || {
        // The second changes nothing.
        for _ in 0..2 {
            carry(&pair.blue, &pair.green, &gap, "run")
                .await
                .expect("there");
            carry(&pair.green, &pair.blue, &gap, "run")
                .await
                .expect("back");
        }
    };
    rounds().await;
    let all = minutes(&[
        (BLUE, minute - 120, 5),
        (BLUE, minute, 20),
        (BLUE, minute + 60, 11),
        (GREEN, minute, 3),
    ]);
    let both = vec![BLUE.to_owned(), GREEN.to_owned()];
    assert_eq!(read(&blue).await, (all.clone(), both.clone()));
    assert_eq!(read(&green).await, (all, both.clone()));
    assert_eq!(
        lacking(&pair.blue, &pair.green, &gap)
            .await
            .expect("measured"),
        []
    );

    // What is known of the tables with a hole, however often it was carried.
    assert_eq!(told(&pair, &gap).await, [(3, 31, 3, 0)]);

    // A minute that goes on is carried again, each way.
    answered(&blue, BLUE, minute + 60, 15).await;
    answered(&green, GREEN, minute, 4).await;
    assert_eq!(told(&pair, &gap).await, [(3, 35, 4, 4)]);
    rounds().await;
    let all = minutes(&[
        (BLUE, minute - 120, 5),
        (BLUE, minute, 20),
        (BLUE, minute + 60, 15),
        (GREEN, minute, 4),
    ]);
    assert_eq!(read(&blue).await.0, all);
    assert_eq!(read(&green).await.0, all);

    take_back(&pair.green, Books::Stay)
        .await
        .expect("taken back");
    assert_eq!(
        read(&green).await.0,
        minutes(&[(BLUE, minute - 120, 5), (GREEN, minute, 4)])
    );
    rounds().await;
    assert_eq!(read(&green).await.0, all);
    take_back(&pair.blue, Books::Go).await.expect("taken back");
    let alone = minutes(&[
        (BLUE, minute - 120, 5),
        (BLUE, minute, 20),
        (BLUE, minute + 60, 15),
    ]);
    assert_eq!(read(&blue).await, (alone, vec![BLUE.to_owned()]));
    close(&pair.green).await.expect("closed");
    for session in [&blue, &green] {
        let ours = "SELECT count(*) FROM pg_class WHERE relname LIKE 'cutover%'";
        let ours = session.query_one(ours, &[]).await.expect("asked");
        assert_eq!(ours.get::<_, i64>(0), 0);
    }
    assert_eq!(read(&green).await.0, all);
}

#[tokio::test]
async fn minutes_of_an_unknown_layout_are_named_and_left() {
    let pair = Pair::new();
    let mut sessions = Vec::new();
    for database in [&pair.blue, &pair.green] {
        let session = connect(database, Role::Owner, None)
            .await
            .expect("connected");
        let other = "CREATE TABLE kong.vitals_stats_minutes (node_id uuid, at integer PRIMARY KEY, requests integer)";
        session.batch_execute(other).await.expect("made");
        sessions.push(session);
    }
    let gap = begun_now();
    begin(&pair.green, &gap).await.expect("begun");
    let minute = format!(
        "INSERT INTO kong.vitals_stats_minutes VALUES ('{BLUE}', {}, 1)",
        gap.since.as_second() + 60
    );
    sessions[0].batch_execute(&minute).await.expect("written");
    carry(&pair.blue, &pair.green, &gap, "run")
        .await
        .expect("carried");
    let holes = holes_of(&pair.blue).await.expect("looked for");
    assert_eq!(holes, ["vitals_stats_minutes"]);
    let there = "SELECT count(*) FROM kong.vitals_stats_minutes";
    let there = sessions[1].query_one(there, &[]).await.expect("asked");
    assert_eq!(there.get::<_, i64>(0), 0);
}
