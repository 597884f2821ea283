//! Migrations under a freeze: they write configuration, so it is let go for them and taken up again, whatever came of them.

use crate::gateway::{Gateway, WriteDenial};
use crate::primitive::Failure;

/// Runs `work` while the database admits writes to the configuration, and denies them again where they were denied before.
///
/// A runner that dies in between leaves the denial suspended, which is a state of its own in the database: the step is then settled as
/// done in part, and its next attempt takes the freeze up again.
pub(in crate::primitive::kong) async fn with_writes_allowed<Outcome>(
    world: &impl Gateway,
    database: &str,
    work: impl Future<Output = Result<Outcome, Failure>>,
) -> Result<Outcome, Failure> {
    let found = world.write_denial(database).await?;
    if found == WriteDenial::On {
        world
            .set_write_denial(database, WriteDenial::Suspended)
            .await?;
    }
    let outcome = work.await;
    if found == WriteDenial::Off {
        return outcome;
    }
    let held = world.set_write_denial(database, WriteDenial::On).await;
    // What the work itself failed with says more than that the freeze could not be taken up either.
    outcome.and_then(|outcome| held.map(|()| outcome))
}
