//! `http`: what a server must answer.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::arguments::{Options, data, node};
use super::{call, wrong_argument};
use crate::gateway::{Expectation, HttpRequest, at};
use crate::primitive::{Check, Intent, Poll};
use crate::script::child::to_dynamic;

/// The check that the arguments of `http::check` and `http::poll` describe.
fn check_of(which: Dynamic, request: Dynamic, expect: Map) -> Result<Check, Box<EvalAltResult>> {
    let request = if request.is_string() {
        to_dynamic(&serde_json::json!({ "url": request.into_string().unwrap_or_default() }))
    } else {
        request
    };
    let mut request: HttpRequest = data("the request", &request)?;
    let expect: Expectation = data("what is expected", &Dynamic::from_map(expect))?;
    if expect == Expectation::default() {
        let hint =
            "say what must hold: #{ status: 200 }, with `headers`, `json` or `within` as needed";
        return Err(wrong_argument(
            "a check without an expectation proves nothing",
            hint,
        ));
    }
    let node = if which.is_string() {
        let base = which.into_string().unwrap_or_default();
        request.url = at(&base, &request.url)?;
        None
    } else {
        let url = &request.url;
        if !url.starts_with('/') {
            return Err(wrong_argument(
                format!("`{url}` is not a path"),
                "http::check(node, \"/status\", #{ status: 200 })",
            ));
        }
        Some(node(which)?)
    };
    Ok(Check {
        node,
        request,
        expect,
    })
}

#[export_module]
pub(super) mod http {
    /// Sends one request to a node's proxy over a fresh connection, and compares the answer. Instead of a node the base URL of another
    /// server can be given, which wants a grant that names it. The request is a path, or a map with `url` (the path), `method`,
    /// `headers`, `timeout` (milliseconds). Expected are at least one of `status`, `headers`, `json` (by JSON
    /// pointer), `within` (milliseconds).
    ///
    /// # Needs
    /// `http.check`; of another server `http.check:https://host/*`, for another method than GET and HEAD `http.check:POST …`
    /// # Effect
    /// One request.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `http.check.different`, `http.unreachable`; `http.request`: it leads where no playbook may ask; `argument.value`: nothing is
    /// expected.
    /// # Example
    /// ```rhai
    /// for node in env::cluster("practice").nodes {
    ///     http::check(node, "/", #{ status: 404, within: 2000 });
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check(
        context: NativeCallContext,
        which: Dynamic,
        request: Dynamic,
        expect: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        call(&context, Intent::Check(check_of(which, request, expect)?))
    }

    /// The same until the answer is right several times in a row. Options: `passes` (preset 3), `within` (preset `"30s"`).
    ///
    /// # Needs
    /// `http.poll`
    /// # Effect
    /// Requests, five a second.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `http.poll.timeout`, with the last answer; those of `http::check`.
    /// # Example
    /// ```rhai
    /// for node in env::cluster("practice").nodes {
    ///     http::poll(node, "/", #{ status: 404 }, #{ passes: 3, within: "30s" });
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn poll(
        context: NativeCallContext,
        which: Dynamic,
        request: Dynamic,
        expect: Map,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut options = Options::new(options);
        let passes = options.number("passes")?.unwrap_or(3);
        let within = options.duration("within", "30s")?;
        options.done()?;
        let passes = u32::try_from(passes).ok().filter(|passes| *passes > 0);
        let passes =
            passes.ok_or_else(|| wrong_argument("`passes` is 1 or more", "#{ passes: 3 }"))?;
        call(
            &context,
            Intent::Poll(Poll {
                check: check_of(which, request, expect)?,
                passes,
                within,
            }),
        )
    }
}
