//! TLS and SCRAM over TCP: each mode verifies what it says, for the driver and for the client tools.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use cutover::environment::{Database, SecretReference, Tls};
use cutover::gateway::live::postgres::{
    Expectation, PostgresError, Role, Starts, Tier, VerifyRequest, backup, connect, verify,
};
use cutover::lab::postgres::SUPERUSER;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::harness::KeptPort;
use crate::postgres_fixture::{Fixture, OWNER, request};

/// A server that admits TCP only with TLS and SCRAM. Its certificate is for `127.0.0.1`, not for `localhost`.
fn start() -> (Fixture, Database) {
    let kept = KeptPort::any();
    let port = kept.port;
    let port_setting = format!("port={port}");
    let fixture = Fixture::start_empty(port, &["listen_addresses=127.0.0.1", &port_setting]);
    fixture.load();
    let authority = authority();
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .and_then(|parameters| parameters.signed_by(&key, &authority))
        .expect("a certificate");
    let data = &fixture.server.data;
    for (name, text) in [
        ("server.crt", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        let path = data.join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("closed");
        give_to_server(data, &path);
    }
    std::fs::write(
        data.join("pg_hba.conf"),
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
    )
    .expect("written");
    std::fs::write(fixture.path("ca.pem"), authority.pem()).expect("written");
    std::fs::write(fixture.path("other.pem"), self::authority().pem()).expect("written");
    let password = fixture.path("password");
    std::fs::write(&password, "hunter2:\\\n").expect("written");
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).expect("closed");
    fixture.psql(
        SUPERUSER,
        "postgres",
        &format!("ALTER ROLE {OWNER} PASSWORD 'hunter2:\\'; ALTER SYSTEM SET ssl = on;"),
    );
    fixture.psql(SUPERUSER, "postgres", "SELECT pg_reload_conf();");
    let mut database = fixture.database();
    "127.0.0.1".clone_into(&mut database.host);
    database.password = Some(SecretReference::File(password));
    database.ca = Some(fixture.path("ca.pem"));
    (fixture, database)
}

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    // OpenSSL takes a certificate whose issuer has its own name for self-signed.
    parameters
        .distinguished_name
        .push(DnType::CommonName, "test authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key"))
        .expect("an authority")
}

fn give_to_server(data: &std::path::Path, path: &std::path::Path) {
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(data).expect("there");
    std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid())).expect("given");
}

async fn attempt(database: &Database) -> Result<(), PostgresError> {
    let session = connect(database, Role::Owner, None).await?;
    let row = session
        .query_one(
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            &[],
        )
        .await
        .expect("asked");
    assert!(row.get::<_, bool>(0), "encrypted");
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn every_mode_verifies_what_it_says() {
    let (fixture, database) = start();
    // The reload is noticed a moment after it was asked for.
    let end = std::time::Instant::now() + Duration::from_secs(10);
    while let Err(error) = attempt(&database).await {
        assert!(std::time::Instant::now() < end, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let with = |tls: Tls, host: &str, ca: &str| Database {
        tls,
        host: host.to_owned(),
        ca: Some(fixture.path(ca)),
        ..database.clone()
    };
    for (tls, host, ca, passes) in [
        (Tls::VerifyFull, "127.0.0.1", "ca.pem", true),
        (Tls::VerifyFull, "localhost", "ca.pem", false),
        (Tls::VerifyFull, "127.0.0.1", "other.pem", false),
        (Tls::VerifyCa, "localhost", "ca.pem", true),
        (Tls::VerifyCa, "127.0.0.1", "other.pem", false),
        (Tls::Require, "localhost", "other.pem", true),
    ] {
        let result = attempt(&with(tls, host, ca)).await;
        assert_eq!(result.is_ok(), passes, "{tls:?} {host} {ca}: {result:?}");
    }
    let off = connect(&with(Tls::Off, "127.0.0.1", "ca.pem"), Role::Owner, None).await;
    assert!(matches!(off, Err(PostgresError::Connect { .. })), "{off:?}");
    let mut wrong = database.clone();
    wrong.password = Some(SecretReference::File(fixture.path("wrong")));
    std::fs::write(fixture.path("wrong"), "wrong").expect("written");
    std::fs::set_permissions(
        fixture.path("wrong"),
        std::fs::Permissions::from_mode(0o600),
    )
    .expect("closed");
    let refused = attempt(&wrong).await.expect_err("refused").to_string();
    assert!(refused.contains("password authentication failed") && !refused.contains("wrong\n"));
    // The client tools get the same fields in libpq's words.
    let taken = backup(&database, &request(&fixture.path("backup")), |_| ())
        .await
        .expect("taken");
    let proof = VerifyRequest {
        backup: taken.path.clone(),
        expectation: Expectation::Manifest(taken.manifest_digest),
        tier: Tier::Restore,
        scratch_name: "proof".to_owned(),
        keep: false,
        run: "run-1".to_owned(),
        deadline: Duration::from_mins(1),
        starts: Starts::default(),
    };
    verify(&database, &proof).await.expect("proven");
}
