//! What a playbook needs and what an environment grants, in one notation: a verb, and what it is about.
//!
//! `kong.stop`, `kong.*`, `database.restore:main`, `kong.*:blue`, `http.check:https://kong.internal:8443/*`,
//! `http.check:POST kong-1`, `node.exec:kong version`. A star stands at the end only: what a glob covers must be plain at a glance.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::command::{self, Command};
use super::permissions::is_safe_method;

/// The verb whose object is a command.
const EXEC: &str = "node.exec";

/// A verb, or several by a glob, and what they are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Need {
    verb: String,
    object: Option<Object>,
}

/// What a verb is about: a name of the environment, a URL, or a command.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    /// The HTTP method that is meant, where it is not only a look.
    method: Option<String>,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A name, or the beginning of names.
    Named { start: String, glob: bool },
    /// A URL, or the beginning of URLs of one origin.
    Url { start: Url, glob: bool },
    /// Commands of one form.
    Command(Command),
}

/// Something that a step is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A name of the environment, such as that of a node.
    Named(String),
    /// A URL, as it was parsed: what it says in another spelling it says here as well.
    Url(Url),
    /// A command on a node.
    Command {
        /// The node.
        node: String,
        /// The program and its arguments.
        words: Vec<String>,
    },
}

/// What is wrong with a need.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no need: {problem}")]
pub struct NeedError {
    text: String,
    problem: &'static str,
}

impl Thing {
    /// The URL that `text` is, however it is written. One that cannot be read, or that names a user, is nothing that anybody can grant.
    #[must_use]
    pub fn url(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        (plain && matches!(url.scheme(), "http" | "https")).then_some(Self::Url(url))
    }
}

impl Need {
    /// The verb, or its glob.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// What it is about, as it was written.
    #[must_use]
    pub fn object(&self) -> Option<String> {
        self.object.as_ref().map(ToString::to_string)
    }

    /// Whether it is about a URL or a command, which are granted by name alone.
    #[must_use]
    pub fn is_by_name_alone(&self) -> bool {
        let place = self.object.as_ref().map(|object| &object.place);
        self.verb == EXEC || matches!(place, Some(Place::Url { .. }))
    }

    /// Whether something can be about what both are about, as far as their commands tell.
    #[must_use]
    pub fn may_meet(&self, other: &Self) -> bool {
        fn place(need: &Need) -> Option<&Place> {
            need.object.as_ref().map(|object| &object.place)
        }
        match (place(self), place(other)) {
            (Some(Place::Command(one)), Some(Place::Command(other))) => one.may_meet(other),
            _ => true,
        }
    }

    /// Whether it speaks of `verb` at all.
    #[must_use]
    pub fn speaks_of(&self, verb: &str) -> bool {
        covers(&self.verb, verb)
    }

    /// Whether it covers `verb` about `thing`, by `method` where that is an HTTP request. A URL is covered by a URL alone, a command by
    /// a command, and what is more than a look by its method alone. `also` are other names of the same thing, such as its cluster's.
    #[must_use]
    pub fn covers(&self, verb: &str, method: Option<&str>, thing: &Thing, also: &[&str]) -> bool {
        if !self.speaks_of(verb) {
            return false;
        }
        let named = self
            .object
            .as_ref()
            .and_then(|object| object.method.as_deref());
        if !method_is_covered(named, method) {
            return false;
        }
        match (&self.object, thing) {
            (None, Thing::Named(_)) => true,
            (None, Thing::Url(_) | Thing::Command { .. }) => false,
            (Some(object), thing) => object.place.covers(thing, also),
        }
    }
}

/// Looking is covered by every need, another method by one that names it.
fn method_is_covered(named: Option<&str>, method: Option<&str>) -> bool {
    match named {
        None => method.is_none_or(is_safe_method),
        Some(named) => method == Some(named),
    }
}

impl Place {
    fn covers(&self, thing: &Thing, also: &[&str]) -> bool {
        match (self, thing) {
            (Self::Named { start, glob }, Thing::Named(name)) => {
                let names = std::iter::once(name.as_str()).chain(also.iter().copied());
                let mut names = names.filter(|name| matches(start, *glob, name));
                names.next().is_some()
            }
            (Self::Url { start, glob }, Thing::Url(url)) => {
                start.origin() == url.origin()
                    && url.username().is_empty()
                    && url.password().is_none()
                    && matches(&from_path(start), *glob, &from_path(url))
            }
            (Self::Command(command), Thing::Command { node, words }) => {
                let names: Vec<&str> = std::iter::once(node.as_str())
                    .chain(also.iter().copied())
                    .collect();
                command.covers(&names, words)
            }
            _ => false,
        }
    }
}

/// What stands in a URL from its path on.
fn from_path(url: &Url) -> Cow<'_, str> {
    match url.query() {
        None => url.path().into(),
        Some(query) => format!("{}?{query}", url.path()).into(),
    }
}

fn matches(start: &str, glob: bool, name: &str) -> bool {
    if glob {
        name.starts_with(start)
    } else {
        name == start
    }
}

/// Whether `glob` covers `verb`: equal, `*`, or `room.*`.
fn covers(glob: &str, verb: &str) -> bool {
    match glob.strip_suffix('*') {
        Some(start) => verb.starts_with(start),
        None => glob == verb,
    }
}

impl FromStr for Need {
    type Err = NeedError;

    fn from_str(text: &str) -> Result<Self, NeedError> {
        let wrong = |problem| NeedError {
            text: text.to_owned(),
            problem,
        };
        let (verb, object) = match text.split_once(':') {
            Some((verb, object)) => (verb, Some(object)),
            None => (text, None),
        };
        let name = verb.strip_suffix('*').unwrap_or(verb);
        let plain = |character: char| character.is_ascii_lowercase() || "._".contains(character);
        if verb.is_empty() || !name.chars().all(plain) {
            return Err(wrong(
                "it begins with a verb such as `kong.stop`, or a glob such as `kong.*`",
            ));
        }
        let object = object
            .map(|object| Object::read(verb, object).map_err(wrong))
            .transpose()?;
        Ok(Self {
            verb: verb.to_owned(),
            object,
        })
    }
}

impl Object {
    fn read(verb: &str, text: &str) -> Result<Self, &'static str> {
        if verb == EXEC {
            let place = Place::Command(Command::read(text)?);
            return Ok(Self {
                method: None,
                place,
            });
        }
        let (method, place) = match text.split_once(' ') {
            Some((method, place))
                if !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) =>
            {
                (Some(method.to_owned()), place)
            }
            _ => (None, text),
        };
        let (start, glob) = match place.strip_suffix('*') {
            Some(start) => (start, true),
            None => (place, false),
        };
        if start.contains('*') {
            return Err("a star stands at the end only");
        }
        let place = if start.contains("://") {
            let start = Url::parse(start).map_err(|_| "its URL cannot be read")?;
            let names_user = !start.username().is_empty() || start.password().is_some();
            if !matches!(start.scheme(), "http" | "https") || names_user {
                return Err("its URL is `http` or `https`, and names no user");
            }
            // A host may hold a star in another spelling, and a need is written down as its URL was understood.
            if start.as_str().contains('*') {
                return Err("a star stands at the end only");
            }
            if place.matches('/').count() < 3 {
                return Err(
                    "its URL has a path, so that the star cannot stand for the end of a host's name: `https://host/*`",
                );
            }
            Place::Url { start, glob }
        } else if start.is_empty() && !glob {
            return Err("behind the colon stands what it is about");
        } else {
            Place::Named {
                start: start.to_owned(),
                glob,
            }
        };
        Ok(Self { method, place })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(formatter, "{method} ")?;
        }
        let glob = match &self.place {
            Place::Named { start, glob } => {
                formatter.write_str(start)?;
                glob
            }
            Place::Url { start, glob } => {
                write!(formatter, "{start}")?;
                glob
            }
            Place::Command(command) => return write!(formatter, "{command}"),
        };
        formatter.write_str(if *glob { "*" } else { "" })
    }
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.verb)?;
        match &self.object {
            Some(object) => write!(formatter, ":{object}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for Need {
    type Error = NeedError;

    fn try_from(text: String) -> Result<Self, NeedError> {
        text.parse()
    }
}

impl From<Need> for String {
    fn from(need: Need) -> Self {
        need.to_string()
    }
}

impl JsonSchema for Need {
    fn schema_name() -> Cow<'static, str> {
        "Need".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A verb such as `kong.stop` or a glob such as `kong.*`, and behind a colon what it is about: a name of this environment or a URL, with a star at the end for what begins so; of `node.exec` a command, word for word, with `{name}`, `{number}`, `{version}`, `{path}` or `{path:/below}` where a word may differ, and before it the node or cluster and a colon where it is for that alone.",
        })
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => formatter.write_str(name),
            Self::Url(url) => write!(formatter, "{url}"),
            Self::Command { words, .. } => formatter.write_str(&command::typed(words)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(text: &str) -> Need {
        text.parse().expect("a need")
    }

    fn url(text: &str) -> Thing {
        Thing::Url(Url::parse(text).expect("a URL"))
    }

    fn named(name: &str) -> Thing {
        Thing::Named(name.to_owned())
    }

    #[test]
    fn a_star_stands_for_whatever_follows_and_only_at_the_end() {
        assert!(need("*").speaks_of("kong.stop") && need("kong.*").speaks_of("kong.stop"));
        assert!(!need("kong").speaks_of("kong.stop") && !need("kong.st").speaks_of("kong.stop"));
        for wrong in [
            "",
            ":main",
            "kong.*.stop",
            "Kong.stop",
            "kong stop",
            "database.restore:",
            "database.restore:m*n",
        ] {
            assert!(wrong.parse::<Need>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_covered_by_itself_and_by_the_names_around_it() {
        let covers = |text: &str| need(text).covers("kong.stop", None, &named("kong-1"), &["blue"]);
        assert!(
            covers("kong.stop")
                && covers("kong.stop:kong-1")
                && covers("kong.*:blue")
                && covers("kong.stop:kong-*")
        );
        assert!(
            !covers("kong.stop:kong") && !covers("kong.start:kong-1") && !covers("kong.stop:green")
        );
    }

    #[test]
    fn a_url_is_covered_by_its_origin_and_path_however_it_is_spelt() {
        let grant = need("http.check:http://127.0.0.1:8443/status*");
        let covers = |text: &str| grant.covers("http.check", Some("GET"), &url(text), &[]);
        for same in [
            "http://127.0.0.1:8443/status",
            "http://127.1:8443/status/ready?x=1",
            "http://0x7f000001:8443/status",
            "http://2130706433:8443/a/../status",
            "http://127.0.0.1:8443/%2e/status",
        ] {
            assert!(covers(same), "{same}");
        }
        for other in [
            "https://127.0.0.1:8443/status",
            "http://127.0.0.1/status",
            "http://127.0.0.1:8444/status",
            "http://127.0.0.1:8443/status/../config",
            "http://127.0.0.1:8443/status/%2e%2e/config",
            "http://127.0.0.1:8443@evil.example/status",
            "http://user@127.0.0.1:8443/status",
            "http://127.0.0.1.evil.example:8443/status",
            "http://[::ffff:127.0.0.1]:8443/status",
        ] {
            assert!(!covers(other), "{other}");
        }
        assert!(!need("http.check").covers(
            "http.check",
            Some("GET"),
            &url("http://127.0.0.1/"),
            &[]
        ));
        assert!("http.check:https://kong*".parse::<Need>().is_err());
        assert!("http.check:ftp://kong/*".parse::<Need>().is_err());
        assert!("http.check:https://a@kong/*".parse::<Need>().is_err());
        assert!("http.check:https://:b@kong/*".parse::<Need>().is_err());
        assert!("http.check:https://%2A/*".parse::<Need>().is_err());
    }

    #[test]
    fn a_method_that_does_more_than_look_is_named() {
        let covers = |text: &str, method: &str| {
            need(text).covers("http.check", Some(method), &named("kong-1"), &[])
        };
        assert!(
            covers("http.check", "GET")
                && covers("http.check", "HEAD")
                && covers("http.check:POST kong-1", "POST")
        );
        assert!(!covers("http.check", "POST") && !covers("http.check:POST kong-1", "DELETE"));
    }

    #[test]
    fn what_was_read_is_written_the_same() {
        for text in [
            "*",
            "kong.*:blue",
            "http.check:POST https://kong.internal:8443/*",
            "database.restore:main",
        ] {
            assert_eq!(need(text).to_string(), text);
        }
    }
}
