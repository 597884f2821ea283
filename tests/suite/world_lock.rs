//! The lock in the world: it keeps out the runners of other machines, and not the next runner of a run whose last one was killed.

use std::path::Path;
use std::time::Duration;

use cutover::environment::Environment;
use cutover::gateway::live::world_lock::{WorldLockError, WorldLocks};
use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};

#[tokio::test]
async fn another_run_is_kept_out_and_the_next_runner_of_the_same_waits_for_the_dead_one() {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    let directory = tempfile::Builder::new()
        .prefix("cutover-w-")
        .permissions(permissions)
        .tempdir_in("/tmp")
        .expect("a directory");
    let server = PrivatePostgres::create(&directory.path().join("d"), &directory.path().join("s"))
        .expect("a server");
    server.start(&["fsync=off"]).expect("started");
    let text = format!(
        "name = \"here\"\n[databases.main]\nhost = \"{}\"\ndatabase = \"postgres\"\nuser = \"{SUPERUSER}\"\ntls = \"off\"\n[storage]\npath = \"x\"\n",
        server.socket.display()
    );
    let environment = Environment::parse(Path::new("here.toml"), &text).expect("an environment");

    let first = WorldLocks::take(&environment, "one").await.expect("free");
    assert!(first.held().await);
    let other = WorldLocks::take(&environment, "two")
        .await
        .expect_err("held");
    assert!(
        matches!(&other, WorldLockError::Held { holder, .. } if holder.starts_with("cutover:one@")),
        "{other}"
    );

    // The session of the killed runner outlives it for a moment.
    let dying = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(first);
    };
    let (next, ()) = tokio::join!(WorldLocks::take(&environment, "one"), dying);
    assert!(next.expect("waited for").held().await);
    server.stop().expect("stopped");
}
