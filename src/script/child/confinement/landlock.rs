//! Landlock: no path of any file system can be opened any more, and no TCP port bound or connected to.
//!
//! A ruleset without a rule denies everything that it handles. What this kernel's Landlock does not know yet is left out; the
//! version says how much that is.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, LandlockStatus, RestrictionStatus, Ruleset,
    RulesetAttr as _, RulesetError, RulesetStatus, Scope,
};

use crate::journal::Layer;

/// The newest version whose rights are asked for.
const NEWEST: ABI = ABI::V6;

/// Denies everything that this kernel's Landlock can deny, for this thread and those that it will start.
pub(super) fn enforce() -> Layer {
    match restrict() {
        Ok(RestrictionStatus {
            ruleset: RulesetStatus::NotEnforced,
            ..
        }) => Layer::Absent("this kernel has no Landlock, or it is switched off".to_owned()),
        Ok(status) => match status.landlock {
            LandlockStatus::Available { effective_abi, .. } => {
                Layer::Version(format!("ABI {}", effective_abi as i32))
            }
            _ => Layer::Active,
        },
        Err(problem) => Layer::Absent(problem.to_string()),
    }
}

fn restrict() -> Result<RestrictionStatus, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()
}
