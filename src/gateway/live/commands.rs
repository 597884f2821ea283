//! Commands of the operator's own, on the hosts of nodes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::Live;
use super::process::{Ending, Program};
use crate::gateway::{CommandAnswer, Commands, Failure};

impl Commands for Live {
    async fn execute(
        &self,
        node: &str,
        command: &[String],
        within: Duration,
        _hoped: i32,
    ) -> Result<CommandAnswer, Failure> {
        let (_, found) = self.node(node).await?;
        let (first, arguments) = command
            .split_first()
            .ok_or_else(|| Failure::new("node.exec.command", "there is no command"))?;
        let path = match first.as_str() {
            "kong" => found.packages.command(),
            path => PathBuf::from(path),
        };
        let mut program = Program::new(path, within);
        program.arguments = arguments.iter().map(Into::into).collect();
        program.environment = login_environment();
        let host = self.host(&found).await?;
        let finished = self.run_program_on(&host, program.on(&found)).await?;
        match finished.ending {
            Ending::Exited(status) => Ok(CommandAnswer {
                status,
                stdout: finished.stdout,
                stderr: finished.stderr,
            }),
            Ending::Signalled(_) => Err(Failure::new(
                "node.exec.signal",
                format!("`{first}` on `{node}` was {}", finished.ending),
            )),
            Ending::Deadline => Err(Failure::new(
                "node.exec.deadline",
                format!(
                    "`{first}` on `{node}` was {}, after {} ms",
                    finished.ending,
                    within.as_millis()
                ),
            )
            .hint("give it longer: `#{ within: \"5m\" }`")),
        }
    }
}

/// What a login on a node would have too: a stripped or a richer environment changes which database Kong uses.
pub(super) fn login_environment() -> Vec<(OsString, OsString)> {
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    vec![("PATH".into(), path.into())]
}
