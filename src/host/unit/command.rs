//! A command of a service as `systemctl show` prints it: `{ path=… ; argv[]=… ; … }`. After recorded answers of version 252.

use serde::Serialize;

/// Which setting a command stands in, in the order in which systemd runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Directive {
    /// Decides before a start whether there is one.
    ExecCondition,
    /// Before the service.
    ExecStartPre,
    /// The service.
    ExecStart,
    /// After the service has started.
    ExecStartPost,
    /// For a reload.
    ExecReload,
    /// For a stop.
    ExecStop,
    /// After the service has ended, however it did.
    ExecStopPost,
}

impl Directive {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::ExecCondition,
        Self::ExecStartPre,
        Self::ExecStart,
        Self::ExecStartPost,
        Self::ExecReload,
        Self::ExecStop,
        Self::ExecStopPost,
    ];

    /// Its name in unit files and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExecCondition => "ExecCondition",
            Self::ExecStartPre => "ExecStartPre",
            Self::ExecStart => "ExecStart",
            Self::ExecStartPost => "ExecStartPost",
            Self::ExecReload => "ExecReload",
            Self::ExecStop => "ExecStop",
            Self::ExecStopPost => "ExecStopPost",
        }
    }

    /// The directive of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Whether it runs when the service is started.
    #[must_use]
    pub fn is_of_a_start(self) -> bool {
        self <= Self::ExecStartPost
    }
}

/// How a command's last process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With an exit code.
    Exited(i32),
    /// By a signal, `TERM`.
    Killed(String),
    /// By a signal that writes a core, `SEGV`.
    Dumped(String),
}

/// A command of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// The program's file.
    pub path: String,
    /// The program and its arguments, joined with spaces. systemd does not quote them here, so that they cannot be told apart again:
    /// what the words are stands in the unit's files alone.
    pub line: String,
    /// Whether its failure is none of the service.
    pub ignores_errors: bool,
    /// Its last process.
    pub process: Option<u32>,
    /// How that ended, if it did.
    pub ending: Option<Ending>,
}

impl Command {
    /// Reads one block; `None` if it is none.
    pub(super) fn of(block: &str) -> Option<Self> {
        let inner = block.strip_prefix("{ path=")?.strip_suffix(" }")?;
        let (path, rest) = inner.split_once(" ; argv[]=")?;
        // An argument may hold anything, the separator too: what follows the arguments is looked for from the end.
        let end = rest.rfind(" ; ignore_errors=")?;
        let (line, rest) = (&rest[..end], &rest[end..]);
        let field = |name: &str| {
            let mut fields = rest.split(" ; ");
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        Some(Self {
            path: path.to_owned(),
            line: line.to_owned(),
            ignores_errors: field("ignore_errors")? == "yes",
            process: Some(field("pid")?.parse().ok()?).filter(|pid| *pid != 0),
            ending: ending(field("code")?, field("status")?),
        })
    }
}

/// `code=exited ; status=1`, `code=killed ; status=15/TERM`; of a process that has not ended, `code=(null) ; status=0/0`.
fn ending(code: &str, status: &str) -> Option<Ending> {
    let (number, name) = status.split_once('/').unwrap_or((status, status));
    match code {
        "exited" => Some(Ending::Exited(number.parse().ok()?)),
        "killed" => Some(Ending::Killed(name.to_owned())),
        "dumped" => Some(Ending::Dumped(name.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(arguments: &str, rest: &str) -> String {
        format!(
            "{{ path=/bin/echo ; argv[]={arguments} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; {rest} }}"
        )
    }

    #[test]
    fn a_block_is_read_whatever_its_arguments_hold() {
        let line = "/bin/echo a\nb  x ; ignore_errors=yes ; y {";
        let read = Command::of(&block(line, "pid=0 ; code=(null) ; status=0/0"));
        let command = Command {
            path: "/bin/echo".to_owned(),
            line: line.to_owned(),
            ignores_errors: false,
            process: None,
            ending: None,
        };
        assert_eq!(read, Some(command));
    }

    #[test]
    fn its_end_is_told() {
        let ending = |rest: &str| Command::of(&block("x", rest)).expect("a block").ending;
        let exited = ending("pid=30 ; code=exited ; status=1");
        assert_eq!(exited, Some(Ending::Exited(1)));
        let killed = ending("pid=30 ; code=killed ; status=15/TERM");
        assert_eq!(killed, Some(Ending::Killed("TERM".to_owned())));
    }

    #[test]
    fn another_text_is_none() {
        for text in ["", "{ }", "{ path=/bin/true ; argv[]=/bin/true }"] {
            assert_eq!(Command::of(text), None, "{text}");
        }
    }
}
