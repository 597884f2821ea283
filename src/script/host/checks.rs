//! A file of checks in its process.

use serde_json::Value;

use super::{Host, HostError, Terms};
use crate::run::Raised;
use crate::script::Sources;
use crate::script::protocol::{FromChild, Loaded, SourceKind, ToChild};

impl Host {
    /// Loads a file of checks: parsed, checked and with its modules, in a process of its own.
    pub async fn load_checks(sources: Sources, terms: Terms) -> Result<(Self, Loaded), HostError> {
        Self::load_as(SourceKind::Checks, sources, terms).await
    }

    /// The checks that the file lists, as it wrote them.
    pub async fn list(&mut self) -> Result<Result<Value, Box<Raised>>, HostError> {
        self.begun = true;
        self.send(&ToChild::List).await?;
        match self.receive().await? {
            FromChild::Listed { listed } => Ok(listed),
            FromChild::Budget { what } => Err(HostError::Budget(what)),
            _ => Err(self.out_of_turn()),
        }
    }
}
