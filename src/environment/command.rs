//! Commands as needs name them: a program and its arguments, word for word, with typed holes where a word may differ.
//!
//! `kong version`, `kong-1: /usr/bin/systemctl reload kong`, `/usr/bin/tail --lines={number} {path:/var/log/kong}`. Words are split
//! as a shell splits them, and no shell reads them. No star stands in a command: what is granted must be plain at a glance.

use std::fmt;
use std::path::{Component, Path};

/// Commands of one form, on the nodes of one name or on all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// The node that it is for, or the cluster or database that the node belongs to.
    on: Option<String>,
    words: Vec<Word>,
}

/// One word of a command: what it begins with, and what may follow.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    start: String,
    hole: Option<Hole>,
}

/// What may stand in a word. None of it begins with `-`, so that nothing turns into an option.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hole {
    /// Letters, digits, `_`, `-` and `.`, the first a letter, a digit or `_`.
    Name,
    /// Digits.
    Number,
    /// Numbers with points between them.
    Version,
    /// An absolute path without `.` and `..`, below a directory where one is given.
    Path(Option<String>),
}

/// Programs whose arguments are programs, by the name of the file without its version.
const INTERPRETERS: [&str; 52] = [
    "ash",
    "awk",
    "bash",
    "busybox",
    "chroot",
    "csh",
    "dash",
    "docker",
    "doas",
    "ed",
    "env",
    "expect",
    "find",
    "fish",
    "flock",
    "gawk",
    "gdb",
    "ionice",
    "kubectl",
    "ksh",
    "lua",
    "luajit",
    "make",
    "mawk",
    "nice",
    "nginx",
    "node",
    "nohup",
    "nsenter",
    "openresty",
    "perl",
    "php",
    "pkexec",
    "podman",
    "psql",
    "python",
    "resty",
    "ruby",
    "runuser",
    "sed",
    "setsid",
    "sh",
    "ssh",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "timeout",
    "unshare",
    "xargs",
    "zsh",
];

impl Command {
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        if text.split_whitespace().any(|word| word.starts_with('#')) {
            return Err("`#` begins a comment, which a command has not: quote the word");
        }
        let mut words = shlex::split(text).ok_or("the quotes of its command do not match")?;
        let on = words
            .first()
            .filter(|_| words.len() > 1)
            .and_then(|first| first.strip_suffix(':'))
            .map(str::to_owned);
        if on.is_some() {
            words.remove(0);
        }
        let Some(program) = words.first() else {
            return Err("behind the colon stands a command such as `kong version`");
        };
        if !is_program(program) {
            return Err("its program is `kong`, which is the node's own, or an absolute path");
        }
        if words.iter().any(|word| word.contains('*')) {
            return Err(
                "no star stands in a command: write it out, with `{name}`, `{number}`, `{version}` or `{path}` where a word may differ",
            );
        }
        let name = without_version(program);
        let words = words.into_iter().map(Word::read);
        let words: Vec<Word> = words.collect::<Result<_, _>>()?;
        let mut holes = words.iter().filter_map(|word| word.hole.as_ref());
        if INTERPRETERS.contains(&name.as_str()) && holes.clone().next().is_some() {
            return Err(
                "what its program is given is code, so no word may differ: write the whole command out",
            );
        }
        // A name could be `runner` or `reset`, a path a configuration with code in it.
        if name == "kong" && !holes.all(|hole| matches!(hole, Hole::Number | Hole::Version)) {
            return Err(
                "names and paths make `kong` run code and drop tables: only `{number}` and `{version}` may differ in its commands",
            );
        }
        Ok(Self { on, words })
    }

    /// Whether some command can be both of this form and of the `other`.
    pub(super) fn may_meet(&self, other: &Self) -> bool {
        let meets = |(word, other): (&Word, &Word)| match (&word.hole, &other.hole) {
            // Whether two types have a word in common is not worth telling.
            (Some(_), Some(_)) => true,
            (_, None) => word.admits(&other.start),
            (None, _) => other.admits(&word.start),
        };
        self.words.len() == other.words.len() && self.words.iter().zip(&other.words).all(meets)
    }

    /// Whether `words` on the node of these names are such a command.
    pub(super) fn covers(&self, names: &[&str], words: &[String]) -> bool {
        let on = |on: &String| names.contains(&on.as_str());
        self.on.as_ref().is_none_or(on)
            && self.words.len() == words.len()
            && self
                .words
                .iter()
                .zip(words)
                .all(|(word, given)| word.admits(given))
    }
}

/// Whether `program` is one that can be found without a search: what a `PATH` finds is decided elsewhere.
#[must_use]
pub fn is_program(program: &str) -> bool {
    let path = Path::new(program);
    let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    program == "kong"
        || (path.is_absolute() && path.components().all(plain) && path.file_name().is_some())
}

/// Words as one would type them.
#[must_use]
pub fn typed(words: &[String]) -> String {
    // What cannot be quoted holds a NUL, and is no word of a command; it is shown all the same.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// The name of a program's file, without the version at its end: `python` for `/usr/bin/python3.11`.
fn without_version(program: &str) -> String {
    let name = Path::new(program).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let versioned = |character: char| character.is_ascii_digit() || ".-".contains(character);
    name.trim_end_matches(versioned).to_owned()
}

impl Word {
    fn read(text: String) -> Result<Self, &'static str> {
        let Some((start, hole)) = text.strip_suffix('}').and_then(|text| text.split_once('{'))
        else {
            return Ok(Self {
                start: text,
                hole: None,
            });
        };
        let hole = match hole.split_once(':') {
            None => match hole {
                "name" => Hole::Name,
                "number" => Hole::Number,
                "version" => Hole::Version,
                "path" => Hole::Path(None),
                _ => return Err(HOLES),
            },
            Some(("path", below)) if is_plain_path(below) => Hole::Path(Some(below.to_owned())),
            Some(_) => return Err(HOLES),
        };
        Ok(Self {
            start: start.to_owned(),
            hole: Some(hole),
        })
    }

    fn admits(&self, given: &str) -> bool {
        match (&self.hole, given.strip_prefix(&self.start)) {
            (None, _) => given == self.start,
            (Some(hole), Some(rest)) => hole.admits(rest),
            (Some(_), None) => false,
        }
    }
}

/// What is wrong with a hole that is none.
const HOLES: &str = "the holes of a command are `{name}`, `{number}`, `{version}`, `{path}` and `{path:/below/this}`, each at the end of its word";

impl Hole {
    fn admits(&self, given: &str) -> bool {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Name => {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
                given.bytes().all(plain)
                    && given
                        .starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
            }
            Self::Number => digits(given),
            Self::Version => given.split('.').all(digits),
            Self::Path(below) => {
                is_plain_path(given)
                    && below.as_ref().is_none_or(|below| {
                        let rest = given.strip_prefix(below.trim_end_matches('/'));
                        rest.is_some_and(|rest| rest.starts_with('/'))
                    })
            }
        }
    }
}

/// Whether `path` is absolute, and every part of it the name of something.
fn is_plain_path(path: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-.@+".contains(character);
    let part =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain);
    path.strip_prefix('/')
        .is_some_and(|parts| parts.split('/').all(part))
}

impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(on) = &self.on {
            write!(formatter, "{on}: ")?;
        }
        let words: Vec<String> = self.words.iter().map(Word::written).collect();
        formatter.write_str(&words.join(" "))
    }
}

impl Word {
    /// The word as a need has it.
    fn written(&self) -> String {
        let hole = match &self.hole {
            // Quoted where a shell would want it.
            None => return typed(std::slice::from_ref(&self.start)),
            Some(Hole::Name) => "{name}".to_owned(),
            Some(Hole::Number) => "{number}".to_owned(),
            Some(Hole::Version) => "{version}".to_owned(),
            Some(Hole::Path(None)) => "{path}".to_owned(),
            Some(Hole::Path(Some(below))) => format!("{{path:{below}}}"),
        };
        if self.start.is_empty() {
            hole
        } else {
            format!("{}{hole}", typed(std::slice::from_ref(&self.start)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(command: &str, names: &[&str], words: &str) -> bool {
        let words = shlex::split(words).expect("words");
        Command::read(command).expect(command).covers(names, &words)
    }

    #[test]
    fn a_command_is_covered_word_for_word() {
        assert!(covers("kong version", &["kong-1"], "kong version"));
        for other in [
            "kong",
            "kong version -a",
            "kong health",
            "/opt/kong version",
            "kong 'version '",
        ] {
            assert!(!covers("kong version", &["kong-1"], other), "{other}");
        }
        assert!(covers(
            "/bin/echo 'two words'",
            &["kong-1"],
            "/bin/echo 'two words'"
        ));
        assert!(!covers(
            "/bin/echo 'two words'",
            &["kong-1"],
            "/bin/echo two words"
        ));
    }

    #[test]
    fn a_command_can_be_for_one_node_or_for_what_it_belongs_to() {
        let names = ["kong-1", "blue"];
        assert!(covers("kong-1: kong version", &names, "kong version"));
        assert!(covers("blue: kong version", &names, "kong version"));
        assert!(!covers("green: kong version", &names, "kong version"));
        assert!(!covers("kong: kong version", &names, "kong version"));
    }

    #[test]
    fn forms_that_have_no_command_in_common_are_told_apart() {
        let meet = |one: &str, other: &str| {
            let (one, other) = (
                Command::read(one).expect(one),
                Command::read(other).expect(other),
            );
            assert_eq!(one.may_meet(&other), other.may_meet(&one));
            one.may_meet(&other)
        };
        assert!(meet("kong version", "blue: kong version"));
        assert!(meet("kong quit -t {number}", "kong quit -t 15"));
        assert!(meet("/bin/x {name}", "/bin/x {name}"));
        assert!(!meet("kong version", "kong health"));
        assert!(!meet("kong quit -t {number}", "kong quit -t x"));
        assert!(!meet("kong quit", "kong quit -t 15"));
    }

    #[test]
    fn a_hole_admits_its_type_alone() {
        let admits = |hole: &str, given: &str| {
            covers(
                &format!("/bin/x {hole}"),
                &[],
                &typed(&["/bin/x".to_owned(), given.to_owned()]),
            )
        };
        for (hole, right, wrong) in [
            (
                "{name}",
                &["kong", "a-b.c_1", "_x"][..],
                &["", "-x", ".x", "a b", "a/b", "ä", "a\nb", "a;b"][..],
            ),
            ("{number}", &["0", "15"], &["", "-1", "1.5", "٣"]),
            (
                "{version}",
                &["3", "3.4.2"],
                &["", "3.", ".3", "3..4", "3.4-1"],
            ),
            (
                "{path}",
                &["/a", "/a/b.conf"],
                &["", "/", "a", "/a/", "/a//b", "/a/../b", "/./a", "/a b"],
            ),
            (
                "{path:/etc/kong}",
                &["/etc/kong/kong.conf"],
                &["/etc/kong", "/etc/kong2/x", "/etc/kong/../x", "/tmp/x"],
            ),
            (
                "--lines={number}",
                &["--lines=5"],
                &["5", "--lines=", "--lines=-5", "--file=5"],
            ),
        ] {
            for given in right {
                assert!(admits(hole, given), "{hole} {given}");
            }
            for given in wrong {
                assert!(!admits(hole, given), "{hole} {given}");
            }
        }
    }

    #[test]
    fn what_runs_code_or_drops_tables_is_written_out() {
        for exact in [
            "kong migrations reset --yes",
            "kong migrations up -f",
            "kong runner /x.lua",
            "/bin/sh -c 'echo x'",
            "kong quit -t {number}",
        ] {
            assert!(Command::read(exact).is_ok(), "{exact}");
        }
        for open in [
            "kong migrations {name}",
            "kong {name}",
            "/opt/kong/bin/kong start -c {path}",
            "/usr/bin/kong-3.4.2 {name}",
            "/bin/sh {path}",
            "/usr/bin/python3.11 {path:/opt}",
            "/usr/bin/env {name}",
            "kong-1: /usr/bin/sudo {path}",
        ] {
            assert!(Command::read(open).is_err(), "{open}");
        }
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for wrong in [
            "",
            "kong *",
            "*",
            "kong-1:",
            "sh -c x",
            "./kong version",
            "/opt/../bin/kong version",
            "kong 'version",
            "/bin/x {word}",
            "/bin/x {path:etc}",
            "/bin/x {}",
            "/bin/x #y",
            "{path} x",
            "/",
        ] {
            assert!(Command::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_command_is_read_as_it_was_written() {
        for text in [
            "kong version",
            "blue: /usr/bin/tail -n{number} {path:/var/log/kong}",
            "/usr/bin/tail '--lines='{number}",
            "/bin/echo 'two words' '' {name} '#' '{'",
        ] {
            let command = Command::read(text).expect(text);
            assert_eq!(command.to_string(), text);
            assert_eq!(Command::read(&command.to_string()), Ok(command));
        }
    }
}
