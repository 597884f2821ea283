//! The move from Cassandra to PostgreSQL by one run: exported by the old nodes' `kong`, imported by the new ones', what stays behind counted.
//!
//! The Cassandra is the stub of its tools; PostgreSQL is real.

use std::fs;

use crate::cassandra::{listed, program};
use crate::cassandra_stub::cluster::Stub;
use crate::exports::empty_green;
use crate::practice_cluster::PracticeCluster;

#[test]
fn a_configuration_goes_from_cassandra_into_postgresql_and_what_stays_behind_is_told() {
    let cluster = PracticeCluster::up_with(&["--green", "2.8.5"]);
    let [bootstrap, granted] = empty_green(&cluster);
    // What the old side's `kong` would write is what a Kong of that version wrote of the same configuration.
    let exported = cluster.path().join("exported.yml").display().to_string();
    let written = cluster.kong("2.8.5", &["config", "db_export", &exported]);
    assert_eq!(written.code, Some(0), "{}", written.all);
    let stub = Stub::new(3);
    for row in 1..=4 {
        stub.insert("ratelimiting_metrics", &format!("{{\"id\": {row}}}"));
    }
    stub.insert("services", "{\"id\": 1}");
    let old = cluster.path().join("old");
    program(
        &old.join("current/bin/kong"),
        &format!(
            "#!/bin/sh\ncase $1 in version) echo 2.8.5;; config) cp '{exported}' \"$3\";; *) exit 1;; esac\n"
        ),
    );
    let path = |name: &str| old.join(name).display().to_string();
    fs::write(path("kong.conf"), "database = cassandra\n").expect("written");
    let text = fs::read_to_string(cluster.environment()).expect("there");
    let blue = format!(
        "\n[clusters.blue]\ndatabase = \"old\"\n[[clusters.blue.nodes]]\nname = \"old-kong\"\nconf = {:?}\nprefix = {:?}\n\
         packages = {{ prefix = {:?} }}\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n[cassandra.old]\n{}",
        path("kong.conf"),
        path("prefix"),
        old.display().to_string(),
        listed("old", &stub, None),
    );
    fs::write(cluster.environment(), text + blue.as_str()).expect("written");
    let playbook = cluster.write(
        "moves.rhai",
        &format!(
            "const PLAYBOOK = #{{ api: 1, needs: [\"database.*\", \"kong.db_export\", \"kong.db_import\", \"node.exec\"] }};\n\
             let old = env::cluster(\"blue\");\nlet green = env::cluster(\"green\");\n\
             let backup = database::backup(old.database);\n\
             database::verify(old.database, backup, #{{ tier: \"decode\" }});\n\
             let exported = kong::db_export(old);\n\
             for left in exported.left_behind {{ run::note(`left behind: ${{left.rows}} of ${{left.table}}, ${{left.why}}`); }}\n\
             node::exec(green.nodes[0], {bootstrap});\n\
             run::note(`imported ${{kong::db_import(green, exported)}} rows`);\n"
        ),
    );
    let words = [
        "run",
        &playbook,
        "--run-id",
        "moved",
        "--approve",
        "practice",
    ];
    let moved = cluster.cutover(&[&words[..], &["--grant", &granted]].concat());
    assert_eq!(moved.code, Some(0), "{}", moved.all);
    let is_told = |line: &&str| line.contains("left behind: ") || line.contains("imported ");
    let told: Vec<&str> = moved.all.lines().filter(is_told).map(str::trim).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    4 · left behind: 4 of ratelimiting_metrics, counters are not exported: limits begin at nothing again
    7 · imported 31 rows
    "#);
    for table in [
        "services",
        "routes",
        "plugins",
        "consumers",
        "keyauth_credentials",
    ] {
        let count = format!("SELECT count(*) FROM {table}");
        let came = cluster.try_sql_in("kong_green", &count);
        assert_eq!(came, cluster.try_sql(&count), "{table}");
        assert_ne!(came.as_deref().map(str::trim), Ok("0"), "{table}");
    }
}
