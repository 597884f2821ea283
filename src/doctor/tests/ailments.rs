//! What can ail an environment, each brought about in facts that were sound; at least one for each check.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::facts::{Cluster, Database, Facts, Hosts, Node, Reach, Standing, Words};
use super::sound::{V2, V3, certificate, in_days, names, tried};
use crate::gateway::{
    Administered, HostFacts, KongLock, LeftCopy, PidFile, PlaceFacts, Privilege, Rotation,
    RotationState, ServerFacts, StrangeNode, TableSize, Versions, WriteDenial,
};
use crate::kong::Version;
use crate::kong::advisories::{Known, License};
use crate::kong::catalogue::second_phases;

/// A fact that is known.
fn of<T>(known: &mut Known<T>) -> &mut T {
    match known {
        Known::Known(it) => it,
        Known::Unknown { unknown } => panic!("not known: {unknown}"),
    }
}

fn place(facts: &mut Facts) -> &mut PlaceFacts {
    of(&mut facts.place)
}

fn cluster(facts: &mut Facts) -> &mut Cluster {
    &mut facts.clusters[0]
}

fn node(facts: &mut Facts) -> &mut Node {
    &mut cluster(facts).nodes[0]
}

fn host(facts: &mut Facts) -> &mut HostFacts {
    of(&mut node(facts).host)
}

fn database(facts: &mut Facts) -> &mut Database {
    &mut facts.databases[0]
}

fn server(facts: &mut Facts) -> &mut ServerFacts {
    of(&mut database(facts).server)
}

fn administered(facts: &mut Facts) -> &mut Administered {
    of(&mut database(facts).administered)
}

fn set(facts: &mut Facts, key: &str, value: Value) {
    of(&mut node(facts).told.running).insert(key.to_owned(), value);
}

fn unresolved(hosts: &mut Hosts) {
    let host = hosts.named.keys().next().expect("one").clone();
    of(&mut hosts.unresolved).insert(host, "no address".to_owned());
}

fn table(rows: u64, dead: u64) -> TableSize {
    TableSize {
        bytes: 1 << 30,
        rows,
        dead,
    }
}

/// A change that brings an ailment about.
pub(super) type Ailment = fn(&mut Facts);

const OF_THE_PLACE: [(&str, Ailment); 10] = [
    ("storage_open", |facts| {
        let storage = &mut place(facts).storage;
        of(&mut storage.kept).as_mut().expect("there").mode = 0o755;
    }),
    ("storage_open", |facts| {
        let storage = &mut place(facts).storage;
        of(&mut storage.kept).as_mut().expect("there").is_ours = false;
    }),
    ("secret_absent", |facts| {
        place(facts).secrets = Known::Known(tried("databases.main.password", Some("no variable")));
    }),
    ("name_unknown", |facts| unresolved(&mut facts.hosts)),
    ("redis_unreachable", |facts| {
        place(facts).redis = Known::Known(tried("counters", Some("refused")));
    }),
    ("sandbox_partial", |facts| {
        of(&mut facts.lacking_layers).push("Landlock: no such call".to_owned());
    }),
    ("run_unfinished", |facts| {
        of(&mut facts.unfinished_runs).push("in-place-1".to_owned());
    }),
    ("storage_files", |facts| {
        place(facts).storage.free_files = Known::Known(Some(1_999));
    }),
    ("storage_volatile", |facts| {
        place(facts).storage.is_volatile = Known::Known(true);
    }),
    ("certificate_own_ends", |facts| {
        of(&mut place(facts).certificates)[0].ends = in_days(-1);
    }),
];

const OF_DATABASES: [(&str, Ailment); 45] = [
    ("lock_held", |facts| {
        administered(facts).lock_holder = Some("cutover:other@host".to_owned());
    }),
    ("copies_left", |facts| {
        administered(facts).copies = vec![LeftCopy {
            name: "cutover_kept".to_owned(),
            run: "in-place-1".to_owned(),
            is_retired: false,
            bytes: 3 << 20,
        }];
    }),
    ("database_unreachable", |facts| {
        database(facts).reach = Known::Known(Reach::Refused("no answer".to_owned()));
    }),
    ("database_standby", |facts| server(facts).is_standby = true),
    ("database_read_only", |facts| {
        let settings = &mut server(facts).settings;
        settings.insert("default_transaction_read_only".to_owned(), "on".to_owned());
    }),
    ("statement_timeout", |facts| {
        let settings = &mut server(facts).settings;
        settings.insert("statement_timeout".to_owned(), "30s".to_owned());
        settings.insert("lock_timeout".to_owned(), "0".to_owned());
        settings.insert("transaction_timeout".to_owned(), "2h".to_owned());
    }),
    ("password_encryption", |facts| {
        node(facts).installed = Known::Known(Version::new(2, 6, 1));
        of(&mut node(facts).admin).version = Version::new(2, 6, 1);
    }),
    ("collation_changed", |facts| {
        server(facts).collation = Known::Known(Some(Versions {
            recorded: "2.31".to_owned(),
            found: "2.36".to_owned(),
        }));
    }),
    ("extensions_superuser", |facts| {
        server(facts).extensions = names(&["pg_stat_statements"]);
    }),
    ("migrations_pending", |facts| {
        let pending = of(&mut database(facts).pending);
        pending.insert("core".to_owned(), vec!["021_unknown".to_owned()]);
    }),
    ("migrations_pending", |facts| {
        database(facts).pending = Known::Known(second_phases(&V2, &V3));
    }),
    ("migrations_new", |facts| {
        let state = of(&mut node(facts).migrations);
        let new = vec!["014_230_to_260".to_owned()];
        state.new.insert("core".to_owned(), new);
    }),
    ("locks_stale", |facts| {
        server(facts).locks = vec![KongLock {
            owner: "kong-9".to_owned(),
            is_over: false,
        }];
    }),
    ("locks_stale", |facts| {
        server(facts).locks = vec![KongLock {
            owner: "kong-9".to_owned(),
            is_over: true,
        }];
    }),
    ("workspace_missing", |facts| {
        server(facts).has_default_workspace = Some(false);
    }),
    ("database_empty", |facts| server(facts).has_tables = false),
    ("database_empty", |facts| {
        database(facts).reach = Known::Known(Reach::Absent);
        for node in &mut cluster(facts).nodes {
            node.runs = Known::Known(false);
        }
    }),
    ("schema_create", |facts| {
        server(facts).lacks = [Privilege::CreateTables].into();
    }),
    ("tables_owned", |facts| {
        server(facts).lacks = [Privilege::OwnTables].into();
    }),
    ("databases_create", |facts| {
        administered(facts).lacks = [Privilege::CreateDatabases].into();
    }),
    ("database_owned", |facts| {
        administered(facts).lacks = [Privilege::OwnDatabase].into();
    }),
    ("slots_logical", |facts| {
        administered(facts).slots = vec!["to_the_warehouse".to_owned()];
    }),
    ("connections_few", |facts| {
        server(facts).seats.free_to_all = 24;
    }),
    ("connections_few", |facts| {
        let seats = &mut server(facts).seats;
        (seats.free_to_all, seats.taken) = (10, 2);
    }),
    ("connections_limited", |facts| {
        server(facts).seats.limit = Some(10);
    }),
    ("connections_limited", |facts| {
        server(facts).seats.limit = Some(20);
    }),
    ("connections_taken", |facts| server(facts).seats.taken = 80),
    ("connections_taken", |facts| server(facts).seats.taken = 95),
    ("transactions_long", |facts| {
        of(&mut database(facts).transactions).push("process 7 of `report`".to_owned());
    }),
    ("transactions_long", |facts| {
        administered(facts).hidden_sessions = 4;
    }),
    ("transactions_prepared", |facts| {
        administered(facts).prepared = vec!["forgotten".to_owned()];
    }),
    ("sessions_foreign", |facts| {
        let sessions = of(&mut database(facts).sessions);
        sessions.from_elsewhere = vec!["10.9.9.9".to_owned()];
    }),
    ("sessions_foreign", |facts| {
        let sessions = of(&mut database(facts).sessions);
        sessions.through = Some("pgbouncer:6432".to_owned());
    }),
    ("writes_denied", |facts| {
        database(facts).denial = Known::Known(WriteDenial::On);
    }),
    ("writes_denied", |facts| {
        database(facts).denial = Known::Known(WriteDenial::Suspended);
    }),
    ("backup_space", |facts| {
        of(&mut database(facts).sizes).free_bytes = 1 << 29;
    }),
    ("backup_space", |facts| {
        of(&mut database(facts).sizes).free_bytes = 3 << 29;
    }),
    ("scratch_space", |facts| {
        let place = of(&mut database(facts).scratch).as_mut();
        place.expect("named").free_bytes = Some(1_000);
    }),
    ("scratch_space", |facts| {
        database(facts).scratch = Known::Known(None);
    }),
    ("tools_old", |facts| server(facts).tools = [13, 14].into()),
    ("tools_old", |facts| server(facts).tools.clear()),
    ("counters_many", |facts| {
        let tables = &mut server(facts).tables;
        tables.insert("ratelimiting_metrics".to_owned(), table(9_000_000, 0));
    }),
    ("tables_bloated", |facts| {
        let tables = &mut server(facts).tables;
        tables.insert("oauth2_tokens".to_owned(), table(1_000, 50_000));
    }),
    ("clock_server", |facts| server(facts).ahead = 2_000),
    ("clock_server", |facts| server(facts).ahead = -700),
];

const OF_NODES: [(&str, Ailment); 32] = [
    ("prefix_space", |facts| {
        host(facts).free_bytes = Known::Known(50 << 20);
    }),
    ("prefix_space", |facts| {
        host(facts).free_bytes = Known::Known(500 << 20);
    }),
    ("clock_node", |facts| {
        node(facts).ahead = Known::Known(-61_000);
    }),
    ("node_stopped", |facts| {
        node(facts).runs = Known::Known(false);
    }),
    ("version_other", |facts| {
        node(facts).installed = Known::Known(V3);
    }),
    ("package_absent", |facts| {
        node(facts).available = Known::Known(vec![V2]);
    }),
    ("trial_absent", |facts| {
        node(facts).trials = Known::Known(vec![V2]);
    }),
    ("admin_unreachable", |facts| {
        node(facts).admin = Known::unknown("no answer");
    }),
    ("admin_unreachable", |facts| {
        of(&mut node(facts).admin).database_reachable = false;
    }),
    ("admin_public", |facts| {
        set(
            facts,
            "admin_listen",
            json!(["0.0.0.0:8001 reuseport", "off"]),
        );
    }),
    ("admin_public", |facts| {
        let listens = json!(["[2001:db8::7]:8444 ssl", "10.0.0.5:8001"]);
        set(facts, "admin_listen", listens);
    }),
    ("database_other", |facts| {
        let why = "its settings lead to 10.0.0.1:5432/staging".to_owned();
        node(facts).other_database = Known::Known(Some(why));
    }),
    ("settings_changed", |facts| {
        host(facts).changed_settings = Known::Known(names(&["pg_host", "plugins"]));
    }),
    ("node_unlisted", |facts| {
        node(facts).strangers = Known::Known(vec![StrangeNode {
            described: "process 9".to_owned(),
            shares_database: Some(true),
        }]);
    }),
    ("node_unlisted", |facts| {
        node(facts).strangers = Known::Known(vec![StrangeNode {
            described: "process 9".to_owned(),
            shares_database: None,
        }]);
    }),
    ("files_few", |facts| {
        node(facts).told.open_files = Known::Known(1_024);
    }),
    ("files_few", |facts| {
        set(facts, "nginx_events_worker_connections", json!("40000"));
    }),
    ("user_other", |facts| {
        host(facts).other_user = Known::Known(Some(101));
    }),
    ("node_supervised", |facts| {
        host(facts).supervisor = Known::Known(Some("kong.service".to_owned()));
    }),
    ("pid_stale", |facts| {
        host(facts).pid_file = Known::Known(PidFile::Gone(7));
    }),
    ("pid_stale", |facts| {
        let other = PidFile::Other(7, "sshd".to_owned());
        host(facts).pid_file = Known::Known(other);
    }),
    ("sockets_stale", |facts| {
        host(facts).stale_sockets = Known::Known(names(&["/var/kong-1/a.sock"]));
    }),
    ("sockets_stale", |facts| {
        host(facts).pid_file = Known::Known(PidFile::Absent);
        host(facts).stale_sockets = Known::Known(names(&["/var/kong-1/a.sock"]));
    }),
    ("versions_mixed", |facts| {
        of(&mut node(facts).admin).version = V3;
        node(facts).installed = Known::Known(V3);
    }),
    ("settings_mixed", |facts| {
        set(facts, "router_flavor", json!("expressions"));
    }),
    ("plugins_absent", |facts| {
        node(facts).plugins = Known::Known(names(&["key-auth"]));
    }),
    ("plugins_elsewhere", |facts| {
        let mut other = cluster(facts).clone();
        other.words = Words::of("green");
        other.entities = BTreeMap::from([("plugins".to_owned(), Known::Known(Vec::new()))]);
        other.nodes.truncate(1);
        other.nodes[0].words = Words::of("green-1");
        other.nodes[0].plugins = Known::Known(names(&["key-auth"]));
        facts.clusters.push(other);
    }),
    ("balancer_unusable", |facts| {
        let why = "HAProxy does not answer".to_owned();
        node(facts).standing = Known::Known(Standing::Unusable(why));
    }),
    ("balancer_unlisted", |facts| {
        cluster(facts).unlisted_servers = Known::Known(Some(names(&["gateway9"])));
    }),
    ("node_drained", |facts| {
        let drained = Rotation::by_weight(100, RotationState::Drain);
        node(facts).standing = Known::Known(Standing::Gets(drained));
    }),
    ("license_over", |facts| {
        cluster(facts).license = Known::Known(License::Expired);
    }),
    ("upstream_unknown", |facts| {
        unresolved(&mut cluster(facts).hosts);
    }),
];

const OF_CERTIFICATES: [(&str, Ailment); 3] = [
    ("certificate_file_ends", |facts| {
        of(&mut host(facts).certificates)[0].ends = in_days(7);
    }),
    ("certificate_ends", |facts| {
        of(&mut cluster(facts).certificates).push(certificate("certificate 1", 29));
    }),
    ("certificate_ends", |facts| {
        of(&mut cluster(facts).certificates).push(certificate("certificate 2", -3));
    }),
];

/// Of the place and of databases.
pub(super) fn of_servers() -> impl Iterator<Item = &'static (&'static str, Ailment)> {
    OF_THE_PLACE.iter().chain(&OF_DATABASES)
}

/// Of nodes and clusters.
pub(super) fn of_nodes() -> impl Iterator<Item = &'static (&'static str, Ailment)> {
    OF_NODES.iter().chain(&OF_CERTIFICATES)
}
