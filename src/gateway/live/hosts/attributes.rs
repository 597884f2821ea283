//! Whom files of a host belong to and who may read them, and what lies below a directory.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Host, word};

/// A file's mode, and whom it belongs to by name.
pub(in crate::gateway::live) struct Attributes {
    pub(in crate::gateway::live) mode: u32,
    pub(in crate::gateway::live) user: String,
    pub(in crate::gateway::live) group: String,
}

impl Host {
    /// The attributes of a file, of a link those of what it leads to.
    pub(in crate::gateway::live) async fn attributes(&self, path: &Path) -> io::Result<Attributes> {
        let told = self
            .ask(&["stat", "-L", "-c", "%a %U %G", "--", word(path)?])
            .await?;
        let told = String::from_utf8_lossy(&told);
        let words: Vec<&str> = told.split_whitespace().collect();
        let [mode, user, group] = words[..] else {
            return Err(io::Error::other(format!("`stat` tells `{told}`")));
        };
        let mode = u32::from_str_radix(mode, 8).map_err(io::Error::other)?;
        Ok(Attributes {
            mode,
            user: user.to_owned(),
            group: group.to_owned(),
        })
    }

    /// The files below a directory, by their paths from there, in order; one more than `most` where there are more.
    pub(in crate::gateway::live) async fn files_below(
        &self,
        directory: &Path,
        most: usize,
    ) -> io::Result<Vec<String>> {
        let vector = ["find", word(directory)?, "-type", "f", "-printf", "%P\\0"];
        let told = match self.ask(&vector).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            told => told?,
        };
        let told = String::from_utf8_lossy(&told);
        let mut names: Vec<String> = told.split_terminator('\0').map(str::to_owned).collect();
        names.sort_unstable();
        names.truncate(most + 1);
        Ok(names)
    }

    /// What a program prints that reads and ends with 0.
    async fn ask(&self, vector: &[&str]) -> io::Result<Vec<u8>> {
        if let Self::There(there) = self {
            return there.told(vector).await;
        }
        let (program, arguments) = vector.split_first().expect("a program");
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .env("LC_ALL", "C")
            .kill_on_drop(true);
        let told = command.output().await?;
        if told.status.success() {
            return Ok(told.stdout);
        }
        let said = String::from_utf8_lossy(&told.stderr);
        Err(io::Error::new(
            super::files::kind(&said),
            said.trim().to_owned(),
        ))
    }
}
