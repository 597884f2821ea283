//! In what two worlds differ.

use crate::environment::Role;
use crate::gateway::simulated::World;

/// A world without what a backup more or less changes, without the moment at which a copy was made, and without what data planes were handed.
pub(super) fn essence(world: &World) -> World {
    let mut world = world.clone();
    for database in world.databases.values_mut() {
        database.free_bytes = 0;
        if database.copy_taken_at.is_some() {
            database.copy_taken_at = Some(jiff::Timestamp::UNIX_EPOCH);
        }
    }
    without_handed(&mut world);
    world
}

/// Forgets what nodes without a database were given last: only that they have a configuration counts.
pub(super) fn without_handed(world: &mut World) {
    for node in world.nodes.values_mut() {
        let is_data_plane = node.role == Some(Role::DataPlane);
        if let Some(declared) = &mut node.declared {
            declared.sent_to = None;
            if is_data_plane {
                declared.hash = declared.hash.take().map(|_| "handed".to_owned());
            }
        }
    }
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
