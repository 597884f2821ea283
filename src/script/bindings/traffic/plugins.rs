//! Which routes and services pass requests on: plugins of Kong's.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};
use url::Url;

use super::super::arguments::{Options, cluster};
use super::super::{call, wrong_argument};
use crate::primitive::{Canary, Intent, Redirect, Side, Terminate};

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// The longest notice, in bytes: it stands in the journal, and goes out with every answer.
const LONGEST_MESSAGE: usize = 1_000;

/// The statuses of a redirect.
const REDIRECTS: [i64; 5] = [301, 302, 303, 307, 308];

/// By what a client keeps its place, of what needs no further setting.
const HASHES: [&str; 3] = ["consumer", "ip", "none"];

/// The cluster whose configuration is written.
fn side(which: Dynamic) -> Outcome<Side> {
    let cluster = cluster(which)?;
    Ok(Side {
        database: cluster.database_name()?,
        cluster: cluster.name,
        nodes: cluster.nodes,
    })
}

/// A name or id of a route or a service, as Kong admits them: nothing that means something in a path.
fn name(kind: &str, value: Dynamic) -> Outcome<String> {
    let example = "as in \"orders\"";
    let name = value.into_string().map_err(|found| {
        wrong_argument(
            format!("a {kind} is named by a text, not a {found}"),
            example,
        )
    })?;
    let admitted = |character: char| {
        let plain = character.is_ascii_alphanumeric() || "-._~".contains(character);
        plain || (!character.is_ascii() && !character.is_control() && !character.is_whitespace())
    };
    let is_name =
        !name.is_empty() && name.chars().all(admitted) && !name.chars().all(|dot| dot == '.');
    if is_name && name.len() <= 512 {
        return Ok(name);
    }
    Err(wrong_argument(
        format!("{name:?} is no name of a {kind}"),
        example,
    ))
}

/// Routes: one, or an array of them, each once.
fn route_names(which: Dynamic) -> Outcome<Vec<String>> {
    let given = if which.is_array() {
        which.into_array().unwrap_or_default()
    } else {
        vec![which]
    };
    let mut routes = Vec::new();
    for route in given {
        let route = name("route", route)?;
        if routes.contains(&route) {
            return Err(wrong_argument(
                format!("the route `{route}` is named twice"),
                "",
            ));
        }
        routes.push(route);
    }
    if routes.is_empty() {
        return Err(wrong_argument(
            "no route is named",
            "as in [\"orders\", \"search\"]",
        ));
    }
    Ok(routes)
}

/// A text among the options, if it is given.
fn text(options: &mut Options, name: &'static str) -> Outcome<Option<String>> {
    let text = options.take(name).map(Dynamic::into_string).transpose();
    text.map_err(|found| wrong_argument(format!("`{name}` is a text, not a {found}"), ""))
}

/// The address under `name`: absolute, `http` or `https`, with nothing secret in it.
fn address(options: &mut Options, name: &'static str, example: &str) -> Outcome<Url> {
    let given = text(options, name)?
        .ok_or_else(|| wrong_argument(format!("`{name}` is missing"), example))?;
    let refused = |why: &str| wrong_argument(format!("`{name}`: {given:?} {why}"), example);
    // A parser passes over line breaks, and Kong would take them into a header.
    if given
        .chars()
        .any(|character| character.is_control() || character.is_whitespace())
    {
        return Err(refused("is no URL"));
    }
    let url = Url::parse(&given).map_err(|_| refused("is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(refused("is no URL that begins with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("has a user in it, and every client would be told"));
    }
    Ok(url)
}

#[export_module]
pub(in crate::script::bindings) mod plugins_module {
    /// Lets Kong answer for routes, instead of passing requests on: the plugin `request-termination` on each of `routes`, one or an array
    /// of names or ids. Options: `status`, 200 to 599 (preset 503), and `message` (preset: Kong's own words for the status). For a notice
    /// on routes that may wait while the others are moved.
    ///
    /// Written through the Admin API of a node that answers, and read back from all that do. The proxies follow by themselves within two
    /// of Kong's update intervals (twice `db_update_frequency`, 10 s by preset): `http::poll` waits for it. Configuration is written, so do
    /// this before `kong::freeze` and before `database::clone_to`, whose copy has the notice too. A plan takes it that the routes are there.
    ///
    /// # Needs
    /// `traffic.terminate`
    /// # Effect
    /// Clients of these routes get the answer. Freezes, windows and approvals are looked at again before it.
    /// # Undo
    /// Exactly the plugin that was found, or none; one that somebody changed in between is left alone, and the way back waits for a person.
    /// # On resume
    /// Looked for: a plugin is never made twice.
    /// # Errors
    /// `traffic.plugin.nowhere`: there is no such route. `traffic.plugin.unavailable`: a node does not have the plugin.
    /// `traffic.plugin.frozen`: the database denies writes. `kong.admin.closed`: the Admin APIs are closed. `traffic.plugin.changed`:
    /// somebody else wrote meanwhile. `traffic.plugin.refused`, `kong.admin.status`: Kong does not take it. `traffic.plugin.not_set`: a
    /// node shows something else. `traffic.plugin.secret`: what is there holds a secret. `argument.value`: a name, a status or a message
    /// that cannot be.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// traffic::terminate(cluster, ["search", "site"], #{ status: 503, message: "back at noon" });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn terminate(
        context: NativeCallContext,
        which: Dynamic,
        routes: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let side = side(which)?;
        let routes = route_names(routes)?;
        let mut options = Options::new(options);
        let status = options.number("status")?.unwrap_or(503);
        let message = text(&mut options, "message")?;
        options.done()?;
        let status = u16::try_from(status)
            .ok()
            .filter(|status| (200..600).contains(status))
            .ok_or_else(|| wrong_argument("a status is 200 to 599", "#{ status: 503 }"))?;
        if let Some(message) = &message
            && (message.len() > LONGEST_MESSAGE || message.chars().any(char::is_control))
        {
            let message = format!("a message is one line of at most {LONGEST_MESSAGE} bytes");
            return Err(wrong_argument(message, "#{ message: \"back at noon\" }"));
        }
        call(
            &context,
            Intent::Terminate(Terminate {
                side,
                routes,
                status,
                message,
            }),
        )
    }

    /// Sends the clients of routes to another address: the plugin `redirect`, which Kong has since 3.9, on each of `routes`, one or an array
    /// of names or ids. Options: `to`, an absolute URL; `status`, 301, 302, 303, 307 or 308 (preset 307); `keep_path` (preset `true`): path
    /// and query of each request take the place of the URL's. Clients keep 301 and 308 for themselves, and no way back reaches them.
    ///
    /// It is written, read back and followed as with `traffic::terminate`.
    ///
    /// # Needs
    /// `traffic.redirect`
    /// # Effect
    /// Clients of these routes are sent elsewhere. Freezes, windows and approvals are looked at again before it.
    /// # Undo
    /// Exactly the plugin that was found, or none; one that somebody changed in between is left alone, and the way back waits for a person.
    /// # On resume
    /// Looked for: a plugin is never made twice.
    /// # Errors
    /// `traffic.plugin.unavailable`: a node does not have the plugin, as before 3.9. `argument.value`: a name, a URL or a status that cannot
    /// be. Those of `traffic::terminate`.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// traffic::redirect(cluster, "search", #{ to: "https://green.example.com", status: 302 });
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn redirect(
        context: NativeCallContext,
        which: Dynamic,
        routes: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let side = side(which)?;
        let routes = route_names(routes)?;
        let mut options = Options::new(options);
        let to = address(&mut options, "to", "#{ to: \"https://green.example.com\" }")?;
        let status = options.number("status")?.unwrap_or(307);
        let keep_path = match options.take("keep_path") {
            Some(value) => value.as_bool().map_err(|found| {
                wrong_argument(
                    format!("`keep_path` is `true` or `false`, not a {found}"),
                    "",
                )
            })?,
            None => true,
        };
        options.done()?;
        let status = u16::try_from(status)
            .ok()
            .filter(|status| REDIRECTS.contains(&i64::from(*status)))
            .ok_or_else(|| {
                wrong_argument("a redirect has the status 301, 302, 303, 307 or 308", "")
            })?;
        call(
            &context,
            Intent::Redirect(Redirect {
                side,
                routes,
                to: to.into(),
                status,
                keep_path,
            }),
        )
    }

    /// Sends a share of one service's requests elsewhere: Enterprise's plugin `canary` on `service`, by name or id. Options: `percent`, 0 to
    /// 100; `upstream`, as in `"http://10.0.0.12:8000"`, by the service's own protocol; `hash`, by what a client keeps its place, `consumer`,
    /// `ip` or `none` (preset: what is there, else `consumer`). Called again it changes the share. What is not named keeps what it has.
    ///
    /// A request arrives there as it would at the service, with the path and host that route and service give it: as upstream, the other
    /// side's proxies serve routes that keep path and host (`strip_path` off, `preserve_host` on). Both sides count it for rate limits.
    /// It is written, read back and followed as with `traffic::terminate`.
    ///
    /// # Needs
    /// `traffic.canary`
    /// # Effect
    /// A share of the service's requests goes to the upstream. From here on a failure holds instead of undoing, since clients may have used
    /// the new version.
    /// # Undo
    /// Exactly the plugin that was found, or none: every request goes to the service again.
    /// # On resume
    /// Looked for: a plugin is never made twice.
    /// # Errors
    /// `traffic.plugin.unavailable`: a node does not have the plugin, as without Enterprise. `traffic.plugin.nowhere`: there is no such
    /// service. `traffic.canary.protocol`: the service goes by another protocol. `argument.value`: a share, a name or a URL that cannot be.
    /// Those of `traffic::terminate`.
    /// # Example
    /// ```rhai
    /// let cluster = env::cluster("practice");
    /// for percent in [1, 10, 50, 100] {
    ///     traffic::canary(cluster, "orders", #{ percent: percent, upstream: "http://10.0.0.12:8000" });
    ///     clock::pause("5m");
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn canary(
        context: NativeCallContext,
        which: Dynamic,
        service: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let example = "#{ percent: 10, upstream: \"http://10.0.0.12:8000\" }";
        let side = side(which)?;
        let service = name("service", service)?;
        let mut options = Options::new(options);
        let percent = options.number("percent")?;
        let upstream = address(&mut options, "upstream", example)?;
        let hash = text(&mut options, "hash")?;
        options.done()?;
        let percent = percent
            .and_then(|percent| u8::try_from(percent).ok())
            .filter(|percent| *percent <= 100)
            .ok_or_else(|| wrong_argument("`percent` is 0 to 100", example))?;
        let (host, port) = (upstream.host_str(), upstream.port_or_known_default());
        let (Some(host), Some(port)) = (host, port) else {
            return Err(wrong_argument("`upstream` has no host", example));
        };
        if upstream.path() != "/" || upstream.query().is_some() || upstream.fragment().is_some() {
            let message = "`upstream` has a path, and a request keeps its own";
            return Err(wrong_argument(message, example));
        }
        if let Some(hash) = hash
            .as_ref()
            .filter(|hash| !HASHES.contains(&hash.as_str()))
        {
            let message = format!("`hash` is one of {}, not {hash:?}", HASHES.join(", "));
            return Err(wrong_argument(message, example));
        }
        call(
            &context,
            Intent::Canary(Canary {
                side,
                service,
                percent,
                protocol: upstream.scheme().to_owned(),
                host: host.to_owned(),
                port,
                hash,
            }),
        )
    }
}
