//! Kong's own requests beside a round and the way back of one: Kong is never the one that gives way.

use std::time::Duration;

use cutover::gateway::live::postgres::gap::{Books, begin, carry, catch_up, take_back};
use cutover::gateway::live::postgres::{Role, connect};
use cutover::lab::postgres::SUPERUSER;

use crate::gap_traces::{Pair, begun_now};
use crate::postgres_fixture::OWNER;

/// Requests of two clients in a window of a year, as Kong counts them.
fn count(client: u8, requests: u32) -> String {
    format!(
        "INSERT INTO kong.ratelimiting_metrics (identifier, period, period_date, value)
         VALUES ('client-{client}', 'year', date_trunc('year', now()), {requests})
         ON CONFLICT (identifier, period, period_date, service_id, route_id) DO UPDATE SET value = ratelimiting_metrics.value + excluded.value"
    )
}

#[tokio::test]
async fn kong_is_never_ended_for_a_deadlock_with_what_carries() {
    let pair = Pair::new();
    let blue = connect(&pair.blue, Role::Owner, None).await.expect("blue");
    let kong = pair.fixture.superuser("green").await;
    // Only Kong's own session looks for a deadlock here, and would be the one that PostgreSQL ends.
    pair.fixture.psql(
        SUPERUSER,
        "postgres",
        &format!("ALTER ROLE {OWNER} SET deadlock_timeout = '1h'"),
    );
    let gap = begun_now();
    begin(&pair.green, &gap).await.expect("begun");
    for client in [0, 1] {
        kong.batch_execute(&count(client, 10))
            .await
            .expect("counted");
        blue.batch_execute(&count(client, 5))
            .await
            .expect("counted");
    }
    let blocked = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
    for round in ["carried", "taken back"] {
        kong.batch_execute("BEGIN").await.expect("begun");
        kong.batch_execute(&count(1, 1)).await.expect("counted");
        let work = async {
            if round == "carried" {
                carry(&pair.blue, &pair.green, &gap, "one")
                    .await
                    .map(|_| ())
            } else {
                take_back(&pair.green, Books::Stay).await
            }
        };
        let requests = async {
            while !kong
                .query_one(blocked, &[])
                .await
                .expect("asked")
                .get::<_, bool>(0)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            kong.batch_execute(&count(0, 1)).await?;
            kong.batch_execute("COMMIT").await
        };
        let (done, counted) = tokio::join!(work, requests);
        counted.unwrap_or_else(|error| panic!("{round}: Kong's request failed: {error:?}"));
        done.unwrap_or_else(|error| panic!("{round}: {error}"));
        let read = "SELECT sum(value)::bigint FROM kong.ratelimiting_metrics";
        let held: i64 = kong.query_one(read, &[]).await.expect("read").get(0);
        assert_eq!(held, if round == "carried" { 32 } else { 24 }, "{round}");
    }
}

#[tokio::test]
async fn no_token_is_in_the_error_about_it() {
    let pair = Pair::new();
    let blue = connect(&pair.blue, Role::Owner, None).await.expect("blue");
    let green = connect(&pair.green, Role::Owner, None)
        .await
        .expect("green");
    green
        .batch_execute(
            "ALTER TABLE kong.oauth2_tokens ALTER COLUMN access_token TYPE integer USING 0",
        )
        .await
        .expect("changed");
    begin(&pair.green, &begun_now()).await.expect("begun");
    blue.batch_execute(
        "INSERT INTO kong.oauth2_tokens VALUES (md5('1')::uuid, 'a-secret-token', NULL)",
    )
    .await
    .expect("issued");
    let refused = catch_up(&pair.blue, &pair.green, true).await;
    let refused = refused.expect_err("of another type").to_string();
    insta::assert_snapshot!(refused, @"cannot catch up with `oauth2_tokens`: it refuses a value, which is not shown here (SQLSTATE 22P02)");
}
