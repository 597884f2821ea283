//! A backup is taken, proven in every tier, restored beside; and nothing that is not ours is dropped.

use std::time::Duration;

use cutover::gateway::live::postgres::{
    Backup, DigestOptions, Expectation, PostgresError, RestoreRequest, Role, Starts, Tier,
    VerifyRequest, backup, connect, describe, digest, drop_created, restore_beside, verify,
};

use crate::postgres_fixture::{Fixture, request};

pub(crate) fn restore_request(taken: &Backup, name: &str) -> RestoreRequest {
    RestoreRequest {
        backup: taken.path.clone(),
        manifest_digest: taken.manifest_digest.clone(),
        name: name.to_owned(),
        run: "run-1".to_owned(),
        jobs: 1,
        deadline: Duration::from_mins(1),
        starts: Starts::default(),
    }
}

#[tokio::test]
async fn a_backup_is_proven_in_every_tier_and_kept_when_asked() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let taken = backup(&database, &request(&fixture.path("backup")), |_| ())
        .await
        .expect("taken");
    let now = digest(&database, None, &DigestOptions::default())
        .await
        .expect("read");
    assert_eq!(taken.configuration, now.configuration);
    assert!(taken.rows > 20 && taken.bytes > 1000);
    for (tier, keep) in [
        (Tier::Checksum, false),
        (Tier::Decode, false),
        (Tier::Restore, true),
    ] {
        let proof = verify(
            &database,
            &VerifyRequest {
                backup: taken.path.clone(),
                expectation: Expectation::Manifest(taken.manifest_digest.clone()),
                tier,
                scratch_name: "proof".to_owned(),
                keep,
                run: "run-1".to_owned(),
                deadline: Duration::from_mins(1),
                starts: Starts::default(),
            },
        )
        .await
        .expect("proven");
        assert_eq!(proof.manifest_digest, taken.manifest_digest);
        assert_eq!(proof.kept, keep.then(|| "proof".to_owned()));
    }
    assert!(
        drop_created(&database, "proof", "run-1")
            .await
            .expect("dropped")
    );
    assert!(
        !drop_created(&database, "proof", "run-1")
            .await
            .expect("gone")
    );
}

#[tokio::test]
async fn a_restored_database_has_what_a_dump_does_not_carry() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let taken = backup(&database, &request(&fixture.path("backup")), |_| ())
        .await
        .expect("taken");
    for _ in 0..2 {
        // Twice: a killed restore is repeated.
        let restored = restore_beside(&database, &restore_request(&taken, "kong_fresh"))
            .await
            .expect("restored");
        assert_eq!(restored.configuration, taken.configuration);
        assert_eq!(restored.not_copied, Vec::<String>::new());
    }
    let session = connect(&database, Role::Admin, None)
        .await
        .expect("connected");
    let live = describe(&session, "kong")
        .await
        .expect("read")
        .expect("there");
    let fresh = describe(&session, "kong_fresh")
        .await
        .expect("read")
        .expect("there");
    assert_eq!(live.settings, fresh.settings);
    assert_eq!(live.grants, fresh.grants);
    assert_eq!(live.connection_limit, fresh.connection_limit);
    assert_eq!(live.owner, fresh.owner);
    let fresh = connect(&database, Role::Owner, Some("kong_fresh"))
        .await
        .expect("connected");
    let row = fresh
        .query_one(
            "SELECT (SELECT count(*) FROM kong.locks), (SELECT count(*) FROM kong.my_plugin)",
            &[],
        )
        .await
        .expect("read");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 3));
}

#[tokio::test]
async fn a_foreign_dump_and_a_foreign_database_are_refused() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let taken = backup(&database, &request(&fixture.path("backup")), |_| ())
        .await
        .expect("taken");
    let mut foreign = restore_request(&taken, "kong_fresh");
    foreign.manifest_digest = "0".repeat(64);
    let refused = restore_beside(&database, &foreign).await;
    assert!(
        matches!(refused, Err(PostgresError::Damaged { .. })),
        "{refused:?}"
    );
    let over_live = restore_beside(&database, &restore_request(&taken, "kong")).await;
    assert!(
        matches!(over_live, Err(PostgresError::NotOurs { .. })),
        "{over_live:?}"
    );
    let dropped = drop_created(&database, "kong", "run-1").await;
    assert!(
        matches!(dropped, Err(PostgresError::NotOurs { .. })),
        "{dropped:?}"
    );
}

#[tokio::test]
async fn a_table_that_somebody_locks_ends_the_backup_in_time() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let blocker = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    blocker
        .batch_execute("BEGIN; LOCK TABLE kong.my_plugin")
        .await
        .expect("locked");
    let mut impatient = request(&fixture.path("backup"));
    impatient.lock_wait = Duration::from_millis(200);
    let failed = backup(&database, &impatient, |_| ()).await;
    let Err(PostgresError::Unfinished {
        removed, source, ..
    }) = failed
    else {
        panic!("{failed:?}");
    };
    assert!(matches!(*source, PostgresError::Tool { .. }), "{source:?}");
    assert!(removed && !fixture.path("backup").exists());
}
