//! Digests of files as `sha256sum` prints them. After `sha256sum(1)` and the manual of coreutils; recorded from coreutils 9.1.

use serde::Serialize;

/// The question for the digests of `files`. It exits 1 where one cannot be read, and answers about the others all the same.
#[must_use]
pub fn sha256sum(files: &[&str]) -> Vec<String> {
    let fixed = ["sha256sum", "--"];
    fixed
        .iter()
        .chain(files)
        .map(|&word| word.to_owned())
        .collect()
}

/// A file and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checksum {
    /// The SHA-256 digest, 64 lowercase hexadecimal digits.
    pub digest: String,
    /// The file, as it was asked for.
    pub file: String,
}

/// A line that is none of a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `sha256sum` has no digest: `{text}`")]
pub struct ChecksumError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`sha256sum`].
pub fn checksums(answer: &str) -> Result<Vec<Checksum>, ChecksumError> {
    let lines = answer.lines().zip(1..);
    let read = |(text, line): (&str, usize)| {
        of(text).ok_or_else(|| ChecksumError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// The digest, a blank, a blank or a star for how the file was read, and its name.
fn of(text: &str) -> Option<Checksum> {
    let (escaped, text) = match text.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (digest, name) = text.split_once(' ')?;
    let is_digest = digest.len() == 64
        && digest
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let name = name.strip_prefix([' ', '*'])?;
    let file = if escaped {
        unescape(name)?
    } else {
        name.to_owned()
    };
    is_digest.then(|| Checksum {
        digest: digest.to_owned(),
        file,
    })
}

/// A name with a backslash, a newline or, since coreutils 8.32, a carriage return is escaped; a backslash before its line says so.
fn unescape(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        out.push(match letter {
            '\\' => match letters.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    const TWO: &str = "a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa";

    fn checksum(digest: &str, file: &str) -> Checksum {
        Checksum {
            digest: digest.to_owned(),
            file: file.to_owned(),
        }
    }

    #[test]
    fn recorded_lines_are_read() {
        let answer = format!("\\{ONE}  a\\nb\n\\{ONE}  c\\\\d\n{TWO}  e f\n{TWO} *e f\n");
        let read = vec![
            checksum(ONE, "a\nb"),
            checksum(ONE, "c\\d"),
            checksum(TWO, "e f"),
            checksum(TWO, "e f"),
        ];
        assert_eq!(checksums(&answer), Ok(read));
        assert_eq!(checksums(""), Ok(vec![]));
    }

    #[test]
    fn other_lines_are_errors() {
        let upper = ONE.to_uppercase();
        for text in [
            "sha256sum: nothere: No such file or directory".to_owned(),
            format!("{upper}  a"),
            format!("{ONE} a"),
            format!("\\{ONE}  a\\x"),
            format!("{}  a", &ONE[1..]),
        ] {
            let error = checksums(&text).expect_err("refused");
            assert_eq!(error, ChecksumError { line: 1, text });
        }
    }
}
