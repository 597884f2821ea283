//! The one place where steps start programs: it says which may be, and writes down which were, so that the next runner can end what a
//! dead one left at work.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::rc::Rc;

use tempfile::TempDir;

use super::error::PostgresError;
use crate::environment::Access;
use crate::gateway::ProcessIdentity;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::look;
use crate::gateway::live::process::{Finished, ProcessError, Program};

/// What may be started, and whom each start is told to before anything is awaited; an error there ends the program at once.
#[derive(Clone, Default)]
pub struct Starts {
    access: Access,
    recording: Option<Rc<Recording>>,
    /// Where files lie that are for one program alone; nothing for the system's own place.
    files: Option<PathBuf>,
}

type Recording = dyn Fn(&str, &ProcessIdentity) -> io::Result<()>;

impl Starts {
    /// Starts that `record` writes down.
    #[must_use]
    pub fn recorded(record: impl Fn(&str, &ProcessIdentity) -> io::Result<()> + 'static) -> Self {
        Self {
            recording: Some(Rc::new(record)),
            ..Self::default()
        }
    }

    /// The same within what `access` admits.
    #[must_use]
    pub(in crate::gateway::live) fn within(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// The same with what is for one program alone in `directory`, of which whoever comes after a killed runner knows.
    pub(in crate::gateway::live) fn with_files_in(self, directory: PathBuf) -> Self {
        let files = Some(directory);
        Self { files, ..self }
    }

    /// A directory of ours alone, for the files of one program.
    pub(super) fn private_directory(&self) -> Result<TempDir, PostgresError> {
        let parent = self.files.clone().unwrap_or_else(std::env::temp_dir);
        let made = std::fs::create_dir_all(&parent).and_then(|()| {
            tempfile::Builder::new()
                .prefix("cutover-")
                .permissions(std::fs::Permissions::from_mode(0o700))
                .tempdir_in(&parent)
        });
        made.map_err(PostgresError::file(&parent))
    }

    /// Runs `program` here to its end, writing its start down under `name`.
    pub(in crate::gateway::live) async fn run(
        &self,
        name: &str,
        program: &Program,
    ) -> Result<Finished, ProcessError> {
        self.run_on(&Host::Here, name, program).await
    }

    /// The same on a host.
    pub(in crate::gateway::live) async fn run_on(
        &self,
        host: &Host,
        name: &str,
        program: &Program,
    ) -> Result<Finished, ProcessError> {
        if !look::admits_program(self.access, program) {
            return Err(ProcessError::NoLook {
                program: program.program.clone(),
                first: program.arguments.first().cloned().unwrap_or_default(),
            });
        }
        let record = |process: &ProcessIdentity| match &self.recording {
            Some(record) => record(name, process),
            None => Ok(()),
        };
        host.run(program, record).await
    }
}

impl fmt::Debug for Starts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.recording.is_some() {
            "recorded"
        } else {
            "unrecorded"
        })
    }
}
