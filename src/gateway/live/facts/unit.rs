//! The service of systemd's that a node's Kong is.

use super::inquiry::Inquiry;
use crate::gateway::UnitFacts;
use crate::gateway::live::service::{OfUnit, unit_name};
use crate::host::unit::{Finding, Hazard, LoadState, hazards};

impl Inquiry<'_> {
    pub(super) async fn unit(&self) -> Result<UnitFacts, String> {
        let name = unit_name(self.name, self.node);
        let name =
            name.ok_or("it is no service of systemd's: its own `kong` starts and stops it")?;
        let of = self.live.unit(self.host, self.node, name).await;
        of.map(of_unit).map_err(|failure| failure.message)
    }
}

/// Its environment holds secrets, and stays behind.
fn of_unit(of: OfUnit) -> UnitFacts {
    let found = hazards(&of.unit, &of.effective, &of.environment);
    let migrates = |finding: &Finding| matches!(finding.hazard, Hazard::Migrates(_));
    let unit = of.unit;
    let environment_files = of.effective.environment_files.into_iter();
    UnitFacts {
        name: unit.id,
        active: unit.active.to_string(),
        sub: unit.sub,
        enabled: unit.file_state.map(|state| state.to_string()),
        masked: unit.load == LoadState::Masked,
        restart: unit.restart.to_string(),
        needs_reload: unit.needs_reload,
        migrates: found.iter().any(migrates),
        files: unit.fragment.into_iter().chain(unit.drop_ins).collect(),
        environment_files: environment_files.map(|file| file.what.path).collect(),
        hazards: found
            .iter()
            .map(|finding| format!("{} ({})", finding.hazard, finding.at))
            .collect(),
    }
}
