//! Routes of which nothing can be said, or which Kong does not build, with the reason.

use serde::Serialize;

use super::route::Route;

/// A route that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("route `{route}`: {why}")]
pub struct NotJudged {
    /// Its name, or its id.
    pub route: String,
    /// Why.
    pub why: Why,
}

impl NotJudged {
    pub(super) fn of(route: &Route, why: Why) -> Self {
        let called = route.name.as_ref().or(route.id.as_ref());
        let route = called
            .map_or("one without a name", |called| called)
            .to_owned();
        Self { route, why }
    }
}

/// Why a route is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// It is not written as routes are.
    #[error("it cannot be read ({error}); write it as the Admin API does")]
    Unreadable {
        /// What is wrong.
        error: String,
    },
    /// It is one of the flavour `expressions`.
    #[error(
        "it has an `expression`, which is not judged; replay its requests against the new version"
    )]
    Expression,
    /// It routes connections.
    #[error("it routes connections, of which a log of requests says nothing")]
    Stream,
    /// It looks at addresses.
    #[error("it looks at `sources` or `destinations`, which a log of requests does not have")]
    Addresses,
    /// It has no conditions.
    #[error("it has no conditions, so that Kong cannot order it; give it a path or a host")]
    NoConditions,
    /// Its service is not there.
    #[error("its service `{service}` is not among those given; give all services")]
    NoService {
        /// What it names.
        service: String,
    },
    /// An expression of which it is not known what PCRE makes.
    #[error("`{expression}` is not judged ({why}); replay its requests against the new version")]
    NotPcre {
        /// The expression.
        expression: String,
        /// The reason.
        why: String,
    },
    /// An expression that the engine of Kong 3 does not take: Kong logs it, and goes on without this part of the route.
    #[error(
        "Kong does not build `{expression}` ({why}); write it anew, or set router_flavor=traditional"
    )]
    NotBuilt {
        /// The expression.
        expression: String,
        /// The engine's own words.
        why: String,
    },
}
