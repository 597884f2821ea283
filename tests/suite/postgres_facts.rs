//! What is read from a server: facts, identity, digests, who blocks whom, and the world's lock.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cutover::gateway::live::postgres::{
    Acquisition, Class, DigestOptions, Nonce, Role, connect, digest, facts, identity,
    is_same_database, try_acquire, who_blocks_whom,
};
use sha2::{Digest as _, Sha256};

use crate::postgres_fixture::{Fixture, OWNER};

#[tokio::test]
async fn the_facts_name_owner_settings_sessions_and_what_is_possible() {
    let fixture = Fixture::start();
    let foreign = fixture.superuser("kong").await;
    let found = facts(&fixture.database()).await.expect("facts");
    assert!(found.server_major >= 14 && found.server_version.contains('.'));
    assert_eq!(found.description.owner, OWNER);
    assert_eq!(found.description.connection_limit, 77);
    assert_eq!(found.description.settings.len(), 3);
    assert_eq!(found.sessions.len(), 1);
    assert!(found.sessions[0].superuser && !found.sessions[0].endable);
    assert!(found.owner.create_database && found.owner.acts_as_owner && !found.owner.superuser);
    assert_eq!(found.owner.owns_tables, Some(true));
    assert_eq!(found.strategies.against_swap.len(), 1);
    assert!(found.strategies.against_repoint.is_empty());
    let locks = found.tables.iter().find(|table| table.name == "locks");
    assert_eq!(locks.expect("there").class, Class::Ephemeral);
    // The facts go into reports.
    serde_json::to_string(&found).expect("serialisable");
    foreign.close().await;
    let found = facts(&fixture.database()).await.expect("facts");
    assert!(
        found.strategies.against_swap.is_empty(),
        "{:?}",
        found.strategies
    );
}

#[tokio::test]
async fn a_nonce_tells_one_database_from_another_on_the_same_server() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let one = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    let same = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    let other = connect(&database, Role::Admin, None)
        .await
        .expect("connected");
    assert!(is_same_database(&one, &same).await.expect("asked"));
    assert!(!is_same_database(&one, &other).await.expect("asked"));
    let nonce = Nonce::place(&one).await.expect("placed");
    nonce.remove().await.expect("removed");
    let (mine, theirs) = (
        identity(&one).await.expect("read"),
        identity(&other).await.expect("read"),
    );
    assert_eq!(mine.system_identifier, theirs.system_identifier);
    assert_ne!(mine.oid, theirs.oid);
}

#[tokio::test]
async fn the_server_sums_the_hashes_that_we_would_sum() {
    let fixture = Fixture::start();
    let session = connect(&fixture.database(), Role::Owner, None)
        .await
        .expect("connected");
    session
        .batch_execute(
            "CREATE TABLE kong.one (b text, a integer); INSERT INTO kong.one VALUES ('x y', 1);
             CREATE TYPE kong.colour AS ENUM ('red');
             CREATE TABLE kong.other (b kong.colour, a integer); INSERT INTO kong.other VALUES ('red', NULL)",
        )
        .await
        .expect("made");
    let found = digest(&fixture.database(), None, &DigestOptions::default())
        .await
        .expect("read");
    // Columns count in alphabetical order: how many, then each with its type's number, its length and its bytes.
    let (integer, text) = (23_i32, 25_i32);
    let numbers = [2, integer, 4, 1, text, 3].map(i32::to_be_bytes);
    let record = [numbers.concat(), b"x y".to_vec()].concat();
    assert_eq!(
        found.tables["kong.one"].sum,
        hex::encode(Sha256::digest(record))
    );
    // A type of somebody's own has another number in every database: its rows hash as text.
    assert_eq!(
        found.tables["kong.other"].sum,
        hex::encode(Sha256::digest("(,red)"))
    );
}

#[tokio::test]
async fn the_digest_ignores_order_and_sees_duplicates_and_changes() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let session = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    let run = async |sql: &str| session.batch_execute(sql).await.expect("done");
    run("CREATE TABLE kong.t (id integer, note text, updated_at timestamptz)").await;
    run("INSERT INTO kong.t SELECT n, 'n' || n, now() FROM generate_series(1, 50) n").await;
    let all = DigestOptions::default();
    let stable = DigestOptions {
        excluded_columns: BTreeSet::from(["updated_at".to_owned()]),
        snapshot: None,
    };
    let read =
        async |options: &DigestOptions| digest(&database, None, options).await.expect("read");
    let (before, before_stable) = (read(&all).await, read(&stable).await);
    run("CREATE TABLE kong.u AS SELECT * FROM kong.t ORDER BY note DESC; DROP TABLE kong.t; ALTER TABLE kong.u RENAME TO t").await;
    assert_eq!(read(&all).await, before);
    run("INSERT INTO kong.t SELECT * FROM kong.t WHERE id = 7").await;
    let once_more = read(&all).await;
    run("INSERT INTO kong.t SELECT * FROM kong.t WHERE id = 7 LIMIT 1").await;
    for changed in [&once_more, &read(&all).await] {
        assert_ne!(changed.configuration, before.configuration);
        assert_eq!(before.differences(changed)[0].table, "kong.t");
    }
    run("DELETE FROM kong.t WHERE ctid IN (SELECT ctid FROM kong.t WHERE id = 7 LIMIT 2)").await;
    run("UPDATE kong.t SET updated_at = updated_at + '1s'").await;
    assert_ne!(read(&all).await, before);
    assert_eq!(read(&stable).await, before_stable);
    // What traffic writes is told apart from the configuration.
    run("INSERT INTO kong.locks VALUES ('x', 'y', now())").await;
    let after = read(&stable).await;
    assert_eq!(after.configuration, before_stable.configuration);
    assert_eq!(before_stable.differences(&after)[0].table, "kong.locks");
}

#[tokio::test]
async fn who_blocks_whom_is_shown_without_literals() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let blocker = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    blocker
        .batch_execute("BEGIN; LOCK TABLE kong.my_plugin")
        .await
        .expect("locked");
    let waiting = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    let waiting = tokio::spawn(async move {
        waiting
            .batch_execute("UPDATE kong.my_plugin SET note = 'hunter2'")
            .await
    });
    let watcher = connect(&database, Role::Admin, None)
        .await
        .expect("connected");
    let end = Instant::now() + Duration::from_secs(10);
    let found = loop {
        let found = who_blocks_whom(&watcher, "kong").await.expect("asked");
        if !found.is_empty() {
            break found;
        }
        assert!(Instant::now() < end, "nobody waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(found[0].waiting.query, "UPDATE kong.my_plugin SET note = …");
    assert_eq!(found[0].blockers.len(), 1);
    assert_eq!(
        found[0].blockers[0].query,
        "BEGIN; LOCK TABLE kong.my_plugin"
    );
    blocker.batch_execute("COMMIT").await.expect("committed");
    waiting.await.expect("joined").expect("updated");
}

#[tokio::test]
async fn who_waits_to_change_another_database_is_not_told() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let session = async || {
        connect(&database, Role::Admin, None)
            .await
            .expect("connected")
    };
    let blocker = session().await;
    blocker
        .batch_execute("CREATE DATABASE kong_two")
        .await
        .expect("made");
    blocker
        .batch_execute("BEGIN; ALTER DATABASE kong_two CONNECTION LIMIT 9")
        .await
        .expect("changed");
    let waiting = session().await;
    let waiting = tokio::spawn(async move {
        let rename = "ALTER DATABASE \"kong_two\" RENAME TO \"kong_three\"";
        waiting.batch_execute(rename).await
    });
    let watcher = session().await;
    let end = Instant::now() + Duration::from_secs(10);
    while who_blocks_whom(&watcher, "kong_two")
        .await
        .expect("asked")
        .is_empty()
    {
        assert!(Instant::now() < end, "nobody waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(who_blocks_whom(&watcher, "kong").await.expect("asked"), []);
    blocker.batch_execute("ROLLBACK").await.expect("taken back");
    waiting.await.expect("joined").expect("renamed");
}

#[tokio::test]
async fn one_runner_has_the_lock_and_the_other_learns_who() {
    let fixture = Fixture::start_empty(5432, &[]);
    let database = fixture.database();
    let take = async |run: &str, environment: &str| {
        try_acquire(&database, environment, run, "host-a")
            .await
            .expect("tried")
    };
    let Acquisition::Acquired(lock) = take("run-1", "production").await else {
        panic!("the lock was free");
    };
    assert!(lock.is_held().await.expect("connected"));
    match take("run-2", "production").await {
        Acquisition::HeldBy(Some(holder)) => assert_eq!(holder.application, "cutover:run-1@host-a"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        take("run-3", "staging").await,
        Acquisition::Acquired(_)
    ));
    lock.release().await;
    assert!(matches!(
        take("run-2", "production").await,
        Acquisition::Acquired(_)
    ));
}
