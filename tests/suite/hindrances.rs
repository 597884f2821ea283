//! What is in the way of an upgrade outside of Kong: a node that the inventory lacks, a host without `sudo`. Found before anything is touched.

use std::fs;

use crate::practice_cluster::PracticeCluster;

/// Changes the environment file.
fn edit(cluster: &PracticeCluster, change: impl FnOnce(&str) -> String) {
    let path = cluster.environment();
    let text = fs::read_to_string(&path).expect("there");
    fs::write(&path, change(&text)).expect("written");
}

#[test]
fn a_node_behind_the_load_balancer_that_the_inventory_lacks_is_refused() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    edit(&cluster, |text| {
        let name = text.find("name = \"kong-2\"").expect("a node");
        let begins = text[..name].rfind("[[").expect("a table");
        let ends = text[name..]
            .find("\n[")
            .map_or(text.len(), |at| name + at + 1);
        format!("{}{}", &text[..begins], &text[ends..])
    });
    let refused = cluster.upgrade("unlisted", &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    for told in [
        "the load balancer of `practice` has servers that the environment does not list: `kong-2`",
        "list them under `[[clusters.practice.nodes]]`, take them out of the load balancer, or name those that may stay as they are",
    ] {
        assert!(refused.all.contains(told), "{told}: {}", refused.all);
    }
    assert_eq!(cluster.world(), old);
    // One that may stay as it is.
    edit(&cluster, |text| {
        let kind = text.find("[traffic.").expect("a load balancer");
        let ends = kind + text[kind..].find('\n').expect("a line") + 1;
        format!("{}others = [\"kong-2\"]\n{}", &text[..ends], &text[ends..])
    });
    let playbook = cluster.write(
        "listed.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"traffic.check_listed\"] };\ntraffic::check_listed(env::cluster(\"practice\"));\n",
    );
    let listed = cluster.cutover(&["run", &playbook, "--run-id", "listed"]);
    assert_eq!(listed.code, Some(0), "{}", listed.all);
}

#[test]
fn a_node_on_the_database_that_the_inventory_lacks_is_refused() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let stray = cluster.stray_node();
    let refused = cluster.upgrade("stray", &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    for told in [
        "the database of `practice` is used by what the environment does not list: process ",
        &format!(" with the prefix `{stray}`"),
        "[kong.leftovers.unlisted]",
        "list them in the environment file, so that they are upgraded with the others, or stop them",
    ] {
        assert!(refused.all.contains(told), "{told}: {}", refused.all);
    }
    assert_eq!(cluster.world(), old);
}

#[test]
fn a_host_without_sudo_is_refused_where_something_is_to_be_run_by_it() {
    if std::path::Path::new("/usr/bin/sudo").exists() {
        return println!("skipped: this machine has `sudo`");
    }
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    edit(&cluster, |text| {
        let name = "name = \"kong-1\"\n";
        text.replacen(
            name,
            &format!("{name}sudo = [\"/usr/bin/mv *\", \"/bin/true\"]\n"),
            1,
        )
    });
    let refused = cluster.upgrade("without", &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    for told in [
        "the node `kong-1` could not be upgraded as it stands: `sudo` was asked for its list: ",
        "; `sudo` was asked for `/bin/true`: ",
        "let the user whom commands run as do it without a password",
    ] {
        assert!(refused.all.contains(told), "{told}: {}", refused.all);
    }
    assert_eq!(cluster.world(), old);
}
