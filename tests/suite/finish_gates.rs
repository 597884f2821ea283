//! What `kong.finish` wants proven: a playbook that skips a part of it is refused, with what is missing by name.

use crate::practice_cluster::{Ended, PracticeCluster};

/// The exit codes of the product that these tests speak of.
const UNDONE: i32 = 5;
const DONE: i32 = 0;
const PAUSED: i32 = 8;

/// An upgrade as far as the start of the nodes, with what a test puts between that and `finish`.
fn upgrade(cluster: &PracticeCluster, run: &str, between: &str, further: &[&str]) -> Ended {
    let text = format!(
        r#"
const PLAYBOOK = #{{
    api: 1,
    params: #{{}},
    needs: ["kong.*", "packages.install", "database.backup", "traffic.*", "http.poll"],
}};
let cluster = env::cluster("practice");
let nodes = cluster.nodes;
let poll = || {{
    for node in nodes {{
        http::poll(node, "/health", #{{ status: 200 }}, #{{ passes: 3, within: "30s" }});
    }}
}};
let before = kong::entities(cluster);
let backup = database::backup(cluster.database);
traffic::drain(nodes);
kong::stop(nodes);
packages::install(nodes, "3.4.2");
kong::migrate_up(cluster, #{{ backup: backup }});
kong::start(nodes);
{between}
kong::finish(cluster, #{{ bake: "0s", samples: 2, interval: "10ms" }});
"#
    );
    let playbook = cluster.environment().with_file_name(format!("{run}.rhai"));
    std::fs::write(&playbook, text).expect("written");
    let path = playbook.display().to_string();
    let mut arguments = vec!["run", &path, "--run-id", run];
    arguments.extend(further);
    cluster.cutover(&arguments)
}

const WHOLE: &str =
    "poll.call();\ntraffic::admit(nodes);\npoll.call();\nkong::compare(cluster, before);";

#[test]
fn a_playbook_that_proves_less_is_refused_with_what_is_missing() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let nothing = upgrade(&cluster, "nothing", "", &[]);
    assert_eq!(nothing.code, Some(UNDONE), "{}", nothing.all);
    for missing in [
        "[kong.finish.unproven]",
        "`kong-1` was not polled out of rotation",
        "`kong-2` was not polled out of rotation",
        "`kong-1` is not in rotation",
        "the configuration was not compared after `up`",
    ] {
        assert!(nothing.all.contains(missing), "{missing}: {}", nothing.all);
    }
    assert_eq!(cluster.world(), old);
    let whole = upgrade(&cluster, "whole", WHOLE, &[]);
    assert_eq!(whole.code, Some(DONE), "{}", whole.all);
    cluster.roll_back("whole", &old);
}

#[test]
fn an_old_node_that_the_environment_does_not_list_is_found() {
    let cluster = PracticeCluster::up();
    let stray = cluster.stray_node();
    let run = upgrade(&cluster, "stray", WHOLE, &[]);
    assert_eq!(run.code, Some(PAUSED), "{}", run.all);
    assert!(
        run.all.contains("[kong.finish.old_node]") && run.all.contains(&stray),
        "{}",
        run.all
    );
}

#[test]
fn behind_a_pooler_a_person_is_asked() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let path = cluster.environment();
    let text = std::fs::read_to_string(&path).expect("the environment");
    let pooled = text.replacen(
        "[databases.main]",
        "[databases.main]\npooler = \"pooler:6432\"",
        1,
    );
    assert_ne!(pooled, text);
    std::fs::write(&path, pooled).expect("written");
    let asked = upgrade(&cluster, "pooled", WHOLE, &[]);
    assert_eq!(asked.code, Some(PAUSED), "{}", asked.all);
    assert!(
        asked
            .all
            .contains("Kong connects through the pooler `pooler:6432`"),
        "{}",
        asked.all
    );
    let given = cluster.cutover(&["resume", "pooled", "--approve", "practice"]);
    assert_eq!(given.code, Some(DONE), "{}", given.all);
    cluster.roll_back("pooled", &old);
}
