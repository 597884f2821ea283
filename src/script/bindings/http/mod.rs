//! `http`: what servers must answer.

mod checks;
mod comparison;

use std::collections::BTreeMap;

use rhai::plugin::*;
use rhai::{Array, Dynamic, EvalAltResult, Map, NativeCallContext};

use super::arguments::{Options, node};
use super::{call, wrong_argument};
use crate::checks::from_curl;
use crate::primitive::{Check, CheckAll, CheckGenerated, Intent, Poll};
use crate::script::child::{Raise as _, to_dynamic};
use checks::{against, check_of, count, described, together};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

#[export_module]
pub(super) mod http {
    /// Sends one request to a node's proxy over a fresh connection, and compares the answer. Instead of a node the base URL of another
    /// server can be given, which wants a grant that names it.
    ///
    /// The request is a path, a whole URL (scheme, host and path are the URL's, and the connection goes to the node, as with curl's
    /// `--connect-to`), what `http::curl` answers, or a map: `url`, `method`, `query`, `headers`, `body` (a text, or
    /// `#{ json: … }`, `#{ form: … }`, `#{ multipart: […] }`; `#{ announced: 9000000 }` is announced and never sent, and answered with
    /// status 100 where it would be taken), `login` (`name`, `password`), `timeout` and `connect_timeout`
    /// (milliseconds), `http` (`"1.1"`, `"2"`), `tls` (a `[tls.NAME]` of the environment: authority, client's certificate,
    /// `insecure`), `redirects` (how many are followed, at the same server), `compressed`. A header, a password, a field can be
    /// `#{ secret: "NAME", before: "Bearer " }`: a `[secrets.NAME]` of the environment.
    ///
    /// Expected is at least one of `status` (a number, several, or `"2xx"`), `headers`, `json` (by JSON pointer, or by JSON path from
    /// `$`), `body`, `bytes`, `http`, `certificate` (`subject`, `issuer`, `names`, `days_left`), `within` (milliseconds). A value is
    /// itself, or a map of what holds of it: `is`, `is_not`, `matches` (a regular expression), `contains`, `present`, `count`, `at_least`,
    /// `at_most`.
    ///
    /// # Needs
    /// `http.check`; of another server `http.check:https://host/*`, for a method that is not safe `http.check:POST …`; where everything
    /// is granted by name, the secrets' and `tls` profiles' names too
    /// # Effect
    /// One request, and one more for each redirect.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `http.check.different`, `http.unreachable`, `http.timeout`, `http.tls`, `http.tls.profile`, `http.broken`, `http.too_large`,
    /// `http.redirects`, `http.version`, `http.secret`, `secret.unavailable`; `http.request`: it leads where no playbook may ask;
    /// `argument.value`: nothing is expected.
    /// # Example
    /// ```rhai
    /// for node in env::cluster("practice").nodes {
    ///     http::check(node, "/", #{ status: 404, headers: #{ server: #{ matches: "^kong/" } }, within: 2000 });
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check(
        context: NativeCallContext,
        which: Dynamic,
        request: Dynamic,
        expect: Map,
    ) -> Result<Dynamic> {
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
    ) -> Result<Dynamic> {
        let mut options = Options::new(options);
        let passes = count(&mut options, "passes", 3)?;
        let within = options.duration("within", "30s")?;
        options.done()?;
        let check = check_of(which, request, expect)?;
        call(
            &context,
            Intent::Poll(Poll {
                check,
                passes,
                within,
            }),
        )
    }

    /// Many checks of one node or server, several at once. Each is a map: `request` and `expect` as for `http::check`, `name`, and
    /// `retries` (how often it is asked again, preset 0); or what `http::curl` answers. Options: `passes` (right answers in a row that
    /// each wants, preset 1), `within` (preset `"30s"`), `at_once` (preset 8).
    ///
    /// # Needs
    /// `http.check_all`, as `http.check`
    /// # Effect
    /// Requests.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `http.check_all.failed`, with each check that did; `argument.value`: there is no check, or one that expects nothing.
    /// # Example
    /// ```rhai
    /// let checks = [
    ///     #{ name: "nothing is there", request: "/", expect: #{ status: 404 } },
    ///     http::curl("curl http://shop.example/none", #{ status: 404 }),
    /// ];
    /// for node in env::cluster("practice").nodes {
    ///     http::check_all(node, checks, #{ passes: 2 });
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check_all(
        context: NativeCallContext,
        which: Dynamic,
        checks: Array,
        options: Map,
    ) -> Result<Dynamic> {
        let mut options = Options::new(options);
        let passes = count(&mut options, "passes", 1)?;
        let at_once = count(&mut options, "at_once", 8)?;
        let within = options.duration("within", "30s")?;
        options.done()?;
        let place = against(which)?;
        let checks: Vec<Check> = checks
            .iter()
            .map(|check| described(&place, check))
            .collect::<Result<_>>()?;
        if checks.is_empty() {
            return Err(wrong_argument(
                "no check proves nothing",
                "http::check_all(node, [#{ request: \"/status\", expect: #{ status: 200 } }], #{})",
            ));
        }
        let mut last = Dynamic::UNIT;
        let (mut passed, mut asked) = (0, 0);
        for checks in together(checks) {
            let node = checks.first().and_then(|check| check.node.clone());
            last = call(
                &context,
                Intent::CheckAll(CheckAll {
                    node,
                    checks,
                    passes,
                    within,
                    at_once,
                }),
            )?;
            if let Some(told) = last.read_lock::<Map>() {
                let number = |name: &str| told.get(name).and_then(|value| value.as_int().ok());
                passed += number("passed").unwrap_or_default();
                asked += number("asked").unwrap_or_default();
            }
        }
        if let Some(mut told) = last.write_lock::<Map>() {
            told.insert("passed".into(), passed.into());
            told.insert("asked".into(), asked.into());
        }
        Ok(last)
    }

    /// A curl command line as a check: a value for `http::check`, `http::poll` and lists of checks. Variables of the shell (`$KEY` in
    /// double quotes) become secrets of the environment by their names; where one says whose URL it is, the check is of the path. With
    /// `-f` a status below 400 is expected, otherwise nothing yet. Options that change what is sent or trusted in a way that a check
    /// cannot follow are refused by name. `cutover curl` writes the same out.
    ///
    /// # Needs
    /// Nothing: it sends nothing.
    /// # Effect
    /// Nothing.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The same again.
    /// # Errors
    /// `http.curl`: the command line cannot be followed; the message names the word.
    /// # Example
    /// ```rhai
    /// let check = http::curl("curl -sS -H 'Host: shop.example' http://shop.example/none");
    /// for node in env::cluster("practice").nodes {
    ///     http::check(node, check, #{ status: 404 });
    /// }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn curl(line: &str) -> Result<Dynamic> {
        curl_with(line, Map::new())
    }

    /// The same with what is expected.
    ///
    /// # Needs
    /// Nothing: it sends nothing.
    /// # Effect
    /// Nothing.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The same again.
    /// # Errors
    /// As without.
    /// # Example
    /// ```rhai
    /// let checks = [http::curl("curl http://shop.example/none", #{ status: 404 })];
    /// http::check_all(env::cluster("practice").nodes[0], checks, #{});
    /// ```
    #[rhai_fn(name = "curl", return_raw)]
    pub fn curl_with(line: &str, expect: Map) -> Result<Dynamic> {
        let found = from_curl(line, BTreeMap::new()).map_err(|failure| failure.raise())?;
        let check = serde_json::to_value(&found.check).expect("plain data");
        let mut check = to_dynamic(&check);
        if let Some(mut whole) = check.write_lock::<Map>()
            && let Some(wanted) = whole.get_mut("expect")
            && let Some(mut wanted) = wanted.write_lock::<Map>()
        {
            wanted.extend(expect);
        }
        Ok(check)
    }

    /// Checks made from the routes and plugins that a node is configured with: one for each route, method and state of authentication (with and
    /// without a key), rate limits' headers, preflights. Options: `passes` (preset 1), `within` (preset `"30s"`), `at_once` (preset 8),
    /// `coverage` (the least part of the routes to be reached, in percent, preset 0). Answers `passed`, `coverage` (`routes_reached`,
    /// `routes`, `plugins_judged`, `plugins`) and `left_out`, each with `what` and `why`.
    ///
    /// # Needs
    /// `http.check_generated`
    /// # Effect
    /// Requests that only look, some of which the service behind a route hears. Keys of consumers are read from the Admin API and sent
    /// to the proxy.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `http.check_all.failed`; `http.check_generated.none`, `http.check_generated.unknown`, `http.check_generated.coverage`; those of the
    /// Admin API.
    /// # Example
    /// ```rhai
    /// for node in env::cluster("practice").nodes {
    ///     let reached = http::check_generated(node, #{ coverage: 80 });
    ///     run::note(`${reached.coverage.routes_reached} of ${reached.coverage.routes} routes answered`);
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn check_generated(
        context: NativeCallContext,
        which: Dynamic,
        options: Map,
    ) -> Result<Dynamic> {
        let mut options = Options::new(options);
        let passes = count(&mut options, "passes", 1)?;
        let at_once = count(&mut options, "at_once", 8)?;
        let within = options.duration("within", "30s")?;
        let coverage = options.number("coverage")?.unwrap_or(0);
        options.done()?;
        let coverage = u32::try_from(coverage)
            .ok()
            .filter(|percent| *percent <= 100);
        let coverage = coverage.ok_or_else(|| {
            wrong_argument("`coverage` is a part of a hundred", "#{ coverage: 80 }")
        })?;
        call(
            &context,
            Intent::CheckGenerated(CheckGenerated {
                node: node(which)?,
                passes,
                within,
                at_once,
                coverage,
            }),
        )
    }

    /// Sends the same requests to an old node and to a new one, twice to each, and compares status, headers, the body's values (of JSON by
    /// their places) and what plugins show in them. What is otherwise each time on one side is noise and left out; what is the same
    /// twice on each side and not on both is a difference. `checks` is a list of checks, of which only the requests matter, or
    /// `"generated"`: those that are made from the old node's routes and plugins. Options: `ignore` (`["header etag", "body /time"]`, a
    /// star at the end covers all that begin so), `headers` (the only ones that are compared), `body` (`"values"`, `"shape"` or `"none"`),
    /// `samples` (how many answers of each side are timed, preset 0; 20 at least say
    /// something), `slower` (how many times as slow the new one may be, preset 2), `at_once` (preset 4), `unclear` (`"hold"`, the preset:
    /// where it cannot be told whether they answer the same, a person is asked before the run goes on; `"fail"`). Answers `verdict`
    /// (`"same"`, or `"inconclusive"` where a person went on), `compared`, `told`, `coverage`, `pace`.
    ///
    /// # Needs
    /// `http.compare`
    /// # Effect
    /// Four requests for each check, and the samples.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated; what a person said stands as with `run::approve`.
    /// # Errors
    /// `http.compare.different`; `http.compare.inconclusive` with `unclear: "fail"`: a side answers otherwise each time, or neither
    /// does; those of `http::check_generated`.
    /// # Example
    /// ```rhai
    /// let nodes = env::cluster("practice").nodes;
    /// let same = http::compare("generated", nodes[0], nodes[1], #{ ignore: ["header etag"] });
    /// run::note(`${same.compared} requests are answered the same`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn compare(
        context: NativeCallContext,
        checks: Dynamic,
        blue: Dynamic,
        green: Dynamic,
        options: Map,
    ) -> Result<Dynamic> {
        let (intent, unclear) = comparison::asked(checks, [node(blue)?, node(green)?], options)?;
        comparison::compared(&context, intent, unclear)
    }
}
