//! On what terms a stranger's text is interpreted: the environment's budgets, and what is asked of the kernel.

use clap::ValueEnum;

use super::output;
use crate::environment::{Budgets, Environment};
use crate::journal::Sandbox;
use crate::script::{Host, Terms};

/// What is asked of the sandbox.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct SandboxArguments {
    /// Refuse where the kernel lacks a layer of the sandbox around the playbook's process; `cutover doctor` shows what it has.
    #[arg(long, value_name = "HOW", env = "CUTOVER_REQUIRE_SANDBOX")]
    require_sandbox: Option<Required>,
}

/// How much of the sandbox must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Required {
    /// Every layer.
    Full,
}

impl SandboxArguments {
    /// The terms in `environment`.
    pub(super) fn terms(self, environment: &Environment) -> Terms {
        self.with(environment.budgets)
    }

    /// The terms where no environment is named.
    pub(super) fn terms_anywhere(self) -> Terms {
        self.with(Budgets::default())
    }

    fn with(self, budgets: Budgets) -> Terms {
        Terms {
            budgets,
            require_full_sandbox: self.require_sandbox == Some(Required::Full),
        }
    }
}

/// Says what a playbook that will act is not held by.
pub(super) fn warn(host: &Host) {
    for (layer, why) in host.sandbox().into_iter().flat_map(Sandbox::lacking) {
        output::people(&format!(
            "warning: the playbook's process is held without {layer}: {why}"
        ));
    }
}
