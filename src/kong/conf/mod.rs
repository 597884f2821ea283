//! kong.conf and the environment beside it: reading and editing the file byte for byte, what a version of Kong goes by and why, and in
//! what two nodes differ.
//!
//! Pure: texts and variables come in, no file is opened. The truth is Kong's source, which each file names; values that Kong only
//! computes while it runs are not told here.

mod code;
mod compare;
mod defaults;
mod document;
mod edit;
mod effective;
mod error;
mod grammar;
mod kind;
mod layers;
mod line;
mod namespaces;
mod number;
mod of_a_node;
mod origin;
mod place;
mod read;
mod rules;
mod secret;
mod setting;
mod space;
mod suites;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use code::{executes_code, executes_code_as};
pub use compare::{Compared, Side, Verdict, compare};
pub use defaults::{Defaults, UnknownVersion};
pub use document::Document;
pub use edit::Edit;
pub use effective::{Configuration, Effective, Hidden, effective};
pub use error::EditError;
pub use grammar::Grammar;
pub use layers::{Layers, Variable, key_of_variable};
pub use of_a_node::differs_between_nodes;
pub use origin::{Origin, Place};
pub use secret::is_secret;
pub use setting::{Setting, Standing};
pub use value::Value;
