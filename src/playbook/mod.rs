//! What a playbook is before it runs: stored sources, header, parameters and their values, declared needs.
//!
//! Pure: it reads no file and knows no Rhai. Value types of the language that other rooms need too stand here.

mod diagnostic;
mod header;
mod parameter;
mod window;

pub use diagnostic::{Diagnostic, Severity};
pub use header::{API, Header, HeaderError};
pub use parameter::{Parameter, ParameterError, ParameterType, duration, resolve, resolve_again};
pub use window::{Window, WindowError};
