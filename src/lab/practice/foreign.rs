//! Servers of the distribution that live as long as the cluster.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::ledger::Ledger;
use super::parts::wait_until;
use super::{PracticeError, Process};

/// How long one may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Refuses what is not installed, before anything is made.
pub(super) fn require(program: &'static str) -> Result<(), PracticeError> {
    if Path::new(program).exists() {
        Ok(())
    } else {
        Err(PracticeError::NotInstalled { program })
    }
}

/// A server of the distribution that lives as long as the cluster.
pub(super) struct Foreign {
    /// Its name in the ledger.
    pub(super) name: &'static str,
    pub(super) program: &'static str,
    pub(super) arguments: Vec<OsString>,
    /// Its own directory, where its log is.
    pub(super) directory: PathBuf,
}

impl Foreign {
    /// Starts it, enters it in the `ledger` of `cluster`, and waits until it `listens`.
    pub(super) async fn start(
        &self,
        cluster: &Path,
        ledger: &mut Ledger,
        listens: impl AsyncFn() -> bool,
    ) -> Result<(), PracticeError> {
        let failed = |source| PracticeError::Spawn {
            program: self.program.to_owned(),
            source,
        };
        let output = std::fs::File::create(self.log()).map_err(failed)?;
        let child = Command::new(self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output)
            .current_dir("/")
            .env_clear()
            // What a terminal sends to a command is not for it.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let pid = i32::try_from(child.id()).expect("process ids are positive and fit");
        let process = Process::of(pid).ok_or_else(|| self.ended())?;
        ledger
            .processes
            .insert(self.name.to_owned(), process.clone());
        ledger.save(cluster)?;
        let late = format!("{} does not listen", self.name);
        let settled = async || listens().await || !process.is_alive();
        wait_until(&late, PATIENCE, settled).await?;
        if process.is_alive() {
            Ok(())
        } else {
            Err(self.ended())
        }
    }

    fn ended(&self) -> PracticeError {
        PracticeError::Failed {
            program: self.program.to_owned(),
            output: std::fs::read_to_string(self.log()).unwrap_or_default(),
        }
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }
}
