//! What a program that did not run to its end is to a step.

use super::ProcessError;
use crate::gateway::Failure;

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        let code = match &error {
            ProcessError::NoLook { .. } => "look.program",
            ProcessError::Cut { .. } => Self::LOST,
            ProcessError::Spawn { .. }
            | ProcessError::Lost { .. }
            | ProcessError::Unrecorded { .. } => "process.failed",
        };
        Self::new(code, error.to_string())
    }
}
