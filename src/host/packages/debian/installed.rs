//! What dpkg has installed, and what is held. After `dpkg-query(1)` and `apt-mark(8)`; recorded from dpkg 1.21 and apt 2.6.

use serde::Serialize;

use crate::host::facts::Architecture;
use crate::host::packages::order::DebianVersion;

/// A line for each package, its fields between tabs. dpkg itself reads the escapes.
const FORMAT: &str = "--showformat=${Package}\\t${Architecture}\\t${Version}\\t${db:Status-Want}\\t${db:Status-Eflag}\\t${db:Status-Status}\\n";

/// The question which packages are held, a name a line.
pub const HOLDS: [&str; 2] = ["apt-mark", "showhold"];

/// The question what is known of `packages`. It exits 1 where one of them is unknown, and answers about the others all the same.
#[must_use]
pub fn query(packages: &[&str]) -> Vec<String> {
    let fixed = ["dpkg-query", "--show", FORMAT, "--"];
    fixed
        .iter()
        .chain(packages)
        .map(|&word| word.to_owned())
        .collect()
}

/// A package that dpkg knows. A removed one is still known as long as its configuration lies there, and still has a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// Its name.
    pub package: String,
    /// Its processor; nothing where dpkg knows only the name.
    pub architecture: Option<Architecture>,
    /// Its version; nothing where it was never installed.
    pub version: Option<DebianVersion>,
    /// What is wanted of it.
    pub want: Want,
    /// Whether it is so broken that only installing it again helps.
    pub must_be_reinstalled: bool,
    /// How far it is installed.
    pub state: State,
}

/// What is wanted of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// Nothing is said.
    Unknown,
    /// It shall be there.
    Install,
    /// It shall stay in its version.
    Hold,
    /// It shall be gone, less its configuration.
    Deinstall,
    /// It shall be gone.
    Purge,
}

/// How far a package is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not at all.
    NotInstalled,
    /// Only its configuration is there.
    ConfigFiles,
    /// Its files are there in part.
    HalfInstalled,
    /// Its files are there, and nothing is configured.
    Unpacked,
    /// Its files are there, and configuring it failed.
    HalfConfigured,
    /// It waits for another package to do something.
    TriggersAwaited,
    /// It has something to do for another package.
    TriggersPending,
    /// Wholly.
    Installed,
}

/// A line that tells of no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `dpkg-query` tells of no package: `{text}`")]
pub struct InstalledError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl Installed {
    /// Whether the package is there and ready for use.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == State::Installed && !self.must_be_reinstalled
    }

    /// Whether any of its files may be there besides its configuration.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !matches!(self.state, State::NotInstalled | State::ConfigFiles)
    }
}

/// Reads the answer to [`query`].
pub fn installed(answer: &str) -> Result<Vec<Installed>, InstalledError> {
    let lines = answer.lines().zip(1..);
    let read = |(text, line): (&str, usize)| {
        of(text).ok_or_else(|| InstalledError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// Reads the answer to [`HOLDS`].
#[must_use]
pub fn held(answer: &str) -> Vec<String> {
    answer.split_whitespace().map(str::to_owned).collect()
}

fn of(text: &str) -> Option<Installed> {
    let mut fields = text.split('\t');
    let mut next = || fields.next();
    let (package, architecture, version) = (next()?, next()?, next()?);
    let (want, flag, state) = (next()?, next()?, next()?);
    let version = match version {
        "" => None,
        version => Some(version.parse().ok()?),
    };
    Some(Installed {
        package: package.to_owned(),
        architecture: (!architecture.is_empty()).then(|| Architecture::of_package(architecture)),
        version,
        want: match want {
            "unknown" => Want::Unknown,
            "install" => Want::Install,
            "hold" => Want::Hold,
            "deinstall" => Want::Deinstall,
            "purge" => Want::Purge,
            _ => return None,
        },
        must_be_reinstalled: flag == "reinstreq",
        state: match state {
            "not-installed" => State::NotInstalled,
            "config-files" => State::ConfigFiles,
            "half-installed" => State::HalfInstalled,
            "unpacked" => State::Unpacked,
            "half-configured" => State::HalfConfigured,
            "triggers-awaited" => State::TriggersAwaited,
            "triggers-pending" => State::TriggersPending,
            "installed" => State::Installed,
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, want: Want, state: State) -> Installed {
        Installed {
            package: name.to_owned(),
            architecture: Some(Architecture::X8664),
            version: Some(version.parse().expect("a version")),
            want,
            must_be_reinstalled: false,
            state,
        }
    }

    #[test]
    fn recorded_lines_are_read() {
        let answer = "kong\tamd64\t3.4.2\tdeinstall\tok\tconfig-files\nkong-enterprise-edition\tamd64\t3.4.3.5\tinstall\tok\tunpacked\n\
            broken\tamd64\t1.0\tinstall\tok\thalf-configured\nkong\tamd64\t3.9.1\thold\tok\tinstalled\n";
        let read = vec![
            package("kong", "3.4.2", Want::Deinstall, State::ConfigFiles),
            package(
                "kong-enterprise-edition",
                "3.4.3.5",
                Want::Install,
                State::Unpacked,
            ),
            package("broken", "1.0", Want::Install, State::HalfConfigured),
            package("kong", "3.9.1", Want::Hold, State::Installed),
        ];
        assert_eq!(installed(answer), Ok(read));
        let broken =
            installed("kong\tamd64\t3.9.1\tinstall\treinstreq\thalf-installed\n").expect("read");
        assert!(broken[0].must_be_reinstalled && broken[0].is_there() && !broken[0].is_ready());
    }

    #[test]
    fn a_package_that_is_only_a_name_is_read() {
        let read = Installed {
            package: "kong".to_owned(),
            architecture: None,
            version: None,
            want: Want::Hold,
            must_be_reinstalled: false,
            state: State::NotInstalled,
        };
        assert_eq!(
            installed("kong\t\t\thold\tok\tnot-installed\n"),
            Ok(vec![read])
        );
        assert_eq!(installed(""), Ok(vec![]));
    }

    #[test]
    fn other_lines_are_errors() {
        let error = installed("dpkg-query: no packages found matching kong").expect_err("refused");
        let text = "line 1 of the answer of `dpkg-query` tells of no package: `dpkg-query: no packages found matching kong`";
        assert_eq!(error.to_string(), text);
        assert_eq!(held("kong\nnginx\n"), ["kong", "nginx"]);
    }
}
