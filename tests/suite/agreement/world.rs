//! What no walk comes to or tells: commands that do not get to their end, nodes without their database, and the world itself, as it is
//! observed after what the model was told to do too.

use std::time::Duration;

use cutover::gateway::simulated::{Database, Durations, Simulated, World};
use cutover::gateway::{Databases as _, Kong as _, Practice as _, WriteDenial};
use cutover::kong::migrations::{MigrationState, parse_list, was_aborted};
use futures_util::FutureExt as _;

use super::Agreement;
use super::seldom::walk;
use crate::practice_cluster::PracticeCluster;

/// Nothing can be observed then, so the model is told.
#[test]
fn a_node_says_what_the_model_says_when_its_database_is_down() {
    let cluster = PracticeCluster::up();
    let observed = cluster.cutover(&["observe"]);
    let mut world = World::read(&observed.out).expect("an observed world");
    for database in world.databases.values_mut() {
        database.down = true;
    }
    let world = Simulated::new(world, Durations::built_in());
    let modelled = world.admin_status("kong-1").now_or_never();
    let modelled = modelled.expect("at once").expect("it answers");
    cluster.fault(&["database-down"]);
    assert_eq!(cluster.reaches_its_database(), modelled.database_reachable);
}

/// A playbook does not come so far: it looks for a lock first, and nothing in it breaks a migration off.
#[test]
fn commands_that_do_not_get_to_their_end_leave_what_the_model_says() {
    let cluster = PracticeCluster::up();
    let observed = cluster.cutover(&["observe"]);
    let world = || {
        let mut world = World::read(&observed.out).expect("an observed world");
        for node in world.nodes.values_mut() {
            node.installed = "3.4.2".parse().expect("a version");
        }
        world
    };
    let minute = Duration::from_mins(1);

    cluster.fault(&["lock-held", "3600"]);
    let mut locked = world();
    for database in locked.databases.values_mut() {
        database.migration_lock = true;
    }
    let locked = Simulated::new(locked, Durations::built_in());
    let modelled = locked.migrations_up("kong-1", minute).now_or_never();
    let modelled = modelled.expect("at once").expect("it runs");
    let up = cluster.start_kong("3.4.2", &["migrations", "up"]);
    cluster.wait_for(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT FROM locks%')",
    );
    cluster.fault(&["clear"]);
    let up = up.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&up.stdout);
    assert_eq!(modelled.aborted, was_aborted(&said), "{said}");
    assert_eq!(modelled.error.is_none(), up.status.success(), "{said}");
    assert_eq!(state(&locked), listed(&cluster));

    cluster.fault(&["migration-fails", "017_300_to_310"]);
    let broken = Simulated::new(world(), Durations::built_in());
    broken.break_off_next_up();
    let modelled = broken.migrations_up("kong-1", minute).now_or_never();
    let modelled = modelled.expect("at once").expect("it runs");
    let real = cluster.kong("3.4.2", &["migrations", "up"]);
    assert_eq!(
        modelled.error.is_some(),
        real.code != Some(0),
        "{}",
        real.all
    );
    assert_eq!(state(&broken), listed(&cluster));
}

/// What nothing that is compared step by step would tell.
#[test]
fn a_world_that_was_changed_is_observed_as_the_model_has_become() {
    let cluster = PracticeCluster::up();
    let observed = || World::read(&cluster.cutover(&["observe"]).out).expect("an observed world");
    let model = Simulated::new(observed(), Durations::built_in());
    let digest = || {
        let read = model.content_digest("main").now_or_never();
        read.expect("at once").expect("read").configuration
    };
    let (before, real_before) = (digest(), cluster.content());
    // The new package is there and the old version runs on.
    cluster.link(0, "3.4.2");
    model.interfere(|world| {
        let node = world.nodes.get_mut("kong-1").expect("a node");
        node.installed = "3.4.2".parse().expect("a version");
    });
    let minute = Duration::from_mins(1);
    for half in ["up", "finish"] {
        let real = cluster.kong("3.4.2", &["migrations", half]);
        assert_eq!(real.code, Some(0), "{}", real.all);
    }
    let up = model.migrations_up("kong-1", minute).now_or_never();
    assert_eq!(up.expect("at once").expect("it runs").error, None);
    let finished = model.migrations_finish("kong-1", minute).now_or_never();
    assert_eq!(finished.expect("at once").expect("it runs").error, None);
    assert_eq!(digest() != before, cluster.content() != real_before);
    walk(
        &mut Agreement::default(),
        &cluster,
        "deny",
        &["kong::freeze(c, #{ mode: \"deny\" })"],
    );
    let denied = model
        .set_write_denial("main", WriteDenial::On)
        .now_or_never();
    denied.expect("at once").expect("denied");
    let (seen, modelled) = (observed(), model.world());
    let node = |world: &World| {
        let node = &world.nodes["kong-1"];
        (node.installed, node.running)
    };
    assert_eq!(node(&seen), node(&modelled));
    let (seen, modelled) = (&seen.databases["main"], &modelled.databases["main"]);
    // In which order they ran is not told by `kong migrations list`.
    let sorted = |database: &Database| {
        let mut schema = database.schema.clone();
        schema.executed.values_mut().for_each(|names| names.sort());
        schema
    };
    assert_eq!(sorted(seen), sorted(modelled));
    assert_eq!(seen.write_denial, modelled.write_denial);
}

/// A file that is there is read, a write of somebody is in the digest, and a version without a package starts nowhere.
#[test]
fn a_look_at_the_model_tells_what_a_look_at_the_cluster_tells() {
    let cluster = PracticeCluster::up();
    let observed = cluster.cutover(&["observe"]);
    let world = World::read(&observed.out).expect("an observed world");
    let model = Simulated::new(world, Durations::built_in());
    let digest = || {
        let read = model.content_digest("main").now_or_never();
        read.expect("at once").expect("read").configuration
    };
    let (before, real_before) = (digest(), cluster.content());
    cluster.sql("UPDATE routes SET tags = ARRAY['written']");
    model.interfere(|world| world.databases.get_mut("main").expect("it is there").writes += 1);
    assert_eq!(digest() != before, cluster.content() != real_before);

    let path = cluster.write("file.rhai", FILE);
    let mut agreement = Agreement::default();
    agreement.compare(&cluster, &path, &[], "file");
    agreement.conclude("files and scratch nodes");
    let written = model
        .write_practice_file("left", Some("two"))
        .now_or_never();
    written.expect("at once").expect("written");
    let modelled = model.read_practice_file("left").now_or_never();
    let real = std::fs::read_to_string(cluster.storage().join("practice/left")).ok();
    assert_eq!(modelled.expect("at once").expect("read"), real);
}

const FILE: &str = r#"const PLAYBOOK = #{ api: 1, params: #{}, needs: ["practice.*", "kong.*", "database.*"] };
let c = env::cluster("practice");
practice::write("left", "two");
let backup = database::backup(c.database);
let copy = database::clone(c.database, backup);
let node = kong::scratch_node(c.nodes[0], "3.5.0", copy);
try { kong::migrate_scratch(node, #{ half: "up" }); } catch (problem) { run::note(`caught ${problem.code}`); }
try { kong::start_scratch(node); } catch (problem) { run::note(`caught ${problem.code}`); }
database::drop_copy(copy);
if false { practice::remove("left"); database::facts(c.database); }
"#;

/// What the model's `kong migrations list` says.
fn state(world: &Simulated) -> MigrationState {
    let state = world.migration_state("kong-1").now_or_never();
    state.expect("at once").expect("it is listed")
}

/// What the cluster's `kong migrations list` says.
fn listed(cluster: &PracticeCluster) -> MigrationState {
    let list = cluster.kong("3.4.2", &["migrations", "list"]);
    parse_list(list.code.expect("it ended"), &list.out, "").expect("understood")
}
