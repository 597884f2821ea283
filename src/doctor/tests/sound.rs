//! An environment of which everything is known and nothing is wrong, and the same of which nobody knows anything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::super::facts::{Cluster, Database, Facts, Hosts, Node, Reach, Standing, Words};
use crate::gateway::{
    AdminStatus, Administered, DatabaseFacts, Dated, HostFacts, Kept, KongSessions, PidFile,
    PlaceFacts, Rotation, RotationState, ScratchPlace, Seats, ServerFacts, StorageFacts, Tried,
    WriteDenial,
};
use crate::kong::Version;
use crate::kong::advisories::{self, Certificate, Entity, Known, License};
use crate::kong::migrations::MigrationState;

pub(super) const V2: Version = Version::new(2, 8, 5);
pub(super) const V3: Version = Version::new(3, 4, 2);

pub(super) fn tried(name: &str, trouble: Option<&str>) -> Vec<Tried> {
    vec![Tried {
        name: name.to_owned(),
        trouble: trouble.map(str::to_owned),
    }]
}

pub(super) fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn entity(fields: Value) -> Entity {
    let fields: Map<String, Value> = serde_json::from_value(fields).expect("an object");
    Entity {
        workspace: None,
        fields,
    }
}

pub(super) fn hosts(host: &str, owner: &str) -> Hosts {
    Hosts {
        named: BTreeMap::from([(host.to_owned(), owner.to_owned())]),
        unresolved: Known::Known(BTreeMap::new()),
    }
}

/// The day on which the tests are.
pub(super) fn today() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().expect("a time")
}

pub(super) fn in_days(days: i64) -> Timestamp {
    today() + SignedDuration::from_hours(days * 24)
}

pub(super) fn certificate(name: &str, days: i64) -> Certificate {
    Certificate {
        name: name.to_owned(),
        rsa_bits: Some(2_048),
        ec_bits: None,
        ends: Some(in_days(days)),
    }
}

pub(super) fn sound_node(name: &str) -> Node {
    let running = json!({
        "plugins": ["bundled"], "admin_listen": ["127.0.0.1:8001 reuseport"], "nginx_worker_processes": "1",
        "pg_max_concurrent_queries": 0, "lua_socket_pool_size": 10, "nginx_events_worker_connections": "auto",
    });
    let told = advisories::Node {
        running: Known::Known(serde_json::from_value(running).expect("an object")),
        open_files: Known::Known(65_536),
        ..advisories::Node::default()
    };
    Node {
        words: Words::of(name)
            .with("node", name)
            .with("conf", format!("/etc/{name}.conf"))
            .with("prefix", format!("/var/{name}")),
        runs: Known::Known(true),
        installed: Known::Known(V2),
        available: Known::Known(vec![V2, V3]),
        trials: Known::Known(vec![V2, V3]),
        admin: Known::Known(AdminStatus {
            version: V2,
            database_reachable: true,
            configuration_hash: None,
            stand_in: false,
        }),
        plugins: Known::Known(names(&["cors", "key-auth"])),
        ahead: Known::Known(-40),
        other_database: Known::Known(None),
        strangers: Known::Known(Vec::new()),
        migrations: Known::Known(MigrationState::default()),
        standing: Known::Known(Standing::Gets(Rotation::by_weight(
            100,
            RotationState::Ready,
        ))),
        host: Known::Known(HostFacts {
            pid_file: Known::Known(PidFile::Runs(7)),
            stale_sockets: Known::Known(BTreeSet::new()),
            changed_settings: Known::Known(BTreeSet::new()),
            certificates: Known::Known(vec![Dated {
                name: "/etc/kong.pem".to_owned(),
                ends: in_days(90),
            }]),
            free_bytes: Known::Known(20 << 30),
            other_user: Known::Known(None),
            supervisor: Known::Known(None),
            processors: Known::Known(2),
        }),
        told,
    }
}

pub(super) fn sound_database() -> Database {
    Database {
        words: Words::of("main")
            .with("database", "main")
            .with("name", "kong")
            .with("user", "kong_owner")
            .with("schema", "public")
            .with("storage", "/var/lib/cutover"),
        server_address: "10.0.0.9:5432".to_owned(),
        reach: Known::Known(Reach::Reached),
        server: Known::Known(ServerFacts {
            major: 15,
            has_tables: true,
            password_encryption: "scram-sha-256".to_owned(),
            seats: Seats {
                free_to_all: 97,
                limit: None,
                taken: 9,
            },
            has_default_workspace: Some(true),
            collation: Known::Known(None),
            tools: [15].into(),
            ..ServerFacts::default()
        }),
        administered: Known::Known(Administered::default()),
        sizes: Known::Known(DatabaseFacts {
            server_version: "15.18".to_owned(),
            bytes: 1 << 30,
            free_bytes: 9 << 30,
            sessions: 9,
            swap_obstacles: Vec::new(),
        }),
        scratch: Known::Known(Some(ScratchPlace {
            database: "main".to_owned(),
            same_server: true,
            free_bytes: Some(9 << 30),
        })),
        pending: Known::Known(BTreeMap::new()),
        sessions: Known::Known(KongSessions::default()),
        denial: Known::Known(WriteDenial::Off),
        transactions: Known::Known(Vec::new()),
    }
}

/// An environment of which everything is known and nothing is wrong.
pub(super) fn sound() -> Facts {
    let plugins = Known::Known(vec![entity(json!({ "name": "cors" }))]);
    Facts {
        words: Words::of("production").with("storage", "/var/lib/cutover"),
        now: today(),
        to: Some(V3),
        lacking_layers: Known::Known(Vec::new()),
        unfinished_runs: Known::Known(Vec::new()),
        place: Known::Known(PlaceFacts {
            storage: StorageFacts {
                path: "/var/lib/cutover".to_owned(),
                kept: Known::Known(Some(Kept {
                    mode: 0o700,
                    is_ours: true,
                })),
                is_volatile: Known::Known(false),
                free_files: Known::Known(Some(100_000)),
            },
            secrets: Known::Known(tried("databases.main.password", None)),
            redis: Known::Known(tried("counters", None)),
            certificates: Known::Known(vec![Dated {
                name: "/etc/ca.pem".to_owned(),
                ends: in_days(400),
            }]),
        }),
        hosts: hosts("postgres.internal", "databases.main"),
        clusters: vec![Cluster {
            words: Words::of("blue").with("cluster", "blue"),
            database: Some("main".to_owned()),
            nodes: vec![sound_node("kong-1"), sound_node("kong-2")],
            entities: BTreeMap::from([("plugins".to_owned(), plugins)]),
            certificates: Known::Known(vec![certificate("certificate 0", 31)]),
            license: Known::Known(License::Valid),
            unlisted_servers: Known::Known(Some(BTreeSet::new())),
            hosts: hosts("orders.internal", "the service `orders`"),
        }],
        databases: vec![sound_database()],
    }
}

/// The same environment, of which nobody knows anything.
pub(super) fn not_looked_at() -> Facts {
    let node = |name| Node {
        words: Words::of(name),
        ..Node::default()
    };
    Facts {
        clusters: vec![Cluster {
            words: Words::of("blue"),
            database: Some("main".to_owned()),
            nodes: vec![node("kong-1"), node("kong-2")],
            ..Cluster::default()
        }],
        databases: vec![Database {
            words: Words::of("main"),
            ..Database::default()
        }],
        ..Facts::default()
    }
}
