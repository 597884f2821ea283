//! Redis with TLS and a user of its own: what is verified of the server, and what the user must be allowed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cutover::environment::{Access, Redis, SecretReference, Tls};
use cutover::gateway::live::redis::{
    Books, Direction, Limits, Side, carried_into, carry, counted, lacking, pairs, take_back,
};
use cutover::kong::rate_limits::limits;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::harness::KeptPort;
use crate::postgres_tls::authority;
use crate::redis_server::RedisServer;

/// What the documentation says that the user needs.
const ALLOWED: [&str; 9] = [
    "on",
    ">hunter2",
    "~ratelimit:*",
    "~cutover:*",
    "+@read",
    "+@write",
    "+evalsha",
    "+info",
    "+select",
];

/// A server that speaks TLS alone. Its certificate is for `127.0.0.1`.
fn start(directory: &Path) -> (RedisServer, Redis) {
    let key = KeyPair::generate().expect("a key");
    let issuer = authority();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .and_then(|parameters| parameters.signed_by(&key, &issuer))
        .expect("a certificate");
    let kept = KeptPort::any();
    let port = kept.port;
    let path = |name: &str| directory.join(format!("{port}-{name}"));
    for (name, text) in [
        ("crt", certificate.pem()),
        ("key", key.serialize_pem()),
        ("ca", issuer.pem()),
        ("other", authority().pem()),
        ("password", "hunter2\n".to_owned()),
    ] {
        std::fs::write(path(name), text).expect("written");
        let ours = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path(name), ours).expect("closed");
    }
    let text = |name: &str| path(name).display().to_string();
    let (number, certificate, key, ca) = (port.to_string(), text("crt"), text("key"), text("ca"));
    let mut options = vec!["--port", "0", "--tls-port", &number];
    options.extend(["--tls-cert-file", &certificate, "--tls-key-file", &key]);
    options.extend(["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"]);
    options.extend(["--user", "default", "off"]);
    options.extend(["--user", "cutover"].iter().chain(&ALLOWED));
    options.extend(["+script|load"]);
    let server = RedisServer::listening(port, &options).expect("started");
    let settings = Redis {
        user: Some("cutover".to_owned()),
        password: Some(SecretReference::File(path("password"))),
        tls: Tls::VerifyFull,
        ca: Some(path("ca")),
        ..server.settings()
    };
    (server, settings)
}

fn plugins(port: u16) -> Vec<Value> {
    vec![
        json!({"id": 1, "name": "rate-limiting", "config": {"policy": "redis", "redis": {"host": "127.0.0.1", "port": port}, "year": 9}}),
    ]
}

fn side<'a>(name: &'a str, settings: &'a Redis) -> Side<'a> {
    Side {
        plugins: plugins(settings.port),
        stores: vec![(name, settings)],
        access: Access::Run,
    }
}

#[tokio::test]
async fn a_user_that_may_do_what_is_documented_carries_over_tls() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_blue, here) = start(directory.path());
    let (_green, there) = start(directory.path());
    let found = pairs(&side("blue", &here), &side("green", &there)).await;
    let found = found.expect("both answer");
    let pair = &found.carried[0];
    let limits = Limits::of(limits(&plugins(here.port), "redis"));
    for direction in [Direction::ToCopy, Direction::ToOriginal] {
        carry(pair, "gap", direction).await.expect("carried");
    }
    lacking(pair, "gap", &limits).await.expect("measured");
    counted(pair, "gap", &limits).await.expect("read");
    carried_into(&pair.to, "gap").await.expect("read");
    take_back(&pair.to, "gap", Books::Stay)
        .await
        .expect("taken back");
    take_back(&pair.from, "gap", Books::Go)
        .await
        .expect("taken back");
}

#[tokio::test]
async fn a_server_that_is_not_who_it_says_or_a_wrong_password_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let (server, right) = start(directory.path());
    let (_other, there) = start(directory.path());
    let other_authority = directory.path().join(format!("{}-other", server.port));
    let wrong = directory.path().join("wrong");
    std::fs::write(&wrong, "hunter3\n").expect("written");
    std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o600)).expect("closed");
    for (settings, told) in [
        (
            Redis {
                ca: Some(other_authority),
                ..right.clone()
            },
            "certificate",
        ),
        (
            Redis {
                password: Some(SecretReference::File(wrong)),
                ..right.clone()
            },
            "assword",
        ),
        (
            Redis {
                ca: None,
                ..right.clone()
            },
            "needs the certificate authority",
        ),
        (
            Redis {
                tls: Tls::Off,
                ..right.clone()
            },
            "cannot connect to the Redis `blue/0`",
        ),
    ] {
        let refused = pairs(&side("blue", &settings), &side("green", &there)).await;
        let refused = refused.expect_err("refused").to_string();
        assert!(refused.contains(told), "{told}: {refused}");
        assert!(!refused.contains("hunter"), "{refused}");
    }
}
