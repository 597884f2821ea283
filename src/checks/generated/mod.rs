//! Checks made from what a gateway is configured with: one for each route, method and state of authentication, with what its plugins
//! must show. And how much of it they reach, since a check that nobody made finds nothing.

mod access;
mod cross_origin;
mod example;
mod further;
mod passing;
mod plugins;
mod route;
mod size;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::CheckDescription;
use crate::environment::Credential;
use crate::kong::Version;
use access::Access;
use plugins::Plugins;
use route::Route;

/// An entity, as the Admin API shows it.
pub type Entity = Map<String, Value>;

/// What a gateway is configured with, as far as checks are made from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Configured {
    /// Its version, which says how paths are read.
    pub version: Version,
    /// Its routes.
    pub routes: Vec<Entity>,
    /// Its services.
    pub services: Vec<Entity>,
    /// Its plugins.
    pub plugins: Vec<Entity>,
    /// Consumers that have a key for `key-auth`, by their ids.
    pub key_holders: Vec<String>,
    /// What else is known to let requests in.
    pub credentials: Vec<Credential>,
}

/// Checks that were made, and what was left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// The checks.
    pub checks: Vec<GeneratedCheck>,
    /// Requests that say more where two gateways are compared; nobody knows what their answers must be.
    pub further: Vec<CheckDescription>,
    /// What no check was made for.
    pub left_out: Vec<LeftOut>,
    /// How many routes there are that are reached by HTTP.
    pub routes: usize,
    /// How many plugins are enabled.
    pub plugins: usize,
}

/// A check that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GeneratedCheck {
    /// The check.
    pub check: CheckDescription,
    /// The route that it reaches, by its id.
    pub route: String,
    /// The plugins whose effect it expects, by their ids.
    pub plugins: BTreeSet<String>,
}

/// Something that no check was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What, such as ``route `orders`, POST``.
    pub what: String,
    /// Why.
    pub why: String,
}

/// How much of a gateway checks reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Routes that a check reaches.
    pub routes_reached: usize,
    /// All routes.
    pub routes: usize,
    /// Plugins whose effect a check expects.
    pub plugins_judged: usize,
    /// All enabled plugins.
    pub plugins: usize,
}

impl Generated {
    /// How much they reach.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let routes: BTreeSet<&String> = self.checks.iter().map(|check| &check.route).collect();
        let plugins: BTreeSet<&String> = self
            .checks
            .iter()
            .flat_map(|check| &check.plugins)
            .collect();
        Coverage {
            routes_reached: routes.len(),
            routes: self.routes,
            plugins_judged: plugins.len(),
            plugins: self.plugins,
        }
    }
}

impl std::fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |part: usize, whole: usize| (part * 100).checked_div(whole).unwrap_or(100);
        write!(
            formatter,
            "{} of {} routes reached ({} %), {} of {} plugins judged ({} %)",
            self.routes_reached,
            self.routes,
            percent(self.routes_reached, self.routes),
            self.plugins_judged,
            self.plugins,
            percent(self.plugins_judged, self.plugins)
        )
    }
}

/// Makes the checks.
#[must_use]
pub fn generated(configured: &Configured) -> Generated {
    let plugins = Plugins::of(&configured.plugins);
    let access = Access {
        key_holders: &configured.key_holders,
        credentials: &configured.credentials,
    };
    let mut made = Generated {
        checks: Vec::new(),
        further: Vec::new(),
        left_out: Vec::new(),
        routes: 0,
        plugins: plugins.count(),
    };
    for entity in &configured.routes {
        let route = Route::of(entity, &configured.services, &configured.version);
        if !route.speaks_http() {
            made.leave_out(&route, "it is reached by another protocol than HTTP");
            continue;
        }
        made.routes += 1;
        match route.requests() {
            Err(why) => made.leave_out(&route, &why),
            Ok(requests) => {
                for request in &requests {
                    plugins.checks(&route, request, &access, &mut made);
                }
            }
        }
    }
    for (plugin, why) in plugins.unjudged(&made) {
        made.left_out.push(LeftOut { what: plugin, why });
    }
    made
}

impl Generated {
    fn leave_out(&mut self, route: &Route<'_>, why: &str) {
        self.left_out.push(LeftOut {
            what: format!("route `{}`", route.name()),
            why: why.to_owned(),
        });
    }
}
