//! What nodes go by: `config::read` and `env::compare` on a practice cluster, and that no secret is told.

use crate::practice_cluster::PracticeCluster;

#[test]
fn what_a_node_goes_by_is_told_with_where_it_comes_from() {
    let cluster = PracticeCluster::up();
    let (conf, prefix, _) = cluster.node_paths(1);
    cluster.configure("kong-1", "pg_ro_password", "canary-of-a-secret");
    cluster.configure("kong-2", "log_level", "debug");
    cluster.configure("kong-2", "plugins", "bundled,own");
    let playbook = cluster.write(
        "settings.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"config.read\", \"env.compare\"] };\n\n\
         let cluster = env::cluster(\"practice\");\n\
         let found = config::read(cluster.nodes[0]);\n\
         run::note(`by ${found.version}: ${found.settings.pg_database.value} by ${found.settings.pg_database.from}, ${found.settings.db_update_frequency.value} by ${found.settings.db_update_frequency.from}`);\n\
         run::note(`password: ${found.settings.pg_ro_password.value}, ${found.settings.pg_ro_password.rendered}`);\n\
         run::note(`prefix: ${found.settings.prefix.rendered}`);\n\
         let compared = env::compare(cluster.nodes[0], cluster.nodes[1]);\n\
         run::note(`different: ${compared.different.keys()}, of a node: ${compared.of_a_node.keys().contains(\"proxy_listen\")}`);\n\
         run::note(`plugins: ${compared.different.plugins.one} and ${compared.different.plugins.other}: ${compared.different.plugins.code}`);\n\
         run::note(`both: ${config::read(cluster).len()}`);\n",
    );
    let ended = cluster.cutover(&["run", &playbook, "--run-id", "settings"]);
    assert_eq!(ended.code, Some(0), "{}", ended.all);
    let line = std::fs::read_to_string(&conf).expect("there");
    let line = line
        .lines()
        .position(|line| line.starts_with("pg_database"));
    let line = line.expect("set") + 1;
    for told in [
        format!("by 2.8.5: kong by {}:{line}", conf.display()),
        "password: ******, ******".to_owned(),
        format!("prefix: {}", prefix.display()),
        "different: [\"log_level\", \"pg_ro_password\", \"plugins\", \"practice_faults\"], of a node: true".to_owned(),
        "plugins: bundled (default) and bundled,own (".to_owned(),
        "both: 2".to_owned(),
    ] {
        assert!(ended.all.contains(&told), "{told}: {}", ended.all);
    }
    let journal = cluster.journal_text("settings");
    assert!(!journal.contains("canary"), "a secret in the journal");
    assert!(!ended.all.contains("canary"), "{}", ended.all);
}
