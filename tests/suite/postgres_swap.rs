//! Swapping databases, from every point at which a swap can be killed, and back.

use std::time::{Duration, Instant};

use cutover::gateway::live::postgres::{
    DigestOptions, PostgresError, Role, SwapNames, SwapState, backup, connect, describe, digest,
    drop_created, restore_beside, swap, swap_state,
};
use cutover::lab::postgres::SUPERUSER;

use crate::postgres_backup::restore_request;
use crate::postgres_fixture::{Fixture, OWNER, request};

fn names(fresh: &str, retired: &str) -> SwapNames {
    SwapNames {
        live: "kong".to_owned(),
        fresh: fresh.to_owned(),
        retired: retired.to_owned(),
    }
}

/// A server whose database was backed up, changed since, and restored beside.
async fn changed() -> Fixture {
    let fixture = Fixture::start();
    let database = fixture.database();
    let taken = backup(&database, &request(&fixture.path("backup")), |_| ())
        .await
        .expect("taken");
    let session = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    session
        .batch_execute("DELETE FROM kong.my_plugin")
        .await
        .expect("changed");
    session.close().await;
    restore_beside(&database, &restore_request(&taken, "kong_fresh"))
        .await
        .expect("restored");
    fixture
}

async fn plugins(fixture: &Fixture) -> u64 {
    digest(&fixture.database(), None, &DigestOptions::default())
        .await
        .expect("read")
        .tables["kong.my_plugin"]
        .rows
}

#[tokio::test]
async fn a_swap_and_its_way_back_end_sessions_and_keep_both_databases() {
    let fixture = changed().await;
    let database = fixture.database();
    let there = names("kong_fresh", "kong_retired");
    let idle = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    assert_eq!(
        swap_state(&database, &there).await.expect("probed"),
        SwapState::NotBegun
    );
    let swapped = swap(&database, &there, "run-1").await.expect("swapped");
    assert_eq!((swapped.from, swapped.ended), (SwapState::NotBegun, 1));
    idle.close().await;
    assert_eq!(plugins(&fixture).await, 3);
    let again = swap(&database, &there, "run-1")
        .await
        .expect("nothing to do");
    assert_eq!(again.from, SwapState::Done);
    let refused = drop_created(&database, "kong", "run-1").await;
    assert!(
        matches!(refused, Err(PostgresError::NotOurs { .. })),
        "production bears no mark"
    );
    let refused = drop_created(&database, "kong_retired", "run-1").await;
    assert!(
        matches!(refused, Err(PostgresError::NotOurs { .. })),
        "retired is not created"
    );
    let back = names("kong_retired", "kong_undone");
    swap(&database, &back, "run-1").await.expect("swapped back");
    assert_eq!(plugins(&fixture).await, 0);
    let session = connect(&database, Role::Admin, None)
        .await
        .expect("connected");
    let live = describe(&session, "kong")
        .await
        .expect("read")
        .expect("there");
    assert_eq!(live.comment.as_deref(), Some("the gateway"));
    assert!(live.allows_connections);
}

#[tokio::test]
async fn a_killed_swap_is_recognised_and_goes_on() {
    let fixture = changed().await;
    let database = fixture.database();
    let there = names("kong_fresh", "kong_retired");
    fixture.psql(
        SUPERUSER,
        "postgres",
        "ALTER DATABASE kong ALLOW_CONNECTIONS false",
    );
    assert_eq!(
        swap_state(&database, &there).await.expect("probed"),
        SwapState::Closed
    );
    swap(&database, &there, "run-1").await.expect("goes on");
    assert_eq!(
        swap_state(&database, &there).await.expect("probed"),
        SwapState::Done
    );
    fixture.psql(
        SUPERUSER,
        "postgres",
        "ALTER DATABASE kong ALLOW_CONNECTIONS false",
    );
    assert_eq!(
        swap_state(&database, &there).await.expect("probed"),
        SwapState::Renamed
    );
    swap(&database, &there, "run-1").await.expect("goes on");
    assert_eq!(plugins(&fixture).await, 3);
    let elsewhere = names("no_such", "neither");
    assert_eq!(
        swap_state(&database, &elsewhere).await.expect("probed"),
        SwapState::Impossible
    );
    let refused = swap(&database, &elsewhere, "run-1").await;
    assert!(matches!(refused, Err(PostgresError::NothingToSwap { .. })));
}

#[tokio::test]
async fn a_session_that_cannot_be_ended_leaves_everything_as_it_was() {
    let fixture = changed().await;
    let database = fixture.database();
    let there = names("kong_fresh", "kong_retired");
    let foreign = fixture.superuser("kong").await;
    let refused = swap(&database, &there, "run-1").await;
    match refused {
        Err(PostgresError::SessionsRemain { sessions, .. }) => assert!(sessions[0].superuser),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        swap_state(&database, &there).await.expect("probed"),
        SwapState::NotBegun
    );
    assert_eq!(plugins(&fixture).await, 0);
    foreign.close().await;
    swap(&database, &there, "run-1").await.expect("swapped");
}

#[tokio::test]
async fn a_mistyped_name_puts_nothing_foreign_in_the_live_place() {
    let fixture = Fixture::start();
    let database = fixture.database();
    fixture.psql(OWNER, "postgres", "CREATE DATABASE somebodys");
    let refused = swap(&database, &names("somebodys", "kong_retired"), "run-1").await;
    assert!(
        matches!(refused, Err(PostgresError::NotOurs { .. })),
        "{refused:?}"
    );
    let long = names("somebodys", &"x".repeat(64));
    let refused = swap(&database, &long, "run-1").await;
    assert!(
        matches!(refused, Err(PostgresError::Name { .. })),
        "{refused:?}"
    );
    let state = swap_state(&database, &names("somebodys", "kong_retired")).await;
    assert_eq!(state.expect("probed"), SwapState::NotBegun);
}

/// The server goes on with what it was told when the runner that told it is gone.
#[tokio::test]
async fn a_database_that_is_being_created_for_a_killed_runner_is_not_left_behind() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let admin = async |name| {
        connect(&database, Role::Admin, name)
            .await
            .expect("connected")
    };
    let (killed, watcher) = (admin(None).await, admin(None).await);
    watcher
        .batch_execute("CREATE DATABASE held")
        .await
        .expect("created");
    // The server waits some seconds for everybody to leave the template.
    let holding = admin(Some("held")).await;
    let creating = tokio::spawn(async move {
        let create =
            "CREATE DATABASE \"cutover_late\" OWNER DEFAULT TEMPLATE held ALLOW_CONNECTIONS false";
        killed.batch_execute(create).await
    });
    let is = async |question: &str| {
        let row = watcher.query_one(question, &[]).await.expect("asked");
        row.get::<_, bool>(0)
    };
    let begun = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'CREATE DATABASE \"cutover_late\"%')";
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is(begun).await {
        assert!(Instant::now() < deadline, "it is not being created");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let leaving = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        holding.close().await;
    };
    let (dropped, ()) = tokio::join!(drop_created(&database, "cutover_late", "run"), leaving);
    creating.await.expect("joined").expect("created");
    assert!(dropped.expect("looked"), "it was not there yet");
    assert!(!is("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'cutover_late')").await);
}
