//! Hosts of routes, and the host of a request, as they are compared: with a port where one of both has one.

use super::super::asked::Scheme;
use super::super::hosts::Shape;

/// A host of a route.
#[derive(Debug, Clone)]
pub(super) enum Host {
    /// One without a wildcard.
    Plain(String),
    /// One with a wildcard.
    Wildcard {
        /// All of it.
        name: String,
        /// What stands before the wildcard.
        before: String,
        /// What stands behind it.
        behind: String,
        /// Whether a port ends it.
        has_port: bool,
    },
}

/// The host of a request, in the forms in which it is looked up.
#[derive(Debug)]
pub(super) struct HostOf<'a> {
    /// As it was sent.
    pub(super) sent: &'a str,
    pub(super) without_port: &'a str,
    /// With the port of the scheme where none was sent.
    pub(super) with_port: String,
}

impl Host {
    pub(super) fn of(name: &str) -> Self {
        match name.split_once('*') {
            None => Self::Plain(name.to_owned()),
            Some((before, behind)) => Self::Wildcard {
                name: name.to_owned(),
                before: before.to_owned(),
                behind: behind.to_owned(),
                has_port: split(name, None).2,
            },
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::Wildcard { name, .. } => name,
        }
    }

    pub(super) fn shape(&self) -> Shape<'_> {
        match self {
            Self::Plain(name) => Shape::Whole(name),
            Self::Wildcard { before, behind, .. } if before.is_empty() => Shape::End(behind),
            Self::Wildcard { before, .. } => Shape::Beginning(before),
        }
    }

    pub(super) fn has_wildcard(&self) -> bool {
        matches!(self, Self::Wildcard { .. })
    }

    pub(super) fn has_wildcard_and_port(&self) -> bool {
        matches!(self, Self::Wildcard { has_port: true, .. })
    }

    /// Whether it is one with a wildcard, and fits.
    pub(super) fn fits(&self, host: &HostOf<'_>) -> bool {
        let Self::Wildcard {
            before,
            behind,
            has_port,
            ..
        } = self
        else {
            return false;
        };
        let fits = |text: &str| {
            let inner = text.strip_prefix(&**before);
            let inner = inner.and_then(|rest| rest.strip_suffix(&**behind));
            inner.is_some_and(|inner| !inner.is_empty())
        };
        fits(&host.with_port) || !has_port && fits(without_digits(&host.with_port))
    }
}

impl<'a> HostOf<'a> {
    pub(super) fn of(sent: &'a str, scheme: Scheme) -> Self {
        let (without_port, with_port, _) = split(sent, Some(scheme.port()));
        Self {
            sent,
            without_port,
            with_port,
        }
    }

    /// The texts under which routes may be found.
    pub(super) fn texts(&self) -> [&str; 4] {
        let bare = without_digits(&self.with_port);
        [self.sent, self.without_port, &self.with_port, bare]
    }
}

/// A text without the port that ends it.
fn without_digits(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => text,
    }
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Kong's way of taking a host apart: without its port, with it (or with that which is presumed), and whether it had one.
fn split(name: &str, presumed: Option<u16>) -> (&str, String, bool) {
    let with = |host: &str| presumed.map_or(host.to_owned(), |port| format!("{host}:{port}"));
    if let Some(inner) = name.strip_prefix('[') {
        if let Some(inner) = inner.strip_suffix(']') {
            return (inner, with(name), false);
        }
        return match inner.split_once("]:") {
            Some((host, "")) => {
                let port = presumed.map_or(String::new(), |port| port.to_string());
                (host, format!("{name}{port}"), false)
            }
            Some((host, port)) if is_port(port) => (host, name.to_owned(), true),
            _ => (name, with(name), false),
        };
    }
    match name.split_once(':') {
        None => (name, with(name), false),
        Some((host, "")) => (host, with(host), false),
        Some((host, port)) if is_port(port) => (host, name.to_owned(), true),
        Some(_) => (name, with(&format!("[{name}]")), false),
    }
}
