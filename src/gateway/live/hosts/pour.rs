//! What a program of a host prints, whole and as it comes: answers that are longer than a captured output may be, and files that are
//! fetched. And the other way: a file that a host is given.
//!
//! None of it is kept in a log, since it may hold what nobody else is to read. Only for programs that read: their start is not written down.

use std::io;
use std::path::Path;
use std::time::Duration;

use openssh::Stdio;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::connection::{Connection, as_io};
use super::{Host, word};
use crate::gateway::live::process::{Program, command};

/// The most that is kept of what a program says of its trouble.
const TROUBLE: u64 = 64 << 10;

/// How many bytes of a file are sent at once.
const ROUND: usize = 64 << 10;

/// Writes standard input into a file that nobody else may read.
const STAGE: &str = r#"umask 077; mkdir -p -- "$1" && cat > "$1/$2""#;

/// How a program ended whose output was read whole.
pub(in crate::gateway::live) struct Poured {
    /// Its exit code; nothing where a signal ended it.
    pub(in crate::gateway::live) code: Option<i32>,
    /// The beginning of its standard error.
    pub(in crate::gateway::live) errors: String,
}

impl Host {
    /// Runs a program that reads, and hands on what it prints.
    pub(in crate::gateway::live) async fn pour(
        &self,
        program: &Program,
        into: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<Poured> {
        let pouring = async {
            match self {
                Self::Here => here(program, into).await,
                Self::There(there) => there.pour(program, into).await,
            }
        };
        let poured = timeout(program.deadline, pouring).await;
        poured.unwrap_or_else(|_| Err(late(program.deadline)))
    }

    /// Gives the host a file of ours, in a directory that is made where it is not there, for nobody else to read.
    pub(in crate::gateway::live) async fn stage(
        &self,
        from: &Path,
        directory: &Path,
        name: &str,
        within: Duration,
    ) -> io::Result<()> {
        let mut file = tokio::fs::File::open(from).await?;
        let Self::There(there) = self else {
            self.make_directory(directory).await?;
            return std::fs::copy(from, directory.join(name)).map(drop);
        };
        let vector = ["sh", "-c", STAGE, "cutover", word(directory)?, name];
        let staging = async {
            let ours = there.fill(&vector, &mut file).await?;
            if self.digest(&directory.join(name)).await? == ours {
                return Ok(());
            }
            let why = format!("`{name}` arrived as another one than was sent");
            Err(io::Error::other(why))
        };
        timeout(within, staging)
            .await
            .unwrap_or_else(|_| Err(late(within)))
    }
}

async fn here(program: &Program, into: &mut (impl AsyncWrite + Unpin)) -> io::Result<Poured> {
    let mut child = command(program).spawn()?;
    let output = child.stdout.take().expect("standard output is piped");
    let errors = child.stderr.take().expect("standard error is piped");
    let errors = both(output, errors, into).await?;
    let code = child.wait().await?.code();
    Ok(Poured { code, errors })
}

impl Connection {
    async fn pour(
        &self,
        program: &Program,
        into: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<Poured> {
        let mut command = self.session.command("env");
        command.arg("-i");
        for (name, value) in &program.environment {
            command.arg(format!("{}={}", text(name)?, text(value)?));
        }
        for own in program.words() {
            command.arg(text(&own)?);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().await.map_err(|error| as_io(&error))?;
        let output = child.stdout().take().expect("standard output is piped");
        let errors = child.stderr().take().expect("standard error is piped");
        let errors = both(output, errors, into).await?;
        let code = child.wait().await.map_err(|error| as_io(&error))?.code();
        Ok(Poured { code, errors })
    }

    /// Gives a program on the host its standard input; answers the SHA-256 of that.
    async fn fill(
        &self,
        vector: &[&str],
        from: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<String> {
        let mut command = self.session.command("env");
        command
            .arg("LC_ALL=C")
            .args(vector)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().await.map_err(|error| as_io(&error))?;
        let mut input = child.stdin().take().expect("standard input is piped");
        // One that does not want all of it says why when it ends.
        let given = async {
            let (mut digest, mut round) = (Sha256::new(), vec![0; ROUND]);
            loop {
                let count = from.read(&mut round).await?;
                if count == 0 {
                    break;
                }
                digest.update(&round[..count]);
                input.write_all(&round[..count]).await?;
            }
            input.shutdown().await?;
            Ok(hex::encode(digest.finalize()))
        };
        let given = given.await;
        drop(input);
        let ended = child
            .wait_with_output()
            .await
            .map_err(|error| as_io(&error))?;
        if ended.status.success() {
            return given;
        }
        let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
        Err(io::Error::new(super::files::kind(&said), said))
    }
}

/// Reads both outputs to their ends; answers the second.
async fn both(
    mut output: impl AsyncRead + Unpin,
    mut errors: impl AsyncRead + Unpin,
    into: &mut (impl AsyncWrite + Unpin),
) -> io::Result<String> {
    let pouring = async {
        tokio::io::copy(&mut output, into).await?;
        into.flush().await
    };
    let telling = async {
        let mut said = Vec::new();
        (&mut errors).take(TROUBLE).read_to_end(&mut said).await?;
        tokio::io::copy(&mut errors, &mut tokio::io::sink()).await?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    };
    let ((), said) = tokio::try_join!(pouring, telling)?;
    Ok(said)
}

fn late(within: Duration) -> io::Error {
    let why = format!("no end within {} s", within.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, why)
}

fn text(word: &std::ffi::OsStr) -> io::Result<&str> {
    word.to_str()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a word is not UTF-8"))
}
