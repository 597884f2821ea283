//! `rehearse` where pre-production is a cluster of its own: another server, other hosts, data planes that have what they serve of control planes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::practice_cluster::PracticeCluster;
use crate::topologies::hybrid;

/// Puts `other` into the environment of `cluster`, as `staging`, which has no load balancer.
fn with_staging(cluster: &PracticeCluster, other: &PracticeCluster) {
    let read = |cluster: &PracticeCluster| {
        fs::read_to_string(cluster.environment()).expect("an environment")
    };
    let theirs = read(other);
    let (_, clusters) = theirs.split_once("[clusters.practice]").expect("a cluster");
    let (clusters, _) = clusters.split_once("[storage]").expect("its end");
    let renamed = clusters
        .replace("clusters.practice", "clusters.staging")
        .replace("\"main\"", "\"copy\"")
        .replace("[databases.main]", "[databases.copy]")
        .replace("traffic = \"edge\"\n", "");
    let (renamed, _) = renamed.split_once("[traffic.").expect("a load balancer");
    let mut named = String::new();
    for line in renamed.lines() {
        // What is left of a name is one of this side's own.
        named += &line.replacen("name = \"", "name = \"staging-", 1);
        named.push('\n');
    }
    let text = format!("{}\n[clusters.staging]\n{named}", read(cluster));
    fs::write(cluster.environment(), text).expect("written");
}

/// Leaves of a cluster what pre-production has before a rehearsal: nodes that do not run, out of rotation, and no database.
fn empty(cluster: &PracticeCluster) {
    let playbook = cluster.write(
        "empty.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"kong.stop\", \"traffic.drain\"] };\n\
         let cluster = env::cluster(\"practice\");\n\
         traffic::drain(cluster.data_planes);\nkong::stop(cluster.nodes);\n",
    );
    let emptied = cluster.cutover(&["run", &playbook, "--approve", "practice"]);
    assert_eq!(emptied.code, Some(0), "{}", emptied.all);
    cluster.maintenance("DROP DATABASE kong");
}

fn levels(cluster: &PracticeCluster) -> Vec<bool> {
    let confs = (1..=5).map(|node| cluster.node_paths(node).0);
    confs
        .map(|conf| {
            fs::read_to_string(conf)
                .expect("there")
                .contains("log_level = warn")
        })
        .collect()
}

#[test]
fn a_hybrid_cluster_is_rehearsed_on_another_one_and_what_was_adapted_is_replayed_on_its_other_nodes()
 {
    let (production, staging) = (hybrid(), hybrid());
    empty(&staging);
    with_staging(&production, &staging);
    let seal = production.path().join("seal");
    fs::write(&seal, "a long and random key of the operators").expect("written");
    fs::set_permissions(&seal, fs::Permissions::from_mode(0o600)).expect("set");
    let seal = seal.display().to_string();
    let set =
        format!("\n[change_sets.to-3-4]\nfile = \"to-3-4.toml\"\nseal = {{ file = {seal:?} }}\n");
    let text = fs::read_to_string(production.environment()).expect("there");
    fs::write(production.environment(), text + set.as_str()).expect("written");
    let old = production.world();
    let paused = production.cutover(&[
        "run",
        "rehearse",
        "production=practice",
        "cluster=staging",
        "to=3.4.2",
        "checks=/health=200",
        "change_set=to-3-4",
        "--run-id",
        "rehearsal",
    ]);
    assert_eq!(paused.code, Some(8), "{}", paused.all);
    let (conf, ..) = staging.node_paths(1);
    let text = fs::read_to_string(&conf).expect("there");
    fs::write(&conf, text + "log_level = warn\n").expect("written");
    assert_eq!(levels(&staging), [true, false, false, false, false]);
    let resumed = production.cutover(&["resume", "rehearsal", "--approve", "practice"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.all);
    assert_eq!(levels(&staging), [true; 5]);
    assert!(
        resumed.all.contains(", 5 nodes started from 20"),
        "{}",
        resumed.all
    );
    let rehearsed = staging.world();
    assert_eq!(rehearsed.version(), Some("3.4.2"));
    assert_eq!(production.world(), old, "production was only read");

    let back = production.cutover(&["rollback", "rehearsal", "--confirm", "practice"]);
    assert_eq!(back.code, Some(0), "{}", back.all);
    let gone = staging.try_sql("SELECT 1").expect_err("no database");
    assert!(gone.contains("\"kong\" does not exist"), "{gone}");
    assert_eq!(levels(&staging)[1..], [false; 4]);
}
