//! Watching clients in the model: there are none, so nothing is sent and nothing fails.

use super::Simulated;
use crate::gateway::{Failure, Moment, Probe, Probing, Seen};

impl Probing for Simulated {
    async fn watch(&self, _cluster: &str, _probe: &Probe) -> Result<(), Failure> {
        Ok(())
    }

    async fn unwatch(&self, _cluster: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn watched(&self, _cluster: &str) -> Result<Seen, Failure> {
        Ok(Seen::default())
    }

    fn seen(&self) -> Vec<(String, Moment, Seen)> {
        Vec::new()
    }

    async fn stop_watching(&self) {}
}
