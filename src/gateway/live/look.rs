//! What may be sent and started by somebody who only looks. What is not listed here is refused before anything happens.
//!
//! Sessions on databases are held to the same by the server itself, as `postgres/session.rs` opens them.

use std::ffi::OsStr;

use reqwest::Method;

use super::process::Program;
use crate::environment::Access;

/// The methods that ask a server for nothing but an answer.
const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::OPTIONS];

/// The programs, by the name of the file and their first arguments. All of them read; what `prepare` writes goes to the directory that
/// it is given. A command that fetches a secret is not a look but the environment's own, and not listed.
const PROGRAMS: [(&str, &[&str]); 32] = [
    ("apt-cache", &["madison"]),
    ("apt-cache", &["policy"]),
    ("apt-mark", &["showhold"]),
    ("cat", &["--"]),
    ("df", &["--block-size=1"]),
    ("dpkg", &["--verify"]),
    ("apt-cache", &["show"]),
    ("dnf", &["--quiet", "list"]),
    ("dnf", &["--quiet", "repoquery"]),
    (
        "dnf",
        &["--quiet", "--disablerepo=*", "versionlock", "list"],
    ),
    ("dnf", &["--quiet", "config-manager", "--dump"]),
    ("dpkg-deb", &["--field"]),
    ("dpkg-query", &["--show"]),
    ("rpm", &["--query"]),
    ("rpm", &["--verify"]),
    ("rpmkeys", &["--checksig"]),
    ("kong", &["version"]),
    ("kong", &["health"]),
    ("kong", &["prepare"]),
    ("kong", &["migrations", "list"]),
    ("loginctl", &["--no-pager", "list-sessions"]),
    ("luarocks", &["list", "--porcelain"]),
    ("nodetool", &["describecluster"]),
    ("nodetool", &["info"]),
    ("nodetool", &["listsnapshots"]),
    ("nodetool", &["netstats"]),
    ("nodetool", &["status"]),
    ("nodetool", &["version"]),
    ("ss", &["-Hltnp"]),
    ("sudo", &["-n", "-l"]),
    ("systemctl", &["show"]),
    ("who", &["-u"]),
];

/// How statements begin that only read.
const READING: [&str; 2] = ["SELECT", "DESCRIBE"];

/// Whether a request with `method` may be sent.
pub(super) fn admits_request(access: Access, method: &Method) -> bool {
    access == Access::Run || METHODS.contains(method)
}

/// Whether `program` may be started.
pub(super) fn admits_program(access: Access, program: &Program) -> bool {
    let is_listed = |(name, first): &(&str, &[&str])| {
        let given = program.arguments.iter().map(OsStr::new);
        program.program.file_name() == Some(OsStr::new(name))
            && given.take(first.len()).eq(first.iter().map(OsStr::new))
    };
    access == Access::Run || PROGRAMS.iter().any(is_listed) || asks_only(program)
}

/// Whether it is one of those that are told from others by more than their first arguments: `cqlsh` with one statement that reads, and
/// `find` where it does nothing with what it finds but print it.
fn asks_only(program: &Program) -> bool {
    let words = program.arguments.iter().map(|word| word.to_string_lossy());
    let words: Vec<_> = words.collect();
    match program.program.file_name().and_then(OsStr::to_str) {
        Some("cqlsh") => {
            let mut statements = words
                .iter()
                .filter_map(|word| word.strip_prefix("--execute="));
            let reads = |text: &str| {
                let begins = READING.iter().any(|word| text.starts_with(word));
                begins && !text.contains(';')
            };
            statements.next().is_some_and(reads)
                && statements.next().is_none()
                && !words.iter().any(|word| *word == "-e" || *word == "-f")
        }
        Some("find") => !words.is_empty() && words.iter().all(|word| is_harmless(word)),
        _ => false,
    }
}

/// What `find` may be told: where, which files, and to print them.
fn is_harmless(word: &str) -> bool {
    const OPTIONS: [&str; 9] = [
        "-maxdepth",
        "-name",
        "-not",
        "-path",
        "-print0",
        "-printf",
        "-type",
        "-mindepth",
        "-prune",
    ];
    !word.starts_with('-') || OPTIONS.contains(&word)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn admits(access: Access, command: &str) -> bool {
        let mut words = command.split(' ');
        let path = words.next().expect("a program");
        let mut program = Program::new(path, Duration::from_secs(1));
        program.arguments = words.map(Into::into).collect();
        admits_program(access, &program)
    }

    #[test]
    fn a_look_starts_what_is_listed_and_nothing_else() {
        for command in [
            "/opt/kong/current/bin/kong version",
            "/opt/kong/current/bin/kong health -p /usr/local/kong",
            "/opt/kong/current/bin/kong migrations list -c /etc/kong/kong.conf",
            "/usr/bin/dpkg --verify -- kong",
            "/usr/bin/systemctl show --property=Id -- kong",
            "/opt/kong/current/bin/luarocks list --porcelain",
            "/usr/bin/nodetool info --tokens",
            "/usr/bin/cqlsh --no-color --execute=SELECT 10.0.0.31 9042",
            "/usr/bin/find /var/lib/cassandra/data -type f -print0",
        ] {
            assert!(admits(Access::Look, command), "{command}");
        }
        for command in [
            "/opt/kong/current/bin/kong",
            "/opt/kong/current/bin/kong migrations",
            "/opt/kong/current/bin/kong migrations up -c list",
            "/opt/kong/current/bin/kong -v migrations list",
            "/opt/kong/current/bin/kong start",
            "/usr/bin/dpkg --configure -a",
            "/usr/bin/systemctl --no-ask-password show",
            "/usr/bin/systemctl start -- kong",
            "/opt/kong/current/bin/luarocks install own",
            "/usr/lib/postgresql/15/bin/pg_dump --version",
            "/bin/kong/sh version",
            "/usr/bin/nodetool clearsnapshot",
            "/usr/bin/cqlsh --execute=TRUNCATE 10.0.0.31",
            "/usr/bin/find /var/lib/cassandra/data -delete",
        ] {
            assert!(!admits(Access::Look, command), "{command}");
            assert!(admits(Access::Run, command), "{command}");
        }
    }

    #[test]
    fn a_look_sends_safe_methods_alone() {
        for name in ["GET", "HEAD", "OPTIONS"] {
            let method: Method = name.parse().expect("a method");
            assert!(admits_request(Access::Look, &method), "{name}");
        }
        for name in ["POST", "PUT", "PATCH", "DELETE", "PURGE", "get"] {
            let method: Method = name.parse().expect("a method");
            assert!(!admits_request(Access::Look, &method), "{name}");
            assert!(admits_request(Access::Run, &method), "{name}");
        }
    }
}
