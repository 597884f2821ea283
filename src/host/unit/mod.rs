//! A service of systemd: how it stands, what its files say, which environment it gets, and what of that would hurt an upgrade.
//!
//! Sources: the manual pages `systemctl(1)`, `systemd.exec(5)`, `systemd.service(5)`, `systemd.syntax(7)` of version 252, its source
//! for what they leave open (`env-file.c`, `extract-word.c`, `conf-parser.c`), and answers recorded from that version.

mod command;
mod drop_in;
mod effective;
mod environment;
mod environment_file;
#[cfg(test)]
mod environment_file_laws;
mod escape;
mod exec_line;
mod hazard;
mod hazards;
#[cfg(test)]
mod hazards_found;
mod place;
mod reader;
mod record;
mod scan;
mod show;
#[cfg(test)]
mod show_recorded;
mod span;
mod state;
mod template;
mod unit_file;
mod value;
mod variable;
mod words;

pub use command::{Command, Directive, Ending};
pub use drop_in::drop_in;
pub use effective::{Assigned, Effective};
pub use environment::Environment;
pub use environment_file::{Assignment, Comments, EnvironmentFile, EnvironmentFileError};
pub use exec_line::ExecLine;
pub use hazard::{Finding, Hazard, Migration, Where};
pub use hazards::hazards;
pub use place::{Place, Placed};
pub use show::{EnvironmentFileReference, OpenFiles, Unit, UnitError, show};
pub use span::{Span, SpanError};
pub use state::{ActiveState, LoadState, Restart, ServiceResult, ServiceType, UnitFileState};
pub use unit_file::{Ignored, Setting, UnitFile, UnitFileError};
pub use value::Value;
pub use variable::{Variable, VariableError};
