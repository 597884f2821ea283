//! What about a service would hurt an upgrade, with the reason and the remedy. After `systemd.service(5)` and Kong's own commands:
//! `kong start --run-migrations`, `nginx_daemon`, and what its documents ask of open files.

use std::fmt;

use serde::Serialize;

use super::place::Place;
use super::state::{Restart, ServiceType};

/// How many open files Kong wants to be allowed.
pub(super) const OPEN_FILES: u64 = 4096;

/// Something found about a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The service.
    pub unit: String,
    /// What is wrong.
    pub hazard: Hazard,
    /// Where that stands.
    pub at: Where,
}

/// Where something about a service stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    /// In a file.
    Line(Place),
    /// In no file that was read: in a property of systemd.
    Property(&'static str),
}

impl fmt::Display for Where {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(place) => place.fmt(out),
            Self::Property(name) => out.write_str(name),
        }
    }
}

/// How a service migrates the database by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Migration {
    /// By `--run-migrations` in a command.
    Flag,
    /// By a command `kong migrations`.
    Command,
    /// By a variable of that name.
    Variable(String),
}

/// What about a service would hurt an upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    /// There is no such service.
    NotFound,
    /// Its files cannot be read.
    NotLoaded {
        /// Why, in systemd's words.
        why: Option<String>,
    },
    /// Nobody can start it.
    Masked,
    /// It is not what its files say.
    NeedsReload,
    /// It migrates the database when it is started, beside the run and on the first node that comes up.
    Migrates(Migration),
    /// It comes back after `kong stop`, `kong quit` or a kill.
    RestartsAfterStop(Restart),
    /// It comes back after a kill that cannot be caught.
    RestartsAfterKill(Restart),
    /// It may open too few files.
    FewOpenFiles {
        /// How many.
        soft: u64,
    },
    /// It stays in the foreground, and systemd waits for it to leave it.
    Foreground,
    /// It leaves the foreground, and systemd takes that for its end.
    Background(ServiceType),
    /// A file that must be there was not read.
    EnvironmentFileNotRead {
        /// The file.
        path: String,
    },
    /// systemd ignores a line of its files, or the end of one.
    Broken,
    /// systemd ignores a line of an environment file that a shell takes: a command run with the file has another environment.
    NoVariable,
    /// A comment of an environment file takes the next line with it before version 254 of systemd, and not since.
    RunOnComment,
    /// It went down by itself.
    Failed {
        /// How, in systemd's word.
        result: String,
    },
}

impl Hazard {
    /// Whether an upgrade cannot go on, or does something else than it says.
    #[must_use]
    pub fn blocks(&self) -> bool {
        !matches!(
            self,
            // Nodes that are units are stopped through systemd alone, whose stop no policy undoes.
            Self::RestartsAfterStop(_)
                | Self::RestartsAfterKill(_)
                | Self::FewOpenFiles { .. }
                | Self::Broken
                | Self::NoVariable
                | Self::RunOnComment
                | Self::Failed { .. }
        )
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(out, "there is no such service"),
            Self::NotLoaded { why: Some(why) } => write!(out, "its files cannot be read: {why}"),
            Self::NotLoaded { why: None } => write!(out, "its files cannot be read"),
            Self::Masked => write!(out, "it is masked: nobody can start it"),
            Self::NeedsReload => write!(out, "its files have changed since systemd read them"),
            Self::Migrates(Migration::Flag) => write!(out, "it is started with `--run-migrations`"),
            Self::Migrates(Migration::Command) => {
                write!(out, "it runs `kong migrations` by itself")
            }
            Self::Migrates(Migration::Variable(name)) => {
                write!(out, "`{name}` makes it migrate the database by itself")
            }
            Self::RestartsAfterStop(restart) => {
                write!(
                    out,
                    "`Restart={restart}` brings it back after a stop that is not systemd's"
                )
            }
            Self::RestartsAfterKill(restart) => {
                write!(out, "`Restart={restart}` brings it back after a kill")
            }
            Self::FewOpenFiles { soft } => write!(out, "it may open {soft} files at once"),
            Self::Foreground => {
                write!(
                    out,
                    "`KONG_NGINX_DAEMON=off` keeps it in the foreground, and with `Type=forking` its start never ends"
                )
            }
            Self::Background(r#type) => {
                let kind = r#type.as_str();
                write!(
                    out,
                    "it leaves the foreground, which with `Type={kind}` is its end"
                )
            }
            Self::EnvironmentFileNotRead { path } => {
                write!(out, "`{path}` must be there and was not read")
            }
            Self::Broken => write!(out, "systemd does not read this line to its end"),
            Self::NoVariable => write!(out, "this line sets no variable for systemd"),
            Self::RunOnComment => write!(
                out,
                "this comment ends with a backslash and may take the next line with it"
            ),
            Self::Failed { result } => write!(out, "it went down by itself: {result}"),
        }
    }
}

impl Finding {
    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        let unit = &self.unit;
        match &self.hazard {
            Hazard::NotFound => "name the service that runs Kong here, or none".to_owned(),
            Hazard::NotLoaded { .. } => {
                format!("see `systemctl status {unit}` and `systemd-analyze verify {unit}`")
            }
            Hazard::Masked => {
                format!("`systemctl unmask {unit}`, unless it is masked to keep this node down")
            }
            Hazard::NeedsReload => {
                format!("look at `systemctl cat {unit}`, then `systemctl daemon-reload`")
            }
            Hazard::Migrates(Migration::Flag) => {
                "take `--run-migrations` out, then `systemctl daemon-reload`".to_owned()
            }
            Hazard::Migrates(Migration::Command) => {
                "take the command out, then `systemctl daemon-reload`".to_owned()
            }
            Hazard::Migrates(Migration::Variable(name)) => format!("take `{name}` out"),
            Hazard::RestartsAfterStop(_) | Hazard::RestartsAfterKill(_) => {
                format!("stop this node with `systemctl stop {unit}` only")
            }
            Hazard::FewOpenFiles { .. } => {
                format!("set `LimitNOFILE={OPEN_FILES}` or more, then `systemctl daemon-reload`")
            }
            Hazard::Foreground => {
                "take `KONG_NGINX_DAEMON` out, or set `Type=simple` and no `PIDFile=`".to_owned()
            }
            Hazard::Background(_) => {
                "set `KONG_NGINX_DAEMON=off`, or `Type=forking` with `PIDFile=`".to_owned()
            }
            Hazard::EnvironmentFileNotRead { path } => {
                format!("make `{path}` readable, or put a `-` before it")
            }
            Hazard::Broken => "double the backslashes and close the quotes of the line".to_owned(),
            Hazard::NoVariable => {
                "take `export` out, and use letters, digits and `_` for the name".to_owned()
            }
            Hazard::RunOnComment => "take the backslash out".to_owned(),
            Hazard::Failed { .. } => {
                format!("see `journalctl -u {unit}`, then `systemctl reset-failed {unit}`")
            }
        }
    }
}
