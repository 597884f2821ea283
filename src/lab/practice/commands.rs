//! Running a program to its end, with its output in the error.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::PracticeError;

/// Runs `program` with `arguments`; its exit code must be 0.
pub(super) async fn run(program: &Path, arguments: &[&str]) -> Result<(), PracticeError> {
    let name = || format!("{} {}", program.display(), arguments.join(" "));
    let finished = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .current_dir("/")
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| PracticeError::Spawn {
            program: name(),
            source,
        })?;
    if finished.status.success() {
        return Ok(());
    }
    let output = [finished.stdout, finished.stderr].concat();
    Err(PracticeError::Failed {
        program: name(),
        output: String::from_utf8_lossy(&output).trim().to_owned(),
    })
}
