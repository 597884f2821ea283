//! A world that is only looked at: the server itself keeps its sessions from writing, and no other request or program leaves it.

use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;
use std::time::Duration;

use cutover::environment::{Access, Environment};
use cutover::gateway::live::Live;
use cutover::gateway::live::postgres::{Role, Session, connect};
use cutover::gateway::{
    Databases as _, Expectation, Failure, HttpRequest, Kong as _, ProcessIdentity, Reach, Report,
    Rotation, RotationState, Traffic as _, Web as _, WriteDenial,
};

use tokio_postgres::error::SqlState;

use super::postgres_fixture::{Fixture, OWNER};

/// SQLSTATE of a statement that a read-only transaction does not take.
const READ_ONLY: &str = "25006";

/// Each writes in another way. None of them needs a transaction that writes in order to be understood.
const WRITES: [&str; 9] = [
    "INSERT INTO kong.my_plugin VALUES (3, 'more')",
    "UPDATE kong.schema_meta SET last_executed = 'x'",
    "DELETE FROM kong.locks",
    "TRUNCATE kong.my_plugin",
    "SELECT FROM kong.schema_meta FOR UPDATE",
    "CREATE TABLE kong.mine (id int)",
    "ALTER TABLE kong.my_plugin ADD COLUMN more text",
    "ALTER DATABASE kong CONNECTION LIMIT 1",
    "CREATE DATABASE mine",
];

#[tokio::test]
async fn a_session_that_looks_is_kept_from_writing_by_the_server() {
    let fixture = Fixture::start();
    // What is set for a role or a database does not weigh more than what a session begins with.
    fixture.psql(
        "postgres",
        "postgres",
        &format!(
            "ALTER ROLE {OWNER} SET default_transaction_read_only = off;
             ALTER DATABASE kong SET default_transaction_read_only = off;"
        ),
    );
    let mut database = fixture.database();
    database.access = Access::Look;
    for (role, name) in [(Role::Owner, "kong"), (Role::Admin, "postgres")] {
        let session = connect(&database, role, None).await.expect("connects");
        for (setting, value) in [
            ("default_transaction_read_only", "on"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "2s"),
        ] {
            assert_eq!(shown(&session, setting).await, value, "{name} {setting}");
        }
    }
    let session = connect(&database, Role::Owner, None)
        .await
        .expect("connects");
    for statement in WRITES {
        let refused = session.batch_execute(statement).await;
        let refused = refused.expect_err(statement);
        assert_eq!(refused.code().map(SqlState::code), Some(READ_ONLY));
    }
    // The same role in a session of a run.
    database.access = Access::Run;
    let session = connect(&database, Role::Owner, None)
        .await
        .expect("connects");
    assert_eq!(
        shown(&session, "default_transaction_read_only").await,
        "off"
    );
    session.batch_execute(WRITES[0]).await.expect("written");
}

async fn shown(session: &Session, setting: &str) -> String {
    let row = session.query_one(&format!("SHOW {setting}"), &[]).await;
    row.expect("shown").get(0)
}

#[tokio::test]
async fn a_world_that_is_looked_at_refuses_every_kind_of_act() {
    let fixture = Fixture::start();
    let path = |name: &str| fixture.directory.path().join(name);
    let kong = path("packages/current/bin/kong");
    std::fs::create_dir_all(kong.parent().expect("a folder")).expect("made");
    // Notes what it is called with, and says that nothing runs.
    let script = format!(
        "#!/bin/sh\necho \"$1\" >> {}\nexit 1\n",
        path("called").display()
    );
    std::fs::write(&kong, script).expect("written");
    std::fs::set_permissions(&kong, PermissionsExt::from_mode(0o755)).expect("a mode");
    let text = format!(
        r#"
        name = "looked-at"
        [storage]
        path = "storage"
        [databases.main]
        host = "{socket}"
        database = "kong"
        schema = "kong"
        user = "{OWNER}"
        [traffic.edge]
        kind = "practice"
        control = "http://127.0.0.1:9"
        [clusters.all]
        database = "main"
        traffic = "edge"
        [[clusters.all.nodes]]
        name = "kong-1"
        admin = "http://127.0.0.1:9"
        proxy = "http://127.0.0.1:9"
        prefix = "kong-1"
        conf = "kong.conf"
        packages = {{ prefix = "{packages}" }}
        "#,
        socket = fixture.server.socket.display(),
        packages = path("packages").display(),
    );
    std::fs::write(path("environment.toml"), text).expect("written");
    let environment = Environment::load(&path("environment.toml")).expect("sound");
    // As the program does at its start; another test of this process may have done it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let output = tempfile::tempdir().expect("a directory");
    let world = Live::new(
        environment,
        "look",
        output.path().to_owned(),
        Rc::new(Nobody),
    );
    let world = world.for_looking();

    let denied = world.set_write_denial("main", WriteDenial::On).await;
    let denied = denied.expect_err("a session that looks");
    assert!(denied.message.contains(READ_ONLY), "{denied}");

    let dropped = world.clear_migration_lock("main").await;
    assert!(dropped.expect_err("the same").message.contains(READ_ONLY));

    let code = |done: Result<(), Failure>| done.expect_err("a look").code;
    assert_eq!(code(world.start_node("kong-1").await), "look.program");
    assert_eq!(code(world.reload_node("kong-1").await), "look.program");
    let up = world.migrations_up("kong-1", Duration::from_secs(1)).await;
    assert_eq!(code(up.map(drop)), "look.program");
    let backup = world.back_up("main").await;
    assert_eq!(code(backup.map(drop)), "look.program");
    let called = std::fs::read_to_string(path("called")).expect("asked for its health");
    assert_eq!(called, "health\n");

    let rotation = Rotation::by_weight(0, RotationState::Drain);
    assert_eq!(
        code(world.set_rotation("kong-1", &rotation).await),
        "look.request"
    );
    let request: HttpRequest = serde_json::from_value(serde_json::json!({
        "method": "DELETE",
        "url": "/cache",
    }))
    .expect("a request");
    let answer = world
        .request(
            &request,
            &Reach::Node("kong-1".to_owned()),
            &Expectation::default(),
        )
        .await;
    assert_eq!(code(answer.map(drop)), "look.request");
}

/// Nobody is told.
struct Nobody;

impl Report for Nobody {
    fn process_started(&self, _: &str, _: &ProcessIdentity) -> Result<(), Failure> {
        Ok(())
    }

    fn progress(&self, _: &str) {}
}
