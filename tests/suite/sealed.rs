//! `database.rows`: what names and routes is shown; everything else a script can compare and not see.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use crate::practice_cluster::{Ended, PracticeCluster};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const REFUSED: i32 = 4;

fn run(cluster: &PracticeCluster, name: &str, body: &str) -> Ended {
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"database.rows\", \"run.note\"] }};\n\
         let main = env::database(\"main\");\n{body}\n"
    );
    let playbook = cluster.environment().with_file_name(format!("{name}.rhai"));
    std::fs::write(&playbook, text).expect("written");
    cluster.cutover(&["run", &playbook.display().to_string(), "--run-id", name])
}

fn column(cluster: &PracticeCluster, query: &str) -> Vec<String> {
    let read = cluster.try_sql(query).expect("read");
    read.lines().map(str::to_owned).collect()
}

#[test]
fn secrets_can_be_compared_and_not_seen() {
    let cluster = PracticeCluster::up();
    // Its own key again, in another column of another row.
    let same = "UPDATE consumers SET custom_id = (SELECT min(key) FROM keyauth_credentials) WHERE id = (SELECT min(id::text)::uuid FROM consumers)";
    cluster.try_sql(same).expect("written");
    let keys = column(
        &cluster,
        "SELECT key FROM keyauth_credentials ORDER BY id::text COLLATE \"C\"",
    );
    assert!(keys.len() > 1, "{keys:?}");
    let look = "let rows = database::rows(main, \"keyauth_credentials\");\n\
        for row in rows { run::note(row.key); }";
    let seals = |name: &str, body: &str| -> Vec<String> {
        let ended = run(&cluster, name, body);
        assert_eq!(ended.code, Some(DONE), "{}", ended.all);
        for key in &keys {
            assert!(!ended.all.contains(key.as_str()), "{}", ended.all);
        }
        let sealed = regex::Regex::new("sealed:[0-9a-f]{32}").expect("a pattern");
        sealed
            .find_iter(&ended.all)
            .map(|found| found.as_str().to_owned())
            .collect()
    };
    let before = seals("before", look);
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), keys.len());
    let elsewhere = seals(
        "elsewhere",
        "for row in database::rows(main, \"consumers\") { if \"custom_id\" in row { run::note(row.custom_id); } }",
    );
    assert!(
        elsewhere.iter().any(|seal| before.contains(seal)),
        "{elsewhere:?}"
    );
    // Another run sees the same seals, and another seal where the key is another.
    let change = "UPDATE keyauth_credentials SET key = key || '!' WHERE id = (SELECT min(id::text)::uuid FROM keyauth_credentials)";
    cluster.try_sql(change).expect("written");
    let after = seals("after", look);
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1..], after[1..]);
    // What routes requests is shown, and every other text is sealed or an id.
    let routes = run(
        &cluster,
        "routes",
        "let route = database::rows(main, \"routes\").find(|route| route.name == \"catalogue\");\n\
         for column in route.keys() { if route[column].starts_with(\"sealed:\") { route[column] = \"sealed\"; } else if column.ends_with(\"id\") { route[column] = \"an id\"; } }\n\
         run::note(`${route}`);",
    );
    let noted = routes.all.lines().find(|line| line.contains("an id"));
    assert_snapshot!(noted.unwrap_or(&routes.all).trim(), @r#"2 · #{"created_at": "sealed", "https_redirect_status_code": "sealed", "id": "an id", "name": "catalogue", "path_handling": "v0", "paths": "[\"/catalogue\"]", "preserve_host": "sealed", "protocols": "[\"http\", \"https\"]", "regex_priority": "0", "request_buffering": "sealed", "response_buffering": "sealed", "service_id": "an id", "strip_path": "true", "updated_at": "sealed", "ws_id": "an id"}"#);
    // None of it in any file of the runs.
    for key in &keys {
        let found = std::process::Command::new("grep")
            .args(["-r", "-l", "-F", "--", key])
            .arg(cluster.environment().with_file_name("runs"))
            .output()
            .expect("grep runs");
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    }
}

#[test]
fn tables_that_are_not_configuration_are_not_read() {
    let cluster = PracticeCluster::up();
    for table in [
        "nonsense",
        "oauth2_tokens",
        "pg_authid",
        "schema_meta",
        "locks",
    ] {
        let ended = run(
            &cluster,
            table,
            &format!("database::rows(main, \"{table}\");"),
        );
        assert_eq!(ended.code, Some(REFUSED), "{table}: {}", ended.all);
        assert!(
            ended.all.contains("is no table of Kong's configuration"),
            "{}",
            ended.all
        );
    }
}
