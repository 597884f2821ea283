//! A database exported by one node's `kong` and imported by another's, on practice clusters.

use crate::practice_cluster::{PracticeCluster, everything};

/// An empty database for the second side: the command that makes Kong's tables there, as a script has it, and its grant.
pub(crate) fn empty_green(cluster: &PracticeCluster) -> [String; 2] {
    cluster.maintenance("CREATE DATABASE kong_green OWNER kong_green");
    let conf = cluster.path().join("nodes/green-1/kong.conf");
    let conf = conf.display().to_string();
    [
        format!("[\"kong\", \"migrations\", \"bootstrap\", \"-c\", {conf:?}]"),
        format!("node.exec:kong migrations bootstrap -c {conf}"),
    ]
}

#[test]
fn an_export_goes_into_an_empty_database_and_into_no_other() {
    if !everything() {
        return;
    }
    let cluster = PracticeCluster::up_with(&["--green", "2.8.5"]);
    let [bootstrap, granted] = empty_green(&cluster);
    let playbook = cluster.write(
        "moves.rhai",
        &format!(
            "const PLAYBOOK = #{{ api: 1, needs: [\"kong.db_export\", \"kong.db_import\", \"node.exec\", \"practice.write\"] }};\n\
             let green = env::cluster(\"green\");\n\
             let exported = kong::db_export(env::cluster(\"practice\"));\n\
             try {{ kong::db_import(green, exported) }} catch (e) {{ practice::write(\"early\", e.message) }}\n\
             node::exec(green.nodes[0], {bootstrap});\n\
             practice::write(\"rows\", `${{kong::db_import(green, exported)}}`);\n\
             try {{ kong::db_import(green, exported) }} catch (e) {{ practice::write(\"again\", e.message) }}\n\
             try {{ exported.digest = \"\"; kong::db_import(green, exported) }} catch (e) {{ practice::write(\"made_up\", e.code) }}\n"
        ),
    );
    let moved = cluster.cutover(&[
        "run",
        &playbook,
        "--run-id",
        "moved",
        "--approve",
        "practice",
        "--grant",
        &granted,
    ]);
    assert_eq!(moved.code, Some(0), "{}", moved.all);
    let told = |name: &str| {
        std::fs::read_to_string(cluster.storage().join("practice").join(name)).expect("told")
    };
    assert!(
        told("early").contains("its migrations are not those"),
        "{}",
        told("early")
    );
    assert!(
        told("again").contains("rows of configuration"),
        "{}",
        told("again")
    );
    assert_eq!(told("made_up"), "argument.made_up");
    assert_ne!(told("rows"), "0");
    for table in ["services", "routes", "plugins", "consumers"] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(
            cluster.try_sql_in("kong_green", &count),
            cluster.try_sql(&count),
            "{table}"
        );
    }
}
