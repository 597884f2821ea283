//! Running a program on a host over SSH, as one is run here: exact arguments, an environment of its own, a process group, a deadline,
//! its start told before it acts.

use std::io;
use std::time::{Duration, Instant};

use openssh::Stdio;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::time::timeout;
use uuid::Uuid;

use super::connection::{Connection, words};
use super::launch::{ENDER, WAS_THERE, ending};
use super::reply::{first_line, up_to_end};
use super::vector::{self, vector};
use crate::gateway::live::process::{
    AFTERMATH, Capture, Ending, Finished, ProcessError, Program, Stream,
};
use crate::gateway::{Failure, ProcessIdentity};

/// How long a host may take to start a program, and to say whether one is gone.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a killed process may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

impl Connection {
    pub(super) async fn run(
        &self,
        program: &Program,
        started: impl FnOnce(&ProcessIdentity) -> io::Result<()>,
    ) -> Result<Finished, ProcessError> {
        let named = || program.program.clone();
        let not_started = |source| ProcessError::Spawn {
            program: named(),
            source,
        };
        let lost = |source| ProcessError::Lost {
            program: named(),
            source,
        };
        let token = Uuid::new_v4().simple().to_string();
        let words = vector(program, &token).map_err(not_started)?;
        let said = vector::leave(program, &token).map_err(not_started)?;
        let capture = Capture::new(&program.secrets, program.log.as_deref()).map_err(lost)?;
        let begin = Instant::now();
        let mut child = self
            .session
            .command("setsid")
            .args(&words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .await
            .map_err(|error| not_started(self.broken(&error)))?;
        let mut leave = child.stdin().take().expect("standard input is piped");
        let mut output = BufReader::new(child.stdout().take().expect("standard output is piped"));
        let errors = child.stderr().take().expect("standard error is piped");
        let telling = timeout(ANSWER, first_line(&mut output, &token, &self.node)).await;
        let identity = match telling {
            Ok(Ok(Some(identity))) => identity,
            // Without leave it never acts: what was begun ends with its input.
            Ok(Ok(None)) => return Err(not_started(self.silent(errors).await)),
            Ok(Err(error)) => return Err(not_started(error)),
            Err(_) => return Err(not_started(self.late())),
        };
        started(&identity).map_err(|source| ProcessError::Unrecorded {
            program: named(),
            source,
        })?;
        // From here on it may have acted.
        let cut = |why: String| ProcessError::Cut {
            program: named(),
            why,
        };
        let leaving = leave.write_all(said.as_bytes()).await;
        drop(leave);
        leaving.map_err(|error| cut(format!("on `{}`: {error}", self.destination)))?;
        let mut reading = std::pin::pin!(capture.read(output, Stream::Out));
        let mut ended = std::pin::pin!(up_to_end(errors, &capture, &token));
        let mut deadline = std::pin::pin!(tokio::time::sleep(program.deadline));
        let mut is_read = false;
        let code = loop {
            tokio::select! {
                code = &mut ended => break code.map_err(|error| cut(error.to_string()))?,
                // A full disk here ends nothing there, so what is begun is ended before anybody goes on.
                result = &mut reading, if !is_read => { result.map_err(|error| cut(error.to_string()))?; is_read = true; }
                () = &mut deadline => {
                    self.end_for_certain(&identity).await.map_err(|failure| cut(failure.message))?;
                    break Some(DEADLINE);
                }
            }
        };
        let ending = match code {
            Some(DEADLINE) => Ending::Deadline,
            Some(code) => ending(code),
            None => return Err(cut(self.why_silent().await)),
        };
        if !is_read && let Ok(result) = timeout(AFTERMATH, &mut reading).await {
            result.map_err(lost)?;
        }
        let (stdout, stderr) = capture.finish().map_err(lost)?;
        Ok(Finished {
            ending,
            stdout,
            stderr,
            duration: begin.elapsed(),
        })
    }

    /// Whether a process is still there.
    pub(in crate::gateway::live) async fn is_there(
        &self,
        process: &ProcessIdentity,
    ) -> Result<bool, Failure> {
        self.signal(process, "0").await
    }

    /// Sends a signal to a process with its group, if it is still there. Answers whether it was.
    async fn signal(&self, process: &ProcessIdentity, signal: &str) -> Result<bool, Failure> {
        let (pid, started) = (process.pid.to_string(), process.started.to_string());
        let mut command = self.session.command("sh");
        command.args([
            "-c",
            ENDER,
            "cutover",
            &pid,
            &started,
            &process.boot,
            signal,
        ]);
        let unseen = |why: String| {
            let message = format!(
                "whether process {pid} still runs on `{}` cannot be seen: {why}",
                self.destination
            );
            Failure::new("process.alive", message)
        };
        let told = timeout(ANSWER, command.output()).await;
        let told = told.map_err(|_| unseen(self.late().to_string()))?;
        let told = told.map_err(|error| unseen(words(&error)))?;
        match told.status.code() {
            Some(0) => Ok(false),
            Some(WAS_THERE) => Ok(true),
            _ => Err(unseen(String::from_utf8_lossy(&told.stderr).into_owned())),
        }
    }

    /// Kills a process, and waits until it is gone.
    pub(in crate::gateway::live) async fn end_for_certain(
        &self,
        process: &ProcessIdentity,
    ) -> Result<(), Failure> {
        let ending = async {
            while self.signal(process, "KILL").await? {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(())
        };
        timeout(PATIENCE, ending).await.unwrap_or_else(|_| {
            let message = format!(
                "process {} on `{}` does not end",
                process.pid, self.destination
            );
            Err(Failure::new("process.alive", message))
        })
    }

    fn broken(&self, error: &openssh::Error) -> io::Error {
        let message = format!(
            "the connection to `{}` failed: {}",
            self.destination,
            words(error)
        );
        io::Error::other(message)
    }

    fn late(&self) -> io::Error {
        let message = format!(
            "`{}` does not answer within {} s",
            self.destination,
            ANSWER.as_secs()
        );
        io::Error::new(io::ErrorKind::TimedOut, message)
    }

    /// Why nothing was started, by what was said instead.
    async fn silent(&self, errors: impl tokio::io::AsyncRead + Unpin) -> io::Error {
        let said = async {
            let capture = Capture::new(&[], None).ok()?;
            capture.read(errors, Stream::Error).await.ok()?;
            Some(capture.finish().ok()?.1)
        };
        let said = timeout(AFTERMATH, said).await.ok().flatten();
        let said = said.unwrap_or_default();
        let why = match said.trim() {
            "" => "its login started nothing".to_owned(),
            said => said.to_owned(),
        };
        io::Error::other(format!("on `{}`: {why}", self.destination))
    }

    /// Why nothing told how a program ended: the connection, or somebody there who ended it.
    async fn why_silent(&self) -> String {
        let is_open = timeout(ANSWER, self.session.check()).await;
        let why = match is_open {
            Ok(Ok(())) => "somebody there ended it",
            _ => "the connection was cut",
        };
        format!("on `{}`: {why}", self.destination)
    }
}

/// Stands for a program that was killed at its deadline; no shell gives such a code.
const DEADLINE: i32 = i32::MIN;
