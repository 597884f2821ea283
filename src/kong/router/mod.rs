//! Which route Kong gives a request to, under each of its routers, and which path the upstream is then asked for.
//!
//! Kong 2 and `traditional` sort routes into categories by the kinds of conditions that they have, and look for the request's own first;
//! `traditional_compatible` gives each route one number, and takes the greatest that fits. Sources: `router.lua` of 2.8.5, `router/*.lua`
//! of 3.9.3 and the crate atc-router; what is modelled is what they do when they are executed, also where their comments say otherwise.
//!
//! Not modelled: connections (`stream`), `expressions`, routers of 2.0 to 2.4 (which did not normalise paths) and of 3.0 to 3.2 (which
//! took the paths of a route together), what gRPC routes answer to others, and Kong's cache of routes.

mod asked;
mod beginnings;
mod compatible;
mod demanded;
mod difference;
mod expression;
mod hosts;
mod index;
mod matched;
mod migrated;
mod normal;
mod not_judged;
mod paths;
pub mod requests;
mod route;
mod service;
mod traditional;
mod upstream;
mod view;

pub use asked::{Asked, Scheme};
pub use difference::{Changed, difference};
pub use matched::Matched;
pub use migrated::migrated;
pub use not_judged::{NotJudged, Why};

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::kong::Version;
use compatible::Compatible;
use normal::escaped;
use route::Route;
use service::{Service, Services};
use traditional::Traditional;
use upstream::{Handling, Request, joined};
use view::View;

/// Whose router it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// That of 2.5 to 2.8.
    Two,
    /// `router_flavor=traditional` of 3.x.
    Traditional,
    /// `router_flavor=traditional_compatible`, which 3.x presets, of this version.
    TraditionalCompatible(Version),
}

/// The routes of a gateway, in the order in which Kong tries them.
#[derive(Debug)]
pub struct Router {
    order: Order,
    targets: Vec<Target>,
}

#[derive(Debug)]
enum Order {
    Categories(Box<Traditional>),
    Priorities(Box<Compatible>),
}

/// What a route leads to.
#[derive(Debug)]
struct Target {
    route: Route,
    service: Option<Service>,
    handling: Handling,
}

/// The route that was chosen, and how much of the path its own takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chosen {
    route: usize,
    taken: usize,
}

impl Router {
    /// The router of these routes and services, as the Admin API or a declarative file writes them, and the routes that it leaves out.
    ///
    /// Where it comes to that, routes without ids are in the order in which they are given, and those without `created_at` the youngest.
    #[must_use]
    pub fn new(
        flavour: Flavour,
        routes: &[Map<String, Value>],
        services: &[Map<String, Value>],
    ) -> (Self, Vec<NotJudged>) {
        let services = Services::read(services);
        let (mut targets, mut left_out) = (Vec::new(), Vec::new());
        for fields in routes {
            match Target::read(fields, flavour, &services) {
                Ok(Some(target)) => targets.push(target),
                Ok(None) => {}
                Err(why) => left_out.push(NotJudged {
                    route: Route::called(fields),
                    why,
                }),
            }
        }
        // Kong reads routes by their ids, and where nothing else decides between two that counts.
        if targets.iter().all(|target| target.route.id.is_some()) {
            targets.sort_by(|one, other| one.route.id.cmp(&other.route.id));
        }
        let all: Vec<&Route> = targets.iter().map(|target| &target.route).collect();
        let order = if let Flavour::TraditionalCompatible(version) = flavour {
            let order = Compatible::new(version, &all, &mut left_out);
            Order::Priorities(Box::new(order))
        } else {
            let order = Traditional::new(flavour, &all, &mut left_out);
            Order::Categories(Box::new(order))
        };
        (Self { order, targets }, left_out)
    }

    /// Where a request goes; `None` is Kong's 404.
    #[must_use]
    pub fn find(&self, asked: &Asked) -> Option<Matched> {
        let view = View::of(asked);
        let chosen = match &self.order {
            Order::Categories(order) => order.find(&view),
            Order::Priorities(order) => order.find(&view),
        }?;
        Some(self.targets[chosen.route].matched(&view, chosen.taken))
    }

    /// The headers that some route looks at, in small letters and with hyphens.
    fn headers(&self) -> BTreeSet<String> {
        let routes = self.targets.iter().map(|target| &target.route);
        let names = routes.flat_map(Route::headers);
        names
            .map(|(name, _)| name.to_lowercase().replace('_', "-"))
            .collect()
    }
}

impl Target {
    /// Reads a route with its service; `None` is one whose service is disabled.
    fn read(
        fields: &Map<String, Value>,
        flavour: Flavour,
        services: &Services,
    ) -> Result<Option<Self>, Why> {
        let route = Route::read(fields)?;
        let service = match &route.service {
            None => None,
            Some(named) => match services.of(named) {
                Ok(service) if !service.is_enabled => return Ok(None),
                Ok(service) => Some(service.clone()),
                Err(service) => return Err(Why::NoService { service }),
            },
        };
        let handling = match flavour {
            // It joins paths in one way alone.
            Flavour::TraditionalCompatible(_) => Handling::V0,
            _ => route.handling(),
        };
        Ok(Some(Self {
            route,
            service,
            handling,
        }))
    }

    fn matched(&self, view: &View<'_>, taken: usize) -> Matched {
        let request = Request {
            path: &view.path,
            taken,
            is_stripped: self.route.strips(),
        };
        let path = self.service.as_ref().and_then(|one| one.path.as_ref());
        let upstream = path.map(|path| joined(path.as_bytes(), request, self.handling));
        let answered = match view.asked.scheme {
            Scheme::Http => self.route.answer_in_the_clear(),
            Scheme::Https => None,
        };
        Matched {
            route_id: self.route.id.clone(),
            route_name: self.route.name.clone(),
            service: self.service.as_ref().map(|service| service.called.clone()),
            upstream_path: upstream.map(|path| escaped(&path)),
            answered,
        }
    }
}
