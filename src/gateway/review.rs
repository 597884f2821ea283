//! What a review asks of the world.

use super::Failure;
use crate::kong::advisories::Evidence;

/// Looking at all that the rules of a review are about.
pub trait Review {
    /// What is known of a cluster. What could not be looked at is unknown, with the reason; nothing fails but a cluster that is not there.
    async fn evidence(&self, cluster: &str) -> Result<Evidence, Failure>;
}
