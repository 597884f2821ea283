//! Running a program: exact arguments, no shell, an empty environment plus what is given, a process group and a deadline.
//!
//! Invariant: a group whose leader was not seen to end is killed when the future ends, whatever ends it. This file knows how to
//! run programs and nothing of what they do.

mod capture;
mod failure;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::environment::Node;
use crate::gateway::ProcessIdentity;
pub(super) use capture::{Capture, Stream};

/// How long output may still come after the program itself has ended. A service that it started may keep the pipe open for ever.
pub(super) const AFTERMATH: Duration = Duration::from_secs(1);

/// How long a killed program may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A program to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program: a path, or a name looked up in our own `PATH`.
    pub program: PathBuf,
    /// Its arguments, exactly.
    pub arguments: Vec<OsString>,
    /// Whether it is run as root, by `sudo`, which must not ask for a password.
    pub as_root: bool,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory; `/` where absent.
    pub directory: Option<PathBuf>,
    /// When it is killed, with its group.
    pub deadline: Duration,
    /// What is blacked out in everything it prints.
    pub secrets: Vec<Secret>,
    /// Where the whole of both outputs goes, blacked out; memory keeps the beginning and the end only.
    pub log: Option<PathBuf>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// It exited with a code.
    Exited(i32),
    /// A signal that was not ours ended it.
    Signalled(i32),
    /// Its deadline passed and its group was killed.
    Deadline,
}

/// What a process left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// Standard output, blacked out, at most 128 KiB of it: the beginning and the end.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// From start to end.
    pub duration: Duration,
}

/// Why a program could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("cannot start `{}`: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does more than look, for somebody who only looks; it was not started.
    #[error("`{} {}` is no look, and nothing else is started here", program.display(), first.display())]
    NoLook {
        /// The program.
        program: PathBuf,
        /// Its first argument.
        first: OsString,
    },
    /// Its output could not be read or kept, or its end not be awaited.
    #[error("lost `{}`: {source}", program.display())]
    Lost {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The connection to its host was cut, or somebody there ended it, once it had begun: what became of it is not known.
    #[error("lost `{}` {why}", program.display())]
    Cut {
        /// The program.
        program: PathBuf,
        /// How.
        why: String,
    },
    /// Its start could not be written down, so it was killed.
    #[error("cannot record the start of `{}`: {source}", program.display())]
    Unrecorded {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Program {
    /// `program` without arguments and environment.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, deadline: Duration) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            as_root: false,
            environment: Vec::new(),
            directory: None,
            deadline,
            secrets: Vec::new(),
            log: None,
        }
    }
}

impl Program {
    /// The same as it is run on a node: as root where the environment file lists it.
    #[must_use]
    pub(super) fn on(self, node: &Node) -> Self {
        self.root_where(|words| node.wants_sudo(words))
    }

    /// The same as it is run where this tells whether its words are listed to be run as root.
    #[must_use]
    pub(super) fn root_where(self, is_listed: impl FnOnce(&[String]) -> bool) -> Self {
        let words = std::iter::once(self.program.as_os_str())
            .chain(self.arguments.iter().map(OsString::as_os_str));
        let words: Vec<String> = words
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        Self {
            as_root: is_listed(&words),
            ..self
        }
    }

    /// Whether it is run as root by `sudo`.
    pub(super) fn is_as_root(&self) -> bool {
        self.as_root
    }

    /// The words that start it.
    pub(super) fn words(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        if self.as_root {
            words.extend(["sudo".into(), "-n".into()]);
            // It takes away the environment, and has a path of its own.
            let names = self.environment.iter().map(|(name, _)| name);
            let kept: Vec<_> = names.filter(|name| *name != "PATH").collect();
            if !kept.is_empty() {
                let mut option = OsString::from("--preserve-env=");
                for (place, name) in kept.into_iter().enumerate() {
                    if place > 0 {
                        option.push(",");
                    }
                    option.push(name);
                }
                words.push(option);
            }
            words.push("--".into());
        }
        words.push(self.program.clone().into_os_string());
        words.extend(self.arguments.iter().cloned());
        words
    }
}

impl Ending {
    /// Whether it exited with 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Exited(0)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(formatter, "exit code {code}"),
            Self::Signalled(signal) => write!(formatter, "ended by signal {signal}"),
            Self::Deadline => formatter.write_str("killed at its deadline"),
        }
    }
}

/// Runs `program` to its end. `started` is called before anything is awaited; its error kills the program.
pub async fn run(
    program: &Program,
    started: impl FnOnce(&ProcessIdentity) -> io::Result<()>,
) -> Result<Finished, ProcessError> {
    let lost = |source| ProcessError::Lost {
        program: program.program.clone(),
        source,
    };
    let capture = Capture::new(&program.secrets, program.log.as_deref()).map_err(lost)?;
    let begin = Instant::now();
    let mut child = command(program)
        .spawn()
        .map_err(|source| ProcessError::Spawn {
            program: program.program.clone(),
            source,
        })?;
    let pid = child
        .id()
        .expect("a child that nobody awaited has its process id");
    let mut group = Group(Pid::from_raw(pid.cast_signed()));
    // One that has ended already has no identity any more, and nobody has to look for it later.
    let recorded = ProcessIdentity::of(pid).map_or(Ok(()), |identity| started(&identity));
    recorded.map_err(|source| ProcessError::Unrecorded {
        program: program.program.clone(),
        source,
    })?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    let mut reading = std::pin::pin!(async {
        tokio::try_join!(
            capture.read(stdout, Stream::Out),
            capture.read(stderr, Stream::Error)
        )
    });
    let deadline = tokio::time::sleep(program.deadline);
    let mut read = false;
    let status = {
        let mut deadline = std::pin::pin!(deadline);
        loop {
            tokio::select! {
                status = child.wait() => break Some(status.map_err(lost)?),
                result = &mut reading, if !read => { result.map_err(lost)?; read = true; }
                () = &mut deadline => break None,
            }
        }
    };
    let ending = if let Some(status) = status {
        match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Signalled(signal.unwrap_or_default()),
        }
    } else {
        group.kill();
        // What `sudo` started is not ours to end; it is told as something that may go on, and not waited for without an end.
        match tokio::time::timeout(PATIENCE, child.wait()).await {
            Ok(ended) => ended.map_err(lost)?,
            Err(_) => {
                return Err(ProcessError::Cut {
                    program: program.program.clone(),
                    why: format!("at its deadline: process {pid} does not end"),
                });
            }
        };
        Ending::Deadline
    };
    // The leader was seen to end: its number may soon be somebody else's.
    group.0 = None;
    if !read && let Ok(result) = tokio::time::timeout(AFTERMATH, &mut reading).await {
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

/// The command that starts it, in a group of its own.
pub(super) fn command(program: &Program) -> tokio::process::Command {
    let mut words = program.words().into_iter();
    let mut command = tokio::process::Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .env_clear()
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .current_dir(program.directory.as_deref().unwrap_or("/".as_ref()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// A process group that is killed unless its leader was seen to end.
struct Group(Option<Pid>);

impl Group {
    fn kill(&self) {
        if let Some(pid) = self.0 {
            // The group may be gone already, which is as good.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn shell(script: &str, deadline: Duration) -> Program {
        let mut program = Program::new("/bin/sh", deadline);
        program.arguments = vec!["-c".into(), script.into()];
        program
    }

    #[test]
    fn root_gets_the_environment_by_name_alone() {
        let mut program = Program::new("/usr/bin/apt-get", MINUTE);
        program.arguments = vec!["update".into()];
        assert_eq!(program.words(), ["/usr/bin/apt-get", "update"]);
        program.as_root = true;
        program.environment = [
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("KONG_PG_PASSWORD", "hunter2"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        let words = [
            "sudo",
            "-n",
            "--preserve-env=LC_ALL,KONG_PG_PASSWORD",
            "--",
            "/usr/bin/apt-get",
            "update",
        ];
        assert_eq!(program.words(), words);
    }

    #[tokio::test]
    async fn output_code_and_start_are_reported() {
        let mut seen = None;
        let directory = tempfile::tempdir().expect("a directory");
        let recorded = directory.path().join("recorded");
        // It waits until it is recorded: one that has ended by then has no identity any more.
        let line = format!(
            "until [ -e '{}' ]; do sleep 0.01; done; echo out; echo err >&2; env; exit 3",
            recorded.display()
        );
        let program = shell(&line, MINUTE);
        let finished = run(&program, |started| {
            seen = Some(started.clone());
            std::fs::write(&recorded, "").expect("written");
            Ok(())
        })
        .await
        .expect("ran");
        assert_eq!(finished.ending, Ending::Exited(3));
        assert!(finished.stdout.starts_with("out\n"));
        assert!(!finished.stdout.contains("HOME="), "{}", finished.stdout);
        assert_eq!(finished.stderr, "err\n");
        let seen = seen.expect("called");
        assert!(seen.pid > 0 && seen.started > 0 && !seen.boot.is_empty());
    }

    #[tokio::test]
    async fn secrets_are_blacked_out_in_memory_and_in_the_log() {
        let directory = tempfile::tempdir().expect("a directory");
        let log = directory.path().join("log");
        let mut program = shell("printf hun; sleep 0.05; echo ter2 done", MINUTE);
        program.secrets = vec![Secret::new("hunter2")];
        program.log = Some(log.clone());
        let finished = run(&program, |_| Ok(())).await.expect("ran");
        assert_eq!(finished.stdout, "[secret] done\n");
        assert_eq!(
            std::fs::read_to_string(log).expect("a log"),
            "[secret] done\n"
        );
    }

    #[tokio::test]
    async fn long_output_keeps_its_beginning_and_its_end() {
        let program = shell(
            "echo first; head -c 1000000 /dev/zero | tr '\\0' x; echo last",
            MINUTE,
        );
        let finished = run(&program, |_| Ok(())).await.expect("ran");
        assert!(finished.stdout.starts_with("first\n") && finished.stdout.ends_with("last\n"));
        assert!(finished.stdout.len() < 140_000 && finished.stdout.contains("bytes left out"));
    }

    #[tokio::test]
    async fn the_whole_group_dies_at_the_deadline() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("pid");
        let script = format!(
            "sleep 60 & echo $! > {}; echo ready; sleep 60",
            file.display()
        );
        let program = shell(&script, Duration::from_millis(500));
        let finished = run(&program, |_| Ok(())).await.expect("ran");
        assert_eq!(finished.ending, Ending::Deadline);
        let pid: u32 = std::fs::read_to_string(file)
            .expect("written")
            .trim()
            .parse()
            .expect("a pid");
        let end = Instant::now() + Duration::from_secs(5);
        while is_running(pid) {
            assert!(Instant::now() < end, "the grandchild lives");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn an_unrecorded_start_kills() {
        let mut pid = 0;
        let failed = run(&shell("sleep 60", MINUTE), |started| {
            pid = started.pid;
            Err(io::Error::other("full"))
        })
        .await;
        assert!(matches!(failed, Err(ProcessError::Unrecorded { .. })));
        let end = Instant::now() + Duration::from_secs(5);
        while is_running(pid) {
            assert!(Instant::now() < end, "the child lives");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn is_running(pid: u32) -> bool {
        // A zombie has ended; whoever inherited it has just not looked yet.
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.contains(") Z "))
    }
}
