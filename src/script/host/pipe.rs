//! The child's process and the pipe to it: what crosses is bounded, counted and in order.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::HostError;
use super::meter::Meter;
use crate::environment::Budgets;
use crate::script::protocol::{FromChild, LONGEST_LINE, Numbered, ToChild};
use crate::script::soon::stay_awake;

/// The word that makes the binary the child.
pub(crate) const CHILD_WORD: &str = "script-host";

/// How long a process that closed its pipe has for its end.
const ENDING: Duration = Duration::from_secs(2);

/// A playbook's process and the conversation with it.
#[derive(Debug)]
pub(super) struct Pipe {
    /// Ended with this value: the child has nothing of its own to finish.
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(super) meter: Meter,
    /// How many messages came.
    received: u64,
}

impl Pipe {
    /// Starts the process, which confines itself by `budgets`.
    pub(super) fn open(budgets: &Budgets) -> std::io::Result<Self> {
        let budgets_word = serde_json::to_string(budgets).expect("plain data");
        let mut command = Command::new("/proc/self/exe");
        command.arg0("cutover").args([CHILD_WORD, &budgets_word]);
        Self::to(&mut command, budgets)
    }

    /// Starts `command` as the process.
    pub(super) fn to(command: &mut Command, budgets: &Budgets) -> std::io::Result<Self> {
        let mut child = command
            .env_clear()
            .current_dir("/")
            // Its own group: a Ctrl-C at the terminal is for the supervisor, which decides what it means.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().expect("piped above");
        let output = BufReader::new(child.stdout.take().expect("piped above"));
        Ok(Self {
            child,
            input,
            output,
            meter: Meter::new(*budgets),
            received: 0,
        })
    }

    /// Sends a message. A child that does not read is one that takes its time.
    pub(super) async fn send(&mut self, message: &ToChild) -> Result<(), HostError> {
        // Messages that nobody asked for: the child spoke before it had its answer.
        if !self.output.buffer().is_empty() && matches!(message, ToChild::Answer { .. }) {
            return Err(broke("spoke out of turn"));
        }
        let mut line = serde_json::to_vec(message).expect("messages are plain data");
        line.push(b'\n');
        let began = Instant::now();
        let written = tokio::time::timeout(self.meter.left(), self.input.write_all(&line)).await;
        self.meter.took(began.elapsed());
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(HostError::Died(self.how_it_ended().await)),
            Err(_) => Err(self.meter.out_of_time()),
        }
    }

    /// Waits for the next message, which is believed to be what it says and nothing more.
    pub(super) async fn receive(&mut self) -> Result<FromChild, HostError> {
        let mut line = Vec::new();
        let began = Instant::now();
        if self.output.buffer().is_empty() {
            stay_awake(self.output.get_ref());
        }
        let mut output = (&mut self.output).take(LONGEST_LINE as u64 + 1);
        let read = output.read_until(b'\n', &mut line);
        let read = tokio::time::timeout(self.meter.left(), read).await;
        self.meter.took(began.elapsed());
        let length = match read {
            Err(_) => return Err(self.meter.out_of_time()),
            Ok(Ok(0) | Err(_)) => return Err(HostError::Died(self.how_it_ended().await)),
            Ok(Ok(length)) => length,
        };
        if length > LONGEST_LINE {
            return Err(broke("sent a line that is too long"));
        }
        let message =
            Numbered::read(&line).ok_or_else(|| broke("sent something that is not a message"))?;
        self.received += 1;
        if message.number != self.received {
            return Err(broke("sent a message out of order"));
        }
        self.meter.received(length, &message)?;
        Ok(message.message)
    }

    async fn how_it_ended(&mut self) -> String {
        // Its pipe is closed, so it is ending; one that closed its pipe and lives on is ended when this value is dropped.
        match tokio::time::timeout(ENDING, self.child.wait()).await {
            Ok(Ok(status)) => format!("ended unexpectedly ({status})"),
            Ok(Err(error)) => format!("ended unexpectedly ({error})"),
            Err(_) => "closed its pipe and was ended".to_owned(),
        }
    }
}

/// What a child did that does not keep to the protocol.
pub(super) fn broke(how: &str) -> HostError {
    HostError::Died(how.to_owned())
}
