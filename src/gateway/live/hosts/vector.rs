//! The words that start a program on another host.

use std::ffi::OsStr;
use std::io;

use super::launch::LAUNCHER;
use crate::gateway::live::process::Program;
use crate::gateway::live::secret::Secret;

/// Where the launcher finds what it needs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What is said to the launcher to let it go on: its token, then the environment.
pub(super) fn leave(program: &Program, token: &str) -> io::Result<String> {
    let mut said = format!("{token}\n");
    for (name, value) in &program.environment {
        let pair = format!("{}={}", text(name)?, text(value)?);
        if pair.contains('\n') {
            let why = format!("a line break stands in the variable `{}`", text(name)?);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        said.push_str(&pair);
        said.push('\n');
    }
    said.push('\n');
    Ok(said)
}

/// The words behind `setsid`: the launcher with its token and directory, the program and its arguments.
pub(super) fn vector(program: &Program, token: &str) -> io::Result<Vec<String>> {
    let directory = program.directory.as_deref();
    let directory = directory.map_or(OsStr::new("/"), |directory| directory.as_os_str());
    let path = format!("PATH={PATH}");
    let mut words: Vec<String> = [
        "--wait", "env", "-i", &path, "sh", "-c", LAUNCHER, "cutover", token,
    ]
    .map(str::to_owned)
    .into();
    words.push(text(directory)?);
    for own in program.words() {
        words.push(text(&own)?);
    }
    // Every process of a host sees the words that another one was started with.
    let shown = words.iter().any(|word| {
        let mut secrets = program.secrets.iter().map(Secret::expose);
        secrets.any(|secret| !secret.is_empty() && word.contains(secret))
    });
    if shown {
        let why = "a secret would stand in the words that start it";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(words)
}

fn text(word: &OsStr) -> io::Result<String> {
    let unusable = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
    let text = word
        .to_str()
        .ok_or_else(|| unusable("a word is not UTF-8"))?;
    if text.contains('\0') {
        return Err(unusable("a word holds a NUL"));
    }
    Ok(text.to_owned())
}
