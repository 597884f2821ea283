//! Files that are no longer as their package brought them: the lines of `dpkg --verify` and `rpm -V`. After `dpkg(1)`, `rpm(8)` and
//! answers recorded from dpkg 1.21 and rpm 4.18.

use serde::Serialize;

/// A file that is not as its package brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The file.
    pub path: String,
    /// Whether it is one of configuration, which is there to be changed.
    pub is_configuration: bool,
    /// What became of it.
    pub change: Change,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is gone, or cannot be looked at.
    Missing,
    /// Its content is another.
    Content,
    /// Only its owner, mode, time or the like are others; by rpm's letters.
    Attributes(String),
    /// It could not be read.
    Unreadable,
}

/// A line that tells of no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer tells of no file: `{text}`")]
pub struct VerifyError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// How many flags a line begins with.
const FLAGS: usize = 9;

/// Reads all lines. Nothing at all is a package as it was brought.
pub(super) fn changed(answer: &str) -> Result<Vec<Changed>, VerifyError> {
    let lines = answer.lines().zip(1..).filter(|(text, _)| !text.is_empty());
    let read = |(text, line): (&str, usize)| {
        of(text).ok_or_else(|| VerifyError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// `??5?????? c /etc/kong/kong.logrotate`, `S.5....T.    /usr/local/bin/kong`, `missing     /usr/local/bin/kong`.
fn of(text: &str) -> Option<Changed> {
    let start = text.find('/')?;
    let (before, path) = text.split_at(start);
    let mut words = before.split_whitespace();
    let flags = words.next()?;
    let kind = words.next().unwrap_or_default();
    if words.next().is_some() || kind.len() > 1 {
        return None;
    }
    let (path, change) = match flags {
        "missing" => (without_reason(path), Change::Missing),
        _ => (path, change(flags)?),
    };
    Some(Changed {
        path: path.to_owned(),
        is_configuration: kind == "c",
        change,
    })
}

/// The letters are rpm's. dpkg writes `?` for what it does not look at, and rpm for what it cannot; there a content that was not
/// compared is what counts.
fn change(flags: &str) -> Option<Change> {
    let is_flag = |letter: char| letter.is_ascii_uppercase() || ".?5".contains(letter);
    if flags.len() != FLAGS || !flags.chars().all(is_flag) {
        return None;
    }
    let content = flags.chars().nth(2)?;
    let others: String = flags.chars().filter(char::is_ascii_uppercase).collect();
    Some(match content {
        '5' => Change::Content,
        '?' => Change::Unreadable,
        // Another size is another content, though nobody has compared it.
        _ if others.contains('S') => Change::Content,
        _ => Change::Attributes(others),
    })
}

/// Behind a missing file's name stands why, unless it is just not there.
fn without_reason(path: &str) -> &str {
    match path
        .strip_suffix(')')
        .and_then(|path| path.rsplit_once(" ("))
    {
        Some((path, _)) => path,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, is_configuration: bool, change: Change) -> Changed {
        Changed {
            path: path.to_owned(),
            is_configuration,
            change,
        }
    }

    #[test]
    fn lines_of_dpkg_are_read() {
        let answer = "missing   c /etc/kong/kong.conf.default\n??5?????? c /etc/kong/kong.logrotate\n??5??????   /usr/local/bin/kong\n";
        let read = vec![
            file("/etc/kong/kong.conf.default", true, Change::Missing),
            file("/etc/kong/kong.logrotate", true, Change::Content),
            file("/usr/local/bin/kong", false, Change::Content),
        ];
        assert_eq!(changed(answer), Ok(read));
        assert_eq!(changed(""), Ok(vec![]));
    }

    #[test]
    fn lines_of_rpm_are_read() {
        let answer = "missing   c /etc/kong/kong.conf.default\n.M.......  c /etc/kong/kong.logrotate\nS.5....T.    /usr/local/bin/kong\n";
        let read = vec![
            file("/etc/kong/kong.conf.default", true, Change::Missing),
            file(
                "/etc/kong/kong.logrotate",
                true,
                Change::Attributes("M".to_owned()),
            ),
            file("/usr/local/bin/kong", false, Change::Content),
        ];
        assert_eq!(changed(answer), Ok(read));
    }

    #[test]
    fn lines_of_the_documents_are_read() {
        // Not recorded: the test machine reads every file.
        let answer = "missing     /root/a b (Permission denied)\n..?......    /etc/c\n.......T.  d /usr/share/doc/x\n";
        let read = vec![
            file("/root/a b", false, Change::Missing),
            file("/etc/c", false, Change::Unreadable),
            file(
                "/usr/share/doc/x",
                false,
                Change::Attributes("T".to_owned()),
            ),
        ];
        assert_eq!(changed(answer), Ok(read));
    }

    #[test]
    fn other_lines_are_errors() {
        for text in [
            "package kong is not installed",
            "Unsatisfied dependencies for kong: /bin/x",
            "??5 /x",
        ] {
            let error = changed(text).expect_err("refused");
            assert_eq!(error.line, 1, "{text}");
        }
    }
}
