//! In what two worlds differ.

use crate::gateway::simulated::World;

/// A world without what a backup more or less changes, and without the moment at which a copy was made.
pub(super) fn essence(world: &World) -> World {
    let mut world = world.clone();
    for database in world.databases.values_mut() {
        database.free_bytes = 0;
        if database.copy_taken_at.is_some() {
            database.copy_taken_at = Some(jiff::Timestamp::UNIX_EPOCH);
        }
    }
    world
}

/// The parts of a world that differ, by name.
pub(super) fn difference(expected: &World, found: &World) -> String {
    let mut parts = Vec::new();
    for (name, node) in &found.nodes {
        if expected.nodes.get(name) != Some(node) {
            parts.push(format!("node `{name}`"));
        }
    }
    for (name, database) in &found.databases {
        if expected.databases.get(name) != Some(database) {
            parts.push(format!("database `{name}`"));
        }
    }
    if expected.practice_files != found.practice_files {
        parts.push("the practice files".to_owned());
    }
    parts.join(", ")
}
