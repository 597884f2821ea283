//! What two nodes differ in.

use crate::kong::conf::tests::layers::configuration;
use crate::kong::conf::{Compared, Configuration, Side, Verdict, compare};

fn of(left: &Configuration, right: &Configuration, key: &str) -> Compared {
    let compared = compare(left, right);
    let found = compared.into_iter().find(|compared| compared.key == key);
    found.expect("a key of either")
}

#[test]
fn a_configuration_is_the_same_as_itself_also_said_otherwise() {
    let left = configuration(
        "3.9.1",
        "pg_ssl = on\nplugins = bundled,own\npg_port = 5432\n",
        &[],
    );
    let right = configuration(
        "3.9.1",
        "# the defaults are named\nlog_level = notice\nplugins = bundled , own\n",
        &[("KONG_PG_SSL", "true")],
    );
    for compared in compare(&left, &right) {
        assert_eq!(compared.verdict, Verdict::Same, "{}", compared.key);
    }
    assert_eq!(compare(&left, &right).len(), left.keys.len());
}

#[test]
fn differences_are_told_with_their_origins() {
    let left = configuration("3.9.1", "pg_host = one\n", &[]);
    let right = configuration("3.9.1", "", &[("KONG_PG_HOST", "two")]);
    let host = of(&left, &right, "pg_host");
    assert_eq!(host.verdict, Verdict::Differs);
    assert_eq!(
        serde_json::to_string(&host).expect("JSON"),
        r#"{"key":"pg_host","verdict":"differs","left":{"side":"set","value":"one","origin":"file","path":"kong.conf","line":1},"right":{"side":"set","value":"two","origin":"environment","place":{"place":"process"}}}"#
    );
}

#[test]
fn secrets_are_the_same_or_not_and_nothing_more() {
    let left = configuration("3.9.1", "pg_password = hunter2\nown_token = hunter2\n", &[]);
    let right = configuration("3.9.1", "pg_password = hunter3\nown_token = hunter2\n", &[]);
    assert_eq!(of(&left, &right, "pg_password").verdict, Verdict::Differs);
    assert_eq!(of(&left, &right, "own_token").verdict, Verdict::Same);
    let compared = compare(&left, &right);
    assert!(!format!("{compared:?}").contains("hunter"));
    assert!(
        !serde_json::to_string(&compared)
            .expect("JSON")
            .contains("hunter")
    );
    let none = configuration("3.9.1", "", &[]);
    let password = of(&left, &none, "pg_password");
    assert_eq!(password.verdict, Verdict::Differs);
    assert!(matches!(password.right, Side::Set { value: None, .. }));
}

#[test]
fn versions_differ_in_defaults_and_in_keys() {
    let text = "cassandra_port = 9043\nadmin_gui_path = /x\nown = 1\n";
    let (left, right) = (
        configuration("2.8.5", text, &[]),
        configuration("3.9.1", text, &[]),
    );
    let verdict = |key| of(&left, &right, key).verdict;
    assert_eq!(verdict("worker_consistency"), Verdict::Differs);
    assert_eq!(verdict("cassandra_port"), Verdict::OnlyLeft);
    assert!(matches!(
        of(&left, &right, "cassandra_port").right,
        Side::Unknown { .. }
    ));
    assert_eq!(verdict("cassandra_timeout"), Verdict::OnlyLeft);
    assert_eq!(of(&left, &right, "cassandra_timeout").right, Side::Absent);
    assert_eq!(verdict("admin_gui_path"), Verdict::OnlyRight);
    assert_eq!(verdict("own"), Verdict::Same);
    assert_eq!(verdict("pg_host"), Verdict::Same);
}

#[test]
fn what_nodes_may_differ_in_is_marked_and_stays() {
    let left = configuration("3.9.1", "prefix = /a\nplugins = bundled\n", &[]);
    let right = configuration("3.9.1", "prefix = /b\nplugins = bundled,own\n", &[]);
    let prefix = of(&left, &right, "prefix");
    assert_eq!(prefix.verdict, Verdict::Differs);
    assert!(prefix.between_nodes.is_some());
    let plugins = of(&left, &right, "plugins");
    assert_eq!(plugins.between_nodes, None);
    assert_eq!(plugins.code, Some("names Lua modules that Kong loads"));
}
