//! Which versions dnf is locked to. After the manual page of the plugin `versionlock`; recorded from dnf-plugins-core 4.3. The form of
//! yum's plugin, epoch first, follows its source.

use serde::Serialize;

use crate::host::packages::order::RpmVersion;

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// The package.
    pub package: String,
    /// The version that it is locked to, or kept from: `3.4.2-1`, without its epoch. It may have patterns in it.
    pub version: String,
    /// Whether just this version is kept from being installed, instead of all others.
    pub is_exclusion: bool,
}

impl Lock {
    /// Whether it speaks of `version` of `package`.
    #[must_use]
    pub fn concerns(&self, package: &str, version: &RpmVersion) -> bool {
        let written = format!("{}-{}", version.version(), version.release());
        self.package == package && matches(&self.version, &written)
    }
}

/// Whether `text` is as `pattern` says, in which a star stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| matches(rest, &text[at..]))
        }),
    }
}

/// A line that is none of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `dnf versionlock` is no lock: `{text}`")]
pub struct LockError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`Manager::locks`](super::Manager::locks).
pub fn locks(answer: &str) -> Result<Vec<Lock>, LockError> {
    let is_told = |text: &str| {
        // What dnf and yum say besides, where they are not told to be quiet.
        let is_talk = text.starts_with("Last metadata expiration check")
            || text.starts_with("Loaded plugins");
        !text.is_empty() && !is_talk && text != "versionlock list done"
    };
    let lines = answer.lines().zip(1..).filter(|(text, _)| is_told(text));
    let read = |(text, line): (&str, usize)| {
        of(text).ok_or_else(|| LockError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// `kong-0:3.4.2-1.*`, of yum `0:kong-3.4.2-1.*`; behind a `!`, the version that is kept out.
fn of(text: &str) -> Option<Lock> {
    let spec = text.strip_prefix('!').unwrap_or(text);
    let (rest, release) = spec.rsplit_once('-')?;
    let (package, version) = rest.rsplit_once('-')?;
    let (_, package) = package.split_once(':').unwrap_or(("", package));
    let (_, version) = version.split_once(':').unwrap_or(("", version));
    // Behind the release stands the processor, as a rule a star.
    let (release, _) = release.rsplit_once('.')?;
    let is_whole = !package.is_empty() && spec.split_whitespace().count() == 1;
    is_whole.then(|| Lock {
        package: package.to_owned(),
        version: format!("{version}-{release}"),
        is_exclusion: text.starts_with('!'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(package: &str, version: &str, is_exclusion: bool) -> Lock {
        Lock {
            package: package.to_owned(),
            version: version.to_owned(),
            is_exclusion,
        }
    }

    #[test]
    fn recorded_locks_are_read() {
        let answer = "kong-0:3.4.2-1.*\n!kong-enterprise-edition-0:3.4.3.5-1.el8.*\n";
        let read = vec![
            lock("kong", "3.4.2-1", false),
            lock("kong-enterprise-edition", "3.4.3.5-1.el8", true),
        ];
        assert_eq!(locks(answer), Ok(read));
        assert_eq!(locks(""), Ok(vec![]));
    }

    #[test]
    fn locks_of_yum_are_read() {
        // After the documents of yum's plugin.
        let answer = "Loaded plugins: versionlock\n0:kong-2.8.1-1.*\nversionlock list done\n";
        assert_eq!(locks(answer), Ok(vec![lock("kong", "2.8.1-1", false)]));
    }

    #[test]
    fn a_lock_concerns_its_versions_alone() {
        let version = "0:3.4.2-1.el8".parse().expect("a version");
        for (pattern, concerns) in [
            ("3.4.2-1.el8", true),
            ("3.4.*", true),
            ("3.*-1*", true),
            ("*", true),
            ("3.4.2-1", false),
            ("3.9.*", false),
            ("3.*-2.el8", false),
        ] {
            let lock = lock("kong", pattern, false);
            assert_eq!(lock.concerns("kong", &version), concerns, "{pattern}");
            assert!(!lock.concerns("kong-enterprise-edition", &version));
        }
    }

    #[test]
    fn other_lines_are_errors() {
        for text in [
            "Error: Unable to read version lock configuration: x",
            "kong",
            "-1-1.*",
        ] {
            assert!(locks(text).is_err(), "{text}");
        }
    }
}
