//! What a way back would lose: what others wrote into the configuration after the migration.

use super::{Gate, People};
use crate::gateway::{Gateway, Since};
use crate::journal::WaysBack;
use crate::primitive::{Failure, Migrated};

/// What a way back that nobody asked for would lose: configuration that somebody wrote after the migration.
pub(super) async fn would_lose<World: Gateway, Person: People>(
    gate: &Gate<World, Person>,
) -> Option<String> {
    let ways = gate.recorder.state(WaysBack::of)?;
    // Where `up` did not end well there is nothing to compare with; no node of the new version has run then.
    let after_up = ways.after_up?;
    match written_since(&gate.world, &ways.database, &after_up).await {
        Ok(None) => None,
        Ok(Some(what)) => Some(format!(
            "nothing is undone by itself, since somebody wrote {what} after the migration and going back would lose it"
        )),
        Err(failure) => Some(format!(
            "nothing is undone by itself, since it cannot be seen whether somebody wrote after the migration: {failure}"
        )),
    }
}

/// What others wrote into the configuration since `up`: its tables where a baseline was kept, else that they did.
async fn written_since(
    world: &impl Gateway,
    database: &str,
    after_up: &Migrated,
) -> Result<Option<String>, Failure> {
    let Some(baseline) = &after_up.baseline else {
        let now = world.content_digest(database).await?;
        let before = after_up.content.as_ref();
        let same = before.is_none_or(|before| before.configuration == now.configuration);
        return Ok((!same).then(|| "configuration".to_owned()));
    };
    let since = Since::Baseline(baseline.clone());
    let writes = world.writes_since(database, &since).await?;
    let tables: Vec<&str> = writes
        .configuration
        .iter()
        .map(|writes| writes.table.as_str())
        .collect();
    Ok((!tables.is_empty()).then(|| format!("to {}", tables.join(", "))))
}
