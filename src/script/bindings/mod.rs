//! The words of the language: one file per namespace, each function with its page of documentation.
//!
//! A binding turns arguments into an intent and an answer into a value; it decides nothing. Its `///` is the reference, with the
//! fixed sections *Needs, Effect, Undo, On resume, Errors, Example*.

#![expect(unreachable_pub, reason = "`export_module` wants public functions")]

mod arguments;
mod clock;
mod config;
mod database;
mod environment;
mod gap;
mod http;
mod kong;
mod node;
mod packages;
mod practice;
mod review;
mod run;
mod test;
mod traffic;

use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext, exported_module};

use super::child::{Raise as _, SharedLink, to_dynamic};
use crate::primitive::Intent;

/// Registers every namespace.
pub(super) fn register(engine: &mut Engine) {
    environment::register_types(engine);
    engine.register_static_module("env", exported_module!(environment::env).into());
    engine.register_static_module("run", exported_module!(run::run).into());
    engine.register_static_module("review", exported_module!(review::review).into());
    engine.register_static_module("kong", kong::namespace().into());
    engine.register_static_module("config", exported_module!(config::config).into());
    engine.register_static_module("packages", exported_module!(packages::packages).into());
    engine.register_static_module("database", exported_module!(database::database).into());
    engine.register_static_module("gap", exported_module!(gap::gap).into());
    engine.register_static_module("traffic", traffic::namespace().into());
    engine.register_static_module("http", exported_module!(http::http).into());
    engine.register_static_module("node", exported_module!(node::node).into());
    engine.register_static_module("clock", exported_module!(clock::clock).into());
    engine.register_static_module("practice", exported_module!(practice::practice).into());
}

/// Registers the words of tests.
pub(super) fn register_tests(engine: &mut Engine) {
    engine.register_static_module("test", exported_module!(test::test).into());
}

/// Asks for a step; its outcome, or its failure as something that a script can catch.
fn call(context: &NativeCallContext, intent: Intent) -> Result<Dynamic, Box<EvalAltResult>> {
    match SharedLink::of(context).call(context, intent)?.1 {
        Ok(outcome) => Ok(to_dynamic(&outcome)),
        Err(failure) => Err(failure.raise()),
    }
}

/// A failure of an argument, before any step.
fn wrong_argument(message: impl Into<String>, hint: &str) -> Box<EvalAltResult> {
    crate::primitive::Failure::new("argument.value", message)
        .hint(hint)
        .raise()
}
