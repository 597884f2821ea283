//! A service as `systemctl show` tells it. After `systemctl(1)`, `org.freedesktop.systemd1(5)` and recorded answers of version 252.

use serde::Serialize;

use super::command::{Command, Directive};
use super::reader::Reader;
use super::record::{Odd, Record};
use super::span::Span;
use super::state::{ActiveState, LoadState, Restart, ServiceResult, ServiceType, UnitFileState};
use super::variable::Variable;

/// What is asked for. Named one by one, an empty property is printed too, and none that nobody reads.
const PROPERTIES: &str = "--property=Id,Type,LoadState,LoadError,ActiveState,SubState,UnitFileState,MainPID,Restart,RestartUSec,NRestarts,\
Result,User,Group,FragmentPath,DropInPaths,NeedDaemonReload,LimitNOFILE,LimitNOFILESoft,TimeoutStopUSec,ExecCondition,ExecStartPre,\
ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost,Environment,EnvironmentFiles,UnsetEnvironment,PassEnvironment";

/// The question whose answer [`Unit::of`] reads. It exits 0 also where there is no such unit.
#[must_use]
pub fn show(unit: &str) -> [String; 5] {
    ["systemctl", "show", PROPERTIES, "--", unit].map(str::to_owned)
}

/// A service as systemd has it in memory, which is not what its files say where it needs a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its name, `kong.service`.
    pub id: String,
    /// How systemd learns that it has started; nothing where there is no such service.
    pub r#type: Option<ServiceType>,
    /// Whether its files were read.
    pub load: LoadState,
    /// Why they were not, in systemd's words.
    pub load_error: Option<String>,
    /// Whether it runs.
    pub active: ActiveState,
    /// The same in finer words, which depend on the type: `running`, `dead`, `auto-restart`.
    pub sub: String,
    /// Whether it starts at boot; nothing where there is no file.
    pub file_state: Option<UnitFileState>,
    /// Its main process.
    pub main_process: Option<u32>,
    /// When it is started again by itself.
    pub restart: Restart,
    /// After how long.
    pub restart_after: Span,
    /// How often it was.
    pub restarts: u32,
    /// How its last run ended.
    pub result: ServiceResult,
    /// Whom it runs as; nobody named is root.
    pub user: Option<String>,
    /// With which group.
    pub group: Option<String>,
    /// The file that it was read from.
    pub fragment: Option<String>,
    /// The files that were read after it, in their order.
    pub drop_ins: Vec<String>,
    /// Whether files have changed since they were read.
    pub needs_reload: bool,
    /// How many files it may have open.
    pub open_files: OpenFiles,
    /// How long a stop may take before it is a kill.
    pub stop_timeout: Span,
    /// Its commands, by directive and in their order.
    pub commands: Vec<(Directive, Command)>,
    /// What `Environment=` sets, in the order of the settings.
    pub environment: Vec<Variable>,
    /// Where more is read from at a start.
    pub environment_files: Vec<EnvironmentFileReference>,
    /// What is taken out last: names, or assignments.
    pub unset: Vec<String>,
    /// What is handed on from systemd's own environment.
    pub passed: Vec<String>,
}

/// Limits of open files; nothing is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OpenFiles {
    /// The one in force.
    pub soft: Option<u64>,
    /// The one that the process may raise it to.
    pub hard: Option<u64>,
}

/// A setting `EnvironmentFile=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentFileReference {
    /// The file, or a pattern of files.
    pub path: String,
    /// Whether it may be missing.
    pub may_be_missing: bool,
}

/// An answer that is none about a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Something else than `Key=value`.
    #[error("line {line} of the answer of `systemctl show` is not `Key=value`")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// More than one unit.
    #[error("the answer of `systemctl show` is about a second unit from line {line} on")]
    Second {
        /// Where it begins, from 1.
        line: usize,
    },
    /// A property that every unit has.
    #[error("the answer of `systemctl show` has no `{property}`")]
    Missing {
        /// Which.
        property: &'static str,
    },
    /// A property that does not read as it should.
    #[error("`{property}` in the answer of `systemctl show` cannot be read")]
    Malformed {
        /// Which. Its value is not told: it can hold secrets.
        property: &'static str,
    },
}

impl Unit {
    /// Reads the answer to [`show`].
    pub fn of(answer: &str) -> Result<Self, UnitError> {
        let record = Record::of(answer).map_err(|odd| match odd {
            Odd::Line(line) => UnitError::Line { line },
            Odd::Second(line) => UnitError::Second { line },
        })?;
        let reader = Reader { record };
        Ok(Self {
            id: reader.text("Id")?.to_owned(),
            r#type: reader.record.one("Type").map(ServiceType::of),
            load: LoadState::of(reader.text("LoadState")?),
            load_error: reader.optional("LoadError"),
            active: ActiveState::of(reader.text("ActiveState")?),
            sub: reader.text("SubState")?.to_owned(),
            file_state: reader.record.one("UnitFileState").map(UnitFileState::of),
            main_process: Some(reader.number("MainPID")?).filter(|pid| *pid != 0),
            restart: Restart::of(reader.text("Restart")?),
            restart_after: reader.span("RestartUSec")?,
            restarts: reader.restarts()?,
            result: ServiceResult::of(reader.text("Result")?),
            user: reader.optional("User"),
            group: reader.optional("Group"),
            fragment: reader.optional("FragmentPath"),
            drop_ins: reader.list("DropInPaths")?,
            needs_reload: reader.text("NeedDaemonReload")? == "yes",
            open_files: reader.open_files()?,
            stop_timeout: reader.span("TimeoutStopUSec")?,
            commands: reader.commands()?,
            environment: reader.environment()?,
            environment_files: reader.environment_files()?,
            unset: reader.list("UnsetEnvironment")?,
            passed: reader.list("PassEnvironment")?,
        })
    }

    /// The commands of one directive.
    pub fn of_directive(&self, directive: Directive) -> impl Iterator<Item = &Command> {
        let all = self.commands.iter();
        all.filter_map(move |(of, command)| (*of == directive).then_some(command))
    }
}
